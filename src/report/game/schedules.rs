//! Every schedule of a small game, one line each: what a learner counts on paper.
//!
//! Next to read: `board.rs`.

use crate::check::game::{Game, Walk};
use crate::report::losses::Facts;
use crate::report::style::{Role, Style};
use crate::report::text::Text;

/// Maximum number of schedules listed.
const MOST: usize = 120;

/// The list, in the order of the choices.
pub fn schedules(game: &Game, style: &Style) -> Vec<Text> {
    let mut lines = Vec::new();
    follow(&mut game.start(), &mut lines, style);
    if lines.len() > MOST {
        lines.truncate(MOST);
        lines.push(Text::of(Role::Faint, "  and more"));
    }
    lines
}

fn follow(walk: &mut Walk<'_>, lines: &mut Vec<Text>, style: &Style) {
    if lines.len() > MOST {
        return;
    }
    if walk.is_over() {
        lines.push(line(walk, style));
        return;
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            follow(walk, lines, style);
            walk.undo();
        }
    }
}

/// `✗ huhu   health loses phase: Running in step 4`.
fn line(walk: &Walk<'_>, style: &Style) -> Text {
    let replayed = walk.replayed();
    let letters = replayed.schedule.bare();
    let Some(facts) = Facts::of_replay(&replayed) else {
        return Text::plain(format!("     {letters}")).pad(16).then(Role::Good, "nothing is lost");
    };
    let what = format!(
        "{} loses {} in step {}",
        facts.witness.victim.worker,
        facts.lost(),
        facts.guilty_step()
    );
    Text::of(Role::Bad, format!("   {} ", style.glyphs().guilty))
        .then(Role::Plain, letters)
        .pad(16)
        .then(Role::Plain, what)
}
