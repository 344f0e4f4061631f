//! Writes that lost nothing, and would have, had another's come in between.
//!
//! A PUT without a lock, or a patch that sends a whole list, lost nothing here if its basis was
//! the version before it. How long before it, or after it, another client wrote the same object is
//! how close that was. Next to read: `findings.rs`.

use std::collections::BTreeMap;

use super::judge::Judged;
use super::log::Log;
use super::track::Step;
use crate::history::infer::Method;

/// Writes of one client that nothing but luck kept from losing another's.
#[derive(Clone, Debug)]
pub struct Risk {
    pub client: String,
    /// Whose write came closest.
    pub other: String,
    pub kind: String,
    pub method: &'static str,
    pub why: &'static str,
    /// How many writes.
    pub writes: usize,
    /// Microseconds between the closest write of another and one of them.
    pub closest: i64,
}

/// Farther apart than this nothing was close.
const NEAR: i64 = 5_000_000;

/// The risks of a log, closest first.
pub fn of(_log: &Log, judged: &[Judged], clients: &[String]) -> Vec<Risk> {
    let mut all: BTreeMap<(u32, &str, Method), Risk> = BTreeMap::new();
    for object in judged {
        let steps: Vec<&Step> = object.line.steps.iter().filter(|it| it.took_effect).collect();
        for pair in steps.windows(2) {
            for (step, other) in [(pair[1], pair[0]), (pair[0], pair[1])] {
                let Some(why) = unsafe_why(step) else { continue };
                let apart = (step.act.done - other.act.done).abs();
                if step.act.author == other.act.author || apart > NEAR {
                    continue;
                }
                let key = (step.act.author, &*object.kind, step.act.method);
                let risk = all.entry(key).or_insert_with(|| Risk {
                    client: clients[step.act.author as usize].clone(),
                    other: clients[other.act.author as usize].clone(),
                    kind: object.kind.to_string(),
                    method: step.act.method.name(),
                    why,
                    writes: 0,
                    closest: apart,
                });
                risk.writes += 1;
                if apart < risk.closest {
                    risk.closest = apart;
                    risk.other = clients[other.act.author as usize].clone();
                }
            }
        }
    }
    let mut risks: Vec<Risk> = all.into_values().collect();
    risks.sort_by_key(|risk| risk.closest);
    risks
}

/// Why nothing keeps a write from losing another's.
fn unsafe_why(step: &Step) -> Option<&'static str> {
    match step.act.method {
        Method::Update if step.act.named.is_none() => Some("a PUT without a resourceVersion"),
        Method::MergePatch if step.act.named.is_none() && step.act.sent.depends() => {
            Some("a whole list in a merge patch without a lock")
        }
        Method::JsonPatch if step.act.sent.depends() => {
            Some("list entries by index, without a test")
        }
        _ => None,
    }
}
