//! How many schedules are still possible from each state, and how many of them violate what.
//!
//! One pass backwards over the graph, as `schedulers/exhaustive/counts.rs` makes for the start
//! alone. Next to read: `walk.rs`.

use crate::schedulers::Count;
use crate::schedulers::exhaustive::Graph;

/// The schedules from one state on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odds {
    /// All of them; 1 where every worker is done.
    pub schedules: Count,
    /// For each observed property (the judged ones first), the schedules that violate it; for a
    /// property about *some* schedule, such as `raced`, the schedules that meet it.
    pub violating: Vec<Count>,
}

/// Why the odds are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The search was cut off after this many states.
    CutOff {
        /// States found.
        states: u64,
    },
    /// There are schedules without end.
    Endless,
}

/// For each state; `None` if the graph has a cycle.
pub(super) fn of(graph: &Graph) -> Option<Vec<Odds>> {
    let order = graph.topological()?;
    let observers = graph.observers();
    let nothing = || Odds { schedules: Count::ZERO, violating: vec![Count::ZERO; observers] };
    // First the schedules in which nothing more decides; the difference is what violates.
    let mut clean: Vec<Odds> = (0..graph.states()).map(|_| nothing()).collect();
    for &state in order.iter().rev() {
        let state = state as usize;
        let mut sum = nothing();
        if let Some(decided) = graph.decided_at_end(state) {
            sum.schedules = Count::ONE;
            for (observer, count) in sum.violating.iter_mut().enumerate() {
                *count = Count::from(u64::from(decided >> observer & 1 == 0));
            }
        }
        for edge in graph.edges(state) {
            let next = &clean[edge.to as usize];
            sum.schedules.add(&next.schedules);
            for (observer, count) in sum.violating.iter_mut().enumerate() {
                if !edge.decides(observer) {
                    count.add(&next.violating[observer]);
                }
            }
        }
        clean[state] = sum;
    }
    for odds in &mut clean {
        for count in &mut odds.violating {
            *count = odds.schedules.minus(count);
        }
    }
    Some(clean)
}
