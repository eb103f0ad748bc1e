//! Small languages in arguments: `sed`, `awk`, `jq`. Only what can neither run programs nor touch files is
//! understood.

use super::program::Program;
use super::uses::{How, Uses};
use super::word::Word;

/// `sed`: scripts, then files, which are changed with `-i`.
pub(super) fn sed(uses: &mut Uses<'_>) {
    let words = uses.part.words.get(1..).unwrap_or_default().to_vec();
    let (mut scripts, mut operands) = (Vec::<Word>::new(), Vec::<Word>::new());
    let (mut in_place, mut options) = (false, true);
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        at += 1;
        let text = word.text.as_str();
        match text {
            "--" if options => options = false,
            "--expression" if options => {
                scripts.extend(words.get(at).cloned());
                at += 1;
            }
            "--quiet" | "--silent" | "--regexp-extended" | "--posix" | "--sandbox" | "--debug"
            | "--null-data" | "--separate" | "--unbuffered"
                if options => {}
            _ if options && text.starts_with("--") => match text.strip_prefix("--expression=") {
                Some(script) => scripts.push(word.with_text(script)),
                None if text.starts_with("--in") => in_place = true,
                None => uses.found.doubt(format!("`sed` with `{text}` is not understood")),
            },
            _ if options && word.may_be_option() && text != "-" => {
                at += short(uses, word, words.get(at), &mut scripts, &mut in_place);
            }
            _ => operands.push(word.clone()),
        }
    }
    if scripts.is_empty() && !operands.is_empty() {
        scripts.push(operands.remove(0));
    }
    for script in &scripts {
        if script.unknown || script.listed || !is_plain_sed(&script.text) {
            uses.found.doubt("the script for `sed` may run programs or touch other files");
        }
    }
    let how = if in_place { How::Changed } else { How::Read };
    operands.iter().for_each(|word| uses.file(how, word));
}

/// Options of one letter; how many further words they take.
fn short(
    uses: &mut Uses<'_>,
    word: &Word,
    next: Option<&Word>,
    scripts: &mut Vec<Word>,
    in_place: &mut bool,
) -> usize {
    for (at, letter) in word.text.char_indices().skip(1) {
        let rest = &word.text[at + letter.len_utf8()..];
        match letter {
            'n' | 'E' | 'r' | 's' | 'z' | 'u' => {}
            'i' => {
                *in_place = true;
                // What follows is a suffix for a copy, which must lead nowhere else.
                if !rest.chars().all(|letter| letter.is_alphanumeric() || letter == '.') {
                    uses.found.doubt("the name of the copy that `sed` keeps is not understood");
                }
                return 0;
            }
            'e' if rest.is_empty() => {
                scripts.extend(next.cloned());
                return 1;
            }
            'e' => {
                scripts.push(word.with_text(rest));
                return 0;
            }
            'l' => return usize::from(rest.is_empty()),
            _ => {
                uses.found.doubt(format!("`sed` with `-{letter}` is not understood"));
                return 0;
            }
        }
    }
    0
}

/// Whether a script does nothing but change the text that goes through.
fn is_plain_sed(script: &str) -> bool {
    let letters: Vec<char> = script.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        match sed_command(&letters, at) {
            Some(behind) => at = behind,
            None => return false,
        }
    }
    true
}

/// Where the command that begins here ends; none where it is not plain.
fn sed_command(letters: &[char], mut at: usize) -> Option<usize> {
    let blank = |at: usize| letters.get(at).is_some_and(|letter| " \t\n;".contains(*letter));
    while blank(at) {
        at += 1;
    }
    // Addresses.
    loop {
        match letters.get(at) {
            None => return Some(at),
            Some(letter) if letter.is_ascii_digit() || ",$~+! \t".contains(*letter) => at += 1,
            Some('/') => at = delimited(letters, at + 1, '/')?,
            Some('\\') => {
                let mark = *letters.get(at + 1)?;
                at = delimited(letters, at + 2, mark)?;
            }
            Some('I' | 'M') if at > 0 && letters[at - 1] == '/' => at += 1,
            Some(_) => break,
        }
    }
    let command = letters[at];
    at += 1;
    match command {
        '{' | '}' | 'p' | 'd' | 'D' | 'P' | 'h' | 'H' | 'g' | 'G' | 'x' | 'n' | 'N' | '=' | 'z' => Some(at),
        'q' | 'Q' | 'l' => {
            while letters.get(at).is_some_and(|letter| letter.is_ascii_digit() || *letter == ' ') {
                at += 1;
            }
            match letters.get(at) {
                None | Some('\n' | ';' | '}') => Some(at),
                Some(_) => None,
            }
        }
        // The text goes to the end of the line; one that goes on in the next line is not looked at.
        'a' | 'i' | 'c' => {
            let end =
                letters[at..].iter().position(|letter| *letter == '\n').map_or(letters.len(), |end| at + end);
            (!letters[at..end].contains(&'\\') || end == letters.len()).then_some(end)
        }
        ':' | 'b' | 't' | 'T' => {
            let end = letters[at..]
                .iter()
                .position(|letter| "\n;}".contains(*letter))
                .map_or(letters.len(), |end| at + end);
            letters[at..end]
                .iter()
                .all(|letter| letter.is_alphanumeric() || "_ ".contains(*letter))
                .then_some(end)
        }
        's' | 'y' => {
            let mark = *letters.get(at)?;
            if mark.is_alphanumeric() || mark == '\\' || mark == '\n' {
                return None;
            }
            at = delimited(letters, at + 1, mark)?;
            at = delimited(letters, at, mark)?;
            while letters.get(at).is_some_and(|letter| letter.is_ascii_digit() || "gpiIm".contains(*letter)) {
                at += 1;
            }
            match letters.get(at) {
                None | Some('\n' | ';' | '}' | ' ') => Some(at),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// Behind the next mark that is not escaped. Brackets are not looked at: a mark in them ends it too early, and
/// what comes then is no plain command, or one that is.
fn delimited(letters: &[char], mut at: usize, mark: char) -> Option<usize> {
    loop {
        match letters.get(at)? {
            '\\' => at += 2,
            letter if *letter == mark => return Some(at + 1),
            '[' if letters[at..]
                .iter()
                .take_while(|letter| **letter != ']')
                .any(|letter| *letter == mark) =>
            {
                return None;
            }
            _ => at += 1,
        }
    }
}

/// `awk`: a program, then files.
pub(super) fn awk(uses: &mut Uses<'_>) {
    let words = uses.part.words.get(1..).unwrap_or_default().to_vec();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "--" => {
                at += 1;
                break;
            }
            "-F" | "-v" => at += 2,
            text if text.starts_with("-F") && word.is_known() => at += 1,
            text if word.may_be_option() => {
                uses.found.doubt(format!("`awk` with `{text}` is not understood"));
                return;
            }
            _ => break,
        }
    }
    let Some((program, files)) = words.get(at..).and_then(<[Word]>::split_first) else { return };
    if program.unknown || program.listed || !is_plain_awk(&program.text) {
        uses.found.doubt("the program for `awk` may run programs or touch other files");
    }
    for file in files {
        // `NAME=VALUE` sets a variable.
        if file.assigns.is_none() {
            uses.file(How::Read, file);
        }
    }
}

fn is_plain_awk(program: &str) -> bool {
    let risky = ["system", "getline", "@", "ENVIRON", "PROCINFO", "ARGV", "close", "fflush", "\\"];
    let pipes = program.replace("||", "").contains('|');
    let prints = program.find("print");
    let writes = prints.is_some_and(|at| program[at..].contains('>'));
    let escapes = program.contains('\\');
    let only_usual = !escapes || !program.contains(['|', '>']);
    !risky[..8].iter().any(|word| program.contains(word)) && !pipes && !writes && only_usual
}

/// `jq`: its filter must read nothing but its input.
pub(super) fn jq(uses: &mut Uses<'_>) {
    let filters = uses.part.words.get(1..).unwrap_or_default().to_vec();
    let reads = |text: &str| {
        ["env", "$ENV", "import", "include", "input_filename", "get_search_list", "$__prog"].iter().any(
            |word| {
                text.match_indices(word).any(|(at, _)| {
                    let before = text[..at].chars().next_back();
                    // A field or a part of a longer name.
                    !before.is_some_and(|letter| letter.is_alphanumeric() || "._".contains(letter))
                })
            },
        )
    };
    if filters.iter().any(|word| !word.text.starts_with('-') && (word.unknown || reads(&word.text))) {
        uses.found.doubt("the filter for `jq` may read the environment or other files");
    }
    let _ = Program::of("jq");
}
