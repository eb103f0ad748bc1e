//! `find`: what it does is decided by the actions among its words.

use super::uses::{How, Uses};

/// Words that take none behind them.
const PLAIN: &[&str] = &[
    "-a",
    "-and",
    "-o",
    "-or",
    "-not",
    "!",
    "(",
    ")",
    ",",
    "-print",
    "-print0",
    "-prune",
    "-quit",
    "-true",
    "-false",
    "-empty",
    "-executable",
    "-readable",
    "-writable",
    "-depth",
    "-d",
    "-xdev",
    "-mount",
    "-nogroup",
    "-nouser",
    "-ls",
    "-daystart",
    "-noleaf",
    "-ignore_readdir_race",
    "-noignore_readdir_race",
    "-warn",
    "-nowarn",
    "-P",
];

/// Words that take one behind them, which is no file.
const VALUE: &[&str] = &[
    "-name",
    "-iname",
    "-path",
    "-ipath",
    "-wholename",
    "-iwholename",
    "-regex",
    "-iregex",
    "-regextype",
    "-type",
    "-xtype",
    "-size",
    "-mtime",
    "-atime",
    "-ctime",
    "-mmin",
    "-amin",
    "-cmin",
    "-maxdepth",
    "-mindepth",
    "-perm",
    "-user",
    "-group",
    "-uid",
    "-gid",
    "-links",
    "-inum",
    "-used",
    "-fstype",
    "-printf",
    "-newermt",
];

pub(super) fn look(uses: &mut Uses<'_>) {
    let words = uses.part.words.clone();
    let mut at = 1;
    let mut runs = false;
    while at < words.len() {
        let word = &words[at];
        at += 1;
        let text = word.text.as_str();
        match text {
            _ if word.unknown => uses.file(How::Read, word),
            _ if PLAIN.contains(&text) => {}
            _ if VALUE.contains(&text) => at += 1,
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                runs = true;
                uses.found
                    .doubt_if(text.ends_with("dir"), "`find -execdir` runs in the folders that it finds");
                at += words[at..]
                    .iter()
                    .position(|word| word.text == ";" || word.text == "+")
                    .map_or(words.len() - at, |end| end + 1);
            }
            "-newer" | "-anewer" | "-cnewer" | "-samefile" => {
                words.get(at).into_iter().for_each(|word| uses.file(How::Told, word));
                at += 1;
            }
            _ if text.starts_with('-') && text.len() > 1 => uses.found.doubt(format!(
                "`find` with `{text}` can do more than search: change files, follow links or read lists"
            )),
            _ => uses.file(How::Told, word),
        }
    }
    // What is found is read then: a search for secret files is one for what they hold.
    let piped = uses
        .found
        .commands
        .iter()
        .any(|command| command.words.first().is_some_and(|word| word.text == "xargs"));
    if runs || piped {
        for pair in words.windows(2) {
            let names = matches!(pair[0].text.as_str(), "-name" | "-iname" | "-path" | "-ipath");
            let last = pair[1].text.rsplit('/').next().unwrap_or_default();
            if names
                && (super::super::secret::may_be_secret(last) && last != "*"
                    || super::super::secret::is_name(last))
            {
                uses.found.doubt(format!("what is found by `{}` may be secret files", pair[1].text));
            }
        }
    }
}
