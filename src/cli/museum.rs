//! `lostwrite museum`: the museum's pages, written into a folder.
//!
//! Next to read: `report/rooms/mod.rs`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::exit::{Exit, Outcome};
use super::output;
use crate::check::{self, CheckResult, Options, PropertyResult, Verdict};
use crate::report::{self, Exhibit};
use crate::scenario::{Diagnostic, Scenario};

/// The flags of `museum`.
#[derive(Debug, Args)]
pub struct Museum {
    /// Write the pages into this folder; they need no network
    #[arg(long, value_name = "DIR")]
    pub export: PathBuf,
    /// Only exhibits whose title or act name contains this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
}

/// Runs it.
pub fn run(args: &Museum) -> Outcome {
    let wanted = |(title, acts): &(&str, Vec<Scenario>)| {
        let has = |text: &str| args.only.as_deref().is_none_or(|only| text.contains(only));
        has(title) || acts.iter().any(|act| has(&act.name))
    };
    let chosen: Vec<_> = Scenario::museum().into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(Diagnostic::error("no exhibit has this in its title or in its acts")
            .help("`lostwrite list museum` prints the acts")
            .into());
    }
    let exhibits: Vec<Exhibit> = chosen.into_iter().map(exhibit).collect::<Result<_, _>>()?;
    let files = report::rooms::rooms(&exhibits);
    for (name, text) in &files {
        output::file(&args.export.join(name), text)?;
    }
    let index = args.export.join("index.html");
    output::stderr(&format!("{} pages. Open {} in a browser.\n", files.len(), index.display()));
    Ok(Exit::Ok)
}

fn exhibit((title, acts): (&'static str, Vec<Scenario>)) -> Result<Exhibit, Diagnostic> {
    let options = Options::default();
    let explored = |act: Scenario| {
        let mut result = check::run(&Arc::new(act), &options)?;
        result.lesson = Some(Arc::new(check::game_lesson(&result, None)?));
        Ok(result)
    };
    let acts: Vec<CheckResult> =
        acts.into_iter().map(explored).collect::<Result<_, Diagnostic>>()?;
    let bug = acts.iter().find(|act| goes_wrong(act)).or(acts.first());
    let methods = bug.map(|bug| check::fixes(bug, &options)).transpose()?.unwrap_or_default();
    let readers = bug.map(|bug| check::by_reading(bug, &options)).transpose()?;
    let readers = readers.unwrap_or([check::Held::Unknown; 2]);
    // The pages do not show what a client that reads its own writes would change.
    let own_writes = vec![None; acts.len()];
    Ok(Exhibit { title, acts, methods, readers, own_writes })
}

fn goes_wrong(act: &CheckResult) -> bool {
    let judged = |name: &str| act.scenario.properties.iter().any(|asked| asked == name);
    let wrong = |p: &PropertyResult| judged(p.name) && p.verdict == Verdict::Violated;
    act.properties.iter().any(wrong)
}
