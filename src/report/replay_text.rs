//! What `replay` prints: one schedule, step by step, and how it is judged.
//!
//! Next to read: `check_text.rs`.

use super::check_text::{paint, reasons};
use super::losses::Facts;
use super::steps::Story;
use super::style::{Role, Style};
use super::text::Text;
use super::timeline;
use crate::check::{Replayed, Verdict};

/// The text.
pub fn render(replayed: &Replayed, style: &Style) -> String {
    let result = &replayed.result;
    let mut lines = vec![
        Text::of(Role::Strong, result.scenario.name.as_str())
            .then(Role::Plain, format!("   schedule {}", replayed.schedule)),
        Text::new(),
    ];
    let facts = result
        .first_violation()
        .and_then(|property| property.witness.as_ref())
        .map(|witness| Facts::new(result, witness));
    let story = Story::new(&result.scenario, &replayed.trace);
    lines.extend(timeline::draw(&story, facts.as_ref(), style));
    lines.push(Text::new());
    if let Some(facts) = &facts {
        lines.extend(reasons(facts, style));
        lines.push(Text::new());
    }
    if !replayed.trace.finished {
        lines.push(Text::of(Role::Notice, "The schedule ends before every worker is done."));
    }
    let judged: Vec<_> = result.properties.iter().filter(|property| property.judged).collect();
    let (violated, other): (Vec<_>, Vec<_>) =
        judged.into_iter().partition(|property| property.verdict == Verdict::Violated);
    for property in &violated {
        lines.push(Text::of(Role::Bad, "violated").then(
            Role::Plain,
            format!("  {} in this schedule", property.name),
        ));
    }
    for property in &other {
        let (role, tag) = match property.verdict {
            Verdict::Holds => (Role::Good, "ok"),
            _ => (Role::Notice, "?"),
        };
        lines.push(
            Text::of(role, tag).pad(8).then(Role::Plain, format!("  {} in this schedule", property.name)),
        );
    }
    paint(&lines, style)
}
