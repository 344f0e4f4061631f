//! Panics of an engine, turned into values, without a word on the terminal.
//!
//! loom and shuttle say what they found, and that a limit was reached, by panicking, and the
//! panic hook that prints is one for the whole process. [`quietly`] silences it for the calling
//! thread alone: loom's and shuttle's threads are coroutines of that thread, so a flag of the
//! thread is enough, and tests that run beside it keep their own messages.
//!
//! More than silence depends on it. loom's first thread has a stack of 32 KiB, and the standard
//! hook with `RUST_BACKTRACE=1` needs more: a panic of loom that reaches that hook ends the
//! process. So there is one installation, it is over before any engine runs, and shuttle's own
//! hook, which its first run in a process installs, is taken out again inside of it.
//! Next to read: `loom.rs`.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<u32> = const { Cell::new(0) };
}

/// Runs `body`; a panic in it prints nothing and comes back as its payload.
///
/// # Errors
/// The payload of the panic.
pub fn quietly<R>(body: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    install();
    QUIET.set(QUIET.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    QUIET.set(QUIET.get() - 1);
    result
}

/// Puts the silent hook in front of the one that is there, once.
fn install() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        #[cfg(feature = "shuttle")]
        super::shuttle::first_run();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() == 0 {
                before(info);
            }
        }));
    });
}

/// The words of a panic.
#[must_use]
pub fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_value_and_its_words_survive() {
        let payload = quietly(|| panic!("deadlock; {}", 7)).unwrap_err();
        assert_eq!(message(&*payload), "deadlock; 7");
        assert_eq!(quietly(|| 3).ok(), Some(3));
        assert_eq!(QUIET.get(), 0);
    }
}
