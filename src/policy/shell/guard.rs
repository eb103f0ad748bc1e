//! What is asked about also where everything is allowed: nobody means it when saying yes once and for all.

use super::found::Input;
use super::uses::Uses;
use super::wrapper::{OTHER_SHELLS, SHELLS};

/// Programs that change the machine, each kind with what it does.
const PROGRAMS: &[(&[&str], &str)] = &[
    (
        &["mount", "umount", "losetup", "swapon", "swapoff", "cryptsetup", "pivot_root"],
        "changes what is mounted",
    ),
    (
        &[
            "fdisk",
            "sfdisk",
            "gdisk",
            "parted",
            "wipefs",
            "blkdiscard",
            "hdparm",
            "lvremove",
            "vgremove",
            "pvremove",
            "zpool",
            "mdadm",
            "diskutil",
        ],
        "works on whole disks",
    ),
    (&["shutdown", "reboot", "halt", "poweroff", "init", "telinit"], "stops the machine"),
    (
        &[
            "crontab",
            "at",
            "batch",
            "systemctl",
            "launchctl",
            "service",
            "update-rc.d",
            "chkconfig",
            "schtasks",
        ],
        "sets up what runs later",
    ),
    (
        &[
            "useradd", "userdel", "usermod", "adduser", "deluser", "groupadd", "passwd", "chpasswd",
            "visudo", "chsh", "vipw",
        ],
        "changes who may log in",
    ),
    (
        &[
            "iptables",
            "ip6tables",
            "nft",
            "ufw",
            "firewall-cmd",
            "sysctl",
            "insmod",
            "rmmod",
            "modprobe",
            "setenforce",
        ],
        "changes the system",
    ),
    (&["ssh-copy-id", "ssh-keygen"], "works on keys for logging in"),
    (&["nc", "ncat", "netcat", "socat", "telnet"], "opens a connection for any use"),
    (&["twine", "semantic-release", "vsce", "ovsx"], "publishes"),
];

/// What publishes, or changes what others have: a program and its first operand.
const PUBLISHING: &[(&str, &[&str])] = &[
    ("npm", &["publish", "unpublish", "deprecate", "dist-tag", "owner", "token", "login", "adduser"]),
    ("pnpm", &["publish"]),
    ("yarn", &["publish"]),
    ("bun", &["publish"]),
    ("cargo", &["publish", "yank", "owner", "login"]),
    ("gem", &["push", "yank"]),
    ("poetry", &["publish"]),
    ("flit", &["publish"]),
    ("hatch", &["publish"]),
    ("uv", &["publish"]),
    ("mvn", &["deploy"]),
    ("dotnet", &["nuget"]),
    ("docker", &["push", "login"]),
    ("podman", &["push", "login"]),
    ("helm", &["push", "uninstall"]),
    ("terraform", &["apply", "destroy"]),
    ("tofu", &["apply", "destroy"]),
    ("pulumi", &["up", "destroy"]),
    ("kubectl", &["delete", "drain"]),
];

pub(super) fn look(uses: &mut Uses<'_>, name: &str) {
    let words = uses.part.words.clone();
    let arguments = words.get(1..).unwrap_or_default();
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    let operand = texts.iter().find(|text| !text.starts_with('-')).copied().unwrap_or_default();
    if let Some((_, does)) = PROGRAMS.iter().find(|(names, _)| names.contains(&name)) {
        uses.found.doubt(format!("`{name}` {does}"));
    }
    if name.starts_with("mkfs") || name.starts_with("mke2fs") {
        uses.found.doubt(format!("`{name}` works on whole disks"));
    }
    if PUBLISHING.iter().any(|(program, verbs)| *program == name && verbs.contains(&operand)) {
        uses.found.doubt(format!("`{name} {operand}` changes what others use"));
    }
    match name {
        "rm" => removal(uses, &texts),
        "find" if texts.contains(&"-delete") => uses.found.doubt("`find -delete` removes all that it finds"),
        "chmod" | "chown" | "chgrp" if recursive(&texts) => {
            uses.found.doubt(format!("`{name}` changes all files below a folder"));
        }
        "kill" if texts.contains(&"-1") && texts.len() > 1 => {
            uses.found.doubt("`kill` with -1 ends all programs")
        }
        "docker" | "podman" | "nerdctl" => container(uses, name, &texts),
        "dd" if texts
            .iter()
            .any(|text| ["if=/dev/zero", "if=/dev/urandom", "if=/dev/random"].contains(text)) =>
        {
            uses.found.doubt("`dd` writes without end");
        }
        "less" | "more" | "man" | "vi" | "vim" | "nvim" | "view" | "ex" | "nano" | "emacs"
            if texts.iter().any(|text| text.starts_with('+')) =>
        {
            uses.found.doubt(format!("`{name}` with `+` runs a command of its own"));
        }
        "make" | "gmake" => settings(uses),
        "yes" if uses.part.input == Input::Closed => uses.found.doubt("`yes` writes without end"),
        _ => {}
    }
    let interprets = SHELLS.contains(&name) || OTHER_SHELLS.contains(&name) || INTERPRETERS.contains(&name);
    let from_input = operand.is_empty() || texts.contains(&"-");
    if interprets && !uses.part.quiet && from_input && uses.part.input != Input::Closed {
        uses.found.doubt(format!("`{name}` runs what it reads"));
    }
    if interprets && arguments.iter().any(|word| word.stream) {
        uses.found.doubt(format!("`{name}` runs what another command writes"));
    }
    if arguments.iter().any(|word| word.text.contains("/dev/tcp/") || word.text.contains("/dev/udp/")) {
        uses.found.doubt("it may open a connection (`/dev/tcp`)");
    }
}

/// Programs that run what they read.
const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "pypy",
    "pypy3",
    "node",
    "nodejs",
    "deno",
    "bun",
    "ruby",
    "perl",
    "php",
    "lua",
    "luajit",
    "tclsh",
    "Rscript",
    "R",
    "julia",
    "ghci",
    "guile",
    "racket",
    "sbcl",
    "swift",
    "osascript",
    "groovy",
    "scala",
    "irb",
    "ipython",
    "ed",
    "ex",
    "vi",
    "vim",
    "sqlite3",
    "psql",
    "mysql",
    "bc",
    "dc",
    "m4",
    "gdb",
    "make",
    "at",
    "batch",
    "patch",
    "source",
];

fn recursive(texts: &[&str]) -> bool {
    texts.iter().any(|text| {
        *text == "--recursive"
            || text.starts_with('-') && !text.starts_with("--") && text.contains(['r', 'R'])
    })
}

/// `rm -r`: of what nobody means.
fn removal(uses: &mut Uses<'_>, texts: &[&str]) {
    if !recursive(texts) {
        return;
    }
    let arguments = uses.part.words.get(1..).unwrap_or_default().to_vec();
    for word in arguments.iter().filter(|word| !word.text.starts_with('-')) {
        let text = word.text.trim_end_matches('/');
        let whole = matches!(text, "" | "." | ".." | "*" | "./*" | "~" | ".git")
            || text.ends_with("/..")
            || text.ends_with("/.git")
            || text.ends_with("/*");
        if whole || word.unknown_head || (word.unknown && text.starts_with('$')) {
            uses.found.doubt(format!("it removes `{}` with all that is in it", word.text));
        }
        if word.is_known() {
            uses.found.removals.push(super::uses::FileUse {
                how: super::uses::How::Changed,
                name: word.text.clone(),
                folders: uses.part.folders.clone(),
            });
        }
    }
}

/// Variables of `make` that say what it runs.
fn settings(uses: &mut Uses<'_>) {
    for word in uses.part.words.get(1..).unwrap_or_default().to_vec() {
        let Some((name, value)) = word.text.split_once('=') else { continue };
        let runs = name.contains("SHELL")
            || name.contains("FLAGS")
            || value.contains(['/', '$', '`', ';', '|', '&', ' ']);
        if runs && !name.starts_with('-') {
            uses.found.doubt(format!("`make` with `{name}=` may run what it names"));
            uses.found.suspect(value);
        }
    }
}

/// Options of containers that give them the machine.
fn container(uses: &mut Uses<'_>, name: &str, texts: &[&str]) {
    let gives = |text: &&str| {
        [
            "--privileged",
            "--pid",
            "--ipc",
            "--userns",
            "--cap-add",
            "--device",
            "--security-opt",
            "--network=host",
            "--net=host",
            "-v",
            "--volume",
            "--mount",
            "--uts",
        ]
        .iter()
        .any(|option| text == option || text.starts_with(&format!("{option}=")))
            || text.starts_with("-v")
    };
    if matches!(texts.first(), Some(&("exec" | "run" | "compose"))) {
        let arguments = uses.part.words.get(1..).unwrap_or_default().to_vec();
        super::part::suspect_each(uses.found, &arguments);
    }
    if texts.iter().any(gives) {
        uses.found.doubt(format!("`{name}` gives a container a part of this machine"));
    }
}
