#!/usr/bin/env bash
# Drives `quillon acp` with acpx, a real client: a prompt with an edit that is asked, once allowed and once refused.
# usage: acpx.sh QUILLON     (QUILLON: the program; acpx is on the path)
set -euo pipefail
quillon=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder/home QUILLON_STATE_DIR=$folder/state QUILLON_CONFIG_DIR=$folder/config
mkdir -p "$HOME" "$folder/work"
cat >"$folder/script" <<'S'
say I change it.
call edit {"file_path":"text","old_string":"one","new_string":"two"}
done
say That is all.
done
S

passed=0 failed=0
# check NAME FLAG TEXT: with this flag the file has this text afterwards, and the model's last words came through.
check() {
  local name=$1 flag=$2 expected=$3 said
  printf 'one\n' >"$folder/work/text"
  said=$(cd "$folder/work" && timeout 60 acpx --agent "$quillon acp --model script:$folder/script" "$flag" exec 'go' 2>"$folder/errors" </dev/null) || true
  if [[ $(<"$folder/work/text") == "$expected" && $said == *'That is all.'* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '%s: the file has %q; said:\n%s\n%s\n' "$name" "$(<"$folder/work/text")" "$said" "$(<"$folder/errors")" >&2
  fi
}

check 'an edit that is allowed' --approve-all two
check 'an edit that is refused' --deny-all one
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
