//! What an exercise shows: the same text that the command prints, made without a process.
//!
//! Next to read: `progress.rs`.

use std::sync::Arc;

use crate::check::game::{Game, MAX_STATES};
use crate::check::{self, Options, show_serial};
use crate::reconcilers::Reader;
use crate::report::{self, Show, Style};
use crate::scenario::{Diagnostic, Expect, Mistakes, Scenario};

/// Where a scenario comes from: a shipped name, or the learner's file.
pub type Load<'l> = &'l dyn Fn(&str) -> Result<Scenario, Mistakes>;

/// What a command prints: `check NAME [--write M] [--read R] [--show serial] [-o wide]`,
/// `compare NAME [-o wide]`, `replay NAME --schedule S`, or `schedules NAME`, which lists them all.
///
/// # Errors
/// What is wrong with the scenario.
pub fn show(command: &str, load: Load<'_>, style: &Style) -> Result<String, Mistakes> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let (what, name, mut flags) = match words.as_slice() {
        [what, name, flags @ ..] => (*what, *name, flags),
        _ => return Err(Diagnostic::error(format!("`{command}` shows nothing")).into()),
    };
    let mut scenario = load(name)?;
    let mut overrides = Vec::new();
    let (mut wide, mut serial, mut schedule) = (false, false, "");
    while let [flag, value, rest @ ..] = flags {
        match (*flag, *value) {
            ("--write", method) => scenario = scenario.with_write(method)?,
            ("--read", "cache") => scenario = scenario.with_read(Reader::Cache),
            ("--read", _) => scenario = scenario.with_read(Reader::Live),
            ("--show", _) => serial = true,
            ("--schedule", text) => schedule = text,
            _ => wide = true,
        }
        if matches!(*flag, "--write" | "--read") {
            overrides.push(format!("{flag} {value}"));
            scenario.expect = Expect::Unstated;
        }
        flags = rest;
    }
    let scenario = Arc::new(scenario);
    let style = Style { recorded: false, ..*style };
    match what {
        "compare" => {
            let compared = check::compare(&scenario, &Options::default())?;
            Ok(report::compare_table(&compared, &style, wide))
        }
        "replay" => Ok(report::replay_text(&check::replay(&scenario, schedule)?, &style)),
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
