#!/usr/bin/env python3
"""Compares the judge with bash: generated commands are run with stubs, and what ran must have been seen.

usage: tests/shell/differential.py QUILLON_CASES [COUNT]

Each command is put together from contexts (lists, substitutions, quotes, loops, here-documents, ...) around `rm x`, two or three
deep. bash runs it in an empty folder, with a PATH that holds stubs alone: `rm` leaves a mark. Where the mark is left, the judge must
not allow the command under rules that deny `rm` and allow all else. Ends with status 1 where it did.
"""
import json, os, random, stat, subprocess, sys, tempfile

CONTEXTS = [
    "%s", "true; %s", "true && %s", "false || %s", "true | %s", "%s &\nwait", "( %s )", "{ %s; }", "! %s", "time %s", "if %s; then :; fi",
    "if true; then %s; fi", "if false; then :; else %s; fi", "if false; then :; elif %s; then :; fi", "for i in a; do %s; done",
    "for i in a b c; do %s; done", "for ((i=0;i<1;i++)); do %s; done", "while %s; do break; done", "until ! %s; do break; done",
    "case a in a) %s;; esac", "case a in (b) ;; *) %s ;& esac", "f() { %s; }; f", "function f { %s; }; f", "f() ( %s ); f",
    "echo $(%s)", "echo `%s`", "echo \"$(%s)\"", "echo \"`%s`\"", "x=$(%s)", "x=`%s` true", "echo ${x:-$(%s)}", "echo \"${x:-$(%s)}\"",
    "echo ${x:=`%s`}", "echo ${x+$(%s)}", "x=1; echo ${x+$(%s)}", "echo ${x#$(%s)}", "x=a; echo ${x/$(%s)/b}", "x=a; echo ${x//a/$(%s)}",
    "echo $((1+$(%s; echo 1)))", "((x=$(%s; echo 1)))", "[[ -n $(%s) ]]", "[[ a == $(%s) ]]", "[ -n \"$(%s)\" ]", "test -z \"`%s`\"",
    "cat <(%s)", "true > >(%s); sleep 0.05", "a=($(%s))", "a[$(%s; echo 0)]=1", "declare x=$(%s)", "export x=`%s`", "local x=$(%s)",
    "cat <<E\n$(%s)\nE", "cat <<E\n`%s`\nE", "cat <<-E\n\t$(%s)\n\tE", "cat <<E\n${x:-$(%s)}\nE", "cat <<'E'\nx\nE\n%s", "cat <<A; %s\nx\nA",
    "cat <<< \"$(%s)\"", "eval '%s'", "bash -c '%s'", "sh -c '%s'", "bash -ec '%s'", "command %s", "builtin eval '%s'", "env %s", "nice %s",
    "timeout 5 %s", "echo x | xargs %s", "exec %s", "true #'\n%s", "true \\\n; %s", "trap '%s' EXIT", "coproc %s\nwait", "\n\n%s\n\n",
    "'%s'; true", "select i in a; do %s; break; done <<< 1", "{ true; %s; } 2>/dev/null", "(true; %s) >/dev/null", "x=1 %s", ">o %s",
    "echo a{b,$(%s)}", "echo *$(%s)*", "echo \"a'$(%s)'b\"", "echo '\\''$(%s)", "echo \\\"$(%s)", "echo $'\\''$(%s)", "%s <<E\nE",
    "while read l; do %s; done <<< a", "true;\t%s", "! ! %s", "time ! %s", "! { %s; }", "time { %s; }", "if ! %s; then :; fi", "[[ a && -n $(%s) ]]",
]
RULES = {"bash": {"*": "allow", "rm": "deny", "rm *": "deny"}, "edit": "allow"}
STUBS = ["cat", "echo", "env", "nice", "timeout", "xargs", "sh", "bash", "sleep", "true"]


def generated(count, rng):
    seen = set()
    for outer in CONTEXTS:
        for inner in CONTEXTS:
            seen.add(outer.replace("%s", inner.replace("%s", "rm x")))
    while len(seen) < count:
        text = "rm x"
        for _ in range(3):
            text = rng.choice(CONTEXTS).replace("%s", text)
        seen.add(text)
    texts = sorted(seen)
    rng.shuffle(texts)
    return texts[:count]


def main():
    cases, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    texts = generated(count, random.Random(7))
    lines = "".join(json.dumps({"id": str(at), "rules": RULES, "command": text}) + "\n" for at, text in enumerate(texts))
    judged = subprocess.run([cases, "shell_permissions"], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    ran = wrong = allowed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bin")
        os.mkdir(path)
        mark = os.path.join(folder, "mark")
        for name in STUBS:
            real = next(os.path.join(at, name) for at in ("/bin", "/usr/bin") if os.path.exists(os.path.join(at, name)))
            os.symlink(real, os.path.join(path, name))
        stub = os.path.join(path, "rm")
        with open(stub, "w") as file:
            file.write(f"#!/bin/sh\n: > {mark}\n")
        os.chmod(stub, stat.S_IRWXU)
        for text, line in zip(texts, judged):
            work = tempfile.mkdtemp(dir=folder)
            try:
                subprocess.run(["/bin/bash", "--noprofile", "--norc", "-c", text], cwd=work, env={"PATH": path},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=5)
            except subprocess.TimeoutExpired:
                pass
            decision = json.loads(line)["decision"]
            allowed += decision == "allow"
            if os.path.exists(mark):
                os.unlink(mark)
                ran += 1
                if decision == "allow":
                    wrong += 1
                    print("allowed, and bash ran rm:", json.dumps(text))
    print(f"{len(texts)} commands, bash ran rm in {ran}, of these allowed {wrong}; allowed in all {allowed}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
