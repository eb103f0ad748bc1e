#!/usr/bin/env bash
# A recent real Helix, as TARGET/bin/hx, with its runtime (queries, themes; grammars where the suite packages them).
# usage: install-helix.sh [TARGET]     (TARGET: default $QUILLON_TEST_CACHE, else ~/.cache/quillon-tests)
#   HELIX_SUITES   Debian suites to look in, in that order (default "forky sid trixie")
#   HELIX_MINIMUM  the lowest version that will do (default 25.07)
set -euo pipefail
SELF=install-helix
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
T=$(target_folder "${1:-}")
need apt-get dpkg-deb flock
lock "$T" debian
works() { [[ -f $T/helix/ok ]] && "$T/bin/hx" --version 2>/dev/null | grep -q '^helix [0-9]'; }

if works; then
  say "there already: $(head -1 "$T/helix/ok")"
else
  PATCH=(usr/lib/hx/hx)
  debroot "$T" helix "${HELIX_SUITES:-forky sid trixie}" hx "${HELIX_MINIMUM:-25.07}"
  wrapper "$T" hx <<W
#!/bin/sh
export HELIX_RUNTIME="\${HELIX_RUNTIME:-$DEBROOT/usr/lib/hx/runtime}"
exec '$DEBROOT/usr/lib/hx/hx' "\$@"
W
  echo "helix $DEBROOT_VERSION" >"$T/helix/ok"
  works || { rm -f "$T/helix/ok"; die "hx does not run"; }
fi
# tmux, to type into it and read its screen
apt_install tmux
say "ready: $T/bin/hx ($("$T/bin/hx" --version))"
