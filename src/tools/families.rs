//! Which models change files by which tool: the one that they are trained on.

use crate::engine::parts::Family;

/// The families, the first one that fits counts; the last one is all others.
///
/// Models that learned the patch format write it better than anything else, and others fail with it
/// more often than not, so nobody is offered both.
pub const FAMILIES: &[Family] = &[
    // OpenAI's models since o3, as Codex uses them: without any other tool for files.
    Family {
        models: &["*gpt-5*", "*gpt5*", "*gpt-6*", "*codex*", "o3", "o3-*", "o4-*"],
        without: &["edit", "write"],
        note: "- Go on until the work is done, not until it is planned. Patches are for `apply_patch`, never for the shell.",
    },
    // Google's models tend to retell what they are about to do, and to give whole files as text.
    Family {
        models: &["*gemini*", "*gemma*"],
        without: &["apply_patch"],
        note: "- Make the change with the tools; do not show it as text instead.",
    },
    Family { models: &["*"], without: &["apply_patch"], note: "" },
];

/// What small models do without: `read` gives folders too, `grep` finds files, and a plan costs tokens.
pub const SPARED: &[&str] = &["list", "glob", "todo"];

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;
    use crate::engine::event::Profile;
    use crate::engine::{ModelName, Toolbox};

    #[track_caller]
    fn check(model: &str, expected: &[&str]) {
        let toolbox = Toolbox::for_families(built_in(), FAMILIES, SPARED);
        let specs = toolbox.specs(Some(&ModelName(model.into())), Profile::Full);
        let of_files = specs.iter().map(|spec| spec.name.0.as_str());
        let of_files: Vec<&str> =
            of_files.filter(|name| ["edit", "write", "apply_patch"].contains(name)).collect();
        assert_eq!(of_files, expected, "{model}");
        assert_eq!(specs.len(), built_in().len() - 3 + expected.len());
    }

    #[test]
    fn models_get_the_tool_that_they_know() {
        for model in [
            "gpt-5",
            "gpt-5.1-codex-max",
            "GPT-5-mini-2025-08-07",
            "openai/gpt-5.2",
            "openrouter/openai/gpt-5.1-codex:free",
            "azure/my-gpt5-deployment",
            "ft:gpt-5:acme::x",
            "codex-mini-latest",
            "o3",
            "openai/o3-pro",
            "o4-mini",
        ] {
            check(model, &["apply_patch"]);
        }
        for model in [
            "claude-opus-4-5",
            "anthropic/claude-sonnet-4.5",
            "gemini-3-pro",
            "gpt-4o",
            "gpt-4.1",
            "gpt-oss-120b",
            "EleutherAI/gpt-neox-20b",
            "qwen3-coder",
            "foo3",
            "demo",
            "",
        ] {
            check(model, &["edit", "write"]);
        }
    }

    #[test]
    fn what_is_not_offered_works_and_is_not_named() {
        let toolbox = Toolbox::for_families(built_in(), FAMILIES, SPARED);
        assert!(toolbox.find(&"apply_patch".into()).is_some() && toolbox.find(&"edit".into()).is_some());
        let unknown = toolbox.unknown(&"patch".into(), Some(&ModelName("gpt-5".into())), Profile::Full);
        assert!(unknown.contains("apply_patch") && !unknown.contains("edit"), "{unknown}");
        assert_eq!(toolbox.specs(None, Profile::Full).len(), built_in().len());
    }

    #[test]
    fn the_tools_are_short_to_tell() {
        let toolbox = Toolbox::for_families(built_in(), FAMILIES, SPARED);
        for model in ["gpt-5", "any"] {
            let specs = toolbox.specs(Some(&ModelName(model.into())), Profile::Full);
            let told: usize =
                specs.iter().map(|spec| spec.description.len() + spec.schema.to_string().len()).sum();
            assert!(told < 6_000, "{model}: {told} bytes");
        }
    }

    #[test]
    fn small_models_get_the_few_that_they_need() {
        let toolbox = Toolbox::for_families(built_in(), FAMILIES, SPARED);
        let names = |model: &str| {
            let specs = toolbox.specs(Some(&ModelName(model.into())), Profile::Compact);
            specs.iter().map(|spec| spec.name.0.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("qwen3:4b"), ["read", "grep", "edit", "write", "bash"]);
        assert_eq!(names("gpt-5-nano"), ["read", "grep", "apply_patch", "bash"]);
        assert!(SPARED.iter().all(|name| toolbox.find(&(*name).into()).is_some()), "{SPARED:?}");
    }
}
