//! Answers and watches on their way to a program: names are changed, and of several events of one
//! step each waits until the one before has been dealt with.
//!
//! Next to read: `wire.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::wire::Wire;
use crate::parking::{Answering, Reply, Sink, Watching};
use crate::rest::HttpResponse;

/// Where the answer to a request goes, and how it is renamed on the way.
#[derive(Debug)]
pub(super) struct Answers {
    pub to: Answering,
    pub wire: Option<Arc<Wire>>,
    pub outbox: Outbox,
}

/// The way to a watch, and how events are renamed on it.
#[derive(Debug)]
pub(super) struct Tells {
    pub to: Watching,
    pub wire: Option<Arc<Wire>>,
    outbox: Outbox,
}

/// Events that wait until the programs are quiet. A client that is told two at once queues two
/// reconciles or one, as its threads happen to run; told one by one it always does the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    holds: bool,
    events: VecDeque<(Watching, Vec<u8>)>,
}

impl Outbox {
    /// Whether events wait from now on.
    pub fn hold(&self, holds: bool) {
        self.0.lock().holds = holds;
    }

    /// Sends the next event that waits. True if there was one.
    pub fn next(&self) -> bool {
        let next = self.0.lock().events.pop_front();
        next.map(|(mut to, lines)| to.send(lines)).is_some()
    }

    fn put(&self, to: &mut Watching, lines: Vec<u8>) {
        let mut held = self.0.lock();
        match held.holds {
            true => held.events.push_back((to.clone(), lines)),
            false => to.send(lines),
        }
    }
}

impl Reply for Answers {
    type Sink = Tells;

    fn answer(self, mut response: HttpResponse) {
        if let Some(wire) = &self.wire {
            response.body = wire.send(response.body);
        }
        self.to.answer(response);
    }

    fn stream(self, headers: Vec<(String, String)>) -> Tells {
        Tells { to: self.to.stream(headers), wire: self.wire, outbox: self.outbox }
    }

    fn is_gone(&self) -> bool {
        self.to.is_gone()
    }
}

impl Sink for Tells {
    fn send(&mut self, lines: Vec<u8>) {
        let lines = match &self.wire {
            Some(wire) => wire.send(lines),
            None => lines,
        };
        self.outbox.put(&mut self.to, lines);
    }

    fn is_gone(&self) -> bool {
        self.to.is_gone()
    }
}
