//! Redirections: where a command's input comes from and its output goes.

use super::found::{Flow, Redirect};
use super::reader::{Read, Reader};
use super::word::Word;

impl Reader<'_, '_> {
    /// One redirection, if one stands here: whether it gives the command its input.
    pub(super) fn redirect(&mut self) -> Read<Option<bool>> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let operator = &rest[digits..];
        let is_first = digits == 0 || operator.starts_with(['<', '>']);
        let known = ["&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">"]
            .into_iter()
            .find(|known| {
                is_first
                    && operator.starts_with(known)
                    && !(known.starts_with('&') && digits > 0)
                    // These are streams from commands, and words.
                    && !(digits == 0 && (operator.starts_with("<(") || operator.starts_with(">(")))
            });
        let Some(operator) = known else { return Ok(None) };
        self.at += digits + operator.len();
        self.blanks();
        if operator == "<<" || operator == "<<-" {
            self.heredoc(operator == "<<-")?;
            return Ok(Some(true));
        }
        if matches!(self.peek(), None | Some('\n' | ';' | '&' | '|' | ')' | '(')) {
            return self.stop("a redirection leads nowhere");
        }
        let target = self.word()?;
        let number = digits.min(3);
        let is_input = number == 0 || &rest[..digits] == "0";
        match operator {
            "<<<" => {
                self.found.suspect(target.text.clone());
                Ok(Some(is_input))
            }
            "<&" | ">&" if is_descriptor(&target) => Ok(Some(operator == "<&" && is_input)),
            "<&" | "<" => {
                self.note_redirect(Flow::In, target);
                Ok(Some(is_input))
            }
            _ => {
                self.note_redirect(Flow::Out, target);
                Ok(Some(false))
            }
        }
    }

    fn note_redirect(&mut self, flow: Flow, target: Word) {
        let folders = self.folders.clone();
        self.found.redirects.push(Redirect { flow, target, folders });
    }
}

fn is_descriptor(target: &Word) -> bool {
    let text = target.text.strip_suffix('-').unwrap_or(&target.text);
    target.is_known() && text.chars().all(|letter| letter.is_ascii_digit())
}
