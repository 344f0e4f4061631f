//! Processes: each in a group of its own, with limits, and always ended.
//!
//! Next to read: `supervisor.rs`, which ends them; `quiet.rs`.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::hunt::Program;
use super::limits::Limits;
use super::log::Log;
use super::socket::IN_CLUSTER;
use super::supervisor::{self, VARIABLE};

/// A folder of one execution, which goes with it.
#[derive(Debug)]
pub(super) struct Folder {
    pub path: PathBuf,
    /// What its programs bear.
    pub mark: String,
}

impl Folder {
    /// A new one, that no other user can read.
    pub fn new(mark: String) -> io::Result<Folder> {
        let path = supervisor::folders(&mark);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Folder { path, mark })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A program that runs. It is ended when this is dropped, with all that it has started.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    mark: String,
    pub log: Log,
}

impl Running {
    /// Starts it, with these variables besides its own.
    pub fn start(
        Program { name, run, env }: &Program,
        within: &Path,
        folder: &Folder,
        worker: usize,
        variables: &[(String, String)],
        limits: &Limits,
    ) -> io::Result<Running> {
        let (program, arguments) = run
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command line"))?;
        let log = Log::new(&folder.path.join(format!("{name}.log")))?;
        // Its children are told from those of other programs: only its own end with it.
        let mark = format!("{}p{worker}.", folder.mark);
        let mut command = Command::new(program);
        for variable in IN_CLUSTER {
            command.env_remove(variable);
        }
        let child = command
            .args(arguments)
            .current_dir(within)
            .envs(variables.iter().map(|(key, value)| (key, value)))
            .envs(env.iter().map(|(key, value)| (key, value)))
            .env(VARIABLE, &mark)
            .stdin(Stdio::null())
            .stderr(log.writer()?)
            .stdout(log.writer()?)
            .process_group(0)
            .spawn()?;
        limits.set(child.id());
        Ok(Running { child, mark, log })
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.to_string())
    }

    /// Ends it, with all that it has started.
    pub fn end(&mut self) {
        supervisor::end(Some(self.child.id()), &self.mark);
        let _ = self.child.wait();
    }

    /// Its processes.
    pub fn tree(&self) -> Vec<u32> {
        supervisor::tree(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
