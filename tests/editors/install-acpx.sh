#!/usr/bin/env bash
# A headless ACP client (npm's acpx, with the Node.js that it wants) and the official JSON schema of ACP.
# usage: install-acpx.sh [TARGET]     (TARGET: default $QUILLON_TEST_CACHE, else ~/.cache/quillon-tests)
# Makes TARGET/bin/acpx, TARGET/bin/node and TARGET/acp/schema-v1.json.
set -euo pipefail
SELF=install-acpx
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
ACPX=0.19.1
SDK=2.4.0
NODE=24.21.0

T=$(target_folder "${1:-}")
D=$T/acp
need npm node flock
lock "$T" acp
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) die "npm has no Node.js for $(uname -m)" ;; esac
works() { [[ $(cat "$D/ready" 2>/dev/null) == "$ACPX $SDK $NODE" ]] && "$T/bin/acpx" --version >/dev/null; }

if works; then
  say "there already: acpx $ACPX"
else
  rm -rf "$D"
  mkdir -p "$D"
  echo '{ "private": true }' >"$D/package.json"
  # The install scripts of packages are not run: what is needed comes with the packages.
  (cd "$D" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
    "acpx@$ACPX" "@agentclientprotocol/sdk@$SDK" "node-linux-$arch@$NODE" >/dev/null 9>&-) || die "npm install"
  ln -sfn "node_modules/@agentclientprotocol/sdk/schema/v1/schema.json" "$D/schema-v1.json"
  [[ -s $D/schema-v1.json ]] || die "the SDK $SDK has no schema of version 1"
  node=$D/node_modules/node-linux-$arch/bin
  wrapper "$T" node <<W
#!/bin/sh
exec '$node/node' "\$@"
W
  wrapper "$T" acpx <<W
#!/bin/sh
PATH='$node':"\$PATH" exec '$node/node' '$D/node_modules/acpx/dist/cli.js' "\$@"
W
  echo "$ACPX $SDK $NODE" >"$D/ready"
  works || { rm -f "$D/ready"; die "acpx does not run"; }
fi
say "ready: $T/bin/acpx ($("$T/bin/acpx" --version), Node.js $("$T/bin/node" --version)), $D/schema-v1.json"
