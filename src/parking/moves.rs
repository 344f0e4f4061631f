//! The moves there are.
//!
//! Next to read: `take.rs`, which makes them.

use super::Reply;
#[cfg(all(feature = "serve", target_os = "linux"))]
use super::digest::Digest;
use super::lot::{Lot, object_number};
use super::streams::Open;
use crate::rest::{self, HttpRequest};
use crate::schedulers::rerun::Move;
use crate::simulation::Choice;

/// What waits in a state, for people and to be compared.
#[cfg(all(feature = "serve", target_os = "linux"))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Requests: whose, method and path, and a digest of the rest.
    pub requests: Vec<(usize, String, u128)>,
    /// Watches: whose, of what, and how many events are on the way.
    pub watches: Vec<(usize, String, usize)>,
    /// Objects, and a digest of what has become of each.
    pub objects: Vec<(String, u128)>,
    /// A digest of what each worker has asked and been told.
    pub told: Vec<u128>,
}

impl<R: Reply> Lot<R> {
    /// What waits.
    #[cfg(all(feature = "serve", target_os = "linux"))]
    pub fn waiting(&self) -> Waiting {
        let request = |(place, digest): &(String, u128)| {
            let (path, method) = place.rsplit_once(' ').unwrap_or((place, ""));
            (format!("{method} {path}"), *digest)
        };
        let parked = self.parked.iter().map(|it| {
            let (text, digest) = request(&it.text);
            (it.worker, text, digest)
        });
        let open = self.streams.iter();
        let watches = open.map(|it| (it.worker, it.label.clone(), it.pending.len())).collect();
        let objects = self.histories.iter().map(|(key, it)| (key.to_string(), it.finish()));
        Waiting {
            requests: parked.collect(),
            watches,
            objects: objects.collect(),
            told: self.told.iter().map(Digest::finish).collect(),
        }
    }

    /// Who may move.
    pub fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        let lossy = self.rules.lost_answers > 0;
        for worker in 0..self.real.len() {
            let parked = || self.parked.iter().filter(|parked| parked.worker == worker);
            moves.extend((0..parked().count()).map(|nth| Move::Answer { worker, nth }));
            for (nth, open) in self.open(worker).enumerate() {
                if !open.pending.is_empty() {
                    moves.push(Move::Deliver { worker, nth });
                }
            }
            let writes = parked().enumerate().filter(|(_, it)| lossy && it.http.method != "GET");
            moves.extend(writes.map(|(nth, _)| Move::LoseAnswer { worker, nth }));
            if self.rules.watch_gaps > 0 {
                let gaps = self.open(worker).enumerate().filter(|(_, it)| !it.pending.is_empty());
                moves.extend(gaps.map(|(nth, _)| Move::Break { worker, nth }));
            }
        }
        let modelled = self.world.choices().into_iter();
        moves.extend(modelled.filter_map(|choice| self.move_of(choice)));
        if let Some((worker, _)) = self.stimulus().filter(|(_, settled)| !settled) {
            moves.push(Move::Answer { worker, nth: 0 });
        }
        if self.rules.leases_lost > 0 {
            let mut holders: Vec<usize> = self.holders.values().copied().collect();
            holders.sort_unstable();
            holders.dedup();
            moves.extend(holders.into_iter().map(|worker| Move::Depose { worker }));
        }
        moves
    }

    /// The move that comes from outside when no worker can move.
    pub fn settled_move(&self) -> Option<Move> {
        let (worker, _) = self.stimulus().filter(|(_, settled)| *settled)?;
        Some(Move::Answer { worker, nth: 0 })
    }

    pub(super) fn stimulus(&self) -> Option<(usize, bool)> {
        let outside = self.outside.as_ref()?;
        let (_, settled) = outside.next()?;
        Some((outside.worker, settled))
    }

    /// What comes next from outside, if this is the worker for it.
    pub(super) fn request_from_outside(&self, worker: usize) -> Option<HttpRequest> {
        let outside = self.outside.as_ref().filter(|outside| outside.worker == worker)?;
        outside.next().map(|(http, _)| http)
    }

    /// For each of these moves the object that it writes, if it does.
    pub fn writes(&self, moves: &[Move]) -> Vec<Option<u64>> {
        let object = |made: &Move| {
            let Move::Answer { worker, nth } = *made else { return None };
            if let Some(http) = self.request_from_outside(worker) {
                let aim = rest::aim(&self.world.server, &http).filter(|_| http.method != "GET")?;
                let (resource, namespace) = (&aim.kind.resource, aim.namespace.as_deref());
                return Some(object_number(resource, namespace, aim.name.as_deref()?));
            }
            let mut mine = self.parked.iter().filter(|parked| parked.worker == worker);
            let parked = mine.nth(nth).filter(|parked| parked.http.method != "GET")?;
            let aim = parked.aim.as_ref()?;
            Some(object_number(&aim.kind.resource, aim.namespace.as_deref(), aim.name.as_deref()?))
        };
        moves.iter().map(object).collect()
    }

    pub(super) fn open(&self, worker: usize) -> impl Iterator<Item = &Open<R::Sink>> {
        self.streams.iter().filter(move |open| open.worker == worker)
    }

    pub(super) fn move_of(&self, choice: Choice) -> Option<Move> {
        let first = self.real.len();
        match choice {
            Choice::Worker(worker) => Some(Move::Answer { worker: first + worker, nth: 0 }),
            Choice::Deliver(cache) => {
                let mut readers = self.world.setting.workers.iter();
                let reader = readers.position(|info| info.cache == Some(cache))?;
                Some(Move::Deliver { worker: first + reader, nth: 0 })
            }
            Choice::Fault(_) => None,
        }
    }
}
