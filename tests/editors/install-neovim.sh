#!/usr/bin/env bash
# A recent real Neovim, as TARGET/bin/nvim, on a machine whose own release has only an old one.
# usage: install-neovim.sh [TARGET]     (TARGET: default $QUILLON_TEST_CACHE, else ~/.cache/quillon-tests)
#   NEOVIM_SUITES   Debian suites to look in, in that order (default "forky sid trixie")
#   NEOVIM_MINIMUM  the lowest version that will do (default 0.12)
set -euo pipefail
SELF=install-neovim
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
T=$(target_folder "${1:-}")
need apt-get dpkg-deb python3 flock
lock "$T" debian
works() { [[ -f $T/neovim/ok ]] && "$T/bin/nvim" --headless --clean -u NONE '+lua io.stdout:write(tostring(vim.version()))' +qa 2>/dev/null | grep -q '^[0-9]'; }

if works; then
  say "there already: $(head -1 "$T/neovim/ok")"
else
  PATCH=(usr/bin/nvim)
  debroot "$T" neovim "${NEOVIM_SUITES:-forky sid trixie}" neovim "${NEOVIM_MINIMUM:-0.12}" neovim-runtime
  # $VIMRUNTIME must name this folder even when the machine has a Neovim of its own; parsers are found beside the program
  [[ -e $DEBROOT/usr/lib/nvim ]] || { d=$(find "$DEBROOT/usr/lib" -path '*/nvim/parser' -type d | head -1); [[ -z $d ]] || ln -s "$(realpath --relative-to "$DEBROOT/usr/lib" "$(dirname "$d")")" "$DEBROOT/usr/lib/nvim"; }
  wrapper "$T" nvim <<W
#!/bin/sh
export VIMRUNTIME='$DEBROOT/usr/share/nvim/runtime'
exec '$DEBROOT/usr/bin/nvim' "\$@"
W
  echo "neovim $DEBROOT_VERSION" >"$T/neovim/ok"
  works || { rm -f "$T/neovim/ok"; die "nvim does not run"; }
fi

# tmux, to type into it and read its screen
apt_install tmux
# pynvim, to drive a running Neovim over its RPC socket, in a virtual environment of its own
if ! "$T/python/bin/python" -c 'import pynvim' 2>/dev/null; then
  say "pynvim into $T/python"
  python3 -m venv "$T/python" 9>&-
  "$T/python/bin/pip" install -q pynvim==0.6.0 9>&-
fi
say "ready: $T/bin/nvim ($("$T/bin/nvim" --version | head -1)), $T/python/bin/python with pynvim"
