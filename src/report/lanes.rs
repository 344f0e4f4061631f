//! Two workers: a lane on the left, a lane on the right, and the object between two walls.
//!
//! Next to read: `folded.rs`, for more workers and for narrow terminals.

use super::story::{Flow, Story};
use super::style::{Role, Style};
use super::text::{Text, cut, wrap};
use super::timeline::{LANES_FROM, Margin, Row};

/// Columns of a lane and of the object at the narrowest.
const LANE: usize = 22;
const OBJECT: usize = 25;

struct Columns {
    margin: Margin,
    left: usize,
    object: usize,
    right: usize,
}

/// Draws the first of the rows, in columns for all of them.
pub(super) fn draw(story: &Story<'_>, rows: &[Row], shown: usize, style: &Style) -> Vec<Text> {
    let columns = columns(rows, style);
    let mut lines = heading(story, &columns, style);
    for row in &rows[..shown] {
        lines.extend(draw_row(row, &columns, style));
    }
    lines
}

/// Whoever needs the least beyond the narrowest form is satisfied first; what is left goes to the
/// object, then to the lanes, then to what is gone. What is not needed stays unused.
fn columns(rows: &[Row], style: &Style) -> Columns {
    let margin = Margin::of(rows);
    let mut spare = style.width.saturating_sub(LANES_FROM + margin.width() - 16);
    let width = |text: &str| Text::plain(text).width();
    let lane = |side: usize| {
        let rows = rows.iter().filter(|row| row.workers.contains(&side));
        let name = |row: &Row| row.names.first().map_or(0, |name| width(name) + 5);
        rows.map(name).max().unwrap_or(0).saturating_sub(LANE)
    };
    let state = rows.iter().map(|row| width(&row.object) + 2).max().unwrap_or(0);
    let gone = rows.iter().flat_map(|row| &row.gone).map(|gone| width(gone) + 4);
    let gone = gone.max().unwrap_or(0).saturating_sub(OBJECT);
    let mut needs = [(state.saturating_sub(OBJECT), 0), (lane(0), 1), (lane(1), 2)];
    let mut columns = [OBJECT, LANE, LANE];
    needs.sort_unstable();
    let satisfied = needs.iter().filter(|(need, column)| {
        let fits = *need <= spare;
        if fits {
            spare -= need;
            columns[*column] += need;
        }
        fits
    });
    let satisfied = satisfied.count();
    let mut left = needs[satisfied..].to_vec();
    left.sort_unstable_by_key(|(_, column)| *column);
    for (need, column) in left.into_iter().chain([(gone, 0)]) {
        let base = if column == 0 { OBJECT } else { LANE };
        let more = (base + need).saturating_sub(columns[column]).min(spare);
        columns[column] += more;
        spare -= more;
    }
    let [object, left, right] = columns;
    Columns { margin, left, object, right }
}

fn heading(story: &Story<'_>, columns: &Columns, style: &Style) -> Vec<Text> {
    let glyphs = style.glyphs();
    let wall = || Text::of(Role::Faint, format!(" {} ", glyphs.wall));
    let title = match story.views.as_slice() {
        [view] => view.title(),
        _ => "objects".to_owned(),
    };
    let name = |worker: usize, width: usize| {
        Text::of(Role::Strong, cut(story.worker(worker), width, style)).pad(width)
    };
    let heads = columns
        .margin
        .heading()
        .join(name(0, columns.left))
        .join(wall())
        .join(Text::of(Role::Strong, cut(&title, columns.object, style)).pad(columns.object))
        .join(wall())
        .join(name(1, columns.right));
    let rule = |n: usize| glyphs.rule.repeat(n);
    let ruler = format!(
        " {}{cross}{}{cross}{}",
        rule(columns.margin.width() + columns.left),
        rule(columns.object + 2),
        rule(columns.right + 1),
        cross = glyphs.cross,
    );
    vec![heads, Text::of(Role::Faint, ruler)]
}

fn draw_row(row: &Row, columns: &Columns, style: &Style) -> Vec<Text> {
    let side = |worker: usize, width: usize| match row.workers.contains(&worker) {
        true => lane(row, worker == 0, width, style),
        false => Vec::new(),
    };
    let (left, right) = (side(0, columns.left), side(1, columns.right));
    let middle = row.middle(columns.object, style);
    let height = left.len().max(right.len()).max(middle.len());
    let wall = || Text::of(Role::Faint, format!(" {} ", style.glyphs().wall));
    let cell = |column: &[Text], at: usize, width: usize| {
        column.get(at).cloned().unwrap_or_default().pad(width)
    };
    (0..height)
        .map(|at| {
            let margin = match at {
                0 => columns.margin.row(row, style),
                _ => columns.margin.blank(),
            };
            margin
                .join(cell(&left, at, columns.left))
                .join(wall())
                .join(cell(&middle, at, columns.object))
                .join(wall())
                .join(cell(&right, at, columns.right))
        })
        .collect()
}

/// One lane of one row: the name with its arrow, then the notes.
fn lane(row: &Row, left: bool, width: usize, style: &Style) -> Vec<Text> {
    let (name, left_out) = row.name(width, style);
    let arrow =
        arrow(row, left, width.saturating_sub(Text::plain(name.as_str()).width() + 1), style);
    let role = row.role();
    let first = match (row.flow, left) {
        (Flow::Local, _) => Text::of(role, name),
        (_, true) => Text::of(role, format!("{name} {arrow}")),
        (_, false) => Text::of(role, format!("{arrow} {name}")),
    };
    let mut lines = vec![first];
    for note in left_out.iter().chain(&row.notes) {
        for line in wrap(note, width.saturating_sub(2)) {
            lines.push(Text::plain("  ").then(note_role(row), cut(&line, width - 2, style)));
        }
    }
    lines
}

fn note_role(row: &Row) -> Role {
    if row.guilty { Role::Bad } else { Role::Faint }
}

/// An arrow between a name and the wall: it points where the object goes, and does not arrive
/// where the server refused. A watch is dotted.
pub(super) fn arrow(row: &Row, left: bool, width: usize, style: &Style) -> String {
    let glyphs = style.glyphs();
    let line = |n: usize| if row.watch { glyphs.watch } else { glyphs.line }.repeat(n);
    let shaft = line(width.saturating_sub(1));
    match (row.flow, left) {
        (Flow::Local, _) => String::new(),
        (Flow::Reads, true) => format!("{}{shaft}", glyphs.left),
        (Flow::Reads, false) => format!("{shaft}{}", glyphs.right),
        (Flow::Writes, true) => format!("{shaft}{}", glyphs.right),
        (Flow::Writes, false) => format!("{}{shaft}", glyphs.left),
        (Flow::Refused, true) => format!("{shaft}{}", glyphs.refused),
        (Flow::Refused, false) => format!("{}{shaft}", glyphs.refused),
    }
}
