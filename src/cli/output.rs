//! Writing: stdout in one piece, files atomically; a reader that has gone is no failure.
//!
//! Next to read: `recording.rs`.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::exit::{Exit, Failure};
use crate::scenario::Diagnostic;

/// Writes data to stdout. A broken pipe is success: whoever read it has had enough.
pub fn stdout(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Diagnostic::error(format!("cannot write to stdout: {error}")).into()),
        Ok(()) => Ok(()),
    }
}

/// The same, as the end of a command.
pub fn finish(text: &str, exit: Exit) -> Result<Exit, Failure> {
    stdout(text).map(|()| exit)
}

/// Writes narration to stderr; a closed stderr is no error.
pub fn stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a file so that it is there whole or not at all; `-` is stdout.
pub fn file(path: &Path, text: &str) -> Result<(), Failure> {
    if path == Path::new("-") {
        return stdout(text);
    }
    replace(path, text).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`: {error}", path.display())).into()
    })
}

/// Writes beside it, then renames. What is not a regular file (a pipe, /dev/stdout) is written
/// to directly.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Ok(there) = path.metadata()
        && !there.is_file()
    {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    replace_by(path, |file| file.write_all(text.as_bytes()))
}

/// Lets a file be written beside its place, then renames it.
pub fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
    }
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = std::fs::File::create(&beside)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
