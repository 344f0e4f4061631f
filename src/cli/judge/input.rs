//! Reads logs line by line: plain, gzip or zstd, rotated sets by pattern, stdin, and as they grow.
//!
//! What a file is, its first bytes say, not its name. A document that is not one event a line (an
//! export as one JSON array) is read whole, up to a bound. Next to read: `mod.rs`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::audit::{self, AuditEvent, Skipped};
use crate::cli::exit::Failure;
use crate::cli::progress::interrupted;
use crate::scenario::Diagnostic;

/// What is read next.
pub enum Step {
    /// The events of one line.
    Events(Vec<Result<AuditEvent, Skipped>>, Length),
    /// The end of a file that is followed, for now.
    Quiet,
}

enum Text<'l> {
    Line(&'l [u8]),
    Quiet,
}

/// Takes it, and says whether to go on.
type Take<'t> = &'t mut dyn FnMut(Text<'_>) -> ControlFlow<()>;

/// Lines that are read ahead, and bytes.
const AHEAD: usize = 64;
const BYTES: usize = 4 << 20;

/// The length of a line that is read ahead, until it is dropped.
pub struct Length(Arc<AtomicUsize>, usize);

impl Drop for Length {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::SeqCst);
    }
}

/// Longer lines are no events.
const LINE: usize = 64 << 20;
/// Larger documents are to be cut into lines by who has them.
const DOCUMENT: u64 = 512 << 20;

/// The files that these arguments name, rotated ones oldest first as their names sort.
pub fn files(arguments: &[String]) -> Result<Vec<String>, Diagnostic> {
    let mut files = Vec::new();
    for argument in arguments {
        let is_pattern = argument.contains(['*', '?', '[']);
        if argument == "-" || !is_pattern || std::path::Path::new(argument).exists() {
            files.push(argument.clone());
            continue;
        }
        let found = glob::glob(argument).map_err(|error| {
            Diagnostic::error(format!("`{argument}` is not a valid pattern: {error}"))
        })?;
        let mut found: Vec<String> =
            found.flatten().map(|path| path.to_string_lossy().into_owned()).collect();
        if found.is_empty() {
            return Err(Diagnostic::error(format!("no file matches `{argument}`")));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Reads them all, until the end or Ctrl-C. A thread of its own reads and parses: the other one
/// judges what it has, and does not wait with Ctrl-C for a pipe that is silent.
pub fn read(
    files: Vec<String>,
    follow: bool,
    take: &mut dyn FnMut(Step) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (to, from) = sync_channel(AHEAD);
    let ahead = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        let read = all(&files, follow, &mut |step| {
            let step = match step {
                Text::Line(line) => {
                    while ahead.load(Ordering::SeqCst) > BYTES && !interrupted() {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    ahead.fetch_add(line.len(), Ordering::SeqCst);
                    Step::Events(audit::events(line), Length(Arc::clone(&ahead), line.len()))
                }
                Text::Quiet => Step::Quiet,
            };
            match to.send(Ok(step)) {
                Ok(()) if !interrupted() => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        if let Err(wrong) = read {
            let _ = to.send(Err(wrong));
        }
    });
    loop {
        match from.recv_timeout(Duration::from_millis(100)) {
            Ok(step) => take(step?)?,
            Err(RecvTimeoutError::Timeout) if interrupted() => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn all(files: &[String], follow: bool, take: Take<'_>) -> Result<(), Diagnostic> {
    let bar = bar();
    for (at, file) in files.iter().enumerate() {
        bar.set_prefix(file.clone());
        let wrong = |error: io::Error| Diagnostic::error(format!("cannot read `{file}`: {error}"));
        let raw: Box<dyn Read> = match file.as_str() {
            "-" => Box::new(io::stdin()),
            path => Box::new(File::open(path).map_err(wrong)?),
        };
        let counted = Counted { inner: raw, bar: bar.clone() };
        let mut reader = decoded(BufReader::with_capacity(1 << 20, counted)).map_err(wrong)?;
        let last = follow && at + 1 == files.len();
        if lines(reader.as_mut(), last, take).map_err(wrong)?.is_break() {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar() -> ProgressBar {
    use std::io::IsTerminal;
    let bar = match io::stderr().is_terminal() {
        true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
        false => ProgressBar::hidden(),
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {bytes} read  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

struct Counted {
    inner: Box<dyn Read>,
    bar: ProgressBar,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

fn decoded(mut reader: BufReader<Counted>) -> io::Result<Box<dyn BufRead>> {
    let head = reader.fill_buf()?;
    Ok(match head {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(
            1 << 20,
            flate2::bufread::MultiGzDecoder::new(reader),
        )),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(BufReader::with_capacity(
            1 << 20,
            Frames { reader: Some(reader), frame: None },
        )),
        _ => Box::new(reader),
    })
}

type Zstd = ruzstd::decoding::StreamingDecoder<BufReader<Counted>, ruzstd::decoding::FrameDecoder>;

/// Zstandard frames, one after another: rotated logs are joined so.
struct Frames {
    reader: Option<BufReader<Counted>>,
    frame: Option<Zstd>,
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.reader = self.frame.take().map(Zstd::into_inner);
            }
            let Some(mut reader) = self.reader.take() else { return Ok(0) };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(Zstd::new(reader).map_err(io::Error::other)?);
        }
    }
}

fn lines(reader: &mut dyn BufRead, follow: bool, take: Take<'_>) -> io::Result<ControlFlow<()>> {
    let mut line = Vec::new();
    let mut first = true;
    loop {
        let whole = next(reader, &mut line)?;
        if first && is_document(&line) {
            reader.take(DOCUMENT).read_to_end(&mut line)?;
            return Ok(take(Text::Line(&line)));
        }
        first &= line.trim_ascii().is_empty();
        if !whole && follow {
            if take(Text::Quiet).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            std::thread::sleep(Duration::from_millis(500));
            continue;
        }
        if !line.trim_ascii().is_empty() && take(Text::Line(&line)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        line.clear();
        if !whole {
            return Ok(ControlFlow::Continue(()));
        }
    }
}

/// Whether a first line begins a document of many lines.
fn is_document(line: &[u8]) -> bool {
    matches!(line.trim_ascii(), b"[" | b"{" | b"[{")
}

/// Reads on to the end of a line; whether it was reached. What is longer than any event is cut.
fn next(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            return Ok(false);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = LINE.saturating_sub(line.len()).min(part.len());
        line.extend_from_slice(&part[..room]);
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}
