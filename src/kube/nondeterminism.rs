//! Where two executions of one schedule differ: the JSON path, and the mask to paste.
//!
//! Next to read: `explore.rs`.

use serde_json::Value;

use super::drive::Ran;
use crate::parking::{Mask, What};

/// The first difference between two runs of one schedule, in words; what is masked is none.
pub(super) fn difference(one: &Ran, other: &Ran, workers: &[String], masks: &[Mask]) -> String {
    for (a, b) in one.history.steps.iter().zip(&other.history.steps) {
        let name = workers.get(a.worker).map_or("?", String::as_str);
        match (&a.what, &b.what) {
            (What::Exchange(x), What::Exchange(y)) => {
                let (left, right) = (&x.http, &y.http);
                if (a.worker, &left.method, &left.path) != (b.worker, &right.method, &right.path) {
                    let there = workers.get(b.worker).map_or("?", String::as_str);
                    return format!(
                        "once `{name}` sent {} {}, once `{there}` sent {} {}\n  help: what decides \
                         which request comes next must not be random, nor the order of a HashMap",
                        left.method, left.path, right.method, right.path
                    );
                }
                let parse = |bytes: &[u8]| {
                    let mut value = serde_json::from_slice::<Value>(bytes).ok()?;
                    masks.iter().for_each(|mask| mask.cover(&mut value));
                    Some(value)
                };
                if let (Some(sent), Some(again)) = (parse(&left.body), parse(&right.body))
                    && let Some((path, was, is)) = first(&sent, &again, String::new())
                {
                    let mask = path.trim_start_matches('.');
                    let (mask, was, is) = (masked(mask), short(&was), short(&is));
                    return format!(
                        "in the {} of `{name}` to {}, `{}` was {was}, and then {is}\n  help: \
                         `.ignore(\"{mask}\")` leaves it out of the comparison; better, take the \
                         time from what you are given, so that tests can choose it",
                        left.method,
                        left.path,
                        path.trim_start_matches('.'),
                    );
                }
                if left.query != right.query {
                    return format!(
                        "`{name}` sent {} {} once with `{}`, once with `{}`",
                        left.method, left.path, left.query, right.query
                    );
                }
            }
            (What::Exchange(x), _) => return once(name, &format!("sent {}", x.http.path)),
            (_, What::Exchange(y)) => return once(name, &format!("sent {}", y.http.path)),
            (What::Time(x), What::Time(y)) if x != y => {
                return format!("once it waited for {x} ms, once for {y} ms");
            }
            _ => {}
        }
    }
    match one.history.steps.len() == other.history.steps.len() {
        true => "the two executions look alike, but one of them left other requests waiting or \
                 told other workers; is something shared between workers, or kept in a static?"
            .to_owned(),
        false => {
            format!("one took {} steps, one {}", one.history.steps.len(), other.history.steps.len())
        }
    }
}

fn once(name: &str, what: &str) -> String {
    format!("`{name}` {what} once, and did something else the second time")
}

/// Indices of lists become `[*]`: the next object will have others.
fn masked(path: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                inside = true;
                out.push_str("[*]");
            }
            ']' => inside = false,
            _ if inside => {}
            letter => out.push(letter),
        }
    }
    out
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn first(a: &Value, b: &Value, path: String) -> Option<(String, Value, Value)> {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let mut keys: Vec<&String> = x.keys().chain(y.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let (left, right) = (of(x).unwrap_or_default(), of(y).unwrap_or_default());
                first(&left, &right, format!("{path}.{key}"))
            })
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let pairs = x.iter().zip(y).enumerate();
            pairs.into_iter().find_map(|(at, (a, b))| first(a, b, format!("{path}[{at}]")))
        }
        (a, b) if a == b => None,
        (a, b) => Some((path, a.clone(), b.clone())),
    }
}
