//! The `safe` lines: what the other write methods did on the same scenario, measured.
//!
//! A method that loses nothing because it gives up is told apart from one that is safe.
//! Next to read: `check/explore.rs`, which runs them.

use super::counts::of;
use crate::check::{Advice, ListTyped, Verdict};
use crate::schedulers::Count;

/// What a list type would change, measured.
pub fn list_type(typed: &ListTyped) -> String {
    let ListTyped { list, key, .. } = typed;
    let none = (typed.verdict == Verdict::Holds).then_some(Count::ZERO);
    let losing = none.or_else(|| typed.losing.clone());
    let counts =
        losing.map_or_else(String::new, |n| format!(": {}", of(&n, typed.schedules.as_ref())));
    let would = match typed.verdict {
        Verdict::Holds => "apply would be safe here",
        Verdict::Violated => "apply would still lose",
        Verdict::Unknown => "apply was not decided within its bounds",
    };
    format!(
        "{list} has no list type. With x-kubernetes-list-type: map and \
         x-kubernetes-list-map-keys: [{key}], {would}{counts}"
    )
}

/// What the other write methods did on the same scenario.
pub fn sentences(advice: &[Advice]) -> Vec<String> {
    if advice.is_empty() {
        return Vec::new();
    }
    let told = |is: &dyn Fn(&Advice) -> bool| -> Vec<String> {
        let rows = advice.iter().filter(|row| row.refused.is_none() && is(row));
        rows.map(|row| {
            let none = (row.verdict == Verdict::Holds).then_some(Count::ZERO);
            match row.losing.clone().filter(|_| row.verdict != Verdict::Holds).or(none) {
                Some(losing) => format!("{} ({})", row.write, of(&losing, row.schedules.as_ref())),
                None => row.write.to_owned(),
            }
        })
        .collect()
    };
    let safe = told(&|row| row.verdict == Verdict::Holds && !row.gives_up);
    let mut lines = vec![match safe.is_empty() {
        true => "no other write method is, on this scenario".to_owned(),
        false => format!("on the same scenario: {}", safe.join(", ")),
    }];
    let mut say = |what: &str, methods: Vec<String>| {
        if !methods.is_empty() {
            lines.push(format!("{what}: {}", methods.join(", ")));
        }
    };
    let giving = told(&|row| row.verdict == Verdict::Holds && row.gives_up);
    say("loses nothing, but gives up", giving);
    say("not safe here", told(&|row| row.verdict == Verdict::Violated));
    say("not decided within its bounds", told(&|row| row.verdict == Verdict::Unknown));
    let refused = advice.iter().filter(|row| row.refused.is_some());
    say("refused for this kind", refused.map(|row| row.write.to_owned()).collect());
    lines
}
