//! An execution and a loss in it, as text: the drawing of scenarios (`crate::report`).
//!
//! Next to read: `telling.rs`.

use std::fmt::Write;

use super::history::History;
use super::step::What;
use super::telling::Teller;
use super::verdict::{Judged, Loss};
use crate::history::LossClass;
use crate::report::{self, Style};

/// The drawing of a loss; a plain list where an object cannot be drawn so.
pub fn drawing(history: &History, judged: &Judged, loss: &Loss) -> String {
    let told = Teller::new(history, judged).tell("real", loss);
    let mut text = match &told {
        Some(told) => {
            let style = Style { recorded: false, width: 110, ..Style::default() };
            report::witness(&told.scenario, &told.witness, &style)
        }
        None => plain_with(history, loss),
    };
    let name = |step: usize| {
        let worker = history.steps[step].worker;
        history.workers.get(worker).cloned().unwrap_or_default()
    };
    if let Some(by) = loss.repaired {
        let (by, owner) = (name(by), name(loss.victim));
        let whose = if by == owner { "by its owner" } else { "by another worker" };
        let _ = writeln!(text, "\n  repaired  by {by}, {whose}: readers saw it gone in between");
    }
    text
}

/// The steps as a list, and under them which write took what away.
fn plain_with(history: &History, loss: &Loss) -> String {
    let about = [loss.victim, loss.culprit];
    let mut text = listed(history, &about);
    let line = |at: usize| {
        let shown = |it: &usize| history.steps[*it].chosen.is_some() || about.contains(it);
        let number = (0..=at).filter(shown).count();
        let worker = history.workers.get(history.steps[at].worker);
        (number, worker.map_or("?", String::as_str))
    };
    let object = match &history.steps[loss.victim].what {
        What::Exchange(it) => it.key.as_ref().map(ToString::to_string),
        What::Modelled(event) => event.key.as_ref().map(ToString::to_string),
        _ => None,
    };
    let object = object.unwrap_or_default();
    let ((lost, victim), (guilty, culprit)) = (line(loss.victim), line(loss.culprit));
    let _ = writeln!(text, "\n  lost     step {lost}   {victim} wrote {} of {object}", loss.path);
    let _ = match loss.class {
        LossClass::WrongObject => writeln!(
            text,
            "  why      it went to another object of that name: what {victim} had read is gone"
        ),
        _ if loss.victim == loss.culprit => {
            writeln!(text, "  why      it was answered 2xx, and the object does not have it")
        }
        _ => writeln!(text, "  guilty   step {guilty}   the write of {culprit} took it away"),
    };
    text
}

/// The steps as a list.
pub fn plain(history: &History) -> String {
    listed(history, &[])
}

/// The steps that were chosen, and these, as a list.
fn listed(history: &History, also: &[usize]) -> String {
    let mut text = String::new();
    let mut number = 0;
    let shown = |at: &usize| history.steps[*at].chosen.is_some() || also.contains(at);
    for step in (0..history.steps.len()).filter(shown).map(|at| &history.steps[at]) {
        number += 1;
        let who = history.workers.get(step.worker).map_or("?", String::as_str);
        let what = match &step.what {
            What::Exchange(it) => {
                let lost = if it.answered { "" } else { ", and the worker was not told" };
                format!("{} {} → {}{lost}", it.http.method, it.http.path, it.code)
            }
            What::Delivered(events) => {
                let s = if events.len() == 1 { "" } else { "s" };
                format!("its watch delivers {} event{s}", events.len())
            }
            What::Modelled(event) => {
                let object = event.key.as_ref().map(ToString::to_string).unwrap_or_default();
                match event.code {
                    Some(code) => format!("a step on {object} → {code}"),
                    None => format!("a step of its own, about {object}"),
                }
            }
            What::Broken => "its watch breaks".to_owned(),
            What::Restarted => "is stopped and started again".to_owned(),
            What::Time(ms) => format!("{ms} ms pass"),
        };
        let _ = writeln!(text, "  {number:>3}  {who:<12} {what}");
    }
    text
}
