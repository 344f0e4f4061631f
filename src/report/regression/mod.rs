//! A loss as a test for another project: the losing order, request by request, against
//! `lostwrite serve` (Go, shell), or the scenario itself (Rust).
//!
//! The requests are those of the drawn schedule, up to the one that takes the write away. What the
//! server chose (uids, resourceVersions) is taken from the answers of the run. Next to read:
//! `plan.rs`.

mod go;
mod plan;
mod shell;

use crate::check::CheckResult;
use crate::properties::NO_LOST_WRITE;

/// The languages.
pub const LANGUAGES: [&str; 3] = ["rust", "go", "shell"];

/// What a file is that a Rust test names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A user's scenario.
    Scenario,
    /// The same, and its workers are programs.
    Programs,
    /// The model of a pair of a log, which expects its loss.
    Log {
        /// Whether a second scenario follows that loses nothing.
        mended: bool,
    },
}

/// A test of what a check has found; the error says why there is none.
pub fn of(
    language: &str,
    result: &CheckResult,
    file: &str,
    source: Source,
) -> Result<String, String> {
    match (language, source) {
        ("rust", Source::Log { mended }) => Ok(rust(result, file, mended)),
        ("rust", _) => losing(result, file, source),
        ("go", _) => Ok(go::render(&plan::Plan::of(result)?, file)),
        _ => Ok(shell::render(&plan::Plan::of(result)?, file)),
    }
}

/// The scenario's name as a name in a language.
fn identifier(result: &CheckResult) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    result.scenario.name.chars().map(safe).collect()
}

/// The scenario is explored, not played: all orders, in milliseconds.
fn rust(result: &CheckResult, file: &str, is_mended: bool) -> String {
    let name = identifier(result);
    let mended = match is_mended {
        true => {
            "// The second scenario in the file is the same pair with a safe write method: it\n\
             // expects `no-lost-write: holds`.\n"
        }
        false => "",
    };
    format!(
        "//! Written by lostwrite: every order of the two writers, as a test of this crate.\n\
         //!\n\
         //! Once the controllers write otherwise, change `write:` in the scenario and expect\n\
         //! `no-lost-write: holds`: then this test keeps it so.\n\n\
         {mended}#[test]\n\
         fn {name}() {{\n    lostwrite::check({}).assert_expected();\n}}\n",
        serde_json::Value::from(file)
    )
}

/// A test that fails as long as a write is lost: in every order, or of programs in the losing one.
fn losing(result: &CheckResult, file: &str, source: Source) -> Result<String, String> {
    let property = result.property(NO_LOST_WRITE);
    let witness = property.and_then(|it| it.witness.as_ref());
    let witness = witness.ok_or("no write is lost in this scenario, so there is no test of it")?;
    let (name, path) = (identifier(result), serde_json::Value::from(file));
    if source == Source::Scenario {
        return Ok(format!(
            "//! Written by lostwrite: fails as long as a write is lost in any order.\n\n\
             #[test]\nfn {name}() {{\n    lostwrite::check({path}).assert_safe();\n}}\n"
        ));
    }
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let folder = serde_json::Value::from(folder);
    let schedule = serde_json::Value::from(witness.schedule.to_string());
    Ok(format!(
        "//! Written by lostwrite: fails as long as the programs lose a write in this order.\n\n\
         #[test]\nfn {name}() {{\n    \
         let found = lostwrite::Scenario::from_trusted_file({path}, true);\n    \
         let scenario = found.expect(\"a scenario\").remove(0);\n    \
         let hunt = lostwrite::programs::Hunt::of(scenario).folder({folder});\n    \
         let ran = hunt.replay({schedule}).run();\n    \
         assert!(ran.loss.is_none() && ran.failed.is_none(), \"{{ran}}\");\n}}\n"
    ))
}
