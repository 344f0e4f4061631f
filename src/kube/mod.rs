//! Real kube-rs code under every order of its requests.
//!
//! A [`Simulation`] runs async code of yours, which is given a [`kube::Client`](::kube::Client),
//! against the API server of this crate: a reconcile function, a `Controller`, a whole manager. The
//! client's requests are parked, the watches' events wait, and the order in which they are let go
//! is chosen: every order, random ones, or a given one.
//!
//! ```no_run
//! # mod health { pub async fn run(_: kube::Client) {} }
//! # mod usage { pub async fn run(_: kube::Client) {} }
//! # fn crd() -> serde_json::Value { todo!() }
//! # fn widget() -> serde_json::Value { todo!() }
//! #[test]
//! fn the_two_controllers_never_lose_a_condition() {
//!     lostwrite::kube::Simulation::new()
//!         .crd(crd())
//!         .object(widget())
//!         .controller("health", |client| health::run(client))
//!         .controller("usage", |client| usage::run(client))
//!         .check()
//!         .assert_safe();
//! }
//! ```
//!
//! # How
//!
//! Each execution has a runtime of its own with one thread and a paused clock. The runtime says
//! when no worker can go on, without heuristics (`quiet.rs`); then one move is made. Time passes
//! only when no worker could move. Executions are compared state by state, so that the same
//! state is never explored twice, and schedules are counted exactly
//! ([`rerun`](crate::schedulers::rerun)).
//!
//! # What is assumed
//!
//! The code is deterministic, apart from what [`Simulation::ignore`] names; workers share nothing
//! but the cluster; a `resourceVersion` is opaque to them. The first is checked: each prefix is run
//! many times, and a difference is told with the path that differs. Next to read: `simulation.rs`.

mod checked;
mod checkpoint;
mod client;
mod drive;
mod explore;
mod history;
mod nondeterminism;
mod panics;
mod quiet;
mod reported;
mod sampled;
mod setup;
mod shown;
mod simulation;
mod texts;
mod watchdog;

pub use checked::{Broken, Checked, Explored, Outcome, Run};
pub use client::{Lost, Service};
pub use simulation::Simulation;
