//! Guides that run one schedule each: a given one, random ones, PCT, and one that is steered to an
//! inversion.
//!
//! Next to read: `crate::schedulers::pct`, whose rule this is.

use std::collections::BTreeMap;

use super::{Guide, Key, Move, Point};
use crate::rng::Rng;

/// Follows a schedule; where it has ended, or names a worker that cannot move, the first who may
/// move moves.
#[derive(Clone, Debug)]
pub struct Follow {
    moves: Vec<Move>,
    /// How many moves were made.
    pub made: Vec<Move>,
    /// The states that were passed.
    pub keys: Vec<Key>,
    /// The first step (from 0) that could not be made as it was given.
    pub left_at: Option<usize>,
    /// What was to be done there.
    pub wanted: Option<Move>,
    /// What could be done there.
    pub possible: Vec<Move>,
}

impl Follow {
    /// Along these moves.
    pub fn new(moves: Vec<Move>) -> Follow {
        Follow {
            moves,
            made: Vec::new(),
            keys: Vec::new(),
            left_at: None,
            wanted: None,
            possible: Vec::new(),
        }
    }

    fn left(&mut self, possible: &[Move]) {
        let step = self.made.len();
        if self.left_at.is_none() {
            self.left_at = Some(step);
            self.wanted = self.moves.get(step).copied();
            self.possible = possible.to_vec();
        }
    }
}

impl Guide for Follow {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        self.keys.push(point.key);
        let wanted = self.moves.get(self.made.len()).copied();
        let found = wanted.and_then(|wanted| point.moves.iter().position(|it| *it == wanted));
        if wanted.is_some() && found.is_none() {
            self.left(point.moves);
        }
        if point.moves.is_empty() {
            return None;
        }
        let chosen = found.unwrap_or(0);
        self.made.push(point.moves[chosen]);
        Some(chosen)
    }

    fn waits(&self, point: Point<'_>) -> bool {
        let wanted = self.moves.get(self.made.len());
        wanted.is_some_and(|wanted| !point.moves.contains(wanted))
    }
}

/// At each point any worker that may move, each equally likely; or by priorities that change at a
/// few random steps (PCT); or each schedule equally likely.
#[derive(Clone, Debug)]
pub struct Dice {
    rng: Rng,
    rule: Rule,
    /// The moves that were made.
    pub made: Vec<Move>,
    /// The states that were passed.
    pub keys: Vec<Key>,
}

#[derive(Clone, Debug)]
enum Rule {
    Random,
    Priorities {
        of: BTreeMap<Move, i64>,
        change_at: Vec<usize>,
    },
    /// The moves that each worker is likely to make yet.
    Left(Vec<usize>),
}

/// How many of these moves each worker made.
pub fn per_worker(made: &[Move]) -> Vec<usize> {
    let workers = made.iter().map(|it| it.worker() + 1).max().unwrap_or(0);
    let mut counts = vec![0; workers];
    made.iter().for_each(|it| counts[it.worker()] += 1);
    counts
}

impl Dice {
    /// The run with this index under this seed.
    pub fn random(seed: u64, index: u64) -> Dice {
        Dice {
            rng: Rng::for_run(seed, index),
            rule: Rule::Random,
            made: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The same by PCT, for violations of this depth in runs of about this many steps.
    pub fn pct(seed: u64, index: u64, depth: u32, steps: usize) -> Dice {
        let mut rng = Rng::for_run(seed, index);
        let change_at = (1..depth).map(|_| rng.below(steps.max(2))).collect();
        let rule = Rule::Priorities { of: BTreeMap::new(), change_at };
        Dice { rng, rule, made: Vec::new(), keys: Vec::new() }
    }

    /// The same with each worker as likely to move as it has moves left of these: then each
    /// schedule is equally likely, if these are the numbers of moves in every schedule.
    pub fn uniform(seed: u64, index: u64, moves: Vec<usize>) -> Dice {
        Dice {
            rng: Rng::for_run(seed, index),
            rule: Rule::Left(moves),
            made: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl Guide for Dice {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        self.keys.push(point.key);
        if point.moves.is_empty() {
            return None;
        }
        let chosen = match &mut self.rule {
            Rule::Random => self.rng.below(point.moves.len()),
            Rule::Left(left) => {
                // The worker by what it has left, and then one of its moves.
                let weight = |it: &Move| left.get(it.worker()).copied().unwrap_or(0).max(1);
                let mut workers: Vec<Move> = Vec::new();
                for made in point.moves {
                    if workers.iter().all(|known| known.worker() != made.worker()) {
                        workers.push(*made);
                    }
                }
                let mut drawn = self.rng.below(workers.iter().map(weight).sum());
                let worker = workers.iter().find(|it| {
                    let here = drawn < weight(it);
                    drawn = drawn.saturating_sub(weight(it));
                    here
                });
                let worker = worker.map_or(0, |it| it.worker());
                if let Some(left) = left.get_mut(worker) {
                    *left = left.saturating_sub(1);
                }
                let own: Vec<usize> = (0..point.moves.len())
                    .filter(|at| point.moves[*at].worker() == worker)
                    .collect();
                own[self.rng.below(own.len().max(1))]
            }
            Rule::Priorities { of, change_at } => {
                for made in point.moves {
                    let random = (self.rng.next() >> 2) as i64;
                    of.entry(*made).or_insert(random);
                }
                let highest = |of: &BTreeMap<Move, i64>| {
                    (0..point.moves.len()).max_by_key(|at| of[&point.moves[*at]]).unwrap_or(0)
                };
                let mut chosen = highest(of);
                for (change, at) in change_at.iter().enumerate() {
                    if *at == self.made.len() {
                        of.insert(point.moves[chosen], -1 - change as i64);
                        chosen = highest(of);
                    }
                }
                chosen
            }
        };
        self.made.push(point.moves[chosen]);
        Some(chosen)
    }
}

/// Steers to one inversion: two workers have both prepared a write of one object; the one is let
/// go, and then the other, which knows nothing of it.
#[derive(Clone, Debug)]
pub struct Steer {
    first: usize,
    then: usize,
    object: u64,
    stage: Stage,
    /// The moves that were made.
    pub made: Vec<Move>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Both are to have their write ready.
    Prepare,
    /// The first has been let go: now the other.
    Strike,
    /// Whatever comes.
    Over,
}

impl Steer {
    /// The write of `first` is to be overtaken by that of `then`, on this object.
    pub fn new(first: usize, then: usize, object: u64) -> Steer {
        Steer { first, then, object, stage: Stage::Prepare, made: Vec::new() }
    }

    /// Where this worker writes the object, if it may.
    fn write(&self, point: Point<'_>, worker: usize) -> Option<usize> {
        (0..point.moves.len()).find(|at| {
            point.moves[*at].worker() == worker
                && point.writes.get(*at).copied().flatten() == Some(self.object)
        })
    }

    /// A move of a worker whose write is not ready yet.
    fn free(&self, point: Point<'_>) -> Option<usize> {
        let held = [self.first, self.then].map(|it| self.write(point, it).map(|_| it));
        (0..point.moves.len()).find(|at| !held.contains(&Some(point.moves[*at].worker())))
    }

    fn pick(&mut self, point: Point<'_>) -> usize {
        let (first, then) = (self.write(point, self.first), self.write(point, self.then));
        match (self.stage, first, then) {
            (Stage::Prepare, Some(first), Some(_)) => {
                self.stage = Stage::Strike;
                first
            }
            (Stage::Strike, _, Some(then)) => {
                self.stage = Stage::Over;
                then
            }
            (Stage::Prepare, ..) => self.free(point).unwrap_or(0),
            _ => 0,
        }
    }
}

impl Guide for Steer {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        if point.moves.is_empty() {
            return None;
        }
        let chosen = self.pick(point);
        self.made.push(point.moves[chosen]);
        Some(chosen)
    }
    fn waits(&self, point: Point<'_>) -> bool {
        let one = [self.first, self.then].iter().any(|it| self.write(point, *it).is_none());
        self.stage == Stage::Prepare && one && self.free(point).is_none()
    }
}
