//! What an exercise shows: the same text that the command prints, made without a process.
//!
//! Next to read: `progress.rs`.

use std::sync::Arc;

use crate::check::game::{Game, MAX_STATES};
use crate::check::{self, Options, show_serial};
use crate::reconcilers::Reader;
use crate::report::{self, Show, Style};
use crate::scenario::{Expect, Mistakes, Scenario};

/// Where a scenario comes from: a shipped name, or the learner's file.
pub type Load<'l> = &'l dyn Fn(&str) -> Result<Scenario, Mistakes>;

/// A schedule as it happened, `NAME [--write M] [--read R] --schedule S`: nothing is marked and
/// nothing is explained, so that a question about it can be asked.
///
/// # Errors
/// What is wrong with the scenario.
pub fn draw(what: &str, load: Load<'_>, style: &Style) -> Result<String, Mistakes> {
    let (scenario, flags) = asked(what, load)?;
    let replayed = check::replay(&Arc::new(scenario), &flags.schedule)?;
    Ok(report::drawing(&replayed, style))
}

/// What stands behind a scenario's name.
#[derive(Default)]
struct Flags {
    overrides: Vec<String>,
    wide: bool,
    serial: bool,
    schedule: String,
}

/// The scenario that is named, as its flags change it.
fn asked(what: &str, load: Load<'_>) -> Result<(Scenario, Flags), Mistakes> {
    let mut words = what.split_whitespace();
    let mut scenario = load(words.next().unwrap_or_default())?;
    let words: Vec<&str> = words.collect();
    let mut rest = words.as_slice();
    let mut flags = Flags::default();
    while let [flag, value, more @ ..] = rest {
        match (*flag, *value) {
            ("--write", method) => scenario = scenario.with_write(method)?,
            ("--read", "cache") => scenario = scenario.with_read(Reader::Cache),
            ("--read", _) => scenario = scenario.with_read(Reader::Live),
            ("--show", _) => flags.serial = true,
            ("--schedule", text) => text.clone_into(&mut flags.schedule),
            _ => flags.wide = true,
        }
        if matches!(*flag, "--write" | "--read") {
            flags.overrides.push(format!("{flag} {value}"));
            scenario.expect = Expect::Unstated;
        }
        rest = more;
    }
    Ok((scenario, flags))
}

/// What a command prints: `check NAME [--write M] [--read R] [--show serial] [-o wide]`,
/// `compare NAME [-o wide]`, `replay NAME --schedule S`, or `schedules NAME`, which lists them all.
///
/// # Errors
/// What is wrong with the scenario.
pub fn show(command: &str, load: Load<'_>, style: &Style) -> Result<String, Mistakes> {
    let (what, rest) = command.split_once(' ').unwrap_or((command, ""));
    let (scenario, Flags { overrides, wide, serial, schedule }) = asked(rest, load)?;
    let scenario = Arc::new(scenario);
    let style = Style { recorded: false, ..*style };
    match what {
        "compare" => {
            let compared = check::compare(&scenario, &Options::default())?;
            Ok(report::compare_table(&compared, &style, wide))
        }
        "replay" => Ok(report::replay_text(&check::replay(&scenario, &schedule)?, &style)),
        "schedules" => {
            let game = Game::new(&scenario, MAX_STATES)?;
            Ok(report::paint(&report::game::schedules(&game, &style), &style))
        }
        _ => {
            let options = Options { overrides, ..Options::default() };
            let mut result = check::run(&scenario, &options)?;
            let style = match serial {
                true => {
                    show_serial(&mut result)?;
                    Style { show: Show::Serial, ..style }
                }
                false => style,
            };
            let name = if wide { "wide" } else { "text" };
            Ok(report::renderer(name).map_or_else(String::new, |r| r.render(&[result], &style)))
        }
    }
}
