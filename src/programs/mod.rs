//! Programs in any language under a chosen order of their requests.
//!
//! A [`Hunt`] starts command lines, each with a kubeconfig of its own that leads to a port of ours.
//! Their requests are parked in the same `Lot` (`src/parking/lot.rs`) as those of kube-rs code, on
//! the same API server; when all of their threads sleep, one move is made. What they lost is judged
//! and drawn as everywhere. Nothing here starts a program that its caller did not name.
//!
//! The order is found by *hunting*: run once, judge, predict which write would be lost if another
//! one came in between, steer one execution to each prediction, and confirm what was found by
//! running its schedule again. Then random orders for the rest of the budget. Next to read:
//! `hunt.rs`, then `execute.rs`.

mod differences;
mod execute;
mod hunt;
mod hunted;
mod limits;
mod live;
mod log;
mod process;
mod quiet;
mod renamed;
mod session;
mod socket;
mod supervisor;
mod turn;
mod wire;

pub use crate::scenario::Isolation;
pub use hunt::Hunt;
pub use hunted::{Hunted, Loss};
pub use limits::Limits;
