//! Answers and watches whose names are changed on the way to a program.
//!
//! Next to read: `wire.rs`.

use std::sync::Arc;

use super::wire::Wire;
use crate::parking::{Answering, Reply, Sink, Watching};
use crate::rest::HttpResponse;

/// Where the answer to a request goes, and how it is renamed on the way.
#[derive(Debug)]
pub(super) struct Answers {
    pub to: Answering,
    pub wire: Option<Arc<Wire>>,
}

/// The way to a watch, and how events are renamed on it.
#[derive(Debug)]
pub(super) struct Tells {
    pub to: Watching,
    pub wire: Option<Arc<Wire>>,
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
        Tells { to: self.to.stream(headers), wire: self.wire }
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
        self.to.send(lines);
    }

    fn is_gone(&self) -> bool {
        self.to.is_gone()
    }
}
