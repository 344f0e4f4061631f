//! lostwrite's search, as a library.
//!
//! Next to read: `stateright.rs`.

use std::time::Duration;

use lostwrite::schedulers::exhaustive::{Explored, Limits, explore};
use lostwrite::simulation::World;

use crate::timed;
use crate::workload::world;

/// One search, ready to be made again and again.
pub struct Search {
    world: World,
    limits: Limits,
}

impl Search {
    /// With workers that are alike exchanged.
    pub fn symmetric(text: &str, threads: usize) -> Search {
        let limits = Limits { symmetry: true, threads, ..Limits::default() };
        Search { world: world(text), limits }
    }

    /// Without.
    pub fn plain(text: &str, threads: usize) -> Search {
        Search {
            limits: Limits { symmetry: false, threads, ..Limits::default() },
            world: world(text),
        }
    }

    fn explored(&self) -> Explored {
        explore(&self.world, self.limits, &mut |_| None)
    }

    /// Search and exact counts.
    pub fn time(&self) -> Duration {
        timed(|| self.explored().counts(1000)).0
    }

    /// Search alone.
    pub fn time_of_search(&self) -> Duration {
        let (took, explored) = timed(|| self.explored());
        drop(explored);
        took
    }

    /// Schedules in all, and those that lose a write.
    pub fn counts(&self) -> (String, String) {
        let counts = self.explored().counts(1000).expect("it is covered");
        (counts.schedules.to_string(), counts.decided[0].to_string())
    }

    /// States, transitions, bytes for both.
    pub fn size(&self) -> (usize, usize, u64) {
        let explored = self.explored();
        let graph = &explored.graph;
        (graph.states(), graph.transitions(), explored.bytes)
    }
}
