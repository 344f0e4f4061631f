//! The table of exercises, for `--list` and between two of them.
//!
//! Next to read: `workshop.rs`.

use crate::learn::{self, Cut, Exercise};
use crate::report::{Role, Style, Text};

/// The exercises, what is done, and which is at hand.
pub fn table(progress: &learn::Progress, current: &str, style: &Style) -> Vec<Text> {
    let all = learn::all();
    let (done, open) = if style.ascii { ("x", ".") } else { ("✓", "·") };
    let row = |(at, exercise): (usize, &Exercise)| {
        let is_done = progress.is_done(&exercise.name);
        let (role, mark) = if is_done { (Role::Good, done) } else { (Role::Faint, open) };
        let here = if exercise.name == current { ">" } else { " " };
        let cut = exercise.cuts.iter().min().map_or("", |cut| match cut {
            Cut::Talk => "talk",
            Cut::NinetyMinutes => "90 minutes",
            Cut::HalfDay => "half day",
        });
        Text::plain(format!(" {here} "))
            .then(role, mark)
            .then(Role::Plain, format!(" {:>2}  {:<30}", at + 1, exercise.title))
            .then(Role::Faint, format!("{:>2} min   from the {cut} on", exercise.minutes))
    };
    all.iter().enumerate().map(row).collect()
}
