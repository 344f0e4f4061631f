//! Real workers on the one API server: their requests are parked until the scheduler lets them go.
//!
//! A [`Lot`] holds the server, the requests that wait for an answer and the watches that have
//! something to tell, and lists both as moves. How a request came here (a `tower` service in the
//! same process, a socket) is the business of whoever owns the lot: it gives each request a
//! [`Reply`]. Everything that a worker is told is remembered as a digest, and with the digests of
//! the objects' histories it is the [key](Lot::key) of the state: two executions with one key have
//! the same future, if the workers are deterministic and share nothing but the cluster.
//! Next to read: `lot.rs`.

mod answer;
mod cluster;
mod digest;
mod history;
mod lot;
mod mask;
mod meaning;
mod model;
mod moves;
mod names;
mod outside;
#[cfg(all(feature = "serve", target_os = "linux"))]
mod parted;
mod remodel;
mod reply;
mod result;
mod rules;
mod shown;
mod step;
mod streams;
mod take;
mod telling;
mod verdict;
mod watched;

#[cfg(test)]
mod tests;

#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) use answer::WAS_PROTOBUF;
#[cfg(feature = "kube")]
pub(crate) use cluster::{install, seed, world};
pub use digest::Digest;
pub use history::{History, Start};
pub use lot::Lot;
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) use lot::object_number;
pub use mask::Mask;
#[cfg(all(feature = "serve", target_os = "linux"))]
pub use moves::Waiting;
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) use names::BASE;
#[cfg(feature = "kube")]
pub(crate) use outside::NAME as OUTSIDE;
pub(crate) use reply::request;
pub use reply::{Answering, Lines, Watching};
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) use result::drawn;
pub use result::{Explored, Shown, result};
pub use rules::{Deliveries, Rules};
pub use shown::{drawing, plain};
#[cfg(all(feature = "serve", target_os = "linux"))]
pub use step::Step;
pub use step::What;
pub use telling::Teller;
pub use verdict::{Judged, Kinds, judged};

use crate::rest::HttpResponse;

/// Where the answer to one request goes.
pub trait Reply {
    /// The way to a watch that was opened.
    type Sink: Sink;

    /// The answer, complete.
    fn answer(self, response: HttpResponse);

    /// The answer begins: a stream of events.
    fn stream(self, headers: Vec<(String, String)>) -> Self::Sink;

    /// Whether no worker waits for it any more.
    fn is_gone(&self) -> bool;
}

/// The way to a watch.
pub trait Sink {
    /// Some lines of it.
    fn send(&mut self, lines: Vec<u8>);

    /// Whether no worker reads it any more.
    fn is_gone(&self) -> bool;
}
