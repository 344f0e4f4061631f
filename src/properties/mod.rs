//! What "correct" means: judges of a history.
//!
//! A property sees events, one after the other, and remembers as little as it can, because what
//! it remembers is part of the state of a search. It never touches the store: it is told what is
//! left at the end. The same object judges a search, a replay and a thread run.
//! `docs/verdicts.md` defines each formally. To add one: a file here, and one line in
//! `properties!`. Its name and its sentences stand in its file, and nowhere else.
//! Next to read: `no_lost_write.rs`.

mod invariant;
mod stable;
mod tallies;
mod witness;
mod words;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

pub use crate::history::LossClass;
pub(crate) use conflict_is_stale::ConflictIsStale;
pub(crate) use converges::Converges;
pub(crate) use invariant::entry as invariant_entry;
pub use invariant::{Clause, Invariant, Rule};
pub(crate) use no_lost_write::NoLostWrite;
pub use no_lost_write::{ListsOf, Rules};
pub(crate) use raced::Raced;
pub(crate) use serializable::Serializable;
pub use serializable::{RunOutcome, Runs, RunsBy, SerialOrders};
pub(crate) use tallies::tallies;
pub use witness::Found;
pub(crate) use witness::find_witness;
pub(crate) use words::is_sometimes;
pub use words::{Detail, Words, words};

use crate::apiserver::Revision;
use crate::reconcilers::{Exchange, Job};
use crate::simulation::{BoxedMemory, Ending, Observer};
use crate::trace::{Event, Trace};

/// The name of the property about lost writes, for those who ask for that one verdict.
pub const NO_LOST_WRITE: &str = NoLostWrite::NAME;
/// The name of the property that no worker gives up or goes on for ever.
pub const CONVERGES: &str = Converges::NAME;
/// The name of the property that some order of whole runs explains the end.
pub const SERIALIZABLE: &str = Serializable::NAME;
/// The name of the property that runs overlap in some schedule.
pub const RACED: &str = Raced::NAME;

/// A property of histories.
pub trait Property: Debug + Send + Sync {
    /// What it remembers of the events so far.
    type Memory: Clone + Eq + Hash + Debug + Send + Sync + 'static;

    /// Its name in scenarios.
    const NAME: &'static str;

    /// What it remembers before the first event.
    fn start(&self) -> Self::Memory;

    /// Takes notice of one event. True decides for good: violated (for a *sometimes* property
    /// such as `raced`: met).
    fn observe(&self, memory: &mut Self::Memory, event: &Event) -> bool;

    /// Whether it is violated (met) in a schedule that ended so, though no event decided.
    fn decides_at_end(&self, _memory: &Self::Memory, _ending: &Ending) -> bool {
        false
    }

    /// The resourceVersions it remembers.
    fn revisions(&self, _memory: &Self::Memory) -> Vec<Revision> {
        Vec::new()
    }

    /// Replaces each of them.
    fn rename_revisions(&self, _memory: &mut Self::Memory, _rename: &dyn Fn(Revision) -> Revision) {
    }

    /// What it remembers after an exchange of two workers that are alike.
    fn exchange(&self, memory: &mut Self::Memory, exchange: &Exchange);

    /// Whether what it decides about one object depends only on what happens to that object.
    fn is_per_object(&self) -> bool {
        true
    }
}

fn memory_of<P: Property>(memory: &BoxedMemory) -> &P::Memory {
    (**memory).as_any().downcast_ref().expect("a property is given its own memory")
}

fn memory_mut<P: Property>(memory: &mut BoxedMemory) -> &mut P::Memory {
    (**memory).as_any_mut().downcast_mut().expect("a property is given its own memory")
}

impl<P: Property> Observer for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn start(&self) -> BoxedMemory {
        Box::new(Property::start(self))
    }

    fn observe(&self, memory: &mut BoxedMemory, event: &Event) -> bool {
        Property::observe(self, memory_mut::<P>(memory), event)
    }

    fn decides_at_end(&self, memory: &BoxedMemory, ending: &Ending) -> bool {
        Property::decides_at_end(self, memory_of::<P>(memory), ending)
    }

    fn revisions(&self, memory: &BoxedMemory) -> Vec<Revision> {
        Property::revisions(self, memory_of::<P>(memory))
    }

    fn rename_revisions(&self, memory: &mut BoxedMemory, rename: &dyn Fn(Revision) -> Revision) {
        Property::rename_revisions(self, memory_mut::<P>(memory), rename);
    }

    fn exchange(&self, memory: &mut BoxedMemory, exchange: &Exchange) -> bool {
        Property::exchange(self, memory_mut::<P>(memory), exchange);
        true
    }

    fn is_per_object(&self) -> bool {
        Property::is_per_object(self)
    }
}

/// One line of the table of properties.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// When it holds, in one line.
    pub holds_when: &'static str,
    /// Whether it is about *some* schedule rather than every one.
    pub sometimes: bool,
    /// Whether it is observed even where the scenario does not ask for it, as a note.
    pub noted: bool,
    /// Its sentences.
    pub words: &'static Words,
    build: Build,
    find: Find,
}

/// Finds the steps of a trace that violate a property, from what it remembers at the end.
type Find = fn(&BoxedMemory, &Trace, &Ending, &Arc<ListsOf>) -> Option<Found>;

/// How a property is made.
#[derive(Clone, Copy, Debug)]
enum Build {
    /// From what it may know.
    From(fn(&Jobs) -> Arc<dyn Observer>),
    /// It is the scenario's invariant of this name.
    Invariant,
}

/// What a property may know of the scenario: the jobs of its workers (`None` for a worker that
/// is a Rust type of the user's), and the outcomes of running them one after the other.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// The job of each worker, by index.
    pub jobs: Vec<Option<Arc<Job>>>,
    /// The lists of the kinds of the objects.
    pub lists: Arc<ListsOf>,
    /// For `serializable`.
    pub serial: SerialOrders,
    /// The scenario's own.
    pub invariants: Vec<Arc<Invariant>>,
}

impl Entry {
    /// The property, for these workers.
    pub fn build(&self, jobs: &Jobs) -> Arc<dyn Observer> {
        match self.build {
            Build::From(build) => build(jobs),
            Build::Invariant => {
                let own = jobs.invariants.iter().find(|invariant| invariant.name == self.name);
                let own = own.expect("only a scenario's own invariants are judged");
                Arc::<Invariant>::clone(own)
            }
        }
    }
}

/// The files of this table: one line makes a file a module and its `ENTRY` a property.
macro_rules! properties {
    ($($(#[$only:meta])* $file:ident,)*) => {
        $($(#[$only])* mod $file;)*

        /// Every property, in the order of the documentation.
        pub fn all() -> &'static [Entry] {
            const ALL: &[Entry] = &[$($(#[$only])* $file::ENTRY,)*];
            ALL
        }
    };
}

properties! {
    no_lost_write,
    serializable,
    converges,
    no_stale_overwrite,
    conflict_is_stale,
    raced,
    #[cfg(test)] one_writer,
}

/// The property with this name.
pub fn named(name: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.name == name)
}
