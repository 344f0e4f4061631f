//! Processes: each in a group of its own, and always ended.
//!
//! Next to read: `quiet.rs`.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::hunt::Program;

/// A folder of one execution, which goes with it.
#[derive(Debug)]
pub(super) struct Folder(pub PathBuf);

impl Folder {
    /// A new one.
    pub fn new(number: u64) -> io::Result<Folder> {
        let name = format!("lostwrite-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program that runs. It is ended when this is dropped, with all that it has started.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it.
    pub fn start(
        Program { name, run, env }: &Program,
        within: &Path,
        folder: &Path,
        kubeconfig: &Path,
    ) -> io::Result<Running> {
        let (program, arguments) = run
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command line"))?;
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(within)
            .envs(env.iter().map(|(key, value)| (key, value)))
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .process_group(0)
            .spawn()?;
        Ok(Running { child, log })
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.to_string())
    }

    /// Its process, and all that it has started and that live.
    pub fn tree(&self) -> Vec<u32> {
        let mut tree = vec![self.child.id()];
        let mut at = 0;
        while at < tree.len() && tree.len() < 10_000 {
            let tasks = fs::read_dir(format!("/proc/{}/task", tree[at]));
            for task in tasks.into_iter().flatten().flatten() {
                let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
                tree.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            }
            at += 1;
        }
        tree
    }

    /// The end of what it has printed.
    pub fn said(&self, lines: usize) -> Vec<String> {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64 << 10)..]);
        let all: Vec<String> = text.lines().map(str::to_owned).collect();
        all[all.len().saturating_sub(lines)..].to_vec()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Those too that have left the group; and again, for those that were just being started.
        let mut ended = Vec::new();
        for _ in 0..3 {
            let tree = self.tree();
            for process in tree.iter().filter_map(|it| i32::try_from(*it).ok()) {
                let _ = kill(Pid::from_raw(process), Signal::SIGSTOP);
            }
            ended.extend(tree);
        }
        ended.sort_unstable();
        ended.dedup();
        for process in ended.iter().filter_map(|it| i32::try_from(*it).ok()) {
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
        // A command line can be read until the last thread has gone.
        let alive = |process: &u32| {
            fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty())
        };
        for _ in 0..200 {
            if !ended.iter().any(alive) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}
