//! What was learned of the programs of a log, all of them together: which of two means an entry
//! whole, and what each ever sets.
//!
//! Next to read: `judge.rs`.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::findings::Table;
use super::judge::{Judged, LIKELY};
use crate::history::infer::{ABSENT, Guess, Habits, LeafId, Names, ValueId};

/// What was learned of a program.
pub struct Learned {
    pub program: u32,
    pub habits: Habits,
    pub guesses: Vec<(usize, usize, Guess)>,
}

/// Who means an entry means all of it that is sent, unless another program is seen to change some
/// leaf of it, and this one never is.
pub fn whole_entries(
    names: &Names,
    programs: &[Learned],
    mine: usize,
    guess: Guess,
    body: &[(LeafId, ValueId)],
) -> Vec<(LeafId, ValueId, f64)> {
    let mut meant = guess.meant;
    let habits = &programs[mine].habits;
    for (leaf, value) in body {
        let owner = names.owner(*leaf);
        let Some((_, likely)) = guess.owners.iter().find(|it| it.0 == owner) else { continue };
        if *likely < 0.005 {
            continue;
        }
        let often = habits.changes_of(owner);
        let others = |it: &Learned| it.program != programs[mine].program;
        let split = habits.changes(*leaf) < 0.9
            && programs
                .iter()
                .filter(|it| others(it))
                .any(|it| it.habits.changes(*leaf) >= f64::max(2.5, 0.2 * often));
        if split {
            continue;
        }
        match meant.binary_search_by_key(leaf, |it| it.0) {
            Ok(at) => meant[at].2 = meant[at].2.max(*likely),
            Err(at) => meant.insert(at, (*leaf, *value, *likely)),
        }
    }
    meant
}

pub fn table(program: u32, habits: &Habits, names: &Names) -> Table {
    let rows = habits.table().into_iter();
    let row = |(leaf, share, times)| (names.leaf(leaf).clone(), share, times);
    Table { program, rows: rows.map(row).collect() }
}

/// The leaves to which each program gave a value. What it never set, it may not know: a write that
/// leaves such a leaf out (an old struct, a map that is replaced whole) did not mean that for sure.
pub fn set_by_programs(judged: &[Judged]) -> IndexSet<(u32, LeafId), FxBuildHasher> {
    let steps = judged.iter().flat_map(|it| it.line.steps.iter().zip(&it.meant));
    let leaves = steps.flat_map(|(step, meant)| {
        let set = meant.iter().filter(|it| it.1 != ABSENT && it.2 > LIKELY);
        set.map(|it| (step.act.program, it.0))
    });
    leaves.collect()
}
