//! Ends what the programs have started, also if `lostwrite` itself is killed.
//!
//! Every program bears a mark in its environment, which its children inherit, those included that
//! leave its process group or lose their parent. While programs run, a shell of ours waits at a
//! pipe whose other end we hold. If we are killed, the kernel closes the pipe, and the shell ends
//! every process that bears the mark. Next to read: `process.rs`.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// The variable that holds the mark.
pub(super) const VARIABLE: &str = "LOSTWRITE_RUN";

/// Waits at its stdin, then ends whoever bears the mark `$1`, and removes the folders `$2*`.
const SCRIPT: &str = r#"
while read -r line; do :; done
round=0
while [ $round -lt 100 ]; do
  some=
  for place in /proc/[0-9]*; do
    if grep -q "LOSTWRITE_RUN=$1" "$place/environ" 2>/dev/null; then
      kill -KILL "${place#/proc/}" 2>/dev/null && some=1
    fi
  done
  [ -z "$some" ] && break
  round=$((round + 1))
done
rm -rf "$2"*
"#;

/// The shell that waits.
#[derive(Debug)]
pub(super) struct Supervisor {
    child: Child,
    mark: String,
}

impl Supervisor {
    /// For the executions of one hunt.
    pub fn start() -> io::Result<Supervisor> {
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{session}-", std::process::id());
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "lostwrite-supervisor", &mark])
            .arg(folders(&mark))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Supervisor { child, mark })
    }

    /// What marks the programs of an execution.
    pub fn mark(&self, execution: u64) -> String {
        format!("{}{execution}-", self.mark)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Programs are ended one by one before; this is for what was forgotten.
        end(None, &self.mark);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the folders of executions with this mark are.
pub(super) fn folders(mark: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("lostwrite-{mark}"))
}

/// How long processes may take to go after SIGKILL. One that is inside the kernel takes longer.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Ends a process, its group, all that it has started, and whoever bears the mark. Returns when
/// they are gone.
pub(super) fn end(root: Option<u32>, mark: &str) {
    let begin = Instant::now();
    let group = root.and_then(|it| i32::try_from(it).ok()).map(Pid::from_raw);
    loop {
        let mut all = root.map(tree).unwrap_or_default();
        all.extend(marked(mark));
        all.sort_unstable();
        all.dedup();
        let all: Vec<u32> = all.into_iter().filter(|process| is_alive(*process)).collect();
        // First stopped, so that none starts another one meanwhile.
        for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
            if let Some(group) = group {
                let _ = killpg(group, signal);
            }
            for process in all.iter().filter_map(|it| i32::try_from(*it).ok()) {
                let _ = kill(Pid::from_raw(process), signal);
            }
        }
        if all.is_empty() || begin.elapsed() > GONE_WITHIN {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A command line can be read until the last thread has gone.
fn is_alive(process: u32) -> bool {
    fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// The most processes of one program that are looked at.
const TREE: usize = 10_000;

/// A process, and all that it has started and that live.
pub(super) fn tree(root: u32) -> Vec<u32> {
    let mut tree = vec![root];
    let mut at = 0;
    while at < tree.len() && tree.len() < TREE {
        let tasks = fs::read_dir(format!("/proc/{}/task", tree[at]));
        for task in tasks.into_iter().flatten().flatten() {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            tree.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        at += 1;
    }
    tree
}

/// Who bears a mark.
fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{VARIABLE}={mark}").into_bytes();
    let bears = |place: &Path| {
        let environment = fs::read(place.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(&wanted))
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        bears(&entry.path()).then_some(process)
    })
    .collect()
}
