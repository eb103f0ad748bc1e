//! Tests of the application: texts and chunks in, texts or what is missing out.

use proptest::prelude::*;

use super::super::{Missing, Section, parse};
use super::*;
use crate::text::ends;

fn chunks(body: &str) -> Vec<Chunk> {
    let patch = format!("*** Begin Patch\n*** Update File: a\n{body}*** End Patch");
    match parse(&patch).unwrap().remove(0) {
        Section::Update { chunks, .. } => chunks,
        other => panic!("{other:?}"),
    }
}

/// Through the line ends of the file, as a write does it.
fn made(text: &str, body: &str) -> Result<String, Mismatch> {
    let applied = apply(&ends::lf(text), &chunks(body))?;
    Ok(ends::splice(text, &applied.splices))
}

#[track_caller]
fn check(text: &str, body: &str, expected: &str) {
    assert_eq!(made(text, body).as_deref(), Ok(expected), "{body}");
}

#[track_caller]
fn refused(text: &str, body: &str, missing: Missing, words: &str) {
    let mismatch = made(text, body).unwrap_err();
    assert_eq!(mismatch.missing, missing, "{mismatch}");
    let told = format!("{mismatch}. {}", mismatch.shown);
    assert!(told.contains(words), "{told}");
}

#[test]
fn exact_changes() {
    check("foo\nbar\n", "@@\n foo\n-bar\n+baz\n", "foo\nbaz\n");
    check("1\n2\n3\n4\n5\n", " 1\n+1a\n 2\n-3\n 4\n+4a\n 5\n", "1\n1a\n2\n4\n4a\n5\n");
    check("a\nb\nc\nd\n", "@@\n-a\n+A\n@@\n c\n-d\n+D\n", "A\nb\nc\nD\n");
    check("a\nb\n", "@@\n-a\n-b\n", "");
    check("a\nb\n", "@@\n-a\n-b\n+b\n+b\n+a\n", "b\nb\na\n");
    check("a\n\nb\n", "@@\n a\n\n-b\n+c\n", "a\n\nc\n");
    check("x\ny\nx\ny\n", "@@\n x\n-y\n+z\n*** End of File\n", "x\ny\nx\nz\n");
}

#[test]
fn lines_at_the_end() {
    check("a\nb\n", "@@\n+c\n", "a\nb\nc\n");
    check("a\nb\n\n", "@@\n+c\n", "a\nb\nc\n\n");
    check("", "@@\n+c\n", "c\n");
    check("a\nb\n", "@@\n+c\n@@\n-a\n+A\n@@\n+d\n", "A\nb\nc\nd\n");
    // A final line feed that is not there does not come, and the other way about.
    check("a\nb", "@@\n-b\n+c\n+d\n", "a\nc\nd");
    check("a\nb", "@@\n-a\n+A\n", "A\nb");
    check("a\nb", "@@\n+c\n", "a\nb\nc");
    check("a\nb", "@@\n a\n-b\n", "a\n");
    check("a\nb", "@@\n-b\n@@\n+c\n", "a\nc");
    // A blank line of the patch for the last line feed.
    check("a\nb\n", "@@\n-b\n+c\n\n", "a\nc\n");
    check("a\nb\n", "@@\n-b\n-\n+c\n+\n", "a\nc\n");
    refused("a\nb\nc\n", "@@\n-b\n-\n+c\n", Missing::Lines, "nearest");
    check("a\nb\nc\n", "@@\n-a\n+A\n\n\n@@\n-c\n+C\n", "A\nb\nC\n");
}

#[test]
fn heads_narrow_the_place() {
    let two =
        "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 1\n";
    let second =
        "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 2\n";
    let first =
        "class A:\n    def f(self):\n        return 2\n\nclass B:\n    def f(self):\n        return 1\n";
    let change = "-        return 1\n+        return 2\n";
    check(two, &format!("@@ class B:\n{change}"), second);
    check(two, &format!("@@ class A:\n{change}"), first);
    check(two, &format!("@@ class B:\n@@ def f(self):\n{change}"), second);
    check(two, &format!("@@ class A:\n@@     def f(self):\n{change}"), first);
    refused(two, &format!("@@ def f(self):\n{change}"), Missing::Certainty, "lines 3, 7");
    refused(two, &format!("@@\n{change}"), Missing::Certainty, "lines 3, 7");
    refused(two, &format!("@@ class C:\n{change}"), Missing::Head, "`@@ class C:` is no line of the file");
    refused(two, &format!("@@ class\n{change}"), Missing::Head, "Line 1 is `class A:`");
    check("  def f():\n    pass\n", "@@ def f():\n-    pass\n+    return 1\n", "  def f():\n    return 1\n");
    // Twice in the block that is named.
    let twice = "def f():\n    x\n    y\n    x\ndef g():\n    x\n";
    refused(twice, "@@ def f():\n-    x\n+    z\n", Missing::Certainty, "lines 2, 4");
    check(twice, "@@ def g():\n-    x\n+    z\n", "def f():\n    x\n    y\n    x\ndef g():\n    z\n");
    // Without indentation: what follows the line at once.
    let flat = "# A\nx\n# B\nx\n# C\nx\n";
    check(flat, "@@ # B\n-x\n+y\n", "# A\nx\n# B\ny\n# C\nx\n");
    check("# A\nx\n# B\nb\nx\n# C\n", "@@ # B\n-x\n+y\n", "# A\nx\n# B\nb\ny\n# C\n");
    refused("# A\nx\n# B\nb\nx\n# C\nx\n", "@@ # B\n-x\n+y\n", Missing::Certainty, "lines 5, 7");
    // Lines that come stand behind the line that is named.
    check(
        "def f():\n    x\ndef g():\n    y\n",
        "@@ def f():\n+    z\n",
        "def f():\n    z\n    x\ndef g():\n    y\n",
    );
    check("def f():\n    x\nend\n", "@@ def f():\n+z\n*** End of File\n", "def f():\n    x\nend\nz\n");
    refused(two, "@@ def f(self):\n+        z\n", Missing::Certainty, "lines 2, 6");
}

#[test]
fn habits_of_unified_diffs() {
    check("one\ntwo\n", "@@ -1,2 +1,2 @@\n one\n-two\n+2\n", "one\n2\n");
    check("def f():\n    x\n", "@@ -1,2 +1,2 @@ def f():\n-    x\n+    y\n", "def f():\n    y\n");
    check("one\ntwo\n", "@@ -1 +1 @@ cut head\n-two\n+2\n", "one\n2\n");
    refused("x\ny\nx\n", "@@ -3 +3 @@\n-x\n+z\n", Missing::Certainty, "lines 1, 3");
    refused("one\ntwo\n", "--- a/a.txt\n+++ b/a.txt\n@@\n-two\n+2\n", Missing::Lines, "`---` and `+++`");
    check("@@ -1 +1 @@\nx\n", "@@ @@ -1 +1 @@\n-x\n+y\n", "@@ -1 +1 @@\ny\n");
}

#[test]
fn several_places_are_none() {
    refused("x\na\nx\n", "@@\n-x\n+y\n", Missing::Certainty, "lines 1, 3");
    refused("a\na\na\n", "@@\n a\n-a\n+b\n", Missing::Certainty, "lines 1, 2");
}

#[test]
fn the_order_of_chunks_settles_what_it_can() {
    check("x\ny\nx\ny\n", "@@\n x\n-y\n+1\n@@\n x\n-y\n+2\n", "x\n1\nx\n2\n");
    check("x\nb\nx\n", "@@\n-x\n+y\n@@\n-b\n+B\n", "y\nB\nx\n");
    check("x\nb\nx\n", "@@\n-b\n+B\n@@\n-x\n+y\n", "x\nB\ny\n");
    refused("x\nx\nb\n", "@@\n-x\n+y\n@@\n-b\n+B\n", Missing::Certainty, "lines 1, 2");
    refused("a\nb\n", "@@\n-b\n+B\n@@\n-a\n+A\n", Missing::Lines, "line 1, before those of the change above");
    refused("a\nb\n a\n", "@@\n-b\n+B\n@@\n-a\n+A\n", Missing::Lines, "before those of the change above");
    refused("h\nx\n", "@@\n-x\n+y\n@@ h\n-x\n+z\n", Missing::Head, "line 1, before the change above");
}

#[test]
fn loose_quotes() {
    // Lines of context stay as they are in the file.
    check(
        "\tkeep  \n\told\n\tkeep2\n",
        "@@\n     keep\n-    old\n+    new\n     keep2\n",
        "\tkeep  \n\tnew\n\tkeep2\n",
    );
    check("  a  \n  b\n", "@@\n   a\n-  b\n+  c\n", "  a  \n  c\n");
    check("    a\n", "@@\n-a\n+b\n+  c\n", "    b\n      c\n");
    check("x – y\n“q”\n", "@@\n x - y\n-\"q\"\n+'r'\n", "x – y\n'r'\n");
    check("a \nb\na\n", "@@\n-a\n+c\n", "a \nb\nc\n");
    refused("a \nb\na\t\n", "@@\n-a\n+c\n", Missing::Certainty, "lines 1, 3");
    refused("Foo\n", "@@\n-foo\n+bar\n", Missing::Lines, "not even one");
    refused("caf\u{e9}\n", "@@\n-cafe\u{301}\n+x\n", Missing::Lines, "");
    let applied = apply("a \n– b\n", &chunks("@@\n a\n-- b\n+c\n")).unwrap();
    assert_eq!(applied.repairs, [Repair { line: 1, count: 2, rung: Rung::Signs }]);
    assert_eq!(applied.proof, Proof::None);
    assert_eq!(apply("a\n", &chunks("@@\n-a\n+b\n")).unwrap().proof, Proof::Quoted);
    assert_eq!(apply("a\n", &chunks("@@\n+b\n")).unwrap().proof, Proof::None);
    // A class that is named has them loosely, another one exactly: neither is taken.
    let text = "class A:\n\tx\nclass B:\n    x\n";
    refused(text, "@@ class A:\n-    x\n+    y\n", Missing::Certainty, "lines 2, 4");
}

#[test]
fn line_ends_and_mark_stay() {
    check("a\r\nb\nc\r\n", "@@\n-c\n+C\n", "a\r\nb\nC\r\n");
    check("\u{feff}a\r\nb\r\n", "@@\n a\n+x\n+y\n b\n", "\u{feff}a\r\nx\r\ny\r\nb\r\n");
    check("same\r\nsame\n", "@@\n-same\n same\n", "same\n");
    check("one\r\ntwo", "@@\n-one\n+ONE\n", "ONE\r\ntwo");
    check("one\r\n", "@@\n+two\n", "one\r\ntwo\r\n");
    check("a\rb\nc\n", "@@\n-c\n+d\n", "a\rb\nd\n");
}

#[test]
fn refusals_show_what_is_there() {
    refused(
        "a\nb\nc\n",
        "@@\n a\n-x\n c\n",
        Missing::Lines,
        "Line 2 is not `x`. The nearest place is:\n1\ta\n2\tb\n3\tc",
    );
    refused("a\nnew\n", "@@\n a\n-old\n+new\n", Missing::Lines, "stands at line 1 already");
    refused(
        "x\ny\nend\n",
        "@@\n x\n-y\n+z\n*** End of File\n",
        Missing::Lines,
        "leave out `*** End of File`",
    );
    refused("", "@@\n-a\n", Missing::Lines, "not even one");
    refused("x\nclass A:\n", "@@ class A:\n-x\n", Missing::Lines, "before its `@@` line");
}

#[test]
fn what_does_not_change_gives_no_splices() {
    assert_eq!(apply("a\nb\n", &chunks("@@\n-a\n+a\n b\n")).unwrap().splices, []);
    assert_eq!(apply("a\nb\n", &chunks("@@\n a\n b\n")).unwrap().splices, []);
}

#[test]
fn large_texts_take_no_time() {
    let text = "x\n".repeat(200_000);
    let body = format!("@@\n{}-y\n", " x\n".repeat(20_000));
    refused(&text, &body, Missing::Lines, "not in the file");
    let body = format!("@@\n{}-x\n", " x\n".repeat(20_000));
    refused(&text, &body, Missing::Certainty, "lines 1, 2, 3");
    refused(&"h\n".repeat(20_000), "@@ h\n-h\n", Missing::Certainty, "lines 2, 3");
}

/// A patch body as a careful model writes it, with this many lines of context.
fn body(old: &str, new: &str, context: usize) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let diff = similar::TextDiff::from_slices(&old, &new);
    let mut body = String::new();
    for group in diff.grouped_ops(context) {
        body.push_str("@@\n");
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                similar::ChangeTag::Equal => ' ',
                similar::ChangeTag::Delete => '-',
                similar::ChangeTag::Insert => '+',
            };
            body.push_str(&format!("{mark}{}\n", change.value()));
        }
    }
    body
}

fn lines(text: &str) -> Vec<&str> {
    text.strip_suffix('\n').map_or(Vec::new(), |text| text.split('\n').collect())
}

proptest! {
    #[test]
    fn a_diff_as_a_patch_makes_the_new_text(
        old in "(([a-e]| [a-c]|\t\\{|–)?\n){1,12}", new in "(([a-e]| [a-c]|\t\\{|–)?\n){0,12}", context in 1..5usize
    ) {
        prop_assume!(old != new);
        match made(&old, &body(&old, &new, context)) {
            Ok(made) => prop_assert_eq!(&made, &new),
            Err(mismatch) => prop_assert_eq!(mismatch.missing, Missing::Certainty, "{}", mismatch),
        }
        prop_assert_eq!(made(&old, &body(&old, &new, 99)), Ok(new));
    }

    #[test]
    fn lines_that_no_change_names_stay_byte_for_byte(
        before in "(\u{feff})?([a-c ]{1,4}\r?\n){0,5}", after in "([a-c ]{1,4}\r?\n){0,4}[a-c]{0,2}", mark in 0..3usize
    ) {
        let quoted = ["target", "  target", "target  "][mark];
        let text = format!("{before}target\n{after}");
        let made = made(&text, &format!("@@\n-{quoted}\n+new\n"));
        let kept = |made: &String| made.starts_with(&before) && made.ends_with(&after);
        prop_assert!(made.as_ref().is_ok_and(kept), "{made:?}");
    }

    #[test]
    fn a_patch_that_is_cut_is_none(cut in 0..140usize) {
        let patch = "*** Begin Patch\n*** Add File: a\n+x\n*** Delete File: b\n*** Update File: c\n@@ f\n-x\n+y\n*** \
                     End of File\n*** End Patch";
        prop_assume!(cut < patch.len());
        prop_assert!(parse(&patch[..cut]).is_err());
    }
}
