//! stateright: the same workload as a model, in its leanest form.
//!
//! Of a version only matters whether it is still the object's, so that is all that is kept; workers
//! that are alike are sorted, which is its symmetry reduction (depth first, as it must be). The
//! property is asked of every state and never stops the search. Next to read: `threads.rs`.

use stateright::{Checker, Model, Property};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Worker {
    runs: u8,
    /// What it read, and whether the object is still as it was then.
    read: Option<(bool, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// One field for each worker, or one for all.
    fields: Vec<u8>,
    acknowledged: u8,
    workers: Vec<Worker>,
}

struct Workload {
    workers: usize,
    runs: u8,
    /// Whether each worker has a field of its own, which it sets; otherwise all add 1 to one.
    own: bool,
    /// Whether a PUT names the version it read, and is dropped if that is old.
    versions: bool,
}

impl Model for Workload {
    type State = State;
    type Action = usize;

    fn init_states(&self) -> Vec<State> {
        let worker = Worker { runs: self.runs, read: None };
        let fields = vec![0; if self.own { self.workers } else { 1 }];
        vec![State { fields, acknowledged: 0, workers: vec![worker; self.workers] }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<usize>) {
        actions.extend((0..self.workers).filter(|worker| state.workers[*worker].runs > 0));
    }

    fn next_state(&self, last: &State, mover: usize) -> Option<State> {
        let mut next = last.clone();
        match next.workers[mover].read.take() {
            None => next.workers[mover].read = Some((true, next.fields.clone())),
            Some((fresh, mut body)) => {
                next.workers[mover].runs -= 1;
                if fresh || !self.versions {
                    if self.own {
                        body[mover] = 1;
                    } else {
                        body[0] += 1;
                    }
                    next.fields = body;
                    next.acknowledged += u8::from(!self.own);
                    for (fresh, body) in next.workers.iter_mut().filter_map(|w| w.read.as_mut()) {
                        *fresh = false;
                        // It will be refused unread: what is in it does not matter any more.
                        if self.versions {
                            body.clear();
                        }
                    }
                }
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "asked everywhere, and never the end",
            |model: &Workload, state: &State| {
                let done = state.workers.iter().all(|worker| worker.runs == 0);
                let kept = match model.own {
                    true => state.fields.iter().all(|field| *field == 1),
                    false => state.fields[0] == state.acknowledged,
                };
                std::hint::black_box(!done || kept);
                true
            },
        )]
    }
}

/// Workers that are alike in the order of where they stand, each with its field.
fn sorted(state: &State) -> State {
    let own = state.fields.len() > 1;
    let mut order: Vec<usize> = (0..state.workers.len()).collect();
    order.sort_by_cached_key(|&at| {
        let worker = &state.workers[at];
        let lane = |fields: &Vec<u8>| fields.get(at).filter(|_| own).copied();
        let read = worker.read.as_ref().map(|(fresh, fields)| (*fresh, lane(fields)));
        let sum = worker.read.as_ref().map(|(_, fields)| fields.iter().sum::<u8>());
        (worker.runs, read, sum, lane(&state.fields))
    });
    let renamed = |fields: &Vec<u8>| match own {
        true if !fields.is_empty() => order.iter().map(|&at| fields[at]).collect(),
        _ => fields.clone(),
    };
    let worker = |&at: &usize| Worker {
        runs: state.workers[at].runs,
        read: state.workers[at].read.as_ref().map(|(fresh, fields)| (*fresh, renamed(fields))),
    };
    State {
        fields: renamed(&state.fields),
        acknowledged: state.acknowledged,
        workers: order.iter().map(worker).collect(),
    }
}

fn states(model: Workload, threads: usize) -> usize {
    let checker = model.checker().threads(threads).symmetry_fn(sorted).spawn_dfs().join();
    checker.unique_state_count()
}

/// States, each worker with a field of its own.
pub fn own(workers: usize, runs: u8, versions: bool, threads: usize) -> usize {
    states(Workload { workers, runs, own: true, versions }, threads)
}

/// States, all workers with one counter, and versions.
pub fn counter(workers: usize, runs: u8, threads: usize) -> usize {
    states(Workload { workers, runs, own: false, versions: true }, threads)
}
