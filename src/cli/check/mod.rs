//! `lostwrite check`: every schedule of each scenario, and the verdict.
//!
//! Next to read: `args.rs`, `checkpoint.rs`, then `targets.rs`, `progress.rs`, and
//! `check/explore.rs` of the library.

pub mod args;
mod checkpoint;

use std::path::Path;
use std::sync::Arc;

pub use args::Check;
use args::{OnOff, ShowWhich};

use super::environment::{self, Drawing};
use super::exit::{Exit, Failure, Outcome};
use super::formats::{renderer, reports, unknown};
use super::{merge, output, progress, recording, targets};
use crate::check::{self, Bound, CheckResult, Options};
use crate::report::regression::{self, Source};
use crate::report::{self, Renderer, Show, Style};
use crate::scenario::{Diagnostic, Expect, Scenario};
use crate::{properties, schedulers};

/// Runs it.
pub fn run(args: &Check, drawing: &Drawing) -> Outcome {
    let output = renderer(&args.output, "-o")?;
    let reports = reports(&args.report)?;
    let lesson = output.lesson || reports.iter().any(|(renderer, _)| renderer.lesson);
    #[cfg(all(feature = "serve", target_os = "linux"))]
    super::programs::trust(args.programs.allow_run);
    let scenarios = targets::load(args.targets.all(), &drawing.err)?;
    let options = Options { lesson, ..options(args, &scenarios)? };
    known_properties(args)?;
    let scenarios = prepare(scenarios, args)?;
    let (scenarios, programs): (Vec<_>, Vec<_>) =
        scenarios.into_iter().partition(|(scenario, _)| !scenario.starts_programs());
    let of_programs = check_programs(&programs, args, output)?;
    let mut results = check_all(&scenarios, args, &options)?;
    if args.search.stats {
        results.iter().for_each(|result| output::stderr(&stats(result)));
    }
    if let Some(language) = &args.test {
        output::stdout(&test(language, &results, &of_programs.results)?)?;
        return Ok(exit(&results, args).max(of_programs.exit));
    }
    let show = match args.show {
        ShowWhich::All => Show::All,
        ShowWhich::Shortest => Show::Shortest,
        ShowWhich::Serial => serial(&mut results)?,
    };
    let style = Style { show, recorded: !args.no_record, ..drawing.out };
    let modelled = results.len();
    if !is_for_people(output) {
        results.extend(of_programs.results.iter().cloned());
    }
    if !results.is_empty() || of_programs.results.is_empty() {
        output::stdout(&output.render(&results, &style))?;
    }
    results.truncate(modelled);
    let recorded = results.clone();
    results.extend(of_programs.results);
    let plain = Style { color: false, width: 100, ..style };
    for (renderer, path) in reports {
        output::file(Path::new(path), &renderer.render(&results, &plain))?;
    }
    in_github_actions(output, &results, &plain);
    if !args.no_record {
        recorded.iter().for_each(|result| recording::keep(result, &args.overrides));
    }
    if let Some(shard) = args.search.shard {
        for result in &recorded {
            merge::keep(result, shard, &args.overrides, !args.no_expect)?;
        }
    }
    Ok(exit(&recorded, args).max(of_programs.exit))
}

/// A regression test of the first lost write.
fn test(
    language: &str,
    modelled: &[CheckResult],
    programs: &[CheckResult],
) -> Result<String, Diagnostic> {
    let of = |source| move |result| (result, source);
    let all = modelled.iter().map(of(Source::Scenario));
    let mut all = all.chain(programs.iter().map(of(Source::Programs)));
    let lost = |result: &CheckResult| {
        result.property(properties::NO_LOST_WRITE).is_some_and(|it| it.witness.is_some())
    };
    let (result, source) = all
        .find(|(result, _)| lost(result))
        .ok_or_else(|| Diagnostic::error("no write is lost, so there is no test of it"))?;
    let file = result.scenario.source.file.as_deref().unwrap_or(&result.scenario.name);
    regression::of(language, result, file, source).map_err(Diagnostic::error)
}

/// What programs have shown.
#[derive(Default)]
struct OfPrograms {
    results: Vec<CheckResult>,
    exit: Exit,
}

/// Runs the scenarios whose workers are programs, and prints their text, if that is asked for.
#[cfg(all(feature = "serve", target_os = "linux"))]
fn check_programs(
    scenarios: &[Prepared],
    args: &Check,
    output: &Renderer,
) -> Result<OfPrograms, Failure> {
    let mut of = OfPrograms::default();
    let mut watch = progress::Watch::new();
    for (scenario, _) in scenarios {
        super::programs::allowed(scenario, super::programs::trust(args.programs.allow_run))?;
    }
    for (scenario, _) in scenarios {
        let hunted = super::programs::check(scenario, args, &mut watch)?;
        if is_for_people(output) && args.test.is_none() {
            output::stdout(&hunted.to_string())?;
        } else if let Some(words) = &hunted.failed {
            output::stderr(&format!("error: {words}\n"));
        }
        of.results.extend(super::programs::result(&hunted));
        of.exit = of.exit.max(super::programs::exit(&hunted, args.require_exhaustive));
        if progress::interrupted() {
            break;
        }
    }
    Ok(of)
}

/// Programs are run on Linux only.
#[cfg(not(all(feature = "serve", target_os = "linux")))]
fn check_programs(
    scenarios: &[Prepared],
    _args: &Check,
    _output: &Renderer,
) -> Result<OfPrograms, Failure> {
    match scenarios.first() {
        None => Ok(OfPrograms::default()),
        Some((scenario, _)) => Err(targets::needs_programs(scenario).into()),
    }
}

fn is_for_people(renderer: &Renderer) -> bool {
    matches!(renderer.name, "text" | "wide")
}

/// What the search had to do, for `--stats`: times are for stderr only.
fn stats(result: &CheckResult) -> String {
    let Some(work) = &result.exploration.work else {
        return format!("{}: no exhaustive search was made\n", result.scenario.name);
    };
    let states = result.exploration.states.unwrap_or(0);
    let transitions = result.exploration.transitions.unwrap_or(0);
    let seconds = work.time.map_or(0.0, |time| time.as_secs_f64());
    let exchanged: Vec<String> =
        work.symmetric.iter().map(|class| class.len().to_string()).collect();
    let exchanged = match exchanged.is_empty() {
        true => "no symmetric workers".to_owned(),
        false => format!("{} workers up to permutation", exchanged.join(" and ")),
    };
    format!(
        "{}: search: {states} states, {transitions} transitions in {:.2} ms ({:.2} million a \
         second) on at most {} threads; then counts, odds and shortest schedules in {:.2} ms; {} \
         bytes a state, all told apart exactly; {} steps were performed by the server, {} looked \
         up ({:.2} %); {exchanged}\n",
        result.scenario.name,
        seconds * 1e3,
        transitions as f64 / seconds.max(1e-9) / 1e6,
        work.threads,
        work.afterwards.map_or(0.0, |time| time.as_secs_f64()) * 1e3,
        work.bytes / states.max(1),
        work.computed,
        work.looked_up,
        100.0 * work.looked_up as f64 / (work.looked_up + work.computed).max(1) as f64,
    )
}

/// Draws schedules in which nothing overlaps, if there is one in every result that is drawn.
fn serial(results: &mut [CheckResult]) -> Result<Show, Failure> {
    let mut show = Show::Serial;
    for result in results {
        for property in check::show_serial(result)? {
            show = Show::Shortest;
            output::stderr(&format!(
                "note: {}: one after the other, no schedule violates {property}; the shortest one \
                 is drawn\n",
                result.scenario.name
            ));
        }
    }
    Ok(show)
}

fn exit(results: &[CheckResult], args: &Check) -> Exit {
    let interrupted = |r: &CheckResult| r.exploration.stopped_by == Some(Bound::Interrupted);
    if progress::interrupted() || results.iter().any(interrupted) {
        Exit::Interrupted
    } else if results.iter().any(CheckResult::failed) {
        Exit::Violated
    } else if args.require_exhaustive && results.iter().any(|result| !result.exploration.complete) {
        Exit::Inconclusive
    } else {
        Exit::Ok
    }
}

fn options(args: &Check, scenarios: &[Scenario]) -> Result<Options, Diagnostic> {
    let known = || schedulers::all().iter().map(|entry| entry.name);
    let modelled = scenarios.iter().any(|scenario| !scenario.starts_programs());
    if modelled && schedulers::named(&args.scheduler).is_none() {
        return Err(unknown("scheduler", "--scheduler", &args.scheduler, known())
            .note("`lostwrite list schedulers` explains them"));
    }
    let defaults = Options::default();
    let (seed, runs) =
        (environment::number("LOSTWRITE_SEED")?, environment::number("LOSTWRITE_RUNS")?);
    Ok(Options {
        scheduler: args.scheduler.clone(),
        seed: args.seed.or(seed).unwrap_or(defaults.seed),
        runs: args.runs.or(runs),
        depth: args.depth,
        preemption_bound: args.preemption_bound,
        max_states: args.bounds.max_states,
        max_steps: args.bounds.max_steps,
        max_memory: args.bounds.memory(),
        symmetry: !args.search.no_symmetry,
        fail_fast: args.search.fail_fast,
        count: args.search.count == OnOff::On,
        threads: args.search.threads.map_or_else(environment::processors, usize::from),
        shard: args.search.shard,
        advice: !args.no_advice && args.search.shard.is_none(),
        clock: args.search.stats.then(progress::clock),
        ..defaults
    })
}

fn known_properties(args: &Check) -> Result<(), Diagnostic> {
    let known = || properties::all().iter().map(|entry| entry.name);
    for (flag, names) in [("--property", &args.property), ("--skip", &args.skip)] {
        if let Some(name) = names.iter().find(|name| properties::named(name).is_none()) {
            return Err(unknown("property", flag, name, known())
                .note("`lostwrite list properties` explains them"));
        }
    }
    Ok(())
}

/// A scenario to be checked, and the flags to repeat in commands.
type Prepared = (Arc<Scenario>, Vec<String>);

/// The scenarios after `--write`, `--read`, `--property`, `--skip` and `--no-expect`, each with the
/// flags to repeat in commands.
fn prepare(scenarios: Vec<Scenario>, args: &Check) -> Result<Vec<Prepared>, Failure> {
    let mut prepared = Vec::new();
    for scenario in scenarios {
        let (mut scenario, flags) = targets::change(scenario, &args.overrides)?;
        if !args.property.is_empty() {
            scenario.properties.clone_from(&args.property);
        }
        scenario.properties.retain(|name| !args.skip.contains(name));
        if scenario.properties.is_empty() {
            output::stderr(&format!("error: --skip leaves no property of {}\n", scenario.name));
            return Err(Failure::Said(Exit::NothingSelected));
        }
        match &mut scenario.expect {
            expect if args.no_expect => *expect = Expect::Unstated,
            Expect::Verdicts(verdicts) => {
                verdicts.retain(|name, _| scenario.properties.contains(name));
            }
            Expect::Unstated | Expect::Rejected => {}
        }
        prepared.push((Arc::new(scenario), flags));
    }
    Ok(prepared)
}

fn check_all(
    scenarios: &[Prepared],
    args: &Check,
    options: &Options,
) -> Result<Vec<CheckResult>, Failure> {
    progress::listen();
    let mut watch = progress::Watch::new();
    let mut results = Vec::new();
    for (scenario, flags) in scenarios {
        let pulse = watch.begin(&scenario.name, &args.bounds);
        let options = Options { overrides: flags.clone(), pulse: Some(pulse), ..options.clone() };
        let options = checkpoint::options(options, scenario, args)?;
        let result = check::run(scenario, &options);
        if result.is_err() {
            watch.end();
        }
        results.push(result?);
        if progress::interrupted() {
            break;
        }
    }
    watch.end();
    Ok(results)
}

/// Annotations on stderr (the runner reads them there too), so that stdout stays what was asked
/// for; with `-o github`, the step summary as well.
fn in_github_actions(output: &Renderer, results: &[CheckResult], style: &Style) {
    let annotates = environment::variable("GITHUB_ACTIONS").as_deref() == Some("true");
    let github = report::renderer("github");
    if let (true, Some(github)) = (annotates && output.name != "github", github) {
        output::stderr(&github.render(results, style));
    }
    let summary = environment::variable("GITHUB_STEP_SUMMARY");
    if let ("github", Some(path), Some(markdown)) =
        (output.name, summary, report::renderer("markdown"))
    {
        let text = markdown.render(results, style);
        let added = std::fs::OpenOptions::new().create(true).append(true).open(&path);
        let added =
            added.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        if let Err(error) = added {
            output::stderr(&format!("note: no step summary was written: {error}\n"));
        }
    }
}
