//! Making a move: a request is answered, a stream told, a fault strikes.
//!
//! Next to read: `answer.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::digest::{Digest, short};
use super::lot::{Lot, stream_id};
use super::outside;
use super::rules::Deliveries;
use super::step::What;
use super::{Reply, Sink};
use crate::apiserver::Key;
use crate::rest::HttpRequest;
use crate::schedulers::rerun::Move;
use crate::trace::Action;

impl<R: Reply> Lot<R> {
    /// Makes a move.
    pub fn take(&mut self, chosen: Move) {
        self.begun = true;
        let worker = chosen.worker();
        match chosen {
            _ if worker >= self.real.len() => self.take_modelled(chosen),
            Move::Depose { worker } => self.depose(worker, chosen),
            Move::Answer { .. } if self.request_from_outside(worker).is_some() => {
                let Some(http) = self.request_from_outside(worker) else { return };
                let (code, response) = self.ask_from_outside(worker, http, chosen);
                if let Some(outside) = &mut self.outside {
                    outside.answered(code, response.as_deref());
                }
            }
            Move::Answer { nth, .. } | Move::LoseAnswer { nth, .. } => {
                let mut mine =
                    (0..self.parked.len()).filter(|at| self.parked[*at].worker == worker);
                let Some(at) = mine.nth(nth) else { return };
                let parked = self.parked.remove(at);
                let lost = matches!(chosen, Move::LoseAnswer { .. });
                if lost {
                    self.rules.lost_answers -= 1;
                    self.footprint.alone = true;
                }
                self.answer(parked, Some(chosen), lost);
            }
            Move::Deliver { nth, .. } => {
                let Some(at) = self.stream_at(worker, nth) else { return };
                let most = match self.rules.deliveries {
                    Deliveries::CatchUp => {
                        self.footprint.drains = Some(stream_id(worker, nth));
                        usize::MAX
                    }
                    Deliveries::Single => 1,
                };
                let (told, digest) = self.streams[at].deliver(most);
                let label = short(&self.streams[at].label);
                self.told[worker].feed(&(label, digest));
                self.note(worker, Some(chosen), What::Delivered(told));
            }
            Move::Break { nth, .. } => {
                let Some(at) = self.stream_at(worker, nth) else { return };
                self.rules.watch_gaps -= 1;
                self.footprint.alone = true;
                let mut open = self.streams.remove(at);
                let status = serde_json::json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": "too old resource version", "reason": "Expired", "code": 410,
                });
                let bytes = open.stream.error(&status);
                open.sink.send(bytes);
                self.told[worker].feed(&("broken", short(&open.label)));
                self.note(worker, Some(chosen), What::Broken);
            }
            Move::Crash { .. } => {}
        }
    }

    /// A request of its own, from outside: the status code, and the answer.
    fn ask_from_outside(
        &mut self,
        worker: usize,
        http: HttpRequest,
        chosen: Move,
    ) -> (u16, Option<Arc<Value>>) {
        let parked = self.parked(worker, http, None);
        self.answer(parked, Some(chosen), false);
        match self.steps.last().map(|step| &step.what) {
            Some(What::Exchange(exchange)) => (exchange.code, exchange.response.clone()),
            _ => (0, None),
        }
    }

    /// The Leases of a worker go to another holder.
    fn depose(&mut self, worker: usize, chosen: Move) {
        self.rules.leases_lost -= 1;
        self.footprint.alone = true;
        let Some(outside) = self.outside.as_ref().map(|outside| outside.worker) else { return };
        let held: Vec<Key> =
            self.holders.iter().filter(|(_, by)| **by == worker).map(|(k, _)| k.clone()).collect();
        for key in held {
            self.holders.remove(&key);
            let lease = self.world.server.object(&key);
            let kind = self.world.server.kind_of(&key.resource);
            if let (Some(lease), Some(kind)) = (lease, kind) {
                let http = outside::depose(&kind, &key, &lease, self.time);
                self.ask_from_outside(outside, http, chosen);
            }
        }
    }

    /// A worker was started again: what it waited for is gone.
    pub fn restarted(&mut self, worker: usize) {
        self.rules.crashes = self.rules.crashes.saturating_sub(1);
        self.footprint.alone = true;
        self.parked.retain(|parked| parked.worker != worker);
        self.streams.retain(|open| open.worker != worker);
        self.told[worker].feed("restarted");
        self.note(worker, Some(Move::Crash { worker }), What::Restarted);
    }

    fn stream_at(&self, worker: usize, nth: usize) -> Option<usize> {
        (0..self.streams.len()).filter(|at| self.streams[*at].worker == worker).nth(nth)
    }

    fn take_modelled(&mut self, chosen: Move) {
        let mut choices = self.world.choices().into_iter();
        let Some(choice) = choices.find(|choice| self.move_of(*choice) == Some(chosen)) else {
            return;
        };
        self.note_modelled(chosen);
        let event = self.world.take(choice);
        if let Some(key) = &event.key {
            let place = if event.committed {
                &mut self.footprint.writes
            } else {
                &mut self.footprint.reads
            };
            place.push(short(key));
        }
        // What a modelled worker was told is in its own state, which is part of the key.
        let worker = chosen.worker();
        let mut digest = Digest::default();
        digest.feed(&worker);
        let mut action = event.action.clone();
        if let Action::Write { sent, .. } = &mut action {
            *sent = self.names.covered(sent);
        }
        self.names.feed(format!("{action:?}").as_bytes(), &mut digest);
        let changed = self.notice(worker, digest.finish());
        self.watched.see(worker, Some(&event.action), &changed, &self.names);
        self.note(worker, Some(chosen), What::Modelled(Box::new(event)));
    }
}
