//! `check` and `replay` of a file whose workers are programs: `run: [./manager]`.
//!
//! A file that starts programs is code: they are started only with `--allow-run`. Next to read:
//! `programs/hunt.rs` of the library.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Check, Replay};
use super::{Exit, Failure, environment, output, progress};
use crate::programs::{Hunt, Hunted};
use crate::scenario::yaml::Bounds;
use crate::scenario::{Diagnostic, read_bounded};

/// A document whose workers are programs.
struct Document {
    folder: PathBuf,
    value: Value,
}

/// Checks the file, if its workers are programs.
pub fn check(args: &Check) -> Result<Option<Exit>, Failure> {
    let mut found = Vec::new();
    for name in args.targets.all() {
        found.extend(documents(name)?);
    }
    if found.is_empty() {
        return Ok(None);
    }
    let seed =
        args.seed.map_or_else(|| environment::number("LOSTWRITE_SEED"), |it| Ok(Some(it)))?;
    let runs =
        args.runs.map_or_else(|| environment::number("LOSTWRITE_RUNS"), |it| Ok(Some(it)))?;
    let mut worst = Exit::Ok;
    for document in found {
        allowed(&document, args.allow_run)?;
        let hunt = hunt(&document)?.seed(seed.unwrap_or(0)).executions(runs.unwrap_or(20));
        let hunt = match args.scheduler.as_str() {
            "exhaustive" | "hunt" => hunt,
            "random" => hunt.random(),
            "record" => hunt.record(),
            other => {
                let message = format!("`{other}` cannot choose the order of programs");
                return Err(Diagnostic::error(message).help("use hunt, random or record").into());
            }
        };
        let hunted = hunt.run();
        tell(&document, &hunted, &args.output)?;
        let exit = match (exit(&document, &hunted), hunted.loss.is_none()) {
            (Exit::Ok, true) if args.require_exhaustive => Exit::Inconclusive,
            (exit, _) => exit,
        };
        if worst == Exit::Ok {
            worst = exit;
        }
    }
    Ok(Some(worst))
}

/// Replays a schedule of programs, if they are programs.
pub fn replay(args: &Replay) -> Result<Option<Exit>, Failure> {
    let found = documents(&args.target)?;
    let (Some(document), Some(schedule)) = (found.into_iter().next(), &args.schedule) else {
        return Ok(None);
    };
    allowed(&document, args.allow_run)?;
    let hunted = hunt(&document)?.replay(schedule).run();
    tell(&document, &hunted, "text")?;
    Ok(Some(exit(&document, &hunted)))
}

fn documents(name: &str) -> Result<Vec<Document>, Failure> {
    let path = Path::new(name);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    // What cannot be read is told by those who read scenarios.
    let documents = read_manifest(path).unwrap_or_default();
    let runs = |value: &Value| {
        let workers = value["workers"].as_array();
        workers.is_some_and(|workers| workers.iter().any(|worker| !worker["run"].is_null()))
    };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let document = |value| Document { folder: folder.to_owned(), value };
    Ok(documents.into_iter().filter(runs).map(document).collect())
}

/// The documents of a YAML file.
fn read_manifest(path: &Path) -> Result<Vec<Value>, String> {
    let bytes = read_bounded(path, Bounds::MANIFEST)?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    serde_saphyr::from_multiple(&text).map_err(|error| error.to_string())
}

fn command(worker: &Value) -> Vec<String> {
    let parts = worker["run"].as_array().into_iter().flatten();
    parts.filter_map(|part| part.as_str().map(str::to_owned)).collect()
}

fn allowed(document: &Document, flag: bool) -> Result<(), Failure> {
    if flag || environment::variable("LOSTWRITE_ALLOW_RUN").is_some_and(|value| value == "1") {
        return Ok(());
    }
    let workers = document.value["workers"].as_array().into_iter().flatten();
    let lines: Vec<String> = workers.map(|worker| command(worker).join(" ")).collect();
    let message = format!("this file starts programs: {}", lines.join("; "));
    Err(Diagnostic::error(message).help("--allow-run starts them").into())
}

fn hunt(document: &Document) -> Result<Hunt, Failure> {
    let mut hunt = Hunt::new().folder(&document.folder).until(progress::interrupted);
    progress::listen();
    let list = |name: &str| document.value[name].as_array().cloned().unwrap_or_default();
    for crd in list("crds") {
        match crd.as_str() {
            Some(path) => {
                let wrong = |why| Diagnostic::error(format!("cannot read `{path}`: {why}"));
                for crd in read_manifest(&document.folder.join(path)).map_err(wrong)? {
                    hunt = hunt.crd(crd);
                }
            }
            None => hunt = hunt.crd(crd),
        }
    }
    for object in list("objects") {
        hunt = hunt.object(object);
    }
    if document.value["leases"] == "race" {
        hunt = hunt.leases_race();
    }
    for worker in list("workers") {
        let name = worker["name"].as_str().unwrap_or_default();
        let run = command(&worker);
        if run.is_empty() || name.is_empty() {
            let message = "beside programs, every worker has a `name` and a command line in `run`";
            return Err(Diagnostic::error(message)
                .help("modelled workers beside programs are not there yet")
                .into());
        }
        hunt = hunt.program(name, &run);
        for (key, value) in worker["env"].as_object().into_iter().flatten() {
            hunt = hunt.env(key, value.as_str().unwrap_or(&value.to_string()));
        }
    }
    Ok(hunt)
}

fn tell(document: &Document, hunted: &Hunted, format: &str) -> Result<(), Failure> {
    if format != "json" {
        return output::stdout(&hunted.to_string());
    }
    let loss = hunted.loss.as_ref().map(|loss| {
        json!({
            "schedule": loss.schedule, "how": loss.how, "stays": loss.stays,
            "drawing": loss.drawing, "scenario": loss.scenario,
        })
    });
    let value = json!({
        "schemaVersion": 1,
        "scenario": document.value["metadata"]["name"],
        "executions": hunted.executions,
        "tainted": hunted.tainted,
        "unconfirmed": hunted.unconfirmed,
        "verdict": if loss.is_some() { "violated" } else { "unknown" },
        "loss": loss,
        "failed": hunted.failed,
    });
    output::stdout(&format!("{value:#}\n"))
}

fn exit(document: &Document, hunted: &Hunted) -> Exit {
    let expects_loss = document.value["expect"] == "lost";
    match (&hunted.failed, hunted.loss.is_some()) {
        _ if hunted.interrupted || progress::interrupted() => Exit::Interrupted,
        (Some(_), _) => Exit::Usage,
        (None, lost) if lost == expects_loss => Exit::Ok,
        (None, _) => Exit::Violated,
    }
}
