//! Texts, quotes and what must become of them, rung by rung; properties of all.

mod properties;

use super::super::ends;
use super::*;

#[track_caller]
fn run(text: &str, old: &str, new: &str, hits: Hits, expected: &str) {
    let got = match replace(&ends::lf(text), old, new, hits) {
        Ok(replaced) => ends::splice(text, &replaced.splices),
        Err(error) => format!("! {}", error.kind()),
    };
    assert_eq!(got, expected, "{old:?} -> {new:?}");
}

/// One place of `text`.
#[track_caller]
fn check(text: &str, old: &str, new: &str, expected: &str) {
    run(text, old, new, Hits::One, expected);
}

/// All places of `text`.
#[track_caller]
fn check_all(text: &str, old: &str, new: &str, expected: &str) {
    run(text, old, new, Hits::All, expected);
}

/// Not done.
#[track_caller]
fn refused(text: &str, old: &str, new: &str) {
    run(text, old, new, Hits::One, "! not_found");
}

#[test]
fn exact() {
    check("a\nb\nc\n", "b\n", "x\n", "a\nx\nc\n");
    check("a\nb\nc\n", "b\n", "", "a\nc\n");
    check("a\nb\nc\n", "b", "", "a\n\nc\n");
    check("aXbXc", "X", "y", "! ambiguous");
    check("aaa", "aa", "b", "! ambiguous");
    check_all("aaa", "aa", "b", "ba");
    check_all("a a", "a", "$& \\1 %s {}", "$& \\1 %s {} $& \\1 %s {}");
    check("f(.*)+[a]", "(.*)+[a]", "x", "fx");
    check("ä\u{1f600}b", "\u{1f600}", "-", "ä-b");
    check_all("foo\nfoo  \n", "foo\n", "bar\n", "bar\nfoo  \n");
    check("print(\"a\\nb\")\n", "\"a\\nb\"", "\"c\\nd\"", "print(\"c\\nd\")\n");
    check("x", "", "y", "! empty_old");
    check("x", "y", "y", "! no_change");
    check("x", "x\r\n", "x\n", "! no_change");
    check("", "x", "y", "! not_found");
    check("a\n", "a\n", "b\n// ... rest of code ...\n", "! omission_placeholder");
}

#[test]
fn line_ends_and_mark() {
    check("a\r\nb\r\n", "a\nb", "x\ny", "x\r\ny\r\n");
    check("a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n");
    check("a\r\nb\nc\r\n", "b\nc\n", "x\ny\n", "a\r\nx\ny\r\n");
    check("a\r\n", "a", "a\nb", "a\r\nb\r\n");
    check("a", "a", "b\r\nc", "b\nc");
    check("a\rb\rc\r", "a\nb\n", "a\nB\n", "a\rB\rc\r");
    check("a\rb", "b", "c\nd", "a\rc\rd");
    check("a\rb\nc\n", "b", "x", "a\rx\nc\n");
    check("\u{feff}a\r\nb\r\n", "b", "c", "\u{feff}a\r\nc\r\n");
    check("\u{feff}a\nb\n", "\u{feff}a\n", "\u{feff}c\n", "\u{feff}c\nb\n");
    check("\u{feff}a\na\n", "\u{feff}a\n", "c\n", "\u{feff}c\na\n");
    refused("b\na\n", "\u{feff}a\n", "c\n");
    check("\u{feff}a", "a", "", "\u{feff}");
    check("\u{feff}a", "a", "\u{feff}b", "\u{feff}b");
    check("\u{feff}\u{feff}a", "a", "b", "\u{feff}\u{feff}b");
}

#[test]
fn typographic() {
    check("say “hello” now\n", "say \"hello\" now", "say \"bye\" now", "say \"bye\" now\n");
    check("print(\"ok\")\n", "print(“ok”)", "print(\"done\")", "print(\"done\")\n");
    check("a\u{a0}b – c…\n", "a b - c", "x", "x…\n");
    check("“a” “a”", "\"a\"", "b", "! ambiguous");
    check_all("“a” \"b\" ‘a’ “a”", "“a\"", "b", "b \"b\" ‘a’ b");
    check("“a” \"a\"", "\"a\"", "b", "“a” b"); // the exact one
    refused("ａ = 1\n", "a = 1", "a = 2");
    refused("wait…\n", "wait...", "go");
    refused("x\u{200b}y", "xy", "z");
}

#[test]
fn blanks_at_line_ends() {
    check("if a:   \n    b()\n", "if a:\n    b()\n", "if a:\n    c()\n", "if a:\n    c()\n");
    check("a\n\nb\n", "a\n    \nb\n", "a\n\nc\n", "a\n\nc\n");
    check("a \t\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n");
    check("a  \nb\t\nc\n", "a\nb", "x\ny", "x\ny\nc\n");
    check("a  \nb\nc  \n", "a\nb\n", "", "c  \n");
    check("“a”  \nb\n", "\"a\"\nb\n", "c\n", "c\n");
    check("foo \nx\nfoo\t\nx\n", "foo\nx\n", "bar\nx\n", "! ambiguous");
    check_all("foo \nx\nfoo\t\nx\nfoo", "foo\nx\n", "bar\n", "bar\nbar\nfoo");
    check("a\r\r\nb\r\r\n", "a\nb\n", "c\n", "c\r\n");
    check("a  ", "a\n", "b\n", "b");
    refused("return a; // why\n", "return a;\n", "return b;\n");
    refused("x = a   b\n", "x = a b", "x = c");
    refused("data = 1  \n", "a = 1\n", "b\n");
    refused("a\n   \nb\n", "     ", "x");
    refused("a  \nbc\n", "a\nb", "x");
}

#[test]
fn no_newline_at_the_end_of_the_file() {
    check("a\nb", "b\n", "c\n", "a\nc");
    check("a\nb", "b\n", "c\nd\n", "a\nc\nd");
    check("a\r\nb", "a\nb\n", "c\n", "c");
    check("a\nb", "b\n", "", "a\n");
    check("x = 1; y = 2", "y = 2\n", "y = 3\n", "x = 1; y = 3");
    check("a\nc", "c", "c\n", "a\nc\n");
}

#[test]
fn composed_otherwise() {
    check("cafe\u{301} bar\n", "caf\u{e9} bar", "tea", "tea\n");
    check("caf\u{e9} bar\n", "cafe\u{301} bar", "tea", "tea\n");
    check("x\u{e9}\ny = \u{e9}1\n", "y = e\u{301}1", "y = 2", "x\u{e9}\ny = 2\n");
    check("a\u{323}\u{307}b", "a\u{307}\u{323}b", "c", "c");
    check("한글 x\n", "\u{1112}\u{1161}\u{11ab}글 x", "y", "y\n");
    check("e\u{301} \u{e9}!", "\u{e9} e\u{301}!", "y", "y");
    check_all("\u{e9},e\u{301},\u{e9}", "e\u{301}", "x", "\u{e9},x,\u{e9}"); // the exact one alone
    check("\u{e9}-\u{e9}", "e\u{301}-", "x", "x\u{e9}");
    check("\u{e9} \u{e9}", "e\u{301}", "x", "! ambiguous");
    refused("caf\u{e9}\n", "cafe", "tea");
    refused("n\u{303}o\n", "\u{e9}", "x");
    refused("ﬁ\n", "fi", "x");
    refused("Caf\u{e9}\n", "cafe\u{301}", "x");
    refused("x²\n", "x2", "y");
}

#[test]
fn indented_otherwise() {
    // All lines deeper or less deep.
    check("    a = 1\n    b = 2\n", "        a = 1\n        b = 2\n", "        a = 5\n", "    a = 5\n");
    check("a:\r\n    b: 1\r\n    c: 2\r\n", "b: 1\nc: 2\n", "b: 1\nc: 3\n", "a:\r\n    b: 1\r\n    c: 3\r\n");
    check(
        "\tcase 1:\n\t\tfoo()\n\tcase 2:\n\t\tfoo()\n",
        "case 2:\n\tfoo()\n",
        "case 2:\n\tif x:\n\t\tbar()\n",
        "\tcase 1:\n\t\tfoo()\n\tcase 2:\n\t\tif x:\n\t\t\tbar()\n",
    );
    // Blank lines have no indentation, and get none.
    check("    a\n\n    b\n", "a\n\nb\n", "a\n\n\nc\n", "    a\n\n\n    c\n");
    check("    a\n    \n    b\n", "  a\n\n  b\n", "  a\n  \n  c\n", "    a\n\n    c\n");
    // Without the last newline, and where the file has none.
    check("    a\n    b\nc\n", "        a\n        b", "        x", "    x\nc\n");
    check("    a\n    b", "a\nb\n", "x\ny\n", "    x\n    y");
    check("c\n    a\n    b\nd\n", "a\nb\n", "", "c\nd\n");
    // Tabs and blanks.
    check("f {\n\ta;\n\tb;\n}\n", "    a;\n    b;\n", "    a;\n    c;\n", "f {\n\ta;\n\tc;\n}\n");
    check("f {\n\ta;\n\tb;\n}\n", "  a;\n  b;\n", "  a {\n    c;\n  }\n", "f {\n\ta {\n\t\tc;\n\t}\n}\n");
    check(
        "f {\n    a;\n    b;\n}\n",
        "\ta;\n\tb;\n",
        "\ta {\n\t\tc;\n\t}\n",
        "f {\n    a {\n        c;\n    }\n}\n",
    );
    check(
        "\tf {\n\t\ta;\n\t}\n",
        "f {\n    a;\n}\n",
        "f {\n    b {\n        c;\n    }\n}\n",
        "\tf {\n\t\tb {\n\t\t\tc;\n\t\t}\n\t}\n",
    );
    check(
        "\t/**\n\t * a\n\t */\n",
        "    /**\n     * a\n     */\n",
        "    /**\n     * b\n     */\n",
        "\t/**\n\t * b\n\t */\n",
    );
    check("all:\n\tcc a\n", "all:\n    cc a\n", "all:\n    cc b\n", "all:\n\tcc b\n");
    // Levels of another width.
    check(
        "f {\n  if x {\n    y();\n  }\n}\n",
        "    if x {\n        y();\n    }\n",
        "    if x {\n        z {\n            y();\n        }\n    }\n",
        "f {\n  if x {\n    z {\n      y();\n    }\n  }\n}\n",
    );
    // Each place in its own way.
    check_all(
        "    x = a\n    y = b\nif z:\n        x = a\n        y = b\n",
        "  x = a\n  y = b\n",
        "  y = b\n",
        "    y = b\nif z:\n        y = b\n",
    );
    check("  x;\n  y;\n  x;\n  y;\n", "    x;\n    y;\n", "    z;\n", "! ambiguous");
}

#[test]
fn not_indented_in_one_way() {
    refused("if a:\n    x\n    y\n", "if a:\n    x\ny\n", "z\n");
    refused("a:\n  b: 1\n    c: 2\n", "a:\n  b: 1\n  c: 2\n", "a:\n  d: 1\n");
    refused("  a\n      b\n", "  a\n    b\n", "  c\n");
    // The new text has a line for which the shift leaves no room.
    refused("    a\n        b\n", "        a\n            b\n", "a\n");
    // One depth says nothing about what a level is: the file has steps of two, the quote of four.
    refused("f {\n  a;\n  b;\n}\n", "    a;\n    b;\n", "    a;\n        c;\n");
    refused("\tf {\n\t\ta;\n\t}\n", "        a;", "        a;\n          b;");
    // Blanks among tabs.
    refused("\tf {\n\t\ta;\n\t}\n", "f {\n\ta;\n}\n", "f {\n        b;\n}\n");
    refused("x = a   b\n", "  x = a b\n", "y\n");
    // The line would run into the next one.
    refused("    a\nb\n", "        a\n", "        c");
    // Which bracket?
    refused("f {\n}\n", "  }\n", "  };\n");
    // A constant that differs.
    refused("  a = 1\n", "    a = 2\n", "    a = 3\n");
}

#[test]
fn escaped_once_too_often() {
    check("a\nb\nc\n", "a\\nb", "x\\ny", "x\ny\nc\n");
    check("a\r\nb\r\n", "a\\nb", "x\\r\\ny", "x\r\ny\r\n");
    check("\ta = \"b\"\n", "\\ta = \\\"b\\\"", "\\ta = \\\"c\\\"", "\ta = \"c\"\n");
    check("`tick` it's ${x}\n", "\\`tick\\` it\\'s \\${x}", "\\`tock\\`", "`tock`\n");
    check("C:\\new\n", "C:\\\\new", "C:\\\\old", "C:\\old\n");
    check("print(\"a\\n\")\n", "print(\\\"a\\\\n\\\")", "print(\\\"b\\\\n\\\")", "print(\"b\\n\")\n");
    // Only the quotation marks were escaped: the rest stands so in the file.
    check("print(\"a\\n\")\n", "print(\\\"a\\n\\\")", "print(\\\"b\\n\\\")", "print(\"b\\n\")\n");
    check("f(\"\\d+\")\n", "f(\\\"\\d+\\\")", "f(\\\"\\w+\\\")", "f(\"\\w+\")\n");
    // New text that needs nothing, or more lines.
    check("f(\"a\")\n", "f(\\\"a\\\")", "g()", "g()\n");
    check("f(\"a\")\n", "f(\\\"a\\\")", "f(\\\"a\\\")\\ng(\\\"b\\\")", "f(\"a\")\ng(\"b\")\n");
    check("\"a\" \"a\"\n", "\\\"a\\\"", "b", "! ambiguous");
    check_all("\"a\" \"a\"\n", "\\\"a\\\"", "\\\"b\\\"", "\"b\" \"b\"\n");
    // Escapes that may be meant.
    refused("f(\"a\")\n", "f(\\\"a\\\")", "f(\\\"a\\n\\\")");
    refused("f(\"a\")\n", "f(\\\"a\\\")", "f(\"a \\\"b\\\"\")");
    refused("f(\"a\")\n", "f(\\\"a\\\")", "f(\\\"a\\\")\ng(\\\"b\\tc\\\")");
    // Escaped too little.
    refused("print(\"a\\nb\")\n", "print(\"a\nb\")", "x");
    refused("a b\n", "a\\qb", "x");
    refused("a\n\nb\n", "\\n\\n\\n", "\\n");
}

#[test]
fn numbered_lines() {
    check("a\nb\nc\n", "2\tb\n3\tc\n", "2\tx\n3\ty\n", "a\nx\ny\n");
    check("a\n  b\n\nc\n", "2\t  b\n3\t\n4\tc", "2\t  x\n3\t\n4\tc", "a\n  x\n\nc\n");
    check("a\n  b\n\nc\n", "2\t  b\n3\n4\tc", "  x\n", "a\n  x\n\n");
    check("a\r\n  b\r\n", "     1→a\n     2→  b\n", "     1→a\n     2→  c\n", "a\r\n  c\r\n");
    check("a\n  b\n", "1: a\n2:   b\n", "1: a\n2:   c\n3:   d\n", "a\n  c\n  d\n");
    check("a\n  b\n", "1:a\n2:  b\n", "a\n  c\n", "a\n  c\n");
    check("a\n  b\n", " 1| a\n 2|   b\n", " 1| a\n 2|   c\n", "a\n  c\n");
    check("a\n  b\n", "00001 | a\n00002 |   b\n", "a\n", "a\n");
    check("a\nb\n", "2\tb", "2\tc", "a\nc\n");
    check("a\nb\n", "2: b\n", "c\n", "a\nc\n");
    check("a\nb", "1\ta\n2\tb\n", "1\tc\n", "c");
    check("a\nb\n", "1\ta\n2\tb\n", "", "");
    check("a\nb\na\nb\n", "1\ta\n2\tb\n", "x\n", "! ambiguous");
    // Lines that say so are lines.
    check("1\tx\n2\ty\n", "1\tx\n2\ty\n", "1\tz\n", "1\tz\n");
    refused("x\ny\n", "10\tx\n20\ty\n", "z\n");
    refused("x\ny\n", "1\tx\ny\n", "z\n");
    refused("x\ny\n", "1\tx\n2: y\n", "z\n");
    refused("2: foo\n", "1: foo", "1: bar");
    refused("a\nfoo\n", "7: foo", "bar");
    refused("a\nb\n", "1\ta\n2\tb\n", "1\ta\nc\n");
    refused("  a\n  b\n", "1\ta\n2\tb\n", "1\tc\n");
}

#[test]
fn blank_lines_around() {
    check("a\nb\nc\n", "\n\nb\nc\n", "\n\nB\nc\n", "a\nB\nc\n");
    check("foo(a)\nbar(b)\n", "foo(a)\nbar(b)\n\n\n", "foo(c)\nbar(b)\n\n\n", "foo(c)\nbar(b)\n");
    check("a\r\nb\r\nc\r\n", "\n  \nb\n\n", "x\n\n", "a\r\nx\r\nc\r\n");
    check("a\nb\n", "\n\nb\n", "", "a\n");
    check("b\n", "\nb", "\nc\n\nd", "c\n\nd\n");
    check("a\nb", "b\n\n", "c\n\n", "a\nc");
    check("b\na\nb\n", "\n\nb\n\n", "x\n", "! ambiguous");
    refused("a\nxb\n", "\n\nb\n", "\n\nc\n");
    refused("a\nb\n", "a\n\nb\n", "c\n");
    refused("a\nb\n", "b\n\n\n", "c");
}

#[test]
fn never_more_than_was_quoted() {
    refused("start\nkeep 1\nkeep 2\nend\n", "start\nkeep 1\nend\n", "start\nend\n");
    refused("a\nb\n", "...\nb\n", "...\nc\n");
    refused("let x = a + 1;\nx\n", "let x = a + 2;\nx\n", "x\n");
    refused("foo bar\n", "foo  bar\n", "x\n");
    refused("Foo\n", "foo\n", "x\n");
    refused("a\nb\nc\n", "a\nc\n", "x\n");
}

#[test]
fn refusals_say_how_to_go_on() {
    #[track_caller]
    fn says(text: &str, old: &str, new: &str, words: &[&str]) {
        let error = replace(text, old, new, Hits::One).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
    }
    says("a\nb\na\n", "a", "x", &["occurs 2 times (lines 1, 3)", "replace_all"]);
    says("a a\nb\na\n", "a", "x", &["occurs 3 times (lines 1 (2 times), 3)"]);
    says("a a a", "a", "x", &["occurs 3 times (all in line 1)"]);
    says(&"a ".repeat(30), "a", "x", &["occurs 30 times (lines 1 (20 times), …)"]);
    says(
        "a \nb\na\t\n",
        "a\n",
        "x\n",
        &["blanks at the ends of lines ignored it occurs 2 times (lines 1, 3)"],
    );
    says("done\n", "todo", "done", &["new_string is there already, at line 1"]);
    says(
        "fn a() {\n    1\n}\n",
        "fn a() {\n    2\n}\n",
        "x",
        &["Line 2 differs: it is `1`, old_string has `2`", "1\tfn a() {"],
    );
    says(
        "    a(b)\nc\n",
        "a(b)\n  c\n",
        "x",
        &["Line 1 differs only in indentation: 4 blanks in the file, nothing"],
    );
    says("a\nx  y z\n", "x y z\n", "x", &["Line 2 differs only in blanks between words"]);
    says("Hello World\n", "hello world\n", "x", &["Line 1 differs only in upper and lower case"]);
    says(
        "let total = sum(a, b);\n",
        "let total = sum(a, c);",
        "x",
        &["Line 1 differs: it is `let total = sum(a, b);`"],
    );
    says("a\nb\n", "a\nb\nc\n", "x", &["The file ends before old_string does"]);
    says("x\n", "something else", "z", &["Nothing like it is in the file"]);
    says("f {\n  a;\n  b;\n}\n", "    a;\n    b;\n", "    a;\n        c;\n", &["is not clear"]);
    let long: String = (0..60).map(|line| format!("line {line}\n")).collect();
    let quoted = long.replace("line 40\n", "other\n");
    says(&long, &quoted, "x", &["Line 41 differs", "41\tline 40"]);
    let many = "a\n".repeat(100_000);
    let error = replace(&many, "a\n", "b\n", Hits::One).unwrap_err().to_string();
    assert!(error.contains("occurs 100000 times") && error.len() < 400, "{error}");
    let error = replace(&"x".repeat(300_000), "xxxxy", "z", Hits::One).unwrap_err().to_string();
    assert!(error.len() < 400, "{error}");
}

#[test]
fn too_much_is_refused() {
    let text = "a".repeat(limits::REPLACEMENTS_MAX + 1);
    check_all(&text, "a", "b", "! too_much");
    let text = "a".repeat(1_000);
    check_all(&text, "a", &"b".repeat(limits::EDITED_BYTES_MAX / 1_000 + 1), "! too_much");
}
