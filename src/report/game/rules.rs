//! What a player has to know before the first step: who plays, on what, what a request of each kind
//! replaces, and what `rv` is. The same sentences on the page and in `play`.
//!
//! Next to read: `task.rs`.

use serde_json::Value;

use crate::apiserver::{PatchKind, Subresource, Verb};
use crate::report::story::Story;
use crate::report::text::list_and;
use crate::trace::Action;

/// `Two workers, health and usage, share the Node worker-1.`
pub fn cast(story: &Story<'_>) -> String {
    let names: Vec<String> = story.trace.workers.to_vec();
    let objects: Vec<String> = story.views.iter().map(|view| object(story, view)).collect();
    let objects = match objects.len() {
        0..=3 => list_and(&objects),
        n => format!("{n} objects"),
    };
    let names_and = list_and(&names);
    match names.len() {
        1 => format!("One worker, {names_and}, works on {objects}."),
        2 => format!("Two workers, {names_and}, share {objects}."),
        3 => format!("Three workers, {names_and}, share {objects}."),
        n => format!("{n} workers, {names_and}, share {objects}."),
    }
}

/// `the Node worker-1`; of an object that is not there yet, its resource and name.
fn object(story: &Story<'_>, view: &crate::report::view::View) -> String {
    let initial = story.trace.initial.iter().find(|(key, _)| *key == view.key);
    match initial.and_then(|(_, object)| object.get("kind")).and_then(Value::as_str) {
        Some(kind) => format!("the {kind} {}", view.key.name),
        None => view.key.to_string(),
    }
}

/// What each kind of request in the run replaces, and what `rv` is: whole sentences.
pub fn rules(story: &Story<'_>) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    for event in &story.trace.events {
        let Action::Write { verb, subresource, .. } = &event.action else { continue };
        let rule = rule(*verb, *subresource);
        rules.extend(rule.filter(|rule| !rules.contains(rule)));
    }
    rules.push(
        "rv is the resourceVersion: every change of an object gives it a new one.".to_owned(),
    );
    rules
}

fn rule(verb: Verb, subresource: Option<Subresource>) -> Option<String> {
    let rule = match verb {
        Verb::Update => match subresource {
            Some(part) => return Some(format!("A PUT replaces the whole {}.", part.name())),
            None => {
                "A PUT replaces the whole object. Where status is a subresource, it leaves the \
                 status as it was."
            }
        },
        Verb::Patch(PatchKind::Merge) => {
            "A merge patch sets the fields that it names, and replaces each list as a whole."
        }
        Verb::Patch(PatchKind::Strategic) => {
            "A strategic merge patch sets the fields that it names. It merges a list that has a \
             merge key, and replaces any other."
        }
        Verb::Patch(PatchKind::Json) => {
            "A JSON patch is a list of operations; it addresses list entries by their index."
        }
        Verb::Patch(PatchKind::Apply) => {
            "An apply sets the fields that it names, and removes those that only its manager \
             owned and that it no longer names."
        }
        _ => return None,
    };
    Some(rule.to_owned())
}
