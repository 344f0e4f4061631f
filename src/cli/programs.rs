//! `check`, `replay` and `explain` of a scenario whose workers are programs: `run: [./manager]`.
//!
//! A file that starts programs is code: they are started only with `--allow-run`. Next to read:
//! `programs/hunt.rs` of the library.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::args::{Bounds, ProgramFlags};
use super::check::args::{Check, IsolationName};
use super::exit::{Exit, Failure};
use super::{environment, output, progress, targets};
use crate::check::{CheckResult, Progress};
use crate::programs::{Hunt, Hunted};
use crate::report::{Renderer, Style};
use crate::scenario::{Diagnostic, Isolation, Scenario};

/// The flag to repeat in commands.
const FLAG: &str = "--allow-run";

/// Whether programs may be started; then the file is code, and may name files anywhere.
pub fn trust(flag: bool) -> bool {
    let variable = environment::variable("LOSTWRITE_ALLOW_RUN");
    let allowed = flag || variable.is_some_and(|value| value == "1");
    if allowed {
        targets::allow_outside(true);
    }
    allowed
}

/// An error that says which programs would be started, unless they may be.
pub fn allowed(scenario: &Scenario, allowed: bool) -> Result<(), Failure> {
    if allowed {
        return Ok(());
    }
    let commands = scenario.workers.iter().filter_map(|worker| worker.run.as_ref());
    let lines: Vec<String> = commands.map(|run| run.command.join(" ")).collect();
    let message = format!("this file starts programs: {}", lines.join("; "));
    Err(Diagnostic::error(message).help("--allow-run starts them").into())
}

/// The programs of a scenario, in the folder of its file, ended by Ctrl-C.
fn hunt(scenario: &Scenario, flags: ProgramFlags) -> Hunt {
    progress::listen();
    let folder = scenario.source.file.as_deref().and_then(|file| Path::new(file).parent());
    let folder = folder.filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let hunt = Hunt::of(scenario.clone()).folder(folder).until(progress::interrupted);
    let hunt = if flags.tls { hunt.tls() } else { hunt };
    match flags.execution_timeout {
        Some(timeout) => hunt.timeout(timeout),
        None => hunt,
    }
}

/// Checks a scenario whose workers are programs.
pub fn check(
    scenario: &Arc<Scenario>,
    args: &Check,
    watch: &mut progress::Watch,
) -> Result<Hunted, Failure> {
    allowed(scenario, trust(args.programs.allow_run))?;
    let given = |flag: Option<u64>, variable: &str| match flag {
        Some(number) => Ok(Some(number)),
        None => environment::number(variable),
    };
    let seed = given(args.seed, "LOSTWRITE_SEED")?.unwrap_or(0);
    let runs = given(args.runs, "LOSTWRITE_RUNS")?.unwrap_or(20);
    let mut hunt = hunt(scenario, args.programs).seed(seed).executions(runs);
    hunt = match args.isolation {
        Some(IsolationName::Process) => hunt.isolation(Isolation::Process),
        Some(IsolationName::Name) => hunt.isolation(Isolation::Name),
        None => hunt,
    };
    if let Some(timeout) = args.bounds.timeout {
        let begin = Instant::now();
        hunt = hunt.until(move || progress::interrupted() || begin.elapsed() >= timeout);
    }
    let hunt = match args.scheduler.as_str() {
        "exhaustive" | "hunt" => hunt,
        "random" => hunt.random(),
        "record" => hunt.record(),
        other => {
            let message = format!("`{other}` cannot choose the order of programs");
            return Err(Diagnostic::error(message).help("use hunt, random or record").into());
        }
    };
    let pulse = watch.begin(&scenario.name, &Bounds::default());
    let tell = move |done, most| {
        let progress = Progress { done, of: Some(most), ..Progress::default() };
        let _ = pulse(progress);
    };
    let hunted = hunt.progress(tell).run();
    watch.end();
    Ok(hunted)
}

/// Runs one schedule of a scenario whose workers are programs.
pub fn replay(scenario: &Scenario, schedule: &str, flags: ProgramFlags) -> Result<Hunted, Failure> {
    allowed(scenario, trust(flags.allow_run))?;
    Ok(hunt(scenario, flags).replay(schedule).run())
}

/// What was found, for a renderer: programs have a text of their own.
pub fn tell(hunted: &Hunted, renderer: &Renderer, style: &Style) -> Result<(), Failure> {
    match result(hunted) {
        Some(result) if !is_for_people(renderer) => {
            if let Some(words) = &hunted.failed {
                output::stderr(&format!("error: {words}\n"));
            }
            output::stdout(&renderer.render(&[result], style))
        }
        _ => output::stdout(&hunted.to_string()),
    }
}

/// Whether it is the text of the terminal.
pub fn is_for_people(renderer: &Renderer) -> bool {
    matches!(renderer.name, "text" | "wide")
}

/// The result of a check.
pub fn result(hunted: &Hunted) -> Option<CheckResult> {
    hunted.result(&[FLAG.to_owned()])
}

/// How the command ends: with 1 if what was found is not what is expected.
pub fn exit(hunted: &Hunted, require_exhaustive: bool) -> Exit {
    let expected = |name: &str| {
        let scenario = hunted.scenario()?;
        match &scenario.expect {
            crate::scenario::Expect::Verdicts(verdicts) => verdicts.get(name).copied(),
            _ => None,
        }
    };
    let unmet = hunted.scenario().is_some_and(|scenario| match &scenario.expect {
        crate::scenario::Expect::Verdicts(verdicts) => {
            verdicts.iter().any(|(name, holds)| !holds && !hunted.violates(name))
        }
        _ => false,
    });
    let violated = hunted.loss.as_ref().is_some_and(|it| expected(it.property) != Some(false));
    match &hunted.failed {
        _ if progress::interrupted() => Exit::Interrupted,
        Some(_) => Exit::Usage,
        None if unmet || violated => Exit::Violated,
        None if hunted.loss.is_none() && require_exhaustive => Exit::Inconclusive,
        None => Exit::Ok,
    }
}
