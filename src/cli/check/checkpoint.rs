//! What a search leaves behind when it is stopped, as a file, and going on from it.
//!
//! `.lostwrite/NAME-FP.checkpoint` is one line of JSON that says of what it is, and then the
//! search's own words. It is written beside its place and renamed, so it is there whole or not at
//! all; a search that comes to its end leaves none. Next to read: `mod.rs`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::args::Check;
use crate::check::{Keep, Options, WriteCheckpoint};
use crate::cli::output;
use crate::report::quoted;
use crate::scenario::{Diagnostic, Scenario, clean};

/// What a checkpoint says of itself. All of it has to fit.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    kind: String,
    lostwrite: String,
    /// Which build of that version: another one may number what it learns in another way.
    build: String,
    scenario: String,
    fingerprint: String,
    flags: Vec<String>,
    properties: Vec<String>,
    symmetry: bool,
    count: bool,
    max_steps: Option<u64>,
}

impl Head {
    fn of(scenario: &Scenario, options: &Options) -> Head {
        Head {
            kind: "Checkpoint".to_owned(),
            lostwrite: env!("CARGO_PKG_VERSION").to_owned(),
            build: build(),
            scenario: scenario.name.clone(),
            fingerprint: format!("{:016x}", scenario.fingerprint()),
            flags: options.overrides.clone(),
            properties: scenario.properties.clone(),
            symmetry: options.symmetry,
            count: options.count,
            max_steps: options.max_steps,
        }
    }
}

/// What tells this build from any other: a sum of the program's own bytes.
fn build() -> String {
    let bytes = std::env::current_exe().and_then(std::fs::read).unwrap_or_default();
    let add = |sum: u64, word: &[u8]| {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        let word = u64::from_le_bytes(padded);
        (sum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    format!("{:016x}", bytes.chunks(8).fold(0, add))
}

/// The options of one check, with what it goes on from and where it leaves off.
pub fn options(
    options: Options,
    scenario: &Arc<Scenario>,
    args: &Check,
) -> Result<Options, Diagnostic> {
    let resume = match &args.search.resume {
        Some(path) => Some(open(path, &Head::of(scenario, &options))?),
        None => None,
    };
    let keeps = !args.no_record && args.search.shard.is_none();
    let keep = keeps.then(|| keep(scenario, &options));
    let resume = resume.map(|from| Arc::new(Mutex::new(from)) as crate::check::Resume);
    Ok(Options { resume, keep, ..options })
}

fn open(path: &Path, expected: &Head) -> Result<BufReader<File>, Diagnostic> {
    let unreadable =
        |error: io::Error| Diagnostic::error(format!("cannot read `{}`: {error}", path.display()));
    let mut from = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    Read::by_ref(&mut from).take(1 << 16).read_until(b'\n', &mut line).map_err(unreadable)?;
    let head: Option<Head> = serde_json::from_slice(&line).ok();
    let head = head.filter(|head| head.kind == "Checkpoint").ok_or_else(|| {
        Diagnostic::error(format!("`{}` is not a checkpoint", path.display()))
            .help("--resume takes the .checkpoint file that a stopped search left in .lostwrite/")
    })?;
    if head != *expected {
        return Err(Diagnostic::error(format!("`{}` is of another check", path.display()))
            .note(format!("it is of {}", told(&head)))
            .note(format!("this is {}", told(expected)))
            .help("give the flags of the search that was stopped, and the same scenario"));
    }
    Ok(from)
}

fn told(head: &Head) -> String {
    let Head { lostwrite, build, scenario, fingerprint, flags, properties, .. } = head;
    let short = |text: &str| clean(&text.chars().take(4).collect::<String>());
    let several = |texts: &[String], between: &str| {
        let short: Vec<_> = texts.iter().take(20).map(|text| clean(text)).collect();
        short.join(between)
    };
    let flags = if flags.is_empty() { String::new() } else { format!(" {}", several(flags, " ")) };
    format!(
        "{} {}{flags}, properties [{}], symmetry {}, count {}, max-steps {:?}, lostwrite {} build \
         {}",
        clean(scenario),
        short(fingerprint),
        several(properties, ", "),
        head.symmetry,
        head.count,
        head.max_steps,
        clean(lostwrite),
        short(build),
    )
}

fn keep(scenario: &Arc<Scenario>, options: &Options) -> Keep {
    let (scenario, options) = (scenario.clone(), options.clone());
    Arc::new(move |write| {
        let head = Head::of(&scenario, &options);
        let name = format!("{}-{}.checkpoint", scenario.name, &head.fingerprint[..4]);
        let path = PathBuf::from(".lostwrite").join(name);
        let note = match written(&path, &head, write) {
            Ok(()) => format!(
                "note: to go on from here, repeat the command with --resume {}\n",
                quoted(&path.to_string_lossy())
            ),
            Err(error) => format!("note: no checkpoint was kept in .lostwrite/: {error}\n"),
        };
        output::stderr(&note);
    })
}

fn written(path: &Path, head: &Head, write: WriteCheckpoint<'_>) -> io::Result<()> {
    output::replace_by(path, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        serde_json::to_writer(&mut out, head)?;
        out.write_all(b"\n")?;
        write(&mut out)?;
        out.flush()
    })
}
