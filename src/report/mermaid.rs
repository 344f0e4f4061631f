//! A witness as a Mermaid sequence diagram, which GitHub and GitLab draw inside a comment.
//!
//! Names and texts are escaped so that nothing of theirs is taken for syntax (`end`, `;`, `#`).
//! Next to read: `markdown.rs`.

use super::losses::Facts;
use super::story::{Flow, Story};
use crate::check::{CheckResult, Replayed};
use crate::trace::{Action, Actor};

/// One diagram per result: of the schedule that was asked for, or of its witness if it has one.
pub fn render(results: &[CheckResult]) -> String {
    let one = |result: &CheckResult| match &result.run {
        Some(run) => Some(replay(run)),
        None => Facts::of_result(result).map(|facts| diagram(&facts)),
    };
    results.iter().filter_map(one).collect()
}

/// The diagram of one witness.
pub fn diagram(facts: &Facts<'_>) -> String {
    draw(&facts.story, Some(facts))
}

/// The diagram of a replayed schedule; its guilty step is marked if it has one.
pub fn replay(replayed: &Replayed) -> String {
    let facts = Facts::of_replay(replayed);
    draw(&Story::new(&replayed.scenario, &replayed.trace), facts.as_ref())
}

fn draw(story: &Story<'_>, facts: Option<&Facts<'_>>) -> String {
    // Numbered by step: mermaid's own numbers would count arrows, of which a step has two.
    let mut lines = vec!["sequenceDiagram".to_owned()];
    let workers = story.trace.workers.iter().enumerate();
    let mut participants: Vec<String> =
        workers.map(|(at, name)| format!("  participant w{at} as {}", escape(name))).collect();
    let server = "  participant s as API server".to_owned();
    participants.insert(participants.len().min(1), server);
    lines.extend(participants);
    for step in 1..=story.trace.events.len() {
        let guilty = facts.filter(|facts| step == facts.guilty_step());
        if guilty.is_some() {
            lines.push("  rect rgba(220, 60, 60, 0.25)".to_owned());
        }
        let indent = if guilty.is_some() { "    " } else { "  " };
        lines.extend(messages(story, step).into_iter().map(|line| format!("{indent}{line}")));
        let mut gone = story.gone(step);
        if let (Some(facts), true) = (guilty, gone.is_empty()) {
            gone.push(facts.lost_line());
        }
        if !gone.is_empty() {
            lines.push(format!("{indent}Note over s: {}", escape(&gone.join(", "))));
        }
        if guilty.is_some() {
            lines.push("  end".to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn messages(story: &Story<'_>, step: usize) -> Vec<String> {
    let Some(event) = story.event(step) else { return Vec::new() };
    let name = story.names(event).into_iter().next().unwrap_or_default();
    let notes = story.notes(step).join(", ");
    let plain = if notes.is_empty() { name } else { format!("{name} ({notes})") };
    let said = format!("{step}. {}", escape(&plain));
    let rv = story.rv(step);
    let Some(worker) = event.worker() else {
        let over = match (event.actor, &event.action) {
            (Actor::Cache(_), Action::Deliver | Action::Sync { .. }) => {
                format!("{}: ", story.actor(event))
            }
            _ => format!("{} ", story.actor(event)),
        };
        let said = format!("{step}. {}{}", escape(&over), escape(&plain));
        return vec![format!("Note over s: {said}")];
    };
    let code = event.code.map_or_else(String::new, |code| code.to_string());
    let answer = match story.flow(event) {
        Flow::Local => return vec![format!("Note over w{worker}: {said}")],
        Flow::Reads => {
            let state = story.view(event).map(|view| view.compact(story.after(step)));
            format!("rv {rv} {}", state.unwrap_or_default())
        }
        Flow::Writes => format!("{code}, rv {rv}"),
        Flow::Refused => format!("{code} {}", event.reason.unwrap_or_default()),
    };
    let arrow = if event.answered { "-->>" } else { "--x" };
    vec![format!("w{worker}->>s: {said}"), format!("s{arrow}w{worker}: {}", escape(answer.trim()))]
}

/// Mermaid reads `#` and `;` as syntax, and `end` as the end of a block wherever it stands alone.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '#' => escaped.push_str("#35;"),
            ';' => escaped.push_str("#59;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '\n' | '\r' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    let word = |word: &str| match word.eq_ignore_ascii_case("end") {
        true => format!("#8203;{word}"),
        false => word.to_owned(),
    };
    escaped.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_syntax() {
        assert_eq!(escape("a;b # end of <x>"), "a#59;b #35; #8203;end of #lt;x#gt;");
    }
}
