//! `lostwrite play`: the player is the scheduler, and chooses every step.
//!
//! `keys.rs` is what can be typed, `session.rs` the game whatever it is drawn on, `lines.rs` and
//! `full.rs` the two forms. Next to read: `session.rs`; what is drawn is `report/game/`.

#[cfg(feature = "full-screen")]
mod full;
pub mod keys;
pub mod lines;
pub mod session;

use clap::Args;

use super::args::Overrides;
use super::environment::Drawing;
use super::exit::Outcome;
use super::replay;
use crate::check::game::{Game, MAX_STATES};
use crate::report::quoted;
use crate::scenario::Diagnostic;
use session::Session;

/// `play`.
#[derive(Debug, Args)]
#[command(after_help = PLAY_KEYS)]
pub struct Play {
    /// A scenario: a file, or the name of a shipped one; or a recording from .lostwrite/
    #[arg(value_name = "SCENARIO", default_value = "status-race")]
    #[arg(value_parser = crate::cli::names::SCENARIOS, hide_possible_values = true)]
    pub target: String,
    /// Use the whole terminal, with single keys; the default is lines (for pipes and screen
    /// readers)
    #[arg(long)]
    pub full: bool,
    /// Begin with these steps, such as hu
    #[arg(long, value_name = "TEXT")]
    pub schedule: Option<String>,
    /// Hide the odds at first; the key `o` shows them
    #[arg(long)]
    pub no_odds: bool,
    /// Maximum number of states searched for the odds [default: 200000]
    #[arg(long, value_name = "N")]
    pub max_states: Option<u64>,
    /// What to change in the scenario.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What can be typed.
const PLAY_KEYS: &str = "\
Keys:
  h, u, ...   the worker with this letter moves; `huhu` are four steps, and so is `h u h u`
  ~h          a change is delivered to h's cache;  !lh, !ch, !wh, !r  a fault strikes
  b           one step back            r  restart
  e           the last step in its parts
  ?           why can't the others move?
  o           odds on or off           x  give up and see           q  quit
A worker's letter always moves the worker. A command with the same letter is typed as a
capital (B). `:b` and `:back` always work. The menu shows the keys that work. Input may come
from a pipe:
  echo huhu | lostwrite play status-race";

/// Plays.
pub fn run(args: &Play, drawing: &Drawing) -> Outcome {
    if args.target == "-" {
        return Err(Diagnostic::error("`play` reads your moves from stdin, so no scenario")
            .help("write the scenario to a file: lostwrite play FILE")
            .into());
    }
    let opened =
        replay::open(&args.target, args.schedule.as_deref(), &args.overrides, &drawing.err)?;
    super::targets::modelled([&*opened.scenario])?;
    let game = Game::new(&opened.scenario, args.max_states.unwrap_or(MAX_STATES))?;
    let flags: String = opened.overrides.iter().flat_map(|flag| [" ", flag.as_str()]).collect();
    let target = format!("{}{flags}", quoted(&args.target));
    let mut session = Session::new(&game, target, !args.no_odds);
    if let Some(text) = &opened.schedule {
        begin(&mut session, text)?;
    }
    if args.full {
        return full_screen(&mut session, drawing);
    }
    lines::run(&mut session, &drawing.out)
}

/// Begins where a schedule leads.
fn begin(session: &mut Session<'_>, text: &str) -> Result<(), Diagnostic> {
    let schedule = session.walk.game().parse(text).map_err(|error| {
        let end = (error.offset + 1).min(text.len()).max(error.offset);
        Diagnostic::in_argument(error.message, "--schedule", text, error.offset..end)
    })?;
    let style = crate::report::Style::default();
    for (at, choice) in schedule.choices.into_iter().enumerate() {
        match session.take(keys::Input::Step(choice), &style) {
            session::Reply::Moved => {}
            _ => {
                let message = format!("the schedule does not fit the scenario at step {}", at + 1);
                return Err(Diagnostic::error(message));
            }
        }
    }
    Ok(())
}

#[cfg(feature = "full-screen")]
fn full_screen(session: &mut Session<'_>, drawing: &Drawing) -> Outcome {
    full::run(session, &drawing.out)
}

#[cfg(not(feature = "full-screen"))]
fn full_screen(_session: &mut Session<'_>, _drawing: &Drawing) -> Outcome {
    Err(Diagnostic::error("this build has no full-screen form")
        .help("omit `--full`, or build with the feature `full-screen`")
        .into())
}
