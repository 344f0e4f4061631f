//! The losing schedules in which nothing overlaps: every worker runs from its first step to its
//! last, one after the other, and no cache hears of anything in between.
//!
//! What is lost so is lost without any race in the workers: a stale cache, a shared field manager,
//! a client that does not know a field. `check --show serial` draws one.
//! Next to read: `replay.rs`.

use std::sync::Arc;

use super::options::DEFAULT_MAX_STEPS;
use super::prepared::Prepared;
use super::replay::witness_of;
use super::result::CheckResult;
use crate::scenario::Diagnostic;
use crate::simulation::{Choice, Wait};

/// Orders tried at most: all of them up to seven workers.
const MOST_ORDERS: usize = 5040;

/// Replaces the witness of each violated property by one in which nothing overlaps, where there is
/// one; returns the names of the properties for which there is none.
pub fn show_serial(result: &mut CheckResult) -> Result<Vec<&'static str>, Diagnostic> {
    let prepared = Prepared::new(&Arc::clone(&result.scenario))?;
    let mut without = Vec::new();
    for property in result.properties.iter_mut().filter(|property| property.witness.is_some()) {
        let Some(observer) = prepared.observed.iter().position(|p| p.name == property.name) else {
            continue;
        };
        let workers = prepared.world.workers.len();
        let found = orders(workers).take(MOST_ORDERS).find_map(|order| {
            let choices = one_by_one(&prepared, &order, observer)?;
            witness_of(&prepared, observer, property.name, prepared.schedule(choices))
        });
        match found {
            Some(witness) => property.witness = Some(witness),
            None => without.push(property.name),
        }
    }
    Ok(without)
}

/// The choices of this order, if the property is violated by it.
fn one_by_one(prepared: &Prepared, order: &[usize], observer: usize) -> Option<Vec<Choice>> {
    let mut world = prepared.world.clone();
    let mut choices = Vec::new();
    while (choices.len() as u64) < DEFAULT_MAX_STEPS && !world.is_finished() {
        let offered = world.choices();
        let next = order.iter().find_map(|&worker| match world.wait(worker) {
            // Only what a reader waits for is delivered.
            Some(Wait::Sync | Wait::OwnWrite) => {
                world.setting.workers[worker].cache.map(Choice::Deliver)
            }
            _ => Some(Choice::Worker(worker)).filter(|choice| offered.contains(choice)),
        })?;
        world.take(next);
        choices.push(next);
    }
    (world.is_finished() && world.judge()[observer]).then_some(choices)
}

/// Every order of `count` workers, in lexicographic order.
fn orders(workers: usize) -> impl Iterator<Item = Vec<usize>> {
    let first: Vec<usize> = (0..workers).collect();
    std::iter::successors(Some(first), |order| {
        let mut next = order.clone();
        let pivot = (1..next.len()).rev().find(|&at| next[at - 1] < next[at])?;
        let swap = (pivot..next.len()).rev().find(|&at| next[at] > next[pivot - 1])?;
        next.swap(pivot - 1, swap);
        next[pivot..].reverse();
        Some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_once() {
        let all: Vec<_> = orders(4).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().cloned().collect();
        assert_eq!((all.len(), distinct.len()), (24, 24));
    }
}
