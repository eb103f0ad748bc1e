#!/usr/bin/env bash
# Installs the peers that are measured beside Quillon, from the public registries, into one folder.
# usage: setup_peers.sh DIR [opencode]     (DIR lies outside every git repository)
set -euo pipefail
OPENCODE=1.18.33

dir=${1:?usage: setup_peers.sh DIR [opencode]}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd -P)
if git -C "$dir" rev-parse --git-dir >/dev/null 2>&1; then
  echo "$dir lies in a git repository: name another folder" >&2
  exit 1
fi
for peer in "${@:2}"; do
  case $peer in
  opencode)
    mkdir -p "$dir/opencode"
    cd "$dir/opencode"
    [[ -e package.json ]] || echo '{ "private": true }' >package.json
    # The install scripts of packages are not run: the program is started from its platform's package.
    npm install --ignore-scripts --no-audit --no-fund --loglevel=error "opencode-ai@$OPENCODE" >/dev/null
    ;;
  *)
    echo "setup_peers.sh: there is no peer '$peer'" >&2
    exit 2
    ;;
  esac
done
