//! Names on the command line that a table knows: `-o FORMAT`, `--report FORMAT=PATH`, and what was
//! probably meant by a name that no table has.
//!
//! Next to read: `report/mod.rs` of the library, the table of formats.

use crate::report::{self, Renderer};
use crate::scenario::Diagnostic;

/// The renderer of this name, for this flag.
pub fn renderer(name: &str, flag: &str) -> Result<&'static Renderer, Diagnostic> {
    let known = || report::renderers().iter().map(|renderer| renderer.name);
    report::renderer(name).ok_or_else(|| {
        unknown("output format", flag, name, known()).note("`lostwrite list formats` explains them")
    })
}

/// `unknown scheduler`, with what was probably meant.
pub fn unknown(
    what: &str,
    flag: &str,
    name: &str,
    known: impl Iterator<Item = &'static str>,
) -> Diagnostic {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let help = match near {
        Some((_, meant)) => format!("did you mean `{meant}`?"),
        None => format!("one of: {}", known.join(", ")),
    };
    Diagnostic::in_argument(format!("unknown {what} `{shown}`"), flag, name, 0..name.len())
        .help(help)
}

/// What `--report` asks for: renderers and files.
pub fn reports(texts: &[String]) -> Result<Vec<(&'static Renderer, &str)>, Diagnostic> {
    texts
        .iter()
        .map(|text| {
            let (format, path) =
                text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(|| {
                    Diagnostic::in_argument(
                        "--report takes FORMAT=PATH",
                        "--report",
                        text,
                        0..text.len(),
                    )
                    .help("for example: --report json=result.json")
                })?;
            Ok((renderer(format, "--report")?, path))
        })
        .collect()
}
