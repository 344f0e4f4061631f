//! A loss as a test for another project: the losing order, request by request, against
//! `lostwrite serve` (Go, shell), or the scenario itself (Rust).
//!
//! The requests are those of the drawn schedule. What the server chose (uids, resourceVersions) is
//! taken from the answers of the run. Next to read: `plan.rs`.

mod go;
mod plan;
mod shell;

use crate::check::CheckResult;

/// The languages.
pub const LANGUAGES: [&str; 3] = ["rust", "go", "shell"];

/// A test of what a check has found; the error says why there is none.
pub fn of(
    language: &str,
    result: &CheckResult,
    file: &str,
    is_mended: bool,
) -> Result<String, String> {
    match language {
        "rust" => Ok(rust(result, file, is_mended)),
        "go" => Ok(go::render(&plan::Plan::of(result)?, file)),
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
