//! loom and shuttle: each worker is a thread, each API call one critical section.
//!
//! The first worker runs on the calling thread and no thread is joined: that is the least either of
//! them has to explore. Both count their executions. Next to read: `object.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::object::Object;

macro_rules! worker {
    ($server:expr, $name:expr, $runs:expr) => {{
        for _ in 0..$runs {
            let read = $server.lock().unwrap().clone();
            let body = read.with(&$name);
            $server.lock().unwrap().put(body);
        }
    }};
}

/// Executions of shuttle's exhaustive search within this time.
pub fn shuttle_dfs(workers: usize, runs: usize, watch: Duration) -> u64 {
    let mut config = shuttle::Config::new();
    config.max_time = Some(watch);
    let scheduler = shuttle::scheduler::DfsScheduler::new(None, false);
    let runner = shuttle::Runner::new(scheduler, config);
    let made = runner.run(move || {
        let server = Arc::new(shuttle::sync::Mutex::new(Object::default()));
        for worker in 1..workers {
            let server = server.clone();
            shuttle::thread::spawn(move || worker!(server, format!("f{worker}"), runs));
        }
        worker!(server, "f0".to_owned(), runs);
    });
    made as u64
}

/// Executions of loom within this time.
pub fn loom(workers: usize, runs: usize, watch: Duration) -> u64 {
    let made = Arc::new(AtomicU64::new(0));
    let mut builder = loom::model::Builder::new();
    // Both limits are looked at once per interval only.
    (builder.max_duration, builder.checkpoint_interval) = (Some(watch), 1);
    let count = made.clone();
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let server = loom::sync::Arc::new(loom::sync::Mutex::new(Object::default()));
        for worker in 1..workers {
            let server = server.clone();
            loom::thread::spawn(move || worker!(server, format!("f{worker}"), runs));
        }
        worker!(server, "f0".to_owned(), runs);
    });
    made.load(Ordering::Relaxed)
}
