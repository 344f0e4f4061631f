//! How much memory a search may take: `--max-memory`, or three quarters of what is free.
//!
//! Free is the least of what the machine, the control group and the process's own limit leave. What
//! the process takes is read from the operating system (Linux: `VmRSS`), so that everything counts:
//! states, transitions, the batch under way, and what was learnt of the server. Elsewhere the
//! search's own account is the bound. Next to read: `progress.rs`.

use std::fs::read_to_string;

/// The bound where the operating system does not say what is free.
const FALLBACK: u64 = 4 << 30;

/// A bound, and whether the user asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBound {
    /// Bytes of the whole process.
    pub bytes: u64,
    /// Whether `--max-memory` was given.
    pub asked: bool,
}

impl MemoryBound {
    /// `--max-memory`, or the default of this machine at this moment.
    pub fn new(asked: Option<u64>) -> MemoryBound {
        match asked {
            Some(bytes) => MemoryBound { bytes, asked: true },
            None => MemoryBound { bytes: free().map_or(FALLBACK, three_quarters), asked: false },
        }
    }
}

fn three_quarters(bytes: u64) -> u64 {
    bytes / 4 * 3
}

/// The bytes of memory that the process takes; `None` where the system does not say.
pub fn used() -> Option<u64> {
    kilobytes(&read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

fn free() -> Option<u64> {
    let machine = kilobytes(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:");
    [machine, control_group(), address_space()].into_iter().flatten().min()
}

/// What the control group's limit (a container's) leaves.
fn control_group() -> Option<u64> {
    let number = |name: &str| {
        let text = read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// The limit on the address space (`ulimit -v`), less what is already mapped.
fn address_space() -> Option<u64> {
    let limits = read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    let mapped = kilobytes(&read_to_string("/proc/self/status").ok()?, "VmSize:")?;
    Some(limit.saturating_sub(mapped))
}

/// The value of a line such as `VmRSS:   1234 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc() {
        let text = "VmPeak:\t  9 kB\nVmRSS:\t    1234 kB\n";
        assert_eq!(kilobytes(text, "VmRSS:"), Some(1234 * 1024));
        assert_eq!(kilobytes(text, "VmSize:"), None);
    }

    #[test]
    fn a_bound_that_was_asked_for_is_taken_as_it_is() {
        assert_eq!(MemoryBound::new(Some(7)), MemoryBound { bytes: 7, asked: true });
        let bound = MemoryBound::new(None);
        assert!(!bound.asked && bound.bytes > 0);
    }
}
