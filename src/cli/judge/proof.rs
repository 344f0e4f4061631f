//! `judge --scenario`: the worst pair of a log, or a chosen one, as a scenario that is run.
//!
//! Next to read: `report/judge/proof.rs` of the library.

use std::path::Path;
use std::sync::Arc;

use crate::audit::{Model, Pair, Verdict};
use crate::check::{self, Options};
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::properties::NO_LOST_WRITE;
use crate::reconcilers::methods;
use crate::report::judge::{Proof, Shown, Variant, safe, scenario, worker_names};
use crate::scenario::{Diagnostic, Scenario};

/// Runs in simulated time.
const RUNS: u64 = 2_000;

/// The model of a pair: of the chosen row of the table, or of the first that has one.
fn chosen(verdict: &Verdict, row: Option<usize>) -> Result<(usize, &Pair, &Model), Failure> {
    let rows = verdict.pairs.iter().enumerate();
    let model = |pair: &Pair| {
        let found = verdict.models.iter().find(|(key, _)| *key == pair.key());
        found.map(|(_, model)| model.as_ref())
    };
    let mut found = rows.filter(|(at, _)| row.is_none_or(|row| row == at + 1));
    let with = found.find_map(|(at, pair)| model(pair).map(|model| (at + 1, pair, model)));
    with.ok_or_else(|| {
        let many = verdict.pairs.len();
        let why = match (many, row) {
            (0, _) => "no acknowledged write was lost, so there is no pair to model".to_owned(),
            (_, Some(row)) if row == 0 || row > many => {
                format!(
                    "--pair {row}: the table has {many} row{}",
                    if many == 1 { "" } else { "s" }
                )
            }
            _ => "this pair cannot be modelled: its kind is not known, or one of the two creates \
                  the object"
                .to_owned(),
        };
        Diagnostic::error(why)
            .help("--crds tells custom kinds; --pair N chooses another row")
            .into()
    })
}

fn options() -> Options {
    Options { advice: false, expect: false, ..Options::default() }
}

fn load(text: &str) -> Result<Arc<Scenario>, Failure> {
    let mut all = Scenario::from_str("judge", text).map_err(|mistakes| {
        Diagnostic::error("the model of this pair is not a scenario that can be run")
            .note(mistakes.to_string())
            .help("please report this; --pair N chooses another row")
    })?;
    let scenario = all.drain(..).next();
    scenario.map(Arc::new).ok_or_else(|| Diagnostic::error("the model is empty").into())
}

/// A scenario that was run.
type Found = Result<(Arc<Scenario>, check::CheckResult), Failure>;

/// Writes the scenario of a pair to a file, and runs it.
pub fn prove(
    verdict: &Verdict,
    row: Option<usize>,
    path: &Path,
    shown: &Shown,
) -> Result<Proof, Failure> {
    let (row, pair, model) = chosen(verdict, row)?;
    let name = name(pair);
    let mut variant = Variant::default();
    let mut text = scenario(model, shown, &name, variant);
    let run = |text: &str| -> Found {
        let modelled = load(text)?;
        let result = check::run(&modelled, &options())?;
        Ok((modelled, result))
    };
    let mut found = run(&text);
    let is_refused = |found: &Found| {
        found.as_ref().map_or(true, |(_, result)| {
            result.refused.is_some()
                || result.property(NO_LOST_WRITE).is_none_or(|it| it.witness.is_none())
        })
    };
    if is_refused(&found) && !model.rest.is_empty() {
        // A kind that is refused without the rest of the object.
        variant.whole = true;
        let whole = scenario(model, shown, &name, variant);
        let again = run(&whole);
        if !is_refused(&again) || found.is_err() {
            (text, found) = (whole, again);
        } else {
            variant.whole = false;
        }
    }
    // Of two that lose to each other, the first schedule is to be the one of the log.
    let [_, culprit] = worker_names(model);
    let opens_on_culprit = |found: &Found| {
        let result = found.as_ref().ok().map(|(_, result)| result);
        let witness = result.and_then(|it| it.property(NO_LOST_WRITE)?.witness.as_ref());
        witness.is_some_and(|it| it.culprit.as_ref().is_some_and(|it| it.worker == culprit))
    };
    if !is_refused(&found) && !opens_on_culprit(&found) {
        let other = Variant { culprit_first: true, ..variant };
        let turned = scenario(model, shown, &name, other);
        let again = run(&turned);
        if opens_on_culprit(&again) {
            (variant, text, found) = (other, turned, again);
        }
    }
    let (modelled, result) = found?;
    let timed = Options { scheduler: "timed".to_owned(), runs: Some(RUNS), ..options() };
    let timed = check::run(&modelled, &timed).ok();
    let comparison = check::compare(&modelled, &options())?;
    let mended = nearest(&safe(&comparison), model.culprit.write);
    if let Some(method) = mended.and_then(methods::named) {
        let variant = Variant { write: Some(method.name()), ..variant };
        text += "---\n";
        text += &scenario(model, shown, &format!("{name}-mended"), variant);
    }
    output::file(path, &text)?;
    Ok(Proof {
        file: path.display().to_string(),
        pair: pair.clone(),
        row,
        result,
        timed,
        comparison,
        mended,
    })
}

/// The safe method that is nearest to how the culprit writes, else the first of the table.
fn nearest(safe: &[&'static str], write: &str) -> Option<&'static str> {
    let near = match write.split('-').next() {
        Some("merge") => "merge-patch-locked",
        Some("json") => "json-patch-tested",
        Some("apply") => "apply",
        Some("strategic") => "strategic-merge-patch",
        _ => "update-retry",
    };
    safe.iter().find(|it| **it == near).or(safe.first()).copied()
}

/// The name of the scenario.
fn name(pair: &Pair) -> String {
    let plain = |text: &str| -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = text.chars().map(safe).take(24).collect();
        name.trim_matches('-').to_owned()
    };
    let name = format!("{}-loses-to-{}", plain(&pair.victim), plain(&pair.culprit));
    name.trim_matches('-').to_owned()
}
