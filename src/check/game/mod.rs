//! The state graph of a scenario made playable: the reader is the scheduler.
//!
//! A [`Game`] explores a scenario once; a [`Walk`] is a place in it: the world now, who may move,
//! where each choice leads, and how many schedules are still possible from here. Every step is the
//! one that a replay of the same letters would make, because it *is* that step. Left out: how any
//! of this is drawn (`report/`), and who plays (`cli/play`, the page).
//! Next to read: `playable.rs`, `walk.rs`, then `odds.rs`; `chart.rs` is the whole graph as plain
//! data.

mod belief;
mod chart;
mod odds;
mod playable;
mod stored;
mod stuck;
#[cfg(test)]
mod tests;
mod walk;

pub use belief::{Belief, Heard};
pub use chart::{Chart, ChartState, ChartWay};
pub use odds::{Odds, Unknown};
pub use playable::{Game, MAX_STATES};
pub use stored::{Store, StoreKind, Stored};
pub use stuck::{Reason, Stuck};
pub use walk::{Walk, Way};
