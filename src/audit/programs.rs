//! What was learned of the programs of a log, all of them together: which of two means an entry
//! whole, and what each ever sets.
//!
//! Next to read: `judge.rs`.

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::findings::Table;
use super::judge::{Judged, LIKELY};
use crate::history::LeafPath;
use crate::history::infer::{ABSENT, Guess, Habits, LeafId, Names, THERE, ValueId};

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

/// What the writes of a log show of each program, whichever of their versions they are made of.
#[derive(Default)]
pub struct Seen {
    /// The leaves to which each program gave a value. What it never set, it may not know: a write
    /// that leaves such a leaf out (an old struct, a map that is replaced whole) did not mean that
    /// for sure.
    pub set: IndexSet<(u32, LeafId), FxBuildHasher>,
    /// How many writes of each program may have meant a leaf.
    meant: IndexMap<(u32, LeafId), usize, FxBuildHasher>,
    /// Containers in which a program left what others had written.
    carries: IndexSet<(u32, LeafPath), FxBuildHasher>,
    /// Accepted writes.
    writes: IndexMap<u32, usize, FxBuildHasher>,
}

/// As likely as this, a write may have meant a leaf.
const PERHAPS: f64 = 0.3;
/// Of a program with fewer accepted writes its habits cannot be learned.
const HARDLY: usize = 20;

impl Seen {
    pub fn of(names: &Names, judged: &[Judged]) -> Seen {
        let mut seen = Seen::default();
        let steps = || judged.iter().flat_map(|it| it.line.steps.iter().zip(&it.meant));
        let bases = judged.iter().flat_map(|it| &it.bases);
        for ((step, meant), bases) in steps().zip(bases) {
            let program = step.act.program;
            if bases.is_empty() && step.act.sent.depends() {
                // Nothing that the log shows is what it was made of: it may mean all of it.
                for (leaf, _) in step.act.sent.body.iter() {
                    *seen.meant.entry((program, *leaf)).or_default() += 1;
                }
            }
            *seen.writes.entry(program).or_default() += usize::from(step.act.accepted);
            for (leaf, value, likely) in meant {
                if *value != ABSENT && *likely > LIKELY {
                    seen.set.insert((program, *leaf));
                }
                if *likely > PERHAPS {
                    *seen.meant.entry((program, *leaf)).or_default() += 1;
                }
            }
        }
        // That an entry is there says nothing of who else writes into it, if the program does.
        let usual = seen.meant.keys().filter(|it| seen.writes_usually(it.0, it.1));
        let usual: IndexSet<(u32, LeafId), FxBuildHasher> =
            usual.map(|it| (it.0, names.owner(it.1))).collect();
        let mut carried: IndexSet<(u32, LeafId), FxBuildHasher> = IndexSet::default();
        for (step, _) in steps().filter(|(step, _)| step.act.sent.depends()) {
            let program = step.act.program;
            let own = |leaf, value| value == THERE && usual.contains(&(program, names.owner(leaf)));
            let body = step.act.sent.body.iter().filter(|it| !own(it.0, it.1));
            carried.extend(body.map(|it| (program, it.0)));
        }
        for (program, leaf) in carried {
            if seen.writes_usually(program, leaf) {
                continue;
            }
            let parts = names.leaf(names.owner(leaf)).parts();
            for end in 1..=parts.len() {
                seen.carries.insert((program, LeafPath::new(parts[..end].to_vec())));
            }
        }
        seen
    }

    /// Whether too few writes of a program were seen to know what it usually does.
    pub fn is_hardly_seen(&self, program: u32) -> bool {
        self.writes.get(&program).is_none_or(|writes| *writes < HARDLY)
    }

    /// How many of a program's writes may have meant a leaf, and how many there are.
    fn times_meant(&self, program: u32, leaf: LeafId) -> (usize, usize) {
        let writes = self.writes.get(&program).copied().unwrap_or_default();
        (self.meant.get(&(program, leaf)).copied().unwrap_or_default(), writes)
    }

    /// Whether at least a third of its writes may have meant a leaf.
    pub fn means_often(&self, program: u32, leaf: LeafId) -> bool {
        let (times, writes) = self.times_meant(program, leaf);
        times > 0 && 3 * times >= writes
    }

    /// More than what a wrong guess now and then would make.
    fn writes_usually(&self, program: u32, leaf: LeafId) -> bool {
        let (times, writes) = self.times_meant(program, leaf);
        times > writes / HARDLY
    }

    /// Whether a program is seen to leave an owner, or what stands beside it, as others wrote it:
    /// then it does not replace the container as a whole.
    pub fn leaves_others(&self, names: &Names, program: u32, owner: LeafId) -> bool {
        let path = names.leaf(owner);
        let parts = path.parts();
        let around = LeafPath::new(parts[..parts.len().saturating_sub(1)].to_vec());
        self.leaves_alone(names, program, owner) || self.carries.contains(&(program, around))
    }

    /// Whether a program is seen to leave an owner as others wrote it.
    pub fn leaves_alone(&self, names: &Names, program: u32, owner: LeafId) -> bool {
        self.carries.contains(&(program, names.leaf(owner).clone()))
    }
}
