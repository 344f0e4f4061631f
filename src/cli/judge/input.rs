//! Reads logs line by line: plain, gzip or zstd, rotated sets by pattern, stdin, and as they grow.
//!
//! What a file is, its first bytes say, not its name. A document that is not one event a line (an
//! export as one JSON array) is read whole, up to a bound. Next to read: `mod.rs`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Failure;
use crate::scenario::Diagnostic;

/// What is read next.
pub enum Step<'l> {
    Line(&'l [u8]),
    /// The end of a file that is followed, for now.
    Quiet,
}

/// Takes it, and says whether to go on.
type Take<'t> = &'t mut dyn FnMut(Step<'_>) -> Result<ControlFlow<()>, Failure>;

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
        let found = glob::glob(argument)
            .map_err(|error| Diagnostic::error(format!("`{argument}` is no pattern: {error}")))?;
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

/// Reads them all.
pub fn read(files: &[String], follow: bool, take: Take<'_>) -> Result<(), Failure> {
    let bar = bar();
    for (at, file) in files.iter().enumerate() {
        bar.set_prefix(file.clone());
        let wrong = |error: io::Error| {
            Failure::from(Diagnostic::error(format!("cannot read `{file}`: {error}")))
        };
        let raw: Box<dyn Read> = match file.as_str() {
            "-" => Box::new(io::stdin()),
            path => Box::new(File::open(path).map_err(wrong)?),
        };
        let counted = Counted { inner: raw, bar: bar.clone() };
        let mut reader = decoded(BufReader::with_capacity(1 << 20, counted)).map_err(wrong)?;
        let last = follow && at + 1 == files.len();
        if lines(reader.as_mut(), last, take).map_err(|error| match error {
            Stop::Input(error) => wrong(error),
            Stop::Failure(failure) => failure,
        })? == ControlFlow::Break(())
        {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

enum Stop {
    Input(io::Error),
    Failure(Failure),
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

fn lines(reader: &mut dyn BufRead, follow: bool, take: Take<'_>) -> Result<ControlFlow<()>, Stop> {
    let mut line = Vec::new();
    let mut first = true;
    loop {
        let whole = next(reader, &mut line).map_err(Stop::Input)?;
        if first && is_document(&line) {
            let rest = reader.take(DOCUMENT).read_to_end(&mut line);
            rest.map_err(Stop::Input)?;
            return take(Step::Line(&line)).map_err(Stop::Failure);
        }
        first &= line.trim_ascii().is_empty();
        if !whole && follow {
            if take(Step::Quiet).map_err(Stop::Failure)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            std::thread::sleep(Duration::from_millis(500));
            continue;
        }
        if !line.trim_ascii().is_empty()
            && take(Step::Line(&line)).map_err(Stop::Failure)?.is_break()
        {
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
