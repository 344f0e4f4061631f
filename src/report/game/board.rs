//! The board: the timeline so far, what each believes beside what is true, the odds, the keys.
//!
//! Next to read: `parts.rs`.

use super::goal::goal;
use super::rules::rules;
use super::task::reachable;
use super::{choice_text, letters, story};
use crate::apiserver::{Key, Verb};
use crate::check::game::{Game, Heard, Store, StoreKind, Stored, Unknown, Walk, Way};
use crate::report::counts::count;
use crate::report::story::{Story, locked_to, resource_version};
use crate::report::style::{Role, Style};
use crate::report::text::{Text, cut, list_and, plural, wrap};
use crate::report::timeline;
use crate::report::view::View;
use crate::schedulers::Count;
use crate::simulation::Choice;
use crate::trace::{Action, Event};

/// A key and what it does: `b`, `back`.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Menu {
    pub key: String,
    pub what: String,
}

/// What a player is told before the first step.
pub fn introduction(game: &Game, style: &Style) -> Vec<Text> {
    let scenario = game.scenario();
    let whole = game.any_run();
    let story = story(game, whole);
    let names: Vec<String> = whole.workers.to_vec();
    let objects: Vec<String> = story.views.iter().map(|view| view.key.to_string()).collect();
    let objects = list_and(&objects);
    let who = match names.as_slice() {
        [one] => format!("{one} works on {objects}"),
        [a, b] => format!("{a} and {b} share {objects}"),
        many => format!("{} share {objects}", list_and(many)),
    };
    let mut steps = vec!["an API call of one of them"];
    if names.len() == 1 {
        steps = vec!["an API call"];
    }
    if !game.setting().caches.is_empty() {
        steps.push("a look into a cache");
        steps.push("the delivery of a change to a cache");
    }
    if whole.events.iter().any(|event| event.action == Action::Touch) {
        steps.push("a touch of the object that they share in memory");
    }
    if game.world().faults != Default::default() {
        steps.push("a fault");
    }
    let steps: Vec<String> = steps.into_iter().map(str::to_owned).collect();
    let steps = list_and(&steps).replace(" and ", " or ");
    let task = reachable(game);
    let text = format!(
        "{who}{}. You are the scheduler: you choose what happens next, one step at a time. A step \
         is {steps}, and no other worker can come in between. {} {task}",
        aims(&story),
        rules(&story).join(" ")
    );
    let mut lines = vec![Text::of(Role::Strong, scenario.name.as_str()), Text::new()];
    lines.extend(wrap(&text, style.width.min(100)).into_iter().map(Text::plain));
    lines
}

/// `: health wants phase=Running, and usage capacity.cpu="8"`.
fn aims(story: &Story<'_>) -> String {
    let mut aims: Vec<String> = Vec::new();
    for worker in 0..story.trace.workers.len() {
        let own = |event: &&Event| event.worker() == Some(worker) && !event.intent.is_empty();
        let Some(event) = story.trace.events.iter().find(own) else { return String::new() };
        // What is computed from what is read is not known yet.
        if event.intent.iter().any(|change| change.derived) {
            return String::new();
        }
        let wants = if aims.is_empty() { " wants" } else { "" };
        aims.push(format!("{}{wants} {}", story.worker(worker), story.changes(event)));
    }
    match aims.as_slice() {
        [] => String::new(),
        [most @ .., last] if !most.is_empty() => format!(": {}, and {last}", most.join(", ")),
        _ => format!(": {}", aims.join("")),
    }
}

/// The timeline so far.
pub fn timeline_so_far(walk: &Walk<'_>, style: &Style) -> Vec<Text> {
    let trace = walk.trace();
    let story = story(walk.game(), &trace);
    let whole = self::story(walk.game(), walk.game().any_run());
    let mut lines = timeline::draw_beginning(&story, &whole, style);
    if trace.events.is_empty() {
        lines.push(Text::of(Role::Faint, "    0  (nothing has happened yet)"));
    }
    lines
}

/// Everything at once.
pub fn board(walk: &Walk<'_>, show_odds: bool, menu: &[Menu], style: &Style) -> Vec<Text> {
    let mut lines = timeline_so_far(walk, style);
    lines.push(Text::new());
    lines.extend(beliefs(walk, style));
    if show_odds {
        lines.push(Text::new());
        lines.push(odds(walk, style));
    }
    lines.push(Text::new());
    lines.extend(keys(&moves(walk), style));
    lines.extend(keys(menu, style));
    lines.push(Text::of(Role::Faint, format!(" schedule so far: {}", letters(walk))));
    lines
}

/// The choices as keys.
pub fn moves(walk: &Walk<'_>) -> Vec<Menu> {
    let trace = walk.trace();
    let story = story(walk.game(), &trace);
    let way = |way: &Way| Menu { key: way.letters.clone(), what: choice_text(&story, way) };
    walk.ways().iter().map(way).collect()
}

/// `[h] health moves   [u] usage moves`, as many on a line as there is room for.
pub fn keys(menu: &[Menu], style: &Style) -> Vec<Text> {
    let mut lines = Vec::new();
    let mut line = Text::new();
    for Menu { key, what } in menu {
        let item =
            Text::of(Role::Strong, format!(" [{key}]")).then(Role::Plain, format!(" {what}"));
        if line.width() > 0 && line.width() + item.width() + 2 > style.width {
            lines.push(std::mem::take(&mut line));
        }
        if line.width() > 0 {
            line = line.then(Role::Plain, "  ");
        }
        line = line.join(item);
    }
    lines.push(line);
    lines
}

/// `from here: 2 schedules, 2 of them lose a write`, with a bar.
pub fn odds(walk: &Walk<'_>, style: &Style) -> Text {
    const WIDTH: usize = 12;
    let game = walk.game();
    let words = goal(game.judged()[game.goal()].name);
    let odds = match walk.odds() {
        Ok(odds) => odds,
        Err(Unknown::Endless) => {
            let text =
                " still possible from here: schedules without end, so they cannot be counted";
            return Text::of(Role::Notice, text);
        }
        Err(Unknown::CutOff { states }) => {
            let text = format!(
                " still possible from here: not counted (the search stopped after {states} states)"
            );
            return Text::of(Role::Notice, text);
        }
    };
    let bad = &odds.violating[game.goal()];
    let schedules = plural(&count(&odds.schedules), "schedule");
    let one = odds.schedules == Count::ONE;
    let ever = game.start_odds().is_ok_and(|start| !start.violating[game.goal()].is_zero());
    let (role, share) = match (bad.is_zero(), *bad == odds.schedules) {
        (true, _) if !ever => (Role::Plain, format!("0 of them {}", words.violate)),
        (true, _) if one => (Role::Good, format!("from here it never {}", words.violates)),
        (true, _) => (Role::Good, format!("from here no schedule {}", words.violates)),
        (_, true) if one => (Role::Bad, format!("and it is a {} one", words.violating)),
        (_, true) => (Role::Bad, format!("all of them {}", words.violate)),
        _ => (Role::Notice, format!("{} of them {}", count(bad), words.of(bad))),
    };
    let ratio = bad.ratio(&odds.schedules);
    let full = ((ratio * WIDTH as f64).round() as usize)
        .clamp(usize::from(!bad.is_zero()), WIDTH - usize::from(*bad != odds.schedules));
    let (on, off) = if style.ascii { ("#", ".") } else { ("█", "░") };
    Text::of(Role::Plain, " still possible from here: ")
        .then(role, format!("{}{}", on.repeat(full), off.repeat(WIDTH - full)))
        .then(Role::Plain, format!("  {schedules}, "))
        .then(role, share)
}

/// One line of the table of beliefs.
struct Line {
    who: String,
    what: String,
    since: String,
    next: String,
    stale: bool,
}

/// What is true, what each worker believes and would do next, and what caches and memories hold.
pub fn beliefs(walk: &Walk<'_>, style: &Style) -> Vec<Text> {
    let trace = walk.trace();
    let story = story(walk.game(), &trace);
    let mut rows: Vec<Line> = Vec::new();
    let several = story.views.len() > 1;
    for view in &story.views {
        let object = walk.world().server.object(&view.key);
        rows.push(Line {
            who: if several { view.key.name.clone() } else { "in truth".to_owned() },
            what: view.compact(object.as_deref()),
            since: at(object.as_deref()),
            next: String::new(),
            stale: false,
        });
    }
    rows.extend((0..walk.beliefs().len()).flat_map(|worker| believes(walk, &story, worker)));
    rows.extend(stores(walk, &story));
    table(&rows, several, style)
}

fn at(object: Option<&serde_json::Value>) -> String {
    object.and_then(resource_version).map_or_else(String::new, |rv| format!("rv {rv}"))
}

/// What a worker holds: the object that it read last, and below it the others of its reconcile.
fn believes(walk: &Walk<'_>, story: &Story<'_>, worker: usize) -> Vec<Line> {
    let belief = &walk.beliefs()[worker];
    let view = belief.key.as_ref().map(|key| view_of(story, key));
    let what = match (belief.from, view) {
        (Heard::Nowhere, _) | (_, None) => "(has not read it)".to_owned(),
        (_, Some(None)) => "(an object that is not shown)".to_owned(),
        (_, Some(Some(view))) => named(story, view, belief.object.as_deref()),
    };
    let truth = view
        .flatten()
        .map(|view| named(story, view, walk.world().server.object(&view.key).as_deref()));
    let first = Line {
        who: story.worker(worker).to_owned(),
        stale: truth.is_some_and(|truth| what != truth),
        since: match belief.from {
            Heard::Nowhere => String::new(),
            Heard::Cache => format!("{}, cached", at(belief.object.as_deref())),
            _ => at(belief.object.as_deref()),
        },
        what,
        next: next(walk, story, worker),
    };
    let others = belief.others.iter().filter_map(|(key, object)| {
        let view = view_of(story, key)?;
        let what = named(story, view, Some(object));
        Some(Line {
            who: String::new(),
            stale: what != named(story, view, walk.world().server.object(key).as_deref()),
            what,
            since: at(Some(object)),
            next: String::new(),
        })
    });
    std::iter::once(first).chain(others).collect()
}

fn view_of<'s>(story: &'s Story<'_>, key: &Key) -> Option<&'s View> {
    story.views.iter().find(|view| view.key == *key)
}

/// An object, with its name where there are several.
fn named(story: &Story<'_>, view: &View, object: Option<&serde_json::Value>) -> String {
    match story.views.len() {
        1 => view.compact(object),
        _ => format!("{} {}", view.key.name, view.compact(object)),
    }
}

/// What a worker would do next, or that it is done.
fn next(walk: &Walk<'_>, story: &Story<'_>, worker: usize) -> String {
    const ROOM: usize = 44;
    if let Some(way) = walk.look(Choice::Worker(worker)) {
        let names = story.names(&way.event);
        let short = names.iter().find(|name| name.chars().count() <= ROOM);
        let name = short.or(names.last()).cloned().unwrap_or_default();
        return format!("{name}{}", unlocked(story, &way.event));
    }
    let progress = walk.world().workers[worker].progress();
    let own = |event: &&Event| event.worker() == Some(worker) && event.is_write();
    let told = walk.events().iter().rev().find(own);
    match told.and_then(|event| event.code) {
        _ if progress.dropped > 0 => "done: it gave up".to_owned(),
        Some(code) => format!("done: answered {code}"),
        None => "done: there was nothing to write".to_owned(),
    }
}

fn unlocked(story: &Story<'_>, event: &Event) -> &'static str {
    let put = matches!(event.action, Action::Write { verb: Verb::Update, .. });
    match put && locked_to(event).is_none() && !story.is_shared(event) {
        true => ", without a resourceVersion",
        false => "",
    }
}

/// What caches and memories hold, a line for each.
fn stores(walk: &Walk<'_>, story: &Story<'_>) -> Vec<Line> {
    let stored = walk.game().stores().iter().zip(walk.stored());
    let line = |(store, stored): (&Store, Stored)| {
        let view = view_of(story, &store.key)?;
        let held = stored.object.as_deref();
        let truth = walk.world().server.object(&view.key);
        let (what, next) = match (store.kind, stored.lag) {
            (StoreKind::Cache(_), 0) => ("cache", "nothing is on its way to it".to_owned()),
            (StoreKind::Cache(_), n) => {
                ("cache", format!("{} on the way to it", plural(&n.to_string(), "change")))
            }
            (StoreKind::Memory(_), _) => ("memory", "shared by its workers".to_owned()),
        };
        let empty = matches!(store.kind, StoreKind::Memory(_)) && held.is_none();
        Some(Line {
            who: format!("{}'s {what}", store.process),
            what: if empty { "(empty)".to_owned() } else { named(story, view, held) },
            since: at(held),
            next,
            stale: !empty && view.compact(held) != view.compact(truth.as_deref()),
        })
    };
    stored.filter_map(line).collect()
}

fn table(rows: &[Line], several: bool, style: &Style) -> Vec<Text> {
    let width = |text: &str| Text::plain(text).width();
    let widest = |cell: fn(&Line) -> &str, head: &str| {
        rows.iter().map(|row| width(cell(row))).max().unwrap_or(0).max(width(head))
    };
    let who = widest(|row| &row.who, "").min(20);
    let since = widest(|row| &row.since, "as of");
    let head = if several { "believes" } else { "believes the object to be" };
    let room = style.width.saturating_sub(who + since + 12).max(30);
    let what = widest(|row| &row.what, head).min(room * 3 / 5);
    let next = room.saturating_sub(what);
    let mark = if style.ascii { "!=" } else { "≠" };
    let mut lines = vec![Text::of(
        Role::Faint,
        format!(" {:who$}  {:what$}  {:since$}      {}", "", head, "as of", "and would do next",),
    )];
    for row in rows {
        let (mark, role) = if row.stale { (mark, Role::Notice) } else { ("", Role::Plain) };
        let name = Text::of(Role::Strong, cut(&row.who, who, style)).pad(who + 2);
        let told = wrap(&row.next, next.max(12));
        let seen = wrap(&row.what, what);
        for at in 0..told.len().max(seen.len()) {
            let lead = if at == 0 { name.clone() } else { Text::new().pad(who + 2) };
            let since_cell = if at == 0 { row.since.as_str() } else { "" };
            let seen = seen.get(at).map_or("", String::as_str);
            lines.push(
                Text::plain(" ")
                    .join(lead)
                    .join(Text::of(role, cut(seen, what, style)).pad(what + 2))
                    .join(Text::of(Role::Faint, since_cell).pad(since + 2))
                    .join(Text::of(Role::Notice, if at == 0 { mark } else { "" }).pad(4))
                    .then(Role::Plain, told.get(at).cloned().unwrap_or_default()),
            );
        }
    }
    lines
}
