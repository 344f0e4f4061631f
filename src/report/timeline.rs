//! The drawing of a run: one row per step, the object in the middle, because the object is what
//! is lost.
//!
//! This file makes rows of events and chooses the form: two lanes left and right of the object
//! for two workers where there is room, one folded lane with names otherwise. The heavy wall is
//! the server's edge; what does not cross it is no request. Colour only repeats what the margin,
//! the arrows and the words say. Next to read: `lanes.rs`, then `folded.rs`.

use super::losses::Facts;
use super::story::{Flow, Story};
use super::style::{Role, Style};
use super::text::{Text, cut, plural, wrap};
use super::told::told;
use super::{folded, lanes};
use crate::check::LossClass;

/// The narrowest terminal in which two workers have a lane each.
pub const LANES_FROM: usize = 91;

/// One step, ready to be put in columns.
#[derive(Debug)]
pub(super) struct Row {
    pub step: usize,
    pub rv: String,
    pub code: String,
    /// The workers whose lanes it is drawn in; none if it is the object's alone.
    pub workers: Vec<usize>,
    pub who: String,
    pub flow: Flow,
    /// A watch, not a request.
    pub watch: bool,
    pub is_write: bool,
    pub names: Vec<String>,
    pub notes: Vec<String>,
    /// The object after the step.
    pub object: String,
    /// Only what differs from the object before the step.
    pub brief: Option<String>,
    /// Whether it is as after the step before.
    pub same: bool,
    pub gone: Vec<String>,
    pub guilty: bool,
    pub victim: bool,
    /// Not a step: what stands for several steps that are left out, in words.
    pub folded: Option<String>,
}

/// Workers from which a witness is folded.
const FOLD_FROM_WORKERS: usize = 4;

/// Steps that are worth a fold.
const FOLD_FROM_STEPS: usize = 4;

/// Draws a witness, without the steps of workers that took no part in it.
pub fn draw_witness(facts: &Facts<'_>, style: &Style) -> Vec<Text> {
    let story = &facts.story;
    let rows = folded_rows(facts, rows(story, Some(facts)));
    in_columns(story, &rows, rows.len(), style)
}

/// Puts one row in the place of neighbouring steps of workers that took no part.
fn folded_rows(facts: &Facts<'_>, rows: Vec<Row>) -> Vec<Row> {
    let told = [&facts.victim, &facts.stale, &facts.culprit];
    let involved: Vec<usize> =
        told.into_iter().flatten().filter_map(|told| told.event.worker()).collect();
    let takes_part = |row: &Row| {
        let nobodys = row.workers.is_empty();
        nobodys || row.guilty || row.victim || row.workers.iter().any(|w| involved.contains(w))
    };
    let apart = rows.iter().filter(|row| !takes_part(row)).count();
    let many = facts.story.trace.workers.len() >= FOLD_FROM_WORKERS;
    // Of an intent that was given up, every write in between is a part.
    let dropped = facts.witness.class == LossClass::Dropped;
    if involved.is_empty() || dropped || !many || apart < FOLD_FROM_STEPS {
        return rows;
    }
    let mut shown: Vec<Row> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(mut row) = rows.next() {
        if takes_part(&row) {
            // What stands before it may be folded: the object is compared with what is drawn.
            let before = shown.iter().rev().find(|row| row.folded.is_none());
            row.same = before.is_some_and(|before| before.object == row.object);
            if shown.last().is_some_and(|row| row.folded.is_some()) {
                row.brief = None;
            }
            shown.push(row);
            continue;
        }
        let (mut steps, mut workers) = (1, row.workers.clone());
        while let Some(next) = rows.next_if(|next| !takes_part(next)) {
            steps += 1;
            workers.extend(next.workers);
        }
        workers.sort_unstable();
        workers.dedup();
        let workers = plural(&workers.len().to_string(), "other worker");
        let steps = plural(&steps.to_string(), "step");
        row.folded = Some(format!("{workers}, {steps}: no part in it"));
        row.workers.clear();
        shown.push(row);
    }
    shown
}

/// Draws a run; with the facts of a witness, its guilty row is marked.
pub fn draw(story: &Story<'_>, facts: Option<&Facts<'_>>, style: &Style) -> Vec<Text> {
    let rows = rows(story, facts);
    in_columns(story, &rows, rows.len(), style)
}

/// Draws a run without what explains it: no notes, and not what is gone.
pub fn draw_bare(story: &Story<'_>, style: &Style) -> Vec<Text> {
    let mut rows = rows(story, None);
    for row in &mut rows {
        row.notes.clear();
        row.gone.clear();
    }
    in_columns(story, &rows, rows.len(), style)
}

/// Draws a run that has only begun, in columns that are wide enough for a whole one.
pub fn draw_beginning(story: &Story<'_>, whole: &Story<'_>, style: &Style) -> Vec<Text> {
    let mut rows = rows(story, None);
    let shown = rows.len();
    rows.extend(self::rows(whole, None));
    in_columns(story, &rows, shown, style)
}

fn rows(story: &Story<'_>, facts: Option<&Facts<'_>>) -> Vec<Row> {
    let mut rows: Vec<Row> =
        (1..=story.trace.events.len()).map(|step| row(story, facts, step)).collect();
    for at in 1..rows.len() {
        rows[at].same = rows[at].object == rows[at - 1].object;
    }
    rows
}

/// Draws the first of the rows, in columns that are wide enough for all of them.
fn in_columns(story: &Story<'_>, rows: &[Row], shown: usize, style: &Style) -> Vec<Text> {
    if story.trace.workers.len() == 2 && style.width >= LANES_FROM {
        lanes::draw(story, rows, shown, style)
    } else {
        folded::draw(story, rows, shown, style)
    }
}

fn row(story: &Story<'_>, facts: Option<&Facts<'_>>, step: usize) -> Row {
    let event = &story.trace.events[step - 1];
    let told = told(story, facts, step);
    let guilty = facts.is_some_and(|facts| facts.guilty_step() == step);
    let several = story.views.len() > 1;
    let object = story.view(event).map_or_else(String::new, |view| {
        if several { format!("{}: {}", view.title(), told.object) } else { told.object }
    });
    Row {
        step,
        rv: told.rv.to_string(),
        code: match told.code {
            _ if told.kind == "fault" => "!".to_owned(),
            Some(code) => code.to_string(),
            None => String::new(),
        },
        workers: told.lanes,
        who: told.who,
        flow: told.flow,
        watch: told.kind == "watch",
        is_write: told.kind == "write",
        names: told.names,
        notes: told.notes,
        object,
        brief: story
            .view(event)
            .filter(|_| !several && step > 1)
            .and_then(|view| view.brief(story.before(step), story.after(step))),
        same: false,
        gone: told.gone,
        guilty,
        victim: facts.is_some_and(|f| f.witness.victim.step == step) && !guilty,
        folded: None,
    }
}

/// The columns before the lanes: margin, step, resourceVersion, status code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margin {
    rv: usize,
}

impl Margin {
    pub fn of(rows: &[Row]) -> Margin {
        Margin { rv: rows.iter().map(|row| row.rv.len()).max().unwrap_or(1).max(3) }
    }

    pub fn width(self) -> usize {
        13 + self.rv
    }

    pub fn heading(self) -> Text {
        Text::of(Role::Faint, format!(" step {:>rv$}       ", "rv", rv = self.rv))
    }

    pub fn blank(self) -> Text {
        Text::plain(" ".repeat(self.width()))
    }

    pub fn row(self, row: &Row, style: &Style) -> Text {
        let glyphs = style.glyphs();
        let mark = if row.guilty { glyphs.guilty } else { " " };
        let code = match row.code.as_str() {
            "" if style.ascii => ".",
            "" => glyphs.local,
            code => code,
        };
        let role = if row.guilty { Role::Bad } else { Role::Plain };
        let code_role = match row.flow {
            Flow::Refused => Role::Notice,
            _ => role,
        };
        Text::of(role, format!(" {mark}{:>3}", row.step))
            .then(Role::Faint, format!(" {:>rv$}  ", row.rv, rv = self.rv))
            .then(code_role, format!("{code:>3}  "))
    }
}

impl Row {
    /// The role of the row's own text.
    pub fn role(&self) -> Role {
        match (self.guilty, self.victim, self.flow) {
            (true, ..) => Role::Guilty,
            (_, true, _) => Role::Good,
            (.., Flow::Refused) => Role::Notice,
            _ => Role::Plain,
        }
    }

    /// The longest name that fits `width`, with an arrow if it has one; what of it had to be left
    /// out is returned beside it.
    pub fn name(&self, width: usize, style: &Style) -> (String, Option<String>) {
        let arrow = if self.flow == Flow::Local { 0 } else { 4 };
        let fits = |name: &&String| Text::plain(name.as_str()).width() + arrow <= width;
        let longest = self.names.first().cloned().unwrap_or_default();
        match self.names.iter().find(fits) {
            Some(name) if *name == longest => (longest, None),
            // What was left out is told below, unless it is only the value.
            Some(name) if self.names.last() == Some(name) && self.is_write => {
                (name.clone(), self.left_out())
            }
            Some(name) => (name.clone(), None),
            None => (cut(&longest, width.saturating_sub(arrow), style), None),
        }
    }

    /// What the shortest name does not say: the payload.
    fn left_out(&self) -> Option<String> {
        let (longest, shortest) = (self.names.first()?, self.names.last()?);
        let verb = shortest.split([' ', ',']).next().unwrap_or(shortest);
        let rest = longest.strip_prefix(verb)?.trim_start();
        let lock = shortest.strip_prefix(verb).unwrap_or("");
        Some(rest.strip_suffix(lock).unwrap_or(rest).to_owned())
    }

    /// The object's column: its state, then what is gone.
    pub fn middle(&self, width: usize, style: &Style) -> Vec<Text> {
        let mut lines: Vec<Text> = Vec::new();
        if let (true, Some(name)) = (self.workers.is_empty(), self.names.first()) {
            let lines_of_it = wrap(&format!("! {name}"), width).into_iter();
            lines.extend(lines_of_it.map(|line| Text::of(Role::Notice, cut(&line, width, style))));
        }
        let role = if self.same { Role::Faint } else { Role::Plain };
        let mut object = wrap(&self.object, width.saturating_sub(2));
        let long = object.len() > 1;
        if let (Some(brief), 3..) = (&self.brief, object.len()) {
            object = wrap(brief, width.saturating_sub(2));
        }
        if self.same && long {
            lines.push(Text::of(role, "(as before)"));
        } else {
            for (at, line) in object.into_iter().enumerate() {
                let indent = if at == 0 { "" } else { "  " };
                lines.push(Text::of(role, cut(&format!("{indent}{line}"), width, style)));
            }
        }
        let corner = style.glyphs().corner;
        for gone in &self.gone {
            for (at, line) in wrap(gone, width.saturating_sub(4)).into_iter().enumerate() {
                let lead = if at == 0 { format!("  {corner} ") } else { "    ".to_owned() };
                let line = cut(&line, width.saturating_sub(4), style);
                lines.push(Text::of(Role::Bad, lead).join(lost_text(&line)));
            }
        }
        lines
    }
}

/// What is gone is struck out; the words that say so are not.
fn lost_text(line: &str) -> Text {
    for verdict in [" is ", " became ", " was "] {
        if let Some(at) = line.find(verdict) {
            let (what, fate) = line.split_at(at);
            return Text::of(Role::Lost, what).then(Role::Bad, fate);
        }
    }
    Text::of(Role::Bad, line)
}
