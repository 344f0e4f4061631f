//! The rule `stable` of an invariant: a field is not changed back and forth.
//!
//! A *change back* gives a field a value that another worker took away from it. Two controllers
//! that put a field back for ever make one with every write after the first two, so the rule
//! counts them, in each schedule. Next to read: `invariant.rs`.

use std::collections::BTreeMap;

use crate::apiserver::{FieldPath, Key};
use crate::history::{Found, LeafPath, Lists, difference};
use crate::trace::Event;

/// Who took which value away from which leaf. `None` is a leaf that was absent.
type Taken = BTreeMap<(Key, LeafPath, Option<Text>), usize>;

/// A value, as text.
type Text = String;

/// What the rule remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Changes {
    taken: Taken,
    /// How many changes back there were.
    pub back: u32,
}

/// One change back.
pub(super) struct Back {
    /// Which leaf.
    pub path: LeafPath,
    /// The value that it has again.
    pub value: Option<Text>,
    /// The worker that had taken the value away.
    pub taker: usize,
}

impl Changes {
    /// Takes notice of an event; the first change back that it made.
    pub fn see(&mut self, place: Option<&(Key, FieldPath)>, event: &Event) -> Option<Back> {
        let (Some(who), Some(key), true) = (event.worker(), &event.key, event.committed) else {
            return None;
        };
        let within = match place {
            Some((of, _)) if of != key => return None,
            Some((_, path)) => LeafPath::from(path),
            None => LeafPath::default(),
        };
        let mut first = None;
        for (path, before, after) in changed(event) {
            if !within.contains(&path) {
                continue;
            }
            let taker = self.taken.get(&(key.clone(), path.clone(), after.clone()));
            if let Some(taker) = taker.copied().filter(|taker| *taker != who) {
                self.back = self.back.saturating_add(1);
                first = first.or(Some(Back { path: path.clone(), value: after, taker }));
            }
            self.taken.insert((key.clone(), path, before), who);
        }
        first
    }
}

/// The leaves that a step changed, with their values before and after. That the object comes and
/// goes is a change at its root.
fn changed(event: &Event) -> Vec<(LeafPath, Option<Text>, Option<Text>)> {
    let (before, after) = (event.before.as_deref(), event.after.as_deref());
    let there = |object: Option<&_>| object.map(|_| "there".to_owned());
    let text = |found: &Found| match found {
        Found::There => "there".to_owned(),
        Found::Is(value) => value.to_string(),
    };
    match (before, after) {
        (Some(before), Some(after)) => {
            let found = difference(&Lists::unknown(), Some(before), Some(after), &[]);
            let found = found.into_iter().map(|leaf| {
                (leaf.path, leaf.before.as_ref().map(text), leaf.after.as_ref().map(text))
            });
            found.collect()
        }
        _ => vec![(LeafPath::default(), there(before.as_ref()), there(after.as_ref()))],
    }
}
