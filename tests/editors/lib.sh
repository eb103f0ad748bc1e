# Shared by the install scripts; sourced, not run.
# shellcheck shell=bash

say() { printf '[%s] %s\n' "$SELF" "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }
need() { local c; for c in "$@"; do command -v "$c" >/dev/null || die "the command '$c' is missing (apt-get install it first)"; done; }

# target_folder ARG: the absolute target folder, made if need be.
target_folder() {
  local t=${1:-${QUILLON_TEST_CACHE:-$HOME/.cache/quillon-tests}}
  mkdir -p "$t/bin"
  (cd "$t" && pwd -P)
}

# lock TARGET NAME: one install at a time of what shares NAME (two test jobs may start at once).
lock() {
  exec 9>"$1/.$2.lock"
  flock -w 1200 9 || die "another install of $2 holds $1/.$2.lock"
}

# apt_install PACKAGE...: on the machine itself, only what is missing.
apt_install() {
  local p missing=()
  for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing from this machine's own suite: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get -qq -y -o DPkg::Lock::Timeout=600)
  "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 9>&- ||
    { "${apt[@]}" update 9>&- && "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null 9>&-; } ||
    die "apt-get could not install ${missing[*]}"
}

# The mirror of this machine's own release, as its apt is configured.
debian_base() {
  local codename base
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  base=$(apt-get update --print-uris 2>/dev/null | sed -n "s#^'\(.*\)/dists/$codename/\(In\)\?Release'.*#\1#p" | head -1)
  [[ -n $base ]] || die "apt's sources name no mirror for $codename"
  echo "$base"
}

# debroot TARGET NAME "SUITE..." PACKAGE MINIMUM [FURTHER PACKAGES...]      (PATCH: the programs, relative to the root)
# Unpacks PACKAGE with everything it needs, its own C library included, from the first of the suites that has at least
# version MINIMUM, into TARGET/NAME/root, and makes its programs run there whatever the machine's own C library is: their
# ELF interpreter and RPATH are set to that folder. So they see the machine's files, children they start run with the
# machine's own libraries, and /proc/self/exe is the program itself (an editor that starts itself again depends on that).
# Nothing is installed into the system; the system's apt configuration (proxies, certificates) is used, its state is not.
# Sets DEBROOT and DEBROOT_VERSION.
debroot() {
  local target=$1 name=$2 suites=$3 package=$4 minimum=$5; shift 5
  local base suite apt version='' arch lib ld f
  base=$(debian_base)
  DEBROOT=$target/$name/root
  for suite in $suites; do
    apt=$target/apt/$suite
    rm -rf "$apt/cache" # of an install that was cut short
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,empty}
    : >"$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $base $suite main" >"$apt/sources.list"
    APT=(apt-get -q -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/empty" -o Dir::Etc::preferences=/dev/null
      -o "Dir::Etc::preferencesparts=$apt/empty" -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists"
      -o "Dir::Cache=$apt/cache" -o "Dir::Cache::archives=$apt/cache/archives" -o "Dir::Log=$apt" -o APT::Sandbox::User=root
      -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
      -o APT::Update::Post-Invoke-Success::= -o APT::Install-Recommends=false -o Debug::NoLocking=true)
    "${APT[@]}" update >"$apt/update.log" 2>&1 9>&- || { say "suite $suite cannot be read: $(tail -1 "$apt/update.log")"; continue; }
    version=$(apt-cache "${APT[@]:2}" show "$package" 2>/dev/null | sed -n 's/^Version: //p' | head -1)
    [[ -n $version ]] && dpkg --compare-versions "$version" ge "$minimum" && break
    say "suite $suite has $package ${version:-not at all}, wanted at least $minimum"
    version=''
  done
  [[ -n $version ]] || die "no suite of '$suites' has $package >= $minimum"
  say "$package $version from $suite"
  "${APT[@]}" install --download-only -y "$package" patchelf "$@" >"$apt/download.log" 2>&1 9>&- || die "download: $(tail -3 "$apt/download.log")"
  rm -rf "$target/$name/root.new"
  mkdir -p "$target/$name/root.new"
  for f in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$f" "$target/$name/root.new" || die "unpacking $f"; done
  (cd "$target/$name/root.new" && rm -rf usr/share/{doc,man,locale,lintian,i18n,info})
  arch=$(basename "$(dirname "$(find "$target/$name/root.new/usr/lib" -name libc.so.6 | head -1)")")
  lib=usr/lib/$arch
  ld=$(cd "$target/$name/root.new/$lib" && find . -maxdepth 1 -name 'ld-linux*.so.*' -printf '%f\n' | head -1)
  [[ -n $ld ]] || die "no dynamic loader in $target/$name/root.new/$lib"
  for f in "${PATCH[@]}"; do
    f=$(readlink -f "$target/$name/root.new/$f")
    "$target/$name/root.new/$lib/$ld" --library-path "$target/$name/root.new/$lib" "$target/$name/root.new/usr/bin/patchelf" \
      --set-interpreter "$DEBROOT/$lib/$ld" --force-rpath --set-rpath "$DEBROOT/$lib" "$f" || die "patchelf $f"
  done
  rm -f "$target/$name/root.new/usr/bin/patchelf"
  rm -rf "$DEBROOT" && mv "$target/$name/root.new" "$DEBROOT"
  rm -rf "$apt/cache"
  # shellcheck disable=SC2034 # read by the callers
  DEBROOT_VERSION=$version
}

# wrapper TARGET NAME: writes TARGET/bin/NAME from standard input.
wrapper() { cat >"$1/bin/.$2.new" && chmod +x "$1/bin/.$2.new" && mv "$1/bin/.$2.new" "$1/bin/$2"; }
