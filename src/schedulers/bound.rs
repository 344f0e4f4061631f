//! Why a search, or a series of runs, ended before everything was covered.
//!
//! Reaching a bound makes `unknown` of what was not seen, never `holds`.
//! Next to read: `exhaustive/mod.rs`.

/// Why a search ended before everything was covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `--max-states`.
    States(u64),
    /// `--max-memory`, in bytes.
    Memory(u64),
    /// `--max-steps`.
    Steps(u64),
    /// `--timeout`, in seconds.
    Timeout(u64),
    /// `--runs` of a sampling scheduler.
    Runs(u64),
    /// `--shard`: only this part, counted from 1, of this many.
    Shard(u32, u32),
    /// `--fail-fast`: a judged property is violated.
    FirstViolation,
    /// Ctrl-C.
    Interrupted,
    /// A thread engine's own limit (`--preemption-bound`, loom's points of choice), in words.
    Engine(String),
}
