//! How the other write methods do on the same scenario.
//!
//! Next to read: `compare.rs`, the same with all of them and both readers.

use std::sync::Arc;

use super::explore::explore;
use super::options::{Options, bounded};
use super::refusal::refusal;
use super::verdict::{Advice, Verdict};
use crate::properties;
use crate::reconcilers::methods::{self, WriteMethod};
use crate::scenario::Scenario;
use crate::schedulers::parallel::in_parallel;

/// Runs the other write methods on the same scenario, each on a thread: their searches are small.
pub(super) fn advice(scenario: &Arc<Scenario>, options: &Options) -> Vec<Advice> {
    let uses = |name: &str| scenario.workers.iter().all(|worker| worker.write == name);
    let others = methods::all().iter().filter(|method| !uses(method.name()));
    let mut others: Vec<_> = others.map(|method| (*method, None)).collect();
    in_parallel(options.threads, &mut others, |(method, said)| {
        *said = measured(scenario, options, *method);
    });
    others.into_iter().filter_map(|(_, said)| said).collect()
}

fn measured(
    scenario: &Arc<Scenario>,
    options: &Options,
    write: &'static dyn WriteMethod,
) -> Option<Advice> {
    let other = Arc::new(scenario.writing(write));
    let write = write.name();
    if let Some(refused) = refusal(&other) {
        let refused = Some(refused);
        return Some(Advice {
            write,
            verdict: Verdict::Unknown,
            losing: None,
            schedules: None,
            gives_up: false,
            refused,
        });
    }
    let result = explore(&other, &bounded(options)).ok()?;
    let lost = result.property(properties::NO_LOST_WRITE)?;
    let converges = result.property(properties::CONVERGES).map(|property| property.verdict);
    Some(Advice {
        write,
        verdict: lost.verdict,
        losing: lost.schedules.clone(),
        schedules: result.exploration.schedules.clone(),
        gives_up: converges == Some(Verdict::Violated),
        refused: None,
    })
}
