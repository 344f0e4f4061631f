//! Progress on stderr while a search runs, Ctrl-C, and the time limit.
//!
//! All three hang on the search's pulse: it is told how far the search has come, and stops it by
//! returning a bound. Next to read: `check/mod.rs` of the library, whose pulse this is.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use parking_lot::Mutex;

use super::args::Bounds;
use super::estimate::Estimate;
use super::memory_bound::{self, MemoryBound};
use super::output;
use crate::check::{Bound, Clock, Progress, Pulse};

/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

/// States from which a search is large: the user is told what it may take.
const LARGE: u64 = 500_000;

/// Whether the user was told.
static SAID: AtomicBool = AtomicBool::new(false);

/// Lets the first Ctrl-C end the search, so that partial results are printed, and the second one
/// the program.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTS.fetch_add(1, Ordering::SeqCst) > 0 {
            std::process::exit(i32::from(super::exit::Exit::Interrupted.code()));
        }
    });
}

/// Whether Ctrl-C was pressed.
pub fn interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

/// A clock for how long a search takes.
pub fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// A bar on stderr, if that is a terminal, and the pulse that moves it.
#[derive(Debug)]
pub struct Watch {
    bar: ProgressBar,
    deadline: Option<(Instant, Duration)>,
}

impl Watch {
    /// Starts to watch the checks of a command; the time limit is for each scenario.
    pub fn new() -> Watch {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        let template = "{spinner} {prefix}  {msg}  {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Watch { bar, deadline: None }
    }

    /// The next scenario begins. The pulse says once how much memory a large search may take, if
    /// no bound was asked for.
    pub fn begin(&mut self, name: &str, bounds: &Bounds) -> Pulse {
        self.bar.set_prefix(name.to_owned());
        self.bar.set_message("");
        let (timeout, memory) = (bounds.timeout, MemoryBound::new(bounds.max_memory));
        let before = Mutex::new(memory_bound::used().unwrap_or(0));
        self.deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        let (bar, deadline, began) = (self.bar.clone(), self.deadline, Instant::now());
        let estimate = Mutex::new(Estimate::default());
        Arc::new(move |progress: Progress| {
            bar.set_message(message(progress, began.elapsed(), &mut estimate.lock()));
            bar.tick();
            if interrupted() {
                return Some(Bound::Interrupted);
            }
            if progress.done > LARGE && !memory.asked && !SAID.swap(true, Ordering::SeqCst) {
                let told = format!(
                    "note: this search may use up to {} MiB of memory (three quarters of what is \
                     free); set --max-memory to change the limit\n",
                    memory.bytes >> 20
                );
                bar.suspend(|| output::stderr(&told));
            }
            if let Some(used) = memory_bound::used() {
                // The next batch takes about as much as the last one did.
                let last = std::mem::replace(&mut *before.lock(), used);
                if used + used.saturating_sub(last) > memory.bytes {
                    return Some(Bound::Memory(memory.bytes));
                }
            }
            let (end, timeout) = deadline?;
            (Instant::now() >= end).then_some(Bound::Timeout(timeout.as_secs()))
        })
    }

    /// The last one has ended.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn message(progress: Progress, elapsed: Duration, estimate: &mut Estimate) -> String {
    if let Some(of) = progress.of {
        return format!("{} of {of} runs", progress.done);
    }
    estimate.see(progress.depth, progress.frontier);
    let total = estimate.total().map(|total| format!(" of about {}", rounded(total)));
    let rate = progress.done as f64 / elapsed.as_secs_f64().max(0.001);
    format!(
        "{}{} states, {} to look at, {} a second, schedules of {} steps",
        rounded(progress.done),
        total.unwrap_or_default(),
        rounded(progress.frontier),
        rounded(rate as u64),
        progress.depth
    )
}

/// A number to be read while it moves: 48 thousand, 4.8 million.
fn rounded(number: u64) -> String {
    let (unit, name) = match number {
        0..10_000 => return number.to_string(),
        10_000..1_000_000 => (1e3, "thousand"),
        1_000_000..1_000_000_000 => (1e6, "million"),
        _ => (1e9, "billion"),
    };
    let scaled = number as f64 / unit;
    if scaled < 10.0 { format!("{scaled:.1} {name}") } else { format!("{scaled:.0} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_far_it_is_and_how_far_it_may_be() {
        let mut estimate = Estimate::default();
        for (depth, frontier) in [(0, 100_000), (1, 200_000), (2, 300_000)] {
            estimate.see(depth, frontier);
        }
        let progress = Progress { done: 600_000, frontier: 9_999, depth: 2, ..Progress::default() };
        assert_eq!(
            message(progress, Duration::from_secs(2), &mut estimate),
            "600 thousand of about 1.5 million states, 9999 to look at, 300 thousand a second, \
             schedules of 2 steps"
        );
    }
}
