//! `--owns AGENT=PATH`: what a user says that a program writes settles more than any inference.
//!
//! Next to read: `judge.rs`.

use super::clients::Program;
use crate::history::infer::{self, Names};

/// What users say of programs.
#[derive(Clone, Debug, Default)]
pub struct Owns(Vec<(String, String)>);

impl Owns {
    /// From `AGENT=PATH` texts; the error says what is wrong with one.
    pub fn parse(texts: &[String]) -> Result<Owns, String> {
        let mut all = Vec::new();
        for text in texts {
            // An agent may not have `=`, a path may: conditions[type="Ready"].
            let (agent, path) = text.split_once('=').ok_or_else(|| {
                format!("`{text}` is not AGENT=PATH, such as node-agent=.status.phase")
            })?;
            if agent.trim().is_empty() || path.trim().is_empty() {
                return Err(format!(
                    "`{text}` is not AGENT=PATH, such as node-agent=.status.phase"
                ));
            }
            all.push((agent.trim().to_owned(), plain(path)));
        }
        Ok(Owns(all))
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What this program owns, among the paths of a log; `None` if it was not said.
    pub(super) fn of(&self, program: &Program, names: &mut Names) -> infer::Owns {
        let mine = |agent: &str| {
            program.agent == agent
                || program.user == agent
                || program.agent.split(['/', ' ']).next() == Some(agent)
        };
        let mut paths = self.0.iter().filter(|(agent, _)| mine(agent)).map(|it| &it.1).peekable();
        paths.peek()?;
        let paths: Vec<&String> = paths.collect();
        Some(names.owners(&|path| {
            let path = plain(&path.to_string());
            paths.iter().any(|owned| matches(owned, &path))
        }))
    }
}

/// A path without its leading dot and without quotes.
fn plain(path: &str) -> String {
    path.trim().trim_start_matches('.').chars().filter(|c| *c != '"' && *c != '\'').collect()
}

/// Whether a path is the owned one, or leads on from it; `*` is any text in brackets.
fn matches(owned: &str, path: &str) -> bool {
    match owned.split_once('*') {
        None => path
            .strip_prefix(owned)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])),
        Some((head, tail)) => path.strip_prefix(head).is_some_and(|rest| {
            let ends = rest.char_indices().filter(|(at, _)| rest[*at..].starts_with(tail));
            ends.into_iter().any(|(at, _)| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_however_they_are_spelled() {
        let owned = plain(".status.conditions[type=\"Ready\"]");
        assert!(matches(&owned, "status.conditions[type=Ready]"));
        assert!(!matches(&owned, "status.conditions[type=Readyish]"));
        assert!(matches("status.conditions[type=*]", "status.conditions[type=Ready]"));
        assert!(matches("spec", "spec.replicas"));
        assert!(!matches("spec", "special"));
        assert!(Owns::parse(&["nothing".into()]).is_err());
    }
}
