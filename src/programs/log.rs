//! What a program prints: kept in a file of its execution, bounded, read as it grows.
//!
//! Next to read: `process.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A longer log is emptied, and that is said.
const BYTES: u64 = 16 << 20;

/// The most that is read at a time: of what comes between two steps, the end is kept.
const READ: u64 = 64 << 10;

/// The most lines kept between two steps.
const LINES: usize = 40;

/// The most characters kept of a line.
const WIDTH: usize = 400;

/// What a program has printed.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    at: u64,
    /// The beginning of a line that has not ended yet.
    rest: Vec<u8>,
}

impl Log {
    /// A new one.
    pub fn new(path: &Path) -> io::Result<Log> {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        Ok(Log { file, at: 0, rest: Vec::new() })
    }

    /// Where the program writes to.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// The lines since the last call, as they may be shown.
    pub fn fresh(&mut self) -> Vec<String> {
        let length = self.file.metadata().map_or(0, |it| it.len());
        let mut lines = Vec::new();
        if length > self.at {
            let skipped = length.saturating_sub(READ).max(self.at);
            if skipped > self.at {
                lines.push(format!("({} bytes more)", skipped - self.at));
                self.rest.clear();
            }
            let mut bytes = std::mem::take(&mut self.rest);
            let mut file = &self.file;
            if file.seek(SeekFrom::Start(skipped)).is_ok() {
                let _ = file.take(length - skipped).read_to_end(&mut bytes);
            }
            self.at = length;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            self.rest = bytes.split_off(whole);
            lines.extend(shown(&bytes));
        }
        if length > BYTES && self.file.set_len(0).is_ok() {
            self.at = 0;
        }
        let most = lines.len().saturating_sub(LINES);
        lines.split_off(most)
    }

    /// The line that has not ended.
    pub fn last(&mut self) -> Vec<String> {
        let mut lines = self.fresh();
        lines.extend(shown(&std::mem::take(&mut self.rest)));
        lines
    }
}

fn shown(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(plain).filter(|line| !line.trim().is_empty()).collect()
}

/// A line without colours and without what a terminal would obey.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if out.chars().count() >= WIDTH {
            out.push('…');
            break;
        }
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                while letters.next().is_some_and(|it| !it.is_ascii_alphabetic()) {}
            }
            '\t' => out.push(' '),
            it if it.is_control() || ('\u{202a}'..='\u{2069}').contains(&it) => {
                out.push('\u{fffd}');
            }
            it => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn log(name: &str) -> (Log, File, std::path::PathBuf) {
        let folder = std::env::temp_dir();
        let path = folder.join(format!("lostwrite-log-{}-{name}", std::process::id()));
        let log = Log::new(&path).unwrap();
        let writer = log.writer().unwrap();
        (log, writer, path)
    }

    #[test]
    fn lines_come_once_and_whole() {
        let (mut log, mut writer, path) = log("lines");
        write!(writer, "one\ntw").unwrap();
        assert_eq!(log.fresh(), ["one"]);
        writeln!(writer, "o").unwrap();
        write!(writer, "end").unwrap();
        assert_eq!(log.fresh(), ["two"]);
        assert_eq!((log.last(), log.last()), (vec!["end".to_owned()], Vec::new()));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_flood_is_bounded_and_the_program_goes_on_writing() {
        let (mut log, mut writer, path) = log("flood");
        let line = [b'x'; 1023].iter().chain(b"\n").copied().collect::<Vec<u8>>();
        for _ in 0..(BYTES / 1024 + 2) {
            writer.write_all(&line).unwrap();
        }
        let lines = log.fresh();
        assert!(lines.len() <= LINES && lines.iter().all(|it| it.chars().count() <= WIDTH + 1));
        assert_eq!(writer.metadata().unwrap().len(), 0);
        writeln!(writer, "after").unwrap();
        assert_eq!(log.fresh(), ["after"]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn garbage_is_shown_and_does_nothing() {
        let bytes = b"\xff\xfe\x1b[31mred\x1b[0m\x07\x1b]0;title\x07\n\n\tI0101 reconciling";
        let lines = shown(bytes);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("red") && !lines[0].contains('\u{1b}'), "{lines:?}");
        assert_eq!(lines[1], " I0101 reconciling");
    }
}
