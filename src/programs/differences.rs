//! Where two executions of one schedule part: the first state that differs, and what differs there.
//!
//! Next to read: `session.rs`.

use super::execute::Ran;
use crate::parking::{Step, Waiting, What};
use crate::schedulers::rerun::Key;

/// A state that was passed: its key, and what waits there.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub key: Key,
    pub waiting: Waiting,
}

/// An execution, to be compared with another one.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    pub states: Vec<State>,
    pub steps: Vec<Step>,
    /// Whether a request came after all had seemed quiet.
    pub tainted: bool,
}

impl Passed {
    /// What differs in another execution of the same schedule, in words; nothing if nothing does.
    pub fn difference(&self, other: &Passed, workers: &[String]) -> Option<String> {
        let pairs = self.states.iter().zip(&other.states);
        let same = pairs.take_while(|(a, b)| a.key == b.key).count();
        if same == self.states.len() && same == other.states.len() {
            return None;
        }
        let name = |worker: usize| workers.get(worker).map_or("", String::as_str);
        let words = match (self.states.get(same), other.states.get(same)) {
            (Some(a), Some(b)) => between(&a.waiting, &b.waiting, &name)
                .or_else(|| self.aside(other, same, &name))
                .or_else(|| written(&a.waiting, &b.waiting))
                .or_else(|| {
                    let mut told = a.waiting.told.iter().zip(&b.waiting.told);
                    let worker = told.position(|(a, b)| a != b)?;
                    Some(format!("`{}` was told something else", name(worker)))
                })
                .unwrap_or_else(|| "a modelled worker has come to another state".to_owned()),
            _ => "one of the two had ended".to_owned(),
        };
        let mut made = self.steps.iter().filter(|step| step.chosen.is_some());
        let after = same.checked_sub(1).and_then(|last| made.nth(last));
        let after = after.map(|step| format!("after {} of `{}`, ", what(step), name(step.worker)));
        let tainted = if self.tainted || other.tainted { " (one is tainted)" } else { "" };
        Some(format!("{}{words}{tainted}", after.unwrap_or_default()))
    }

    /// The first of the requests that were answered at once, before this number of steps was made,
    /// that differs, for the first worker of whom one does.
    fn aside<'n>(
        &self,
        other: &Passed,
        made: usize,
        name: &dyn Fn(usize) -> &'n str,
    ) -> Option<String> {
        let of = |passed: &Passed, worker: usize| -> Vec<String> {
            let mut left = made;
            let before = passed.steps.iter().take_while(|step| {
                let all = left == 0 && step.chosen.is_some();
                left = left.saturating_sub(usize::from(step.chosen.is_some()));
                !all
            });
            let mine = before.filter(|step| step.worker == worker);
            mine.filter(|step| step.chosen.is_none()).map(what).collect()
        };
        let most = self.steps.iter().map(|step| step.worker).max()?;
        (0..=most).find_map(|worker| {
            let (a, b) = (of(self, worker), of(other, worker));
            let at = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at))?;
            let one = |all: &[String]| all.get(at).map_or("nothing", String::as_str).to_owned();
            let (a, b) = (one(&a), one(&b));
            let (a, b) = if a < b { (a, b) } else { (b, a) };
            Some(format!("of `{}` {a} was answered at once, or {b}", name(worker)))
        })
    }
}

impl Ran {
    /// What it passed.
    pub fn passed(self) -> Passed {
        let tainted = !self.late.is_empty();
        Passed { states: self.states, steps: self.history.steps, tainted }
    }
}

fn what(step: &Step) -> String {
    match &step.what {
        What::Exchange(it) => format!("{} {} {}", it.http.method, it.http.path, it.code),
        What::Delivered(events) if events.len() == 1 => "an event".to_owned(),
        What::Delivered(events) => format!("{} events", events.len()),
        _ => "a fault".to_owned(),
    }
}

/// What waits in one of two states only.
fn between<'n>(a: &Waiting, b: &Waiting, name: &dyn Fn(usize) -> &'n str) -> Option<String> {
    let only = |here: &Waiting, there: &Waiting| -> Vec<(usize, String)> {
        let mut there: Vec<_> = there.requests.iter().map(|it| (it.0, &it.1)).collect();
        let mut only = Vec::new();
        for (worker, text, _) in &here.requests {
            match there.iter().position(|it| *it == (*worker, text)) {
                Some(at) => drop(there.swap_remove(at)),
                None => only.push((*worker, text.clone())),
            }
        }
        only
    };
    let (first, second) = (only(a, b), only(b, a));
    let waited =
        |(worker, text): &(usize, String)| format!("`{}` waited with {text}", name(*worker));
    // In which of the two it was says nothing.
    let (first, second) = (first.first().map(waited), second.first().map(waited));
    match (first.as_ref().min(second.as_ref()).cloned(), first.max(second)) {
        (Some(one), Some(other)) => return Some(format!("{one} in one, {other} in the other")),
        (None, Some(one)) => return Some(format!("{one} in one only")),
        _ => {}
    }
    let other = a.requests.iter().zip(&b.requests).find(|(a, b)| a.2 != b.2);
    if let Some(((worker, text, _), _)) = other {
        return Some(format!("`{}` sent another body with {text}", name(*worker)));
    }
    let events = a.watches.iter().zip(&b.watches).find(|(a, b)| a != b);
    events.map(|((worker, label, n), (.., m))| {
        let (n, m) = (n.min(m), n.max(m));
        format!("on the way to `{}` on {label} were {n} events, or {m}", name(*worker))
    })
}

/// An object of which something else has become.
fn written(a: &Waiting, b: &Waiting) -> Option<String> {
    let other = |(key, digest): &&(String, u128)| {
        !b.objects.iter().any(|(same, there)| same == key && there == digest)
    };
    let (key, _) = a.objects.iter().find(other)?;
    Some(format!("{key} was written in another way"))
}
