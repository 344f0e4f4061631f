//! The order in which a memory model goes wrong: one lane per goroutine, time downwards.
//!
//! A read that misses a write which was already made says so beside it: that is the weak memory
//! at work, and no interleaving of the lines alone explains it. The last line is where it is
//! wrong. Next to read: `../getset/mod.rs`, the models.

use super::style::{Role, Style};
use super::text::{Text, cut, plural, wrap};
use crate::getset::{Anomaly, Expected, MemoryEvent, MemoryVerdict, Model, Touch};

/// Columns before the first lane.
const MARGIN: usize = 8;

/// A model, what loom says of it, and the order that goes wrong, if one does.
#[must_use]
pub fn memory(model: &Model, verdict: &MemoryVerdict, style: &Style) -> String {
    let mut lines = vec![
        Text::of(Role::Strong, model.name).then(Role::Plain, format!("   {}", model.go)),
        Text::plain(model.sentence),
        Text::new(),
        result(model, verdict),
    ];
    if let Some(anomaly) = &verdict.anomaly {
        lines.push(Text::new());
        lines.extend(order(anomaly, style));
    }
    let painted: Vec<String> = lines.iter().map(|line| line.paint(style)).collect();
    painted.join("\n") + "\n"
}

/// All models, one line each.
#[must_use]
pub fn memory_list(models: &[Model], style: &Style) -> String {
    let width = models.iter().map(|model| model.name.len()).max().unwrap_or(0) + 2;
    let heading = Text::of(Role::Strong, "MODEL").pad(width).then(Role::Strong, "EXPECT  GO");
    let row = |model: &Model| {
        let (role, expected) = match model.expected {
            Expected::Breaks => (Role::Bad, "breaks  "),
            Expected::Holds => (Role::Good, "holds   "),
        };
        let go = cut(model.go, style.width.saturating_sub(width + 8), style);
        Text::plain(model.name).pad(width).then(role, expected).then(Role::Plain, go)
    };
    let lines = std::iter::once(heading).chain(models.iter().map(row));
    lines.map(|line| line.paint(style) + "\n").collect()
}

/// The verdict in one line: never without how much was run.
fn result(model: &Model, verdict: &MemoryVerdict) -> Text {
    let executions = plural(&verdict.executions.to_string(), "execution");
    let covered = match &verdict.cut_off {
        None => "all of them were run".to_owned(),
        Some(reason) => reason.clone(),
    };
    let go = if verdict.wrong == 1 { "goes" } else { "go" };
    let expected = match (model.expected, &verdict.anomaly) {
        (Expected::Breaks, Some(_)) => ", as expected",
        _ => "",
    };
    match (&verdict.anomaly, verdict.complete) {
        (Some(_), _) => Text::of(Role::Bad, format!("  BREAKS{expected}")).then(
            Role::Plain,
            format!("  {} of {executions} {go} wrong; {covered}", verdict.wrong),
        ),
        (None, true) => Text::of(Role::Good, "  holds")
            .then(Role::Plain, format!("  in every execution; loom needed {}", executions)),
        (None, false) => Text::of(Role::Notice, "  unknown")
            .then(Role::Plain, format!("  nothing went wrong in {executions}; {covered}")),
    }
}

fn order(anomaly: &Anomaly, style: &Style) -> Vec<Text> {
    let glyphs = style.glyphs();
    let width = lane_width(anomaly, style);
    let wall = || Text::of(Role::Faint, format!(" {} ", glyphs.wall));
    let row = |margin: Text, lane: usize, cell: Text| {
        let mut line = margin.pad(MARGIN);
        for at in 0..anomaly.goroutines.len() {
            line = if at > 0 { line.join(wall()) } else { line };
            line = line.join(if at == lane { cell.clone() } else { Text::new() }.pad(width));
        }
        line
    };
    let mut heading = Text::of(Role::Faint, " order").pad(MARGIN);
    let mut rule = Text::of(Role::Faint, format!(" {}", glyphs.rule.repeat(MARGIN - 1)));
    for (at, name) in anomaly.goroutines.iter().enumerate() {
        heading = if at > 0 { heading.join(wall()) } else { heading };
        heading = heading.join(Text::of(Role::Strong, cut(name, width, style)).pad(width));
        let cross =
            if at > 0 { format!("{0}{1}{0}", glyphs.rule, glyphs.cross) } else { String::new() };
        rule = rule.then(Role::Faint, cross + &glyphs.rule.repeat(width));
    }
    let mut lines = vec![heading, rule];
    for (at, event) in anomaly.events.iter().enumerate() {
        let lane = anomaly.goroutines.iter().position(|name| *name == event.goroutine);
        let lane = lane.unwrap_or_default();
        if event.touch == Touch::Wrong {
            let corner = format!(" {}", glyphs.guilty);
            for (line, text) in wrap(&event.value, width).into_iter().enumerate() {
                let margin = if line == 0 { corner.as_str() } else { "" };
                lines.push(row(Text::of(Role::Bad, margin), lane, Text::of(Role::Bad, text)));
            }
            continue;
        }
        let margin = Text::plain(format!("{:>5}", at + 1));
        lines.push(row(margin, lane, Text::plain(cut(&words(event), width, style))));
        if let Some(missed) = &event.missed {
            let note = format!("{} {missed} is written, and not seen", glyphs.corner);
            let note = Text::of(Role::Notice, cut(&note, width, style));
            lines.push(row(Text::new(), lane, note));
        }
    }
    lines
}

/// As wide as the widest event, as long as all lanes fit.
fn lane_width(anomaly: &Anomaly, style: &Style) -> usize {
    let lanes = anomaly.goroutines.len().max(1);
    let room = style.width.saturating_sub(MARGIN + 3 * (lanes - 1)) / lanes;
    let drawn = anomaly.events.iter().filter(|event| event.touch != Touch::Wrong);
    let widest = drawn.map(|event| {
        let missed = event.missed.as_ref().map_or(0, |missed| missed.len() + 30);
        Text::plain(words(event)).width().max(missed)
    });
    widest.max().unwrap_or(0).max(28).min(room.max(20))
}

/// One event, as Go would have it.
fn words(event: &MemoryEvent) -> String {
    let MemoryEvent { variable, value, .. } = event;
    match event.touch {
        Touch::Read => format!("{variable} is {value}"),
        Touch::Write => format!("{variable} = {value}"),
        Touch::Load => format!("{variable}.Load() is {value}"),
        Touch::Store => format!("{variable}.Store({value})"),
        Touch::Add => format!("{variable}.Add(), now {value}"),
        Touch::Swap => format!("{variable}.CompareAndSwap to {value}"),
        Touch::Refused => format!("{variable}.CompareAndSwap refused: {value}"),
        Touch::Lock => format!("{variable}.Lock()"),
        Touch::Unlock => format!("{variable}.Unlock()"),
        Touch::Note | Touch::Wrong => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::getset::{Limits, model, models};

    #[test]
    fn every_drawing_fits_and_ends_where_it_is_wrong() {
        for width in [60, 80, 100] {
            for ascii in [false, true] {
                let style = Style { ascii, width, ..Style::default() };
                for model in models() {
                    let verdict = model.explore(Limits::default());
                    let drawn = memory(model, &verdict, &style);
                    assert!(!ascii || drawn.is_ascii(), "{drawn}");
                    let order = drawn.lines().skip_while(|line| !line.starts_with(" order"));
                    let order: Vec<&str> = order.collect();
                    let fits = |line: &&str| Text::plain(*line).width() <= width;
                    assert!(order.iter().all(fits), "{width}\n{drawn}");
                    let events = verdict.anomaly.map_or(0, |anomaly| anomaly.events.len());
                    assert!(order.len() >= events, "{drawn}");
                    let guilty = format!(" {} ", style.glyphs().guilty);
                    let marked = order.iter().filter(|line| line.starts_with(&guilty)).count();
                    assert_eq!(marked, usize::from(events > 0), "{drawn}");
                }
            }
        }
    }

    #[test]
    fn a_missed_write_is_told() {
        let model = model("two-fields-plain").expect("the table has it");
        let verdict = model.explore(Limits::default());
        let drawn = memory(model, &verdict, &Style::default());
        assert!(drawn.contains("└ 2 is written, and not seen"), "{drawn}");
        let few = model.explore(Limits { executions: Some(1), ..Limits::default() });
        let drawn = memory(model, &few, &Style::default());
        assert!(drawn.contains("  unknown  nothing went wrong in 1 execution;"), "{drawn}");
    }
}
