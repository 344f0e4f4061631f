//! What `replay` prints: one schedule, step by step, and how it is judged.
//!
//! Next to read: `check_text.rs`.

use super::check_text::{paint, reasons};
use super::losses::Facts;
use super::story::Story;
use super::style::{Role, Style};
use super::text::Text;
use super::timeline;
use crate::check::Replayed;
use crate::properties;

/// The text.
pub fn render(replayed: &Replayed, style: &Style) -> String {
    let scenario = &replayed.scenario;
    let mut lines = vec![
        Text::of(Role::Strong, scenario.name.as_str())
            .then(Role::Plain, format!("   schedule {}", replayed.schedule)),
        Text::new(),
    ];
    let asked = |name: &str| scenario.properties.iter().any(|asked| asked == name);
    let judged = replayed.judged.iter().filter(|(name, ..)| asked(name));
    let facts = Facts::of_replay(replayed);
    let story = Story::new(scenario, &replayed.trace);
    lines.extend(timeline::draw(&story, facts.as_ref(), style));
    lines.push(Text::new());
    if let Some(facts) = &facts {
        lines.extend(reasons(facts, style));
        lines.push(Text::new());
    }
    if !replayed.trace.finished {
        let text = "The schedule ends before every worker is done: nothing is judged.";
        lines.push(Text::of(Role::Notice, text));
        return paint(&lines, style);
    }
    for (name, decided, _) in judged {
        let sometimes = properties::is_sometimes(name);
        let (role, tag, what) = match (*decided, sometimes) {
            (false, false) => (Role::Good, "ok", "holds in this schedule"),
            (true, false) => (Role::Bad, "violated", "in this schedule"),
            (true, true) => (Role::Plain, "yes", "the reads overlapped"),
            (false, true) => (Role::Plain, "no", "nothing overlapped"),
        };
        lines.push(Text::of(role, tag).pad(10).then(Role::Plain, format!("{name:<18} {what}")));
    }
    paint(&lines, style)
}

/// Only the drawing, without a mark and without a reason: for a question about it.
pub fn drawing(replayed: &Replayed, style: &Style) -> String {
    let story = Story::new(&replayed.scenario, &replayed.trace);
    paint(&timeline::draw_bare(&story, style), style)
}
