//! `lostwrite play`: the player is the scheduler, and chooses every step.
//!
//! `keys.rs` is what can be typed, `session.rs` the game whatever it is drawn on, `lines.rs` and
//! `full.rs` the two forms. Next to read: `session.rs`; what is drawn is `report/game/`.

#[cfg(feature = "full-screen")]
mod full;
pub mod keys;
pub mod lines;
pub mod session;

use super::Outcome;
use super::args::Play;
use super::environment::Drawing;
use super::replay;
use crate::check::game::{Game, MAX_STATES};
use crate::report::quoted;
use crate::scenario::Diagnostic;
use session::Session;

/// Plays.
pub fn run(args: &Play, drawing: &Drawing) -> Outcome {
    if args.target == "-" {
        return Err(Diagnostic::error("`play` reads your moves from stdin, so no scenario")
            .help("write the scenario to a file: lostwrite play FILE")
            .into());
    }
    let opened =
        replay::open(&args.target, args.schedule.as_deref(), &args.overrides, &drawing.err)?;
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
        .help("leave `--full` out, or build with the feature `full-screen`")
        .into())
}
