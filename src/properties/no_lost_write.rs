//! `no-lost-write`: every acknowledged intent is still there at the end, unless a worker that meant
//! to, and had seen what he decided from, replaced it.
//!
//! The rules are those of `history/`, leaf by leaf; this is their memory between two events, as a
//! search needs it: small, hashable, and the same for histories with the same future. Whose an
//! intent is does not matter for what becomes of it, and would tell states apart; the witness finds
//! that in the trace. Next to read: `history/ledger.rs`, then `witness/lost.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Build, Detail, Entry, Property, Words, witness};
use crate::apiserver::{FieldPath, Key, Revision, Step};
use crate::history::{Answered, Effects, LeafPath, Ledger, Lists, Meant, Want, Write};
use crate::reconcilers::{Basis, Exchange, Job, ValueExpr};
use crate::simulation::Ending;
use crate::trace::{Action, Event, Fault};

/// The lists of the kind of each object.
pub type ListsOf = BTreeMap<Key, Lists>;

/// The rules for a scenario's objects and workers.
#[derive(Clone, Debug)]
pub struct Rules {
    lists: Arc<ListsOf>,
    unknown: Lists,
    /// Of each field that a worker computes or decides from a read: the object, the field, and
    /// the fields that are read. Only there does it matter *when* something was promised.
    compared: Vec<(Key, LeafPath, Vec<LeafPath>)>,
    /// Whether a worker's fields are not known beforehand (a worker type of the user's).
    open: bool,
}

/// What is remembered of a history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Intents {
    /// The acknowledged leaves that no write has replaced.
    Pending(Ledger),
    /// One was lost for good: nothing that comes later matters.
    Lost,
}

/// An event that is a write which the server took, in the words of the judge.
pub(super) struct Told<'e> {
    event: &'e Event,
    sent: &'e Value,
    key: &'e Key,
    basis: &'e Basis,
    meant: Vec<Meant>,
    lists: &'e Lists,
}

impl Rules {
    /// For workers with these jobs, and objects of these kinds.
    pub fn new(jobs: &[Option<Arc<Job>>], lists: &Arc<ListsOf>) -> Self {
        let compared = jobs.iter().flatten().flat_map(|job| {
            let tested = job.when.iter().map(|(path, _)| path).chain(&job.decided);
            let guards: Vec<LeafPath> = tested.filter(|_| job.guards).map(without_index).collect();
            job.sets.iter().filter_map(move |set| {
                let own = without_index(&set.path);
                let indexed = set.path.steps().iter().any(|step| matches!(step, Step::Index(_)));
                let mut reads = guards.clone();
                match &set.value {
                    ValueExpr::Read(from) | ValueExpr::Held { path: from, own: true, .. } => {
                        reads.push(without_index(from));
                    }
                    ValueExpr::Add(_) | ValueExpr::Append(_) => reads.push(own.clone()),
                    _ if indexed => reads.push(own.clone()),
                    _ => {}
                }
                (!reads.is_empty()).then(|| (job.key.clone(), own, reads))
            })
        });
        Rules {
            compared: compared.collect(),
            lists: Arc::clone(lists),
            unknown: Lists::unknown(),
            open: jobs.iter().any(Option::is_none),
        }
    }

    /// The rules by which a trace is read: whoever is asked, revisions are compared.
    pub fn of_trace(lists: &Arc<ListsOf>) -> Self {
        Rules::new(&[None], lists)
    }

    /// The lists of an object's kind.
    pub fn lists(&self, key: &Key) -> &Lists {
        self.lists.get(key).unwrap_or(&self.unknown)
    }

    /// Whether it matters when a leaf was promised by a write that meant this other one.
    fn compares(&self, key: &Key, leaf: &LeafPath, other: &LeafPath) -> bool {
        let meets = |(at, own, reads): &(Key, LeafPath, Vec<LeafPath>)| {
            at == key && own.overlaps(leaf) && reads.iter().any(|read| read.overlaps(other))
        };
        self.open || self.compared.iter().any(meets)
    }

    /// The write that an event is, if a worker made one that the server took.
    pub(super) fn write<'e>(&'e self, event: &'e Event) -> Option<Told<'e>> {
        let Action::Write { sent, .. } = &event.action else { return None };
        let taken = event.code.is_some_and(|code| code / 100 == 2);
        event.worker().filter(|_| taken)?;
        let (key, basis) = (event.key.as_ref()?, event.basis.as_ref()?);
        let lists = self.lists(key);
        let (before, after) = (event.before.as_deref(), event.after.as_deref());
        let meant = event.intent.iter().flat_map(|change| change.meant(lists, before, after));
        Some(Told { event, sent, key, basis, meant: meant.collect(), lists })
    }

    /// Takes notice of an event.
    pub(super) fn take(&self, ledger: &mut Ledger, event: &Event) -> Effects {
        if event.action == Action::Fault(Fault::Recreation)
            && let Some(key) = &event.key
        {
            ledger.void(key);
        }
        let Some(told) = self.write(event) else { return Effects::default() };
        ledger.take(&told.write(), &|key, leaf, other| self.compares(key, leaf, other))
    }
}

impl Told<'_> {
    /// In the judge's words.
    pub(super) fn write(&self) -> Write<'_> {
        let event = self.event;
        let patch = match event.action {
            Action::Write { verb, .. } => verb.patch(),
            _ => None,
        };
        let stored = event.after.as_deref().map(|object| Basis::of(object).revision);
        Write {
            author: event.worker().unwrap_or_default(),
            object: self.key,
            lists: self.lists,
            basis: self.basis.revision,
            basis_uid: Some(&self.basis.uid),
            meant: &self.meant,
            patch,
            sent: self.sent,
            before: event.before.as_deref(),
            after: event.after.as_deref(),
            answer: if event.answered { Answered::Acknowledged } else { Answered::Unanswered },
            at: stored.unwrap_or(event.revision),
        }
    }
}

/// A path up to its first index: whatever stands there.
fn without_index(path: &FieldPath) -> LeafPath {
    let steps = path.steps().iter().take_while(|step| !matches!(step, Step::Index(_)));
    LeafPath::from(&FieldPath::new(steps.cloned().collect()))
}

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: NoLostWrite::NAME,
    holds_when: "every acknowledged intent is still there at the end, or was replaced by a write \
                 that meant to, and was decided from nothing older",
    sometimes: false,
    noted: false,
    words: &Words {
        violated: "{n} lose an acknowledged write",
        claim: "an acknowledged write is lost",
        detail: Detail::Conflicts,
        expected: "LOST, as expected",
        expects: ["lost", "safe"],
        schedule: Some("losing schedule"),
        outcome: "a write is lost",
        title: Some("lost write"),
        loses: Some("loses a write"),
        lose: Some("lose a write"),
        asked: "lose a write that was answered 2xx",
        still: Some("a write is still lost"),
        headline: Some("{victim} lost a write."),
        task: "Make a worker lose a write.",
        violate: "lose a write",
        violates: "loses a write",
        violating: "losing",
        holds: "no write was lost",
        ..Words::ANY
    },
    build: Build::From(|jobs| Arc::new(NoLostWrite::new(Rules::new(&jobs.jobs, &jobs.lists)))),
    find: |memory, trace, ending, lists| {
        let intents = (**memory).as_any().downcast_ref()?;
        witness::lost(intents, &trace.events, ending, &Rules::of_trace(lists))
    },
};

/// The property.
#[derive(Debug)]
pub struct NoLostWrite {
    rules: Rules,
}

impl NoLostWrite {
    /// By these rules.
    pub fn new(rules: Rules) -> Self {
        NoLostWrite { rules }
    }
}

impl Property for NoLostWrite {
    type Memory = Intents;

    const NAME: &'static str = "no-lost-write";

    fn start(&self) -> Intents {
        Intents::start()
    }

    fn observe(&self, memory: &mut Intents, event: &Event) -> bool {
        memory.take(&self.rules, event).lost
    }

    fn decides_at_end(&self, memory: &Intents, ending: &Ending) -> bool {
        memory.promises().iter().any(|promise| {
            let object = ending.objects.get(&promise.object);
            !promise.is_kept(object.map(|object| &**object), self.rules.lists(&promise.object))
        })
    }

    fn revisions(&self, memory: &Intents) -> Vec<Revision> {
        memory.revisions()
    }

    fn exchange(&self, memory: &mut Intents, exchange: &Exchange) {
        memory.exchange(exchange);
    }

    fn rename_revisions(&self, memory: &mut Intents, rename: &dyn Fn(Revision) -> Revision) {
        memory.rename_revisions(rename);
    }
}

impl Intents {
    /// Before the first event.
    pub(super) fn start() -> Intents {
        Intents::Pending(Ledger::default())
    }

    /// What is promised; nothing, once something was lost for good.
    pub(super) fn promises(&self) -> &[crate::history::Promise] {
        match self {
            Intents::Pending(ledger) => ledger.promises(),
            Intents::Lost => &[],
        }
    }

    /// Takes notice of an event, until something is lost for good.
    pub(super) fn take(&mut self, rules: &Rules, event: &Event) -> Effects {
        let Intents::Pending(ledger) = self else { return Effects::default() };
        let effects = rules.take(ledger, event);
        if effects.lost {
            *self = Intents::Lost;
        }
        effects
    }

    pub(super) fn revisions(&self) -> Vec<Revision> {
        let at = self.promises().iter().map(|promise| promise.at);
        at.filter(|at| *at != Revision(0)).collect()
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) {
        let Intents::Pending(ledger) = self else { return };
        ledger.rename(&mut |promise| {
            if promise.object == *exchange.key() {
                if let Want::Is(text) = &mut promise.want {
                    *text = exchange.text_at(&promise.leaf, text);
                }
                promise.rename_leaves(&|leaf| exchange.leaf(leaf));
            }
        });
    }

    pub(super) fn rename_revisions(&mut self, rename: &dyn Fn(Revision) -> Revision) {
        let Intents::Pending(ledger) = self else { return };
        ledger.rename(&mut |promise| {
            if promise.at != Revision(0) {
                promise.at = rename(promise.at);
            }
        });
    }
}
