//! What a program may use up, and what is said when it uses more.
//!
//! Open files and the size of what it writes are limits of the kernel. Memory and processes are
//! counted every few milliseconds, over all processes of the program: a limit on addresses would
//! stop programs in Go and Java that use little. Next to read: `process.rs`.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// What one program may use up in one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, resident, of all its processes. Default: 2 GiB.
    pub memory: u64,
    /// Processes at a time. Default: 256.
    pub processes: usize,
    /// Open files of each process. Default: 4096.
    pub files: u64,
    /// Bytes of each file that it writes. Default: 1 GiB.
    pub file_bytes: u64,
    /// Requests to the API server. Default: 20,000.
    pub requests: u64,
    /// Watches open at a time. Default: 1,000.
    pub watches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 2 << 30,
            processes: 256,
            files: 4096,
            file_bytes: 1 << 30,
            requests: 20_000,
            watches: 1_000,
        }
    }
}

/// What some processes use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub processes: usize,
    pub memory: u64,
}

impl Limits {
    /// Sets the limits of the kernel. What it has no right to set stays as it is.
    pub(super) fn set(&self, process: u32) {
        let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else { return };
        let of = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
        let _ = prlimit(Some(pid), Resource::Nofile, of(self.files));
        let _ = prlimit(Some(pid), Resource::Fsize, of(self.file_bytes));
        let _ = prlimit(Some(pid), Resource::Core, of(0));
    }

    /// What to say if a program uses more than it may.
    pub(super) fn exceeded(&self, name: &str, used: Used) -> Option<String> {
        if used.memory > self.memory {
            let (now, most) = (used.memory >> 20, self.memory >> 20);
            return Some(format!(
                "`{name}` uses {now} MiB of memory; the limit is {most} MiB\n  help: `limits: {{ \
                 memory: {} }}` gives it more",
                self.memory * 2
            ));
        }
        if used.processes > self.processes {
            return Some(format!(
                "`{name}` has {} processes; the limit is {}\n  help: `limits: {{ processes: {} }}` \
                 allows more",
                used.processes,
                self.processes,
                self.processes * 2
            ));
        }
        None
    }
}

/// What these processes use now.
pub(super) fn used(tree: &[u32]) -> Used {
    let pages = |process: &u32| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    };
    let page = rustix::param::page_size() as u64;
    let memory = tree.iter().filter_map(pages).sum::<u64>() * page;
    Used { processes: tree.len(), memory }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_beyond_its_limits_is_told_which_and_how_to_raise_it() {
        let limits = Limits::default();
        assert_eq!(limits.exceeded("x", Used { processes: 256, memory: 2 << 30 }), None);
        let words = limits.exceeded("x", Used { processes: 1, memory: 3 << 30 }).unwrap();
        assert!(words.contains("`x` uses 3072 MiB of memory; the limit is 2048 MiB"), "{words}");
        let words = limits.exceeded("x", Used { processes: 257, memory: 0 }).unwrap();
        assert!(words.contains("257 processes; the limit is 256"), "{words}");
    }

    #[test]
    fn our_own_memory_is_seen() {
        let used = used(&[std::process::id()]);
        assert!(used.processes == 1 && used.memory > 1 << 20, "{used:?}");
    }
}
