//! Guides that run one schedule each: a given one, random ones, and PCT.
//!
//! Next to read: `crate::schedulers::pct`, whose rule this is.

use std::collections::BTreeMap;

use super::{Guide, Key, Move, Point};
use crate::rng::Rng;

/// Follows a schedule; where it has ended, or names somebody who cannot move, the first who may
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
}

impl Follow {
    /// Along these moves.
    pub fn new(moves: Vec<Move>) -> Follow {
        Follow { moves, made: Vec::new(), keys: Vec::new(), left_at: None }
    }
}

impl Guide for Follow {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        self.keys.push(point.key);
        if point.moves.is_empty() {
            return None;
        }
        let step = self.made.len();
        let wanted = self.moves.get(step);
        let found = wanted.and_then(|wanted| point.moves.iter().position(|it| it == wanted));
        if wanted.is_some() && found.is_none() {
            self.left_at.get_or_insert(step);
        }
        let chosen = found.unwrap_or(0);
        self.made.push(point.moves[chosen]);
        Some(chosen)
    }
}

/// At each point anybody who may move, each equally likely; or by priorities that change at a few
/// random steps (PCT).
#[derive(Clone, Debug)]
pub struct Dice {
    rng: Rng,
    priorities: Option<Priorities>,
    /// The moves that were made.
    pub made: Vec<Move>,
}

#[derive(Clone, Debug)]
struct Priorities {
    of: BTreeMap<Move, i64>,
    change_at: Vec<usize>,
}

impl Dice {
    /// The run with this index under this seed.
    pub fn random(seed: u64, index: u64) -> Dice {
        Dice { rng: Rng::for_run(seed, index), priorities: None, made: Vec::new() }
    }

    /// The same by PCT, for violations of this depth in runs of about so many steps.
    pub fn pct(seed: u64, index: u64, depth: u32, steps: usize) -> Dice {
        let mut rng = Rng::for_run(seed, index);
        let change_at = (1..depth).map(|_| rng.below(steps.max(2))).collect();
        let priorities = Some(Priorities { of: BTreeMap::new(), change_at });
        Dice { rng, priorities, made: Vec::new() }
    }
}

impl Guide for Dice {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        if point.moves.is_empty() {
            return None;
        }
        let chosen = match &mut self.priorities {
            None => self.rng.below(point.moves.len()),
            Some(Priorities { of, change_at }) => {
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
