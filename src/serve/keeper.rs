//! The files in which a store outlives its process: the snapshot, its lock, its journal.
//!
//! The snapshot is replaced as a whole, at the end and whenever it is asked for. With a journal,
//! every write stands there, on the disk, before it is acknowledged; a new snapshot makes the
//! journal begin again. A lock beside them keeps a second server from the same files: each would
//! overwrite what the other has acknowledged. Next to read: `files.rs`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::apiserver::{ApiServer, Config, Revision, Snapshot};
use crate::scenario::Diagnostic;

use super::files;

/// The snapshot of one server, which no other server may have.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    journal: bool,
    /// Held as long as this is.
    _lock: File,
}

impl Keeper {
    /// Takes this snapshot, which need not be there yet, for oneself; `journal` keeps every write.
    pub fn open(path: &Path, journal: bool) -> Result<Keeper, Diagnostic> {
        let name = path.display();
        let beside = sibling(path, "lock")
            .ok_or_else(|| Diagnostic::error(format!("`{name}` is not a valid file name")))?;
        let cannot = |error: &io::Error| {
            Diagnostic::error(format!("cannot keep the snapshot `{name}`: {error}"))
                .note(format!("its lock would be {}", beside.display()))
                .help("name a file in a folder that exists and can be written to")
        };
        let link = std::fs::symlink_metadata(&beside).is_ok_and(|found| !found.is_file());
        if link {
            return Err(cannot(&io::Error::other("the lock is not a regular file")));
        }
        let lock = private().write(true).create(true).truncate(false).open(&beside);
        let lock = lock.map_err(|error| cannot(&error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Keeper { path: path.into(), journal, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(Diagnostic::error(format!("another server keeps the snapshot `{name}`"))
                    .help("end it, or give this one a snapshot of its own"))
            }
            Err(TryLockError::Error(error)) => Err(cannot(&error)),
        }
    }

    /// Where the journal is.
    fn journal_path(&self) -> PathBuf {
        sibling(&self.path, "journal").unwrap_or_default()
    }

    /// A server with what is kept; `None` if nothing is yet.
    pub fn restore(&self, config: Config) -> Result<Option<ApiServer>, Diagnostic> {
        let Some(mut kept) = files::read_snapshot(&self.path)? else { return Ok(None) };
        let path = self.journal_path();
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let text = format!("cannot read `{}`: {error}", path.display());
                return Err(Diagnostic::error(text));
            }
            Ok(bytes) => kept.replay(&bytes).map_err(|why| {
                Diagnostic::error(format!("`{}` is not a journal: {why}", path.display()))
                    .help("move it away to go on with the snapshot alone")
            })?,
        }
        let name = self.path.display();
        ApiServer::restore(config, kept.revision, &kept.objects()).map(Some).map_err(|status| {
            let why = status.message.unwrap_or_default();
            Diagnostic::error(format!("`{name}` is not a snapshot: {why}"))
        })
    }

    /// Writes the snapshot, whole or not at all.
    pub fn save(&self, snapshot: &Snapshot) -> io::Result<()> {
        files::replace(&self.path, |out| snapshot.write(out))
    }

    /// An empty journal, if one is to be kept.
    pub fn begin_journal(&self) -> io::Result<Option<Journal>> {
        let path = self.journal_path();
        if !self.journal {
            // One of an earlier server is in the snapshot by now.
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(None),
            };
        }
        files::replace(&path, |_| Ok(()))?;
        let file = OpenOptions::new().read(true).append(true).open(&path)?;
        Ok(Some(Journal { path, file, length: 0, broken: false }))
    }
}

/// A hidden file beside another.
fn sibling(path: &Path, what: &str) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(format!(".{what}"));
    Some(path.with_file_name(name))
}

/// How to open a file that, if it is made, only its owner reads (where there are owners).
pub fn private() -> OpenOptions {
    #[allow(unused_mut)]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// All writes since the snapshot, one JSON object per line.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    /// Whether a line could not be written: nothing is acknowledged until a snapshot is.
    broken: bool,
}

impl Journal {
    /// Whether writes can be kept.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How far it goes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Keeps the writes after a revision: they are on the disk when this returns.
    pub fn keep(&mut self, server: &ApiServer, after: Revision) -> io::Result<()> {
        let lines = server.changes(after);
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += lines.len() as u64,
            Err(_) => self.broken = true,
        }
        written
    }

    /// Forgets the beginning, which a snapshot of everything up to there makes superfluous.
    pub fn forget(&mut self, until: u64) -> io::Result<()> {
        let mut rest = Vec::new();
        if !self.broken {
            self.file.seek(SeekFrom::Start(until))?;
            (&mut self.file).take(self.length.saturating_sub(until)).read_to_end(&mut rest)?;
        }
        files::replace(&self.path, |out| out.write_all(&rest))?;
        self.file = OpenOptions::new().read(true).append(true).open(&self.path)?;
        self.length = rest.len() as u64;
        self.broken = false;
        Ok(())
    }
}

/// What a snapshot and its journal hold.
#[derive(Debug, Default)]
pub struct Kept {
    revision: Revision,
    objects: BTreeMap<[String; 4], Value>,
}

impl Kept {
    pub fn at(revision: Revision) -> Kept {
        Kept { revision, ..Kept::default() }
    }

    pub fn put(&mut self, object: Value) {
        self.objects.insert(identity(&object), object);
    }

    pub fn objects(self) -> Vec<Value> {
        self.objects.into_values().collect()
    }

    /// Does again what a journal says. Its last line may be incomplete: it was never acknowledged.
    fn replay(&mut self, journal: &[u8]) -> Result<(), String> {
        for (index, line) in journal.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(line) = line.strip_suffix(b"\n") else { return Ok(()) };
            let at = |why: String| format!("line {}: {why}", index + 1);
            let change = files::parse(line).map_err(at)?;
            let revision =
                change["revision"].as_u64().ok_or_else(|| at("it has no revision".into()))?;
            if revision <= self.revision.0 {
                continue;
            }
            self.revision = Revision(revision);
            match (change.get("object"), change.get("removed")) {
                (Some(object), None) => self.put(object.clone()),
                (None, Some(object)) => {
                    self.objects.remove(&identity(object));
                }
                _ => return Err(at("it has neither an object nor a removed one".into())),
            }
        }
        Ok(())
    }
}

fn identity(object: &Value) -> [String; 4] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let metadata = &object["metadata"];
    let name = [&object["apiVersion"], &object["kind"], &metadata["namespace"], &metadata["name"]];
    name.map(text)
}
