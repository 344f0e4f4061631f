//! `pattern`: RE2 expressions, checked when the definition is created, compiled when first asked.
//!
//! A definition has thousands of patterns, a scenario meets a few; to compile all is what loading
//! a large definition would cost. Next to read: `rules.rs`.

use std::sync::{Arc, OnceLock};

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};

use super::re2;

/// Go refuses more repetitions than this, counting what is nested.
const REPEATS_MAX: u64 = 1000;

/// A pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    text: Arc<str>,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl Pattern {
    pub fn new(text: &str) -> Self {
        Pattern { text: text.into(), compiled: Arc::default() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a string has it. One that cannot be compiled was refused with its definition.
    pub fn matches(&self, text: &str) -> bool {
        let compile = || Regex::new(&re2::translate(&self.text).ok()?).ok();
        let compiled = self.compiled.get_or_init(compile);
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// What is wrong with a pattern.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    let hir = regex_syntax::Parser::new().parse(&re2::translate(pattern)?).map_err(|error| {
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim().to_owned()
    })?;
    match repeats(&hir) {
        ..=REPEATS_MAX => Ok(()),
        _ => Err(format!("error parsing regexp: invalid repeat count: `{pattern}`")),
    }
}

/// How often the innermost of an expression may be repeated by numbers.
fn repeats(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            u64::from(times).saturating_mul(repeats(&repetition.sub))
        }
        HirKind::Capture(capture) => repeats(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(repeats).max().unwrap_or(1)
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_checked_without_being_compiled() {
        assert_eq!(check("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"), Ok(()));
        assert_eq!(check("(a{30}){30}"), Ok(()));
        assert!(check("a{1001}").unwrap_err().contains("repeat count"));
        assert!(check("((a{100}){100}){100}").unwrap_err().contains("repeat count"));
        assert!(check("a(b").unwrap_err().contains("missing closing )"));
        assert_eq!(check("^[^[]+$"), Ok(()));
        let pattern = Pattern::new("^a+$");
        assert!(pattern.matches("aa") && !pattern.matches("b"));
    }
}
