//! `lostwrite judge`: lost writes in a cluster's audit log.
//!
//! The log is read as a stream; what is kept of it is bounded: where that would grow beyond its
//! bound, what was read so far is judged, and only the newest versions of each object stay.
//! Next to read: `input.rs`, then `audit/mod.rs` of the library.

mod input;
mod policy;
mod proof;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::environment::Drawing;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::progress::{interrupted, listen};
use crate::audit::{self, AuditEvent, Finding, Kinds, Log, Owns, Skipped, Verdict};
use crate::report::judge::{FORMATS, Proof, Shown, render};
use crate::report::regression;
use crate::scenario::yaml::{self, Bounds};
use crate::scenario::{Diagnostic, Node, manifests, read_bounded};

/// `judge`.
#[derive(Debug, Args)]
pub struct Judge {
    /// Audit logs (JSON lines, .gz or .zst, patterns of rotated files), or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "policy")]
    pub file: Vec<String>,
    /// Keep reading as the log grows, and print each lost write when it is found
    #[arg(long)]
    pub follow: bool,
    /// Maximum number of versions (the newest) kept of an object when memory runs out
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub window: usize,
    /// A file of CustomResourceDefinitions, a folder or a glob, for the list types of custom
    /// resources (repeatable)
    #[arg(long, value_name = "FILE")]
    pub crds: Vec<PathBuf>,
    /// Print a minimal audit policy for these resources, such as pods,widgets.example.com
    #[arg(long, value_name = "RESOURCES", value_delimiter = ',', num_args = 0..)]
    #[arg(default_missing_value = "*")]
    pub policy: Option<Vec<String>>,
    /// A path that this program owns; it means no other path (repeatable)
    #[arg(long, value_name = "AGENT=PATH", help_heading = "Meaning")]
    pub owns: Vec<String>,
    /// Only losses after this time (RFC 3339), or within this time of the log's end, such as 1h
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub since: Option<String>,
    /// Only objects of this resource, such as pods (repeatable)
    #[arg(long, value_name = "RESOURCE", help_heading = "Selection")]
    pub kind: Vec<String>,
    /// Only objects in this namespace (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub namespace: Vec<String>,
    /// Only losses of or by this client (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub client: Vec<String>,
    /// Write the worst pair of writers as a scenario, run it, and measure what would be safe
    #[arg(long, value_name = "FILE", help_heading = "From log to proof")]
    pub scenario: Option<PathBuf>,
    /// Row of the table to use instead of the worst pair, from 1
    #[arg(long, value_name = "N", requires = "scenario", help_heading = "From log to proof")]
    pub pair: Option<usize>,
    /// Print a regression test that plays the losing order: rust, go or shell
    #[arg(long, value_name = "LANGUAGE", requires = "scenario")]
    #[arg(value_parser = regression::LANGUAGES, help_heading = "From log to proof")]
    pub test: Option<String>,
    /// text, json, markdown, html, sarif or junit
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    #[arg(value_parser = FORMATS)]
    pub output: String,
    /// Also write a report to a file (repeatable); - is stdout
    #[arg(long, value_name = "FORMAT=PATH", help_heading = "Output")]
    pub report: Vec<String>,
    /// Show values (never those of Secrets)
    #[arg(long, help_heading = "Output")]
    pub values: bool,
}

/// More than this is not kept of a log before it is judged.
const KEPT: usize = 32 << 20;

/// Runs it.
pub fn run(args: &Judge, drawing: &Drawing) -> Outcome {
    if let Some(resources) = &args.policy {
        return output::finish(&policy::policy(resources), Exit::Ok);
    }
    let reports = reports(args)?;
    let owns = Owns::parse(&args.owns).map_err(|why| {
        Diagnostic::error(why).help("the table at the end of the output has such lines to paste")
    })?;
    let mut session = Session { args, owns, log: empty(args)?, verdict: Verdict::default() };
    let since = args.since.as_deref().map(since).transpose()?;
    listen();
    let mut told = BTreeSet::new();
    let files = input::files(&args.file)?;
    let name = args.file.join(" ");
    input::read(files, args.follow, &mut |step| {
        match step {
            input::Step::Events(events, _ahead) => session.take(events),
            // A log that is followed is quiet for a moment.
            input::Step::Quiet => session.tell(&mut told, since)?,
        }
        Ok(())
    })?;
    if args.follow {
        session.tell(&mut told, since)?;
    }
    let mut verdict = session.end();
    if verdict.events == 0 {
        return Err(Diagnostic::error("the input contains no audit event")
            .note("an event is JSON with an auditID and the stage ResponseComplete, one a line")
            .help("`lostwrite judge --policy` prints a policy that an API server can log by")
            .into());
    }
    select(&mut verdict, args, since);
    let shown = Shown { log: name, values: args.values };
    for (format, path) in &reports {
        let text = render(format, &verdict, &shown, &Default::default()).unwrap_or_default();
        output::file(path, &text)?;
    }
    let exit = match (interrupted(), verdict.lost.is_empty()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Ok,
        (false, false) => Exit::Violated,
    };
    let proof = match &args.scenario {
        Some(path) => Some(proof::prove(&verdict, args.pair, path, &shown)?),
        None => None,
    };
    if let (Some(language), Some(proof)) = (&args.test, &proof) {
        let source = regression::Source::Log { mended: proof.mended.is_some() };
        let test = regression::of(language, &proof.result, &proof.file, source)
            .map_err(Diagnostic::error)?;
        return output::finish(&test, exit);
    }
    let mut text = render(&args.output, &verdict, &shown, &drawing.out).unwrap_or_default();
    if let Some(proof) = &proof {
        text = with_proof(&args.output, text, proof, drawing);
    }
    if args.follow { Ok(exit) } else { output::finish(&text, exit) }
}

/// A report with what the model of a pair has shown; formats without a place for it leave it to
/// stderr.
fn with_proof(format: &str, text: String, proof: &Proof, drawing: &Drawing) -> String {
    match format {
        "text" => text + &proof.text(&drawing.out),
        "json" => match serde_json::from_str::<Value>(&text) {
            Ok(mut document) => {
                document["proof"] = proof.json();
                format!("{document:#}\n")
            }
            Err(_) => text,
        },
        _ => {
            output::stderr(&proof.text(&Default::default()));
            text
        }
    }
}

/// What was read, and what was found in what is no longer kept.
struct Session<'a> {
    args: &'a Judge,
    owns: Owns,
    log: Log,
    verdict: Verdict,
}

impl Session<'_> {
    fn take(&mut self, events: Vec<Result<AuditEvent, Skipped>>) {
        for event in events {
            match event {
                Ok(event) => self.log.take(event),
                Err(Skipped::Torn) => self.log.skip("torn lines"),
                Err(Skipped::NoEvent) => self.log.skip("JSON that is not an audit event"),
                Err(Skipped::Stage) => {}
            }
        }
        if self.log.kept > KEPT {
            self.chapter();
            self.log.skip("cuts of the history, to bound memory: a loss across one is not seen");
        }
    }

    /// Judges what was read so far, and keeps only the newest versions of it.
    fn chapter(&mut self) {
        let found = audit::judge(&mut self.log, &self.owns);
        self.verdict.add(found);
        self.log.forget(self.args.window, KEPT / 2);
    }

    fn end(mut self) -> Verdict {
        self.chapter();
        self.verdict
    }

    /// Prints what is lost and was not told yet.
    fn tell(
        &mut self,
        told: &mut BTreeSet<(String, String, String)>,
        since: Option<Since>,
    ) -> Result<(), Failure> {
        let mut verdict = audit::judge(&mut self.log.clone(), &self.owns);
        select(&mut verdict, self.args, since);
        let mut fresh = Verdict { pairs: Vec::new(), ..verdict.clone() };
        fresh.lost.retain(|it| {
            told.insert((it.victim.audit.clone(), it.culprit.audit.clone(), it.path.to_string()))
        });
        let shown = Shown { log: String::new(), values: self.args.values };
        output::stdout(&crate::report::judge::lines(&fresh.lost, &shown))
    }
}

fn empty(args: &Judge) -> Result<Log, Failure> {
    let mut definitions: Vec<Value> = Vec::new();
    let is_definition =
        |node: &Node| node.get("kind").and_then(Node::as_str) == Some("CustomResourceDefinition");
    for path in &args.crds {
        let cannot =
            |why: String| Diagnostic::error(format!("cannot read `{}`: {why}", path.display()));
        for file in manifests::expand(path).map_err(cannot)? {
            let bytes = read_bounded(&file, Bounds::MANIFEST).map_err(cannot)?;
            let name = file.display().to_string();
            let source = yaml::decode_within(&name, bytes, Bounds::MANIFEST)?;
            let found = manifests::objects(&source, &is_definition)?;
            definitions.extend(found.objects.iter().map(Node::to_value));
        }
    }
    let kinds = Kinds::new(&definitions)
        .map_err(|why| Diagnostic::error(format!("a CustomResourceDefinition is wrong: {why}")))?;
    Ok(Log::new(kinds))
}

fn reports(args: &Judge) -> Result<Vec<(String, PathBuf)>, Diagnostic> {
    let mut reports = Vec::new();
    for text in &args.report {
        let parts = text.split_once('=').filter(|(format, _)| FORMATS.contains(format));
        let Some((format, path)) = parts else {
            return Err(Diagnostic::error(format!("`{text}` is not FORMAT=PATH"))
                .help(format!("FORMAT is one of {}", FORMATS.join(", "))));
        };
        reports.push((format.to_owned(), PathBuf::from(path)));
    }
    Ok(reports)
}

/// From when on losses count.
#[derive(Clone, Copy, Debug)]
enum Since {
    Time(i64),
    BeforeTheEnd(i64),
}

fn since(text: &str) -> Result<Since, Diagnostic> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::Time(time.as_microsecond()));
    }
    match super::duration::parse(text) {
        Ok(length) => Ok(Since::BeforeTheEnd(length.as_micros() as i64)),
        Err(_) => Err(Diagnostic::in_argument(
            "--since is neither a time nor a duration",
            "--since",
            text,
            0..text.len(),
        )
        .help("such as 2026-11-27T21:00:00Z, or 1h for the last hour of the log")),
    }
}

fn select(verdict: &mut Verdict, args: &Judge, since: Option<Since>) {
    let from = match since {
        None => i64::MIN,
        Some(Since::Time(time)) => time,
        Some(Since::BeforeTheEnd(length)) => verdict.ends - length,
    };
    let any = |wanted: &[String], is: &dyn Fn(&str) -> bool| {
        wanted.is_empty() || wanted.iter().any(|it| is(it))
    };
    verdict.keep(&|finding: &Finding| {
        let namespace =
            finding.object.split('/').next().filter(|_| finding.object.matches('/').count() == 2);
        finding.culprit.time >= from
            && any(&args.kind, &|kind| *finding.kind == *kind)
            && any(&args.namespace, &|it| namespace == Some(it))
            && any(&args.client, &|it| {
                [&finding.victim.client, &finding.culprit.client]
                    .iter()
                    .any(|name| &***name == it || name.split([' ', '/']).next() == Some(it))
            })
    });
}
