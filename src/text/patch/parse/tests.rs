//! Tests of the parser: patches in, sections or errors out.

use super::*;

#[track_caller]
fn check(patch: &str, expected: &str) {
    let got = match parse(patch) {
        Ok(sections) => sections.iter().map(shown).collect::<Vec<_>>().join(" | "),
        Err(ParseError::InvalidPatch(_)) => "invalid patch".to_owned(),
        Err(ParseError::InvalidHunk { line, .. }) => format!("invalid hunk at {line}"),
        Err(ParseError::Empty) => "empty".to_owned(),
    };
    assert_eq!(got, expected, "{patch}");
}

/// In an envelope.
#[track_caller]
fn inner(sections: &str, expected: &str) {
    check(&format!("*** Begin Patch\n{sections}*** End Patch\n"), expected);
}

fn shown(section: &Section) -> String {
    match section {
        Section::Add { path, text } => format!("add {path}: {text:?}"),
        Section::Delete { path } => format!("delete {path}"),
        Section::Update { path, to, chunks } => {
            let to = to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
            let chunks: Vec<String> = chunks.iter().map(chunk).collect();
            format!("update {path}{to}: {}", chunks.join("; "))
        }
    }
}

fn chunk(chunk: &Chunk) -> String {
    let mark = |fate| match fate {
        Fate::Kept => "=",
        Fate::Removed => "-",
        Fate::Added => "+",
    };
    let lines: Vec<String> =
        chunk.lines.iter().map(|line| format!("{}{}", mark(line.fate), line.text)).collect();
    let heads: Vec<String> = chunk.heads.iter().map(|head| format!("[{head}]")).collect();
    let end = match chunk.reach {
        Reach::Anywhere => "",
        Reach::EndOfFile => " $",
    };
    format!("{}{}{}{end}", chunk.number, heads.concat(), lines.join(","))
}

#[test]
fn sections_of_all_kinds() {
    inner("*** Add File: a b/c d.txt\n+one\n+\n++two\n", r#"add a b/c d.txt: "one\n\n+two\n""#);
    inner("*** Add File: a\n*** Delete File: b\n*** Delete File: c\n", r#"add a: "" | delete b | delete c"#);
    inner(
        "*** Update File: a\n*** Move to: b/c\n@@ fn f() {\n-x\n+y\n z\n\n@@\n+end\n*** End of File\n",
        "update a to b/c: 4[fn f() {]-x,+y,=z,=; 9+end $",
    );
    inner("*** Update File: a\n x\n+y\n*** Add File: b\n+c\n", r#"update a: 3=x,+y | add b: "c\n""#);
    inner("  *** Update File:  a  \n\n@@\n+x\n", "update a: 4+x");
    inner("*** Update File: a\n@@\n+x\n\n\n@@\n+y\n \n", "update a: 3+x; 7+y,=");
    inner(
        "*** Update File: a\n@@ class A:\n@@ \n@@     def f(self):\n-x\n",
        "update a: 3[class A:][    def f(self):]-x",
    );
    inner("*** Update File: a\n@@\n x\n  *** End Patch\n-y\n", "update a: 3=x,= *** End Patch,-y");
    inner("*** Update File: a\n-x\n@@ -1,2 +1,2 @@\n-y\n", "update a: 3-x; 4[-1,2 +1,2 @@]-y");
}

#[test]
fn what_may_stand_around() {
    let body = "*** Begin Patch\n*** Delete File: a\n*** End Patch";
    for patch in [
        format!("\n\n  {body}  \n\n"),
        format!("<<EOF\n{body}\nEOF\n"),
        format!("<<'EOF'\n{body}\nEOF"),
        format!("<<\"PATCH\"\n{body}\nPATCH\n"),
        format!("apply_patch <<'EOF'\n{body}\nEOF\n"),
        body.replace('\n', "\r\n"),
        body.replace("*** End", " *** End"),
    ] {
        check(&patch, "delete a");
    }
    for patch in [
        format!("<<\"EOF'\n{body}\nEOF\n"),
        format!("<<EOF\n{body}\nEND\n"),
        format!("<<EOF\n{body}\n"),
        format!("Here it is:\n{body}"),
        format!("{body}\nDone."),
        format!("rm -rf . <<EOF\n{body}\nEOF"),
        body.replace("*** Begin", "***Begin"),
        body.replace("*** End Patch", ""),
        "*** Begin Patch".into(),
        "bad".into(),
        String::new(),
    ] {
        check(&patch, "invalid patch");
    }
    check("*** Begin Patch\n*** End Patch", "empty");
    check("<<EOF\n*** Begin Patch\n*** Update File: a\nEOF\n", "invalid patch");
}

#[test]
fn faults_name_their_line() {
    inner("bad\n", "invalid hunk at 2");
    inner("*** Frobnicate File: foo\n", "invalid hunk at 2");
    inner("*** Add File:\n+x\n", "invalid hunk at 2");
    inner("*** Add File: a\n+x\ny\n", "invalid hunk at 4");
    inner("*** Add File: a\n+x\n\n+y\n", "invalid hunk at 4");
    inner("*** Delete File: a\n*** Move to: b\n", "invalid hunk at 3");
    inner("*** Update File: a\n", "invalid hunk at 2");
    inner("*** Update File: a\n*** Move to: b\n", "invalid hunk at 2");
    inner("*** Update File: a\n@@\n", "invalid hunk at 4");
    inner("*** Update File: a\n@@\n\n", "invalid hunk at 5");
    inner("*** Update File: a\n@@\n*** End of File\n", "invalid hunk at 5");
    inner("*** Update File: a\n@@\nbad\n", "invalid hunk at 4");
    inner("*** Update File: a\n@@\n-x\nbad\n", "invalid hunk at 5");
    inner("*** Update File: a\n@@\n-x\n*** End of File\n-y\n", "invalid hunk at 6");
    inner("*** Update File: a\n@@\n-x\n*** Move to: b\n", "invalid hunk at 5");
    inner("*** Delete File: a\n*** End Patch\n*** Begin Patch\n*** Delete File: b\n", "invalid hunk at 3");
}
