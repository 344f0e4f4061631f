//! Progress on stderr while a search runs, Ctrl-C, and the time limit.
//!
//! All three hang on the search's pulse: it is told how far the search has come, and stops it by
//! returning a bound. Next to read: `check/mod.rs` of the library, whose pulse this is.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::check::{Bound, Clock, Progress, Pulse};

/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

/// Lets the first Ctrl-C end the search, so that partial results are printed, and the second one
/// the program.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTS.fetch_add(1, Ordering::SeqCst) > 0 {
            std::process::exit(i32::from(super::Exit::Interrupted.code()));
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

    /// The next scenario begins.
    pub fn begin(&mut self, name: &str, timeout: Option<Duration>) -> Pulse {
        self.bar.set_prefix(name.to_owned());
        self.bar.set_message("");
        self.deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        let (bar, deadline) = (self.bar.clone(), self.deadline);
        Arc::new(move |progress: Progress| {
            bar.set_message(message(progress));
            bar.tick();
            if interrupted() {
                return Some(Bound::Interrupted);
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

fn message(progress: Progress) -> String {
    match progress.of {
        Some(of) => format!("{} of {of} runs", progress.done),
        None => format!(
            "{} states, {} to look at, schedules of {} steps",
            progress.done, progress.frontier, progress.depth
        ),
    }
}
