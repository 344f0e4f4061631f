//! Three to eight workers, or a narrow terminal: one lane with names, and the object beside it.
//!
//! Where there is room, a narrow column per worker shows when its reconcile was under way: `o` a
//! read, `#` a write, `x` a refusal (in ASCII). Next to read: `why.rs`.

use super::lanes::arrow;
use super::story::{Flow, Story};
use super::style::{Role, Style};
use super::text::{Text, cut, wrap};
use super::timeline::{Margin, Row};

/// Columns in which most objects can be drawn.
const ENOUGH: usize = 40;

struct Columns {
    margin: Margin,
    who: usize,
    /// Whether there is a narrow column per worker.
    strips: bool,
    lane: usize,
    object: usize,
}

/// Draws the first of the rows, in columns for all of them.
pub(super) fn draw(story: &Story<'_>, rows: &[Row], shown: usize, style: &Style) -> Vec<Text> {
    let columns = columns(story, rows, style);
    let mut lines = heading(story, &columns, style);
    for row in &rows[..shown] {
        if let Some(folded) = &row.folded {
            let mark = if style.ascii { "..." } else { "⋯" };
            let line = columns.margin.blank();
            lines.push(line.then(Role::Faint, format!("{mark} {folded}")));
            continue;
        }
        lines.extend(draw_row(story, &rows[..shown], row, &columns, style));
    }
    lines
}

fn columns(story: &Story<'_>, rows: &[Row], style: &Style) -> Columns {
    let margin = Margin::of(rows);
    let width = |text: &str| Text::plain(text).width();
    let who = rows.iter().map(|row| width(&row.who)).max().unwrap_or(0).clamp(3, 14);
    let names = rows.iter().filter_map(|row| row.names.first());
    let lane_wish = names.map(|name| width(name) + 5).max().unwrap_or(0);
    let object = rows.iter().flat_map(|row| row.middle(usize::MAX / 2, style));
    let object_wish = object.map(|text| text.width()).max().unwrap_or(0).max(20);
    let room = style.width.saturating_sub(margin.width() + who + 2 + 3).max(24);
    let strips = 2 * story.trace.workers.len() + 1;
    let (wish, spare) = (lane_wish + object_wish, room.saturating_sub(strips));
    // A long object can be wrapped, so it takes no other worker's column.
    let with_strips = spare >= lane_wish + object_wish.min(ENOUGH) && story.trace.workers.len() > 1;
    let room = if with_strips { spare } else { room };
    let (lane, object) = if room >= wish {
        (lane_wish, object_wish)
    } else {
        let object = object_wish.min((room / 2).max(room.saturating_sub(lane_wish)));
        (room - object, object)
    };
    Columns { margin, who, strips: with_strips, lane, object }
}

fn heading(story: &Story<'_>, columns: &Columns, style: &Style) -> Vec<Text> {
    let glyphs = style.glyphs();
    let title = match story.views.as_slice() {
        [view] => view.title(),
        _ => "objects".to_owned(),
    };
    let mut heads =
        columns.margin.heading().join(Text::of(Role::Faint, "who").pad(columns.who + 2));
    if columns.strips {
        for worker in 0..story.trace.workers.len() {
            let letter = story.worker(worker).chars().next().unwrap_or('?');
            heads = heads.then(Role::Faint, format!("{letter} "));
        }
        heads = heads.then(Role::Plain, " ");
    }
    let strips = if columns.strips { 2 * story.trace.workers.len() + 1 } else { 0 };
    let before = columns.margin.width() + columns.who + 2 + strips + columns.lane;
    let heads = heads
        .join(Text::of(Role::Faint, "what").pad(columns.lane))
        .then(Role::Faint, format!(" {} ", glyphs.wall))
        .then(Role::Strong, cut(&title, columns.object, style));
    let ruler = format!(
        " {}{}{}",
        glyphs.rule.repeat(before),
        glyphs.cross,
        glyphs.rule.repeat(columns.object + 1)
    );
    vec![heads, Text::of(Role::Faint, ruler)]
}

fn draw_row(
    story: &Story<'_>,
    rows: &[Row],
    row: &Row,
    columns: &Columns,
    style: &Style,
) -> Vec<Text> {
    let what = lane(row, columns.lane, style);
    let middle = row.middle(columns.object, style);
    let strip = |first: bool| match columns.strips {
        true => strips(story, rows, row, first, style),
        false => Text::new(),
    };
    let cell = |column: &[Text], at: usize, width: usize| {
        column.get(at).cloned().unwrap_or_default().pad(width)
    };
    let height = what.len().max(middle.len());
    (0..height)
        .map(|at| {
            let role = if row.guilty { Role::Bad } else { Role::Plain };
            let lead = match at {
                0 => columns
                    .margin
                    .row(row, style)
                    .join(Text::of(role, cut(&row.who, columns.who, style)).pad(columns.who + 2)),
                _ => columns.margin.blank().pad(columns.margin.width() + columns.who + 2),
            };
            lead.join(strip(at == 0))
                .join(cell(&what, at, columns.lane))
                .then(Role::Faint, format!(" {} ", style.glyphs().wall))
                .join(cell(&middle, at, columns.object))
        })
        .collect()
}

/// One narrow column per worker: its own step, or that its reconcile is under way.
fn strips(story: &Story<'_>, rows: &[Row], row: &Row, first: bool, style: &Style) -> Text {
    let glyphs = style.glyphs();
    let mut text = Text::new();
    for worker in 0..story.trace.workers.len() {
        let own = |row: &&Row| row.workers == [worker] && !row.watch;
        let mut steps = rows.iter().filter(own).map(|row| row.step);
        let begin = steps.next().unwrap_or(usize::MAX);
        let end = steps.next_back().unwrap_or(begin);
        let here = row.workers.contains(&worker) && first;
        let (role, cell) = match row.flow {
            _ if here && row.watch => (Role::Faint, glyphs.watch),
            Flow::Reads if here => (Role::Plain, glyphs.reads),
            Flow::Writes if here => (row.role(), glyphs.writes),
            Flow::Refused if here => (Role::Notice, glyphs.refused),
            Flow::Local if here => (Role::Plain, glyphs.local),
            _ if begin <= row.step && row.step < end + usize::from(first) => {
                (Role::Faint, glyphs.lane)
            }
            _ => (Role::Plain, " "),
        };
        text = text.then(role, cell).then(Role::Plain, " ");
    }
    text.then(Role::Plain, " ")
}

fn lane(row: &Row, width: usize, style: &Style) -> Vec<Text> {
    if row.workers.is_empty() {
        return Vec::new();
    }
    let (name, left_out) = row.name(width, style);
    let rest = width.saturating_sub(Text::plain(name.as_str()).width() + 1);
    let first = match row.flow {
        Flow::Local => name,
        _ => format!("{name} {}", arrow(row, true, rest, style)),
    };
    let mut lines = vec![Text::of(row.role(), first)];
    let role = if row.guilty { Role::Bad } else { Role::Faint };
    for note in left_out.iter().chain(&row.notes) {
        for line in wrap(note, width.saturating_sub(2)) {
            lines.push(Text::plain("  ").then(role, cut(&line, width.saturating_sub(2), style)));
        }
    }
    lines
}
