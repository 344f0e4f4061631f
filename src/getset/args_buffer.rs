//! A setter called by reflection, with an argument slice that two callers reuse.
//!
//! ```go
//! var args = make([]reflect.Value, 1)       // one buffer for all calls, to save an allocation
//! args[0] = reflect.ValueOf("True"); set.Call(args)
//! ```
//!
//! `reflect.Value` may be used by several goroutines as far as the value under it may; the slice
//! that carries the arguments is ordinary memory. One caller fills it, the other one fills it, and
//! both call with what the second put in. A buffer per call has no such meeting.
//! Next to read: `informer.rs`.

use super::process::{Goroutine, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

const CALLERS: [(&str, u64); 2] = [("health", 1), ("usage", 8)];

fn call(me: &Goroutine, wanted: u64, argument: u64) {
    me.note(format!("Set({argument})"));
    if argument != wanted {
        me.wrong(format!("wanted Set({wanted}) and called Set({argument})"));
    }
}

/// `args-shared`: one buffer for both callers.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let args: Arc<Word<B>> = Arc::new(process.word("args[0]", 0));
    for (name, wanted) in CALLERS {
        process.go(name, &args, move |me, args| {
            args.set(me, wanted);
            call(me, wanted, args.get(me));
        });
    }
}

/// `args-per-call`: a buffer for each call.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let buffers: Arc<[Word<B>; 2]> =
        Arc::new([process.word("health.args[0]", 0), process.word("usage.args[0]", 0)]);
    for (caller, (name, wanted)) in CALLERS.into_iter().enumerate() {
        process.go(name, &buffers, move |me, buffers| {
            buffers[caller].set(me, wanted);
            call(me, wanted, buffers[caller].get(me));
        });
    }
}
