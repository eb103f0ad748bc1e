//! The second opinion: what the grammar of tree-sitter makes of the same text.
//!
//! The grammar forgives errors and does not know all of bash; the reader is our own. What both understand in
//! the same way is what bash does; where they differ, the user is asked.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, Parser};

use crate::limits;

/// What the grammar says of a text.
pub(super) struct Opinion {
    /// The names of the commands as they are written, in no order.
    pub(super) heads: Vec<String>,
    /// The text of each command.
    pub(super) commands: Vec<String>,
    /// Why it has no say, in words for the user.
    pub(super) doubt: Option<String>,
}

/// Kinds of nodes that the reader understands too.
const KNOWN: &[&str] = &[
    "program",
    "command",
    "command_name",
    "word",
    "string",
    "string_content",
    "raw_string",
    "ansi_c_string",
    "translated_string",
    "concatenation",
    "number",
    "simple_expansion",
    "expansion",
    "variable_name",
    "special_variable_name",
    "command_substitution",
    "process_substitution",
    "arithmetic_expansion",
    "brace_expression",
    "pipeline",
    "list",
    "subshell",
    "compound_statement",
    "redirected_statement",
    "file_redirect",
    "file_descriptor",
    "heredoc_redirect",
    "heredoc_start",
    "heredoc_body",
    "heredoc_content",
    "heredoc_end",
    "herestring_redirect",
    "negated_command",
    "if_statement",
    "elif_clause",
    "else_clause",
    "for_statement",
    "c_style_for_statement",
    "while_statement",
    "do_group",
    "case_statement",
    "case_item",
    "last_case_item",
    "function_definition",
    "variable_assignment",
    "variable_assignments",
    "declaration_command",
    "unset_command",
    "test_command",
    "test_operator",
    "binary_expression",
    "unary_expression",
    "parenthesized_expression",
    "ternary_expression",
    "postfix_expression",
    "array",
    "subscript",
    "regex",
    "extglob_pattern",
    "comment",
];

/// Commands that the grammar gives nodes of their own.
pub(super) const APART: &[&str] =
    &["[", "[[", "declare", "typeset", "export", "readonly", "local", "unset", "unsetenv"];

pub(super) fn opinion(text: &str) -> Opinion {
    let mut opinion = Opinion { heads: Vec::new(), commands: Vec::new(), doubt: None };
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
        opinion.doubt = Some("the grammar for shell commands does not fit this build".into());
        return opinion;
    }
    let mut steps = 0usize;
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > limits::SHELL_PARSER_STEPS_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut progress);
    let Some(tree) = parser.parse_with_options(&mut read, None, Some(options)) else {
        opinion.doubt = Some("it is too intricate to be understood".into());
        return opinion;
    };
    let mut cursor = tree.walk();
    loop {
        note(cursor.node(), text, &mut opinion);
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return opinion;
            }
        }
    }
}

fn note(node: Node<'_>, text: &str, opinion: &mut Opinion) {
    let written = || text.get(node.byte_range()).unwrap_or_default().to_owned();
    if node.is_error() || node.is_missing() {
        opinion.doubt.get_or_insert_with(|| "it cannot be read as a command".into());
    } else if node.is_named() && !KNOWN.contains(&node.kind()) {
        opinion.doubt.get_or_insert_with(|| format!("it holds a {}", node.kind().replace('_', " ")));
    }
    match node.kind() {
        "command_name" => opinion.heads.push(written()),
        "command" => opinion.commands.push(written()),
        _ => {}
    }
}
