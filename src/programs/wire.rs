//! The way between programs that live on and the server of one execution.
//!
//! The scenario's `demo` is `demo-2` to the programs of the second execution, and is renamed on the
//! way: what the server stores, what is judged, drawn and compared, says `demo` in each. Uids
//! differ too, and revisions go on rising, as if it were one server all the time. Whatever a
//! program sends must be what it would have been told: where it says `demo` by itself, it knows the
//! name from elsewhere, and executions cannot be parted. Next to read: `live.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::parking::{BASE, WAS_PROTOBUF};
use crate::rest::{self, HttpRequest};
use crate::scenario::{Words, is_fixed};

/// The names, uids and revisions of one execution.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire {
    /// Its number, from 1.
    pub number: u64,
    /// What is added to revisions.
    pub offset: u64,
    pub words: Arc<Words>,
    /// Uids of what outlives executions.
    pub lasting: Arc<BTreeSet<String>>,
}

/// What a request turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// One of this execution.
    Now,
    /// One about an object of an earlier execution.
    Earlier,
    /// One that cannot be renamed, and why not.
    Refused(String),
}

/// What was met in a text on the way in.
#[derive(Debug, Default)]
struct Met {
    /// A name of an earlier execution.
    earlier: bool,
    /// A name that was not told to the program, and where.
    plain: Option<(String, String)>,
    /// Where something that changes stands in a key.
    key: Option<String>,
    /// Where the text stands that is looked at.
    place: String,
}

/// More revisions than one hunt makes.
const REVISIONS: u64 = 100_000_000;

const UID: usize = 36;

impl Wire {
    /// A name as programs know it.
    fn spelled(&self, name: &str) -> String {
        format!("{name}-{}", self.number)
    }

    /// A name at this place as the programs of this or an earlier execution know it: which, how
    /// long it is here, and in which execution it is called so.
    fn name_at(&self, text: &str, at: usize) -> Option<(&str, usize, u64)> {
        let all = self.words.names.iter();
        let found = all.filter_map(|name| {
            let rest = text.as_bytes()[at..].strip_prefix(name.as_bytes())?.strip_prefix(b"-")?;
            let digits = rest.iter().take_while(|it| it.is_ascii_digit()).count();
            let length = name.len() + 1 + digits;
            let number = text.get(at + name.len() + 1..at + length)?.parse().ok()?;
            let whole = text.get(at..at + length)?;
            (1..=self.number).contains(&number).then_some(())?;
            self.words.stands(text, at, whole).then_some((name.as_str(), length, number))
        });
        // This execution's own name before those of others.
        found.min_by_key(|(name, _, number)| (*number != self.number, usize::MAX - name.len()))
    }

    /// A uid with another beginning in each execution: twice gives the first one again.
    fn uid(&self, text: &str, at: usize) -> Option<String> {
        let uid = text.get(at..at + UID)?;
        let dashed = [8, 13, 18, 23].iter().all(|dash| uid.as_bytes()[*dash] == b'-');
        let ends = text.as_bytes().get(at + UID).is_none_or(|it| !it.is_ascii_alphanumeric());
        if !dashed || !ends || self.lasting.contains(uid) {
            return None;
        }
        let first = u32::from_str_radix(&uid[..8], 16).ok()?;
        let mixed = first ^ (self.number as u32).wrapping_mul(0x9e37_79b9);
        Some(format!("{mixed:08x}{}", &uid[8..]))
    }

    /// A revision as it is on the other side.
    fn revision(&self, text: &str, at: usize, inward: bool) -> Option<String> {
        let digits = text.as_bytes()[at..].iter().take_while(|it| it.is_ascii_digit()).count();
        let ends = text.as_bytes().get(at + digits).is_none_or(|it| !it.is_ascii_alphanumeric());
        let number: u64 =
            text.get(at..at + digits).filter(|_| ends && digits == 10)?.parse().ok()?;
        let counted = number.checked_sub(BASE).filter(|it| *it < REVISIONS)?;
        let other = match inward {
            // One of an earlier execution comes before all of this one.
            true => counted.saturating_sub(self.offset),
            false => counted + self.offset,
        };
        Some((BASE + other).to_string())
    }

    /// A text as it is on the other side, if it is another one there.
    fn text(&self, text: &str, inward: bool, met: &mut Met) -> Option<String> {
        let bytes = text.as_bytes();
        let mut out = String::new();
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            if at > 0 && bytes[at - 1].is_ascii_alphanumeric() || !bytes[at].is_ascii() {
                at += 1;
                continue;
            }
            let plain = || self.words.names.iter().find(|it| self.words.stands(text, at, it));
            let told = self.name_at(text, at).filter(|_| inward);
            let found = match told {
                Some((name, length, number)) if number == self.number => {
                    Some((name.to_owned(), length))
                }
                Some((_, length, _)) => {
                    met.earlier = true;
                    at += length;
                    continue;
                }
                None => plain().map(|it| (self.spelled(it), it.len())),
            };
            let found = match found {
                Some((_, length)) if inward && told.is_none() => {
                    let name = text[at..at + length].to_owned();
                    met.plain.get_or_insert_with(|| (name, met.place.clone()));
                    at += length;
                    continue;
                }
                None => {
                    let uid = self.uid(text, at).map(|it| (it, UID));
                    uid.or_else(|| self.revision(text, at, inward).map(|it| (it, 10)))
                }
                found => found,
            };
            match found {
                Some((other, length)) => {
                    out.push_str(&text[from..at]);
                    out.push_str(&other);
                    at += length;
                    from = at;
                }
                None => at += 1,
            }
        }
        out.push_str(&text[from..]);
        (out != text).then_some(out)
    }

    /// A text on its way in, which has to come out again as it went in.
    fn inward(&self, text: &str, met: &mut Met) -> Option<String> {
        let inside = self.text(text, true, met)?;
        let again = self.text(&inside, false, &mut Met::default());
        // A revision of an earlier execution does not come out again, and need not.
        let same = met.earlier || again.as_deref().unwrap_or(&inside) == text;
        if let Some(name) = self.words.within(&inside).filter(|_| !same) {
            met.plain.get_or_insert_with(|| (name.to_owned(), met.place.clone()));
        }
        Some(inside)
    }

    fn json(&self, value: &mut Value, inward: bool, place: &str, met: &mut Met) {
        match value {
            Value::String(text) => {
                place.clone_into(&mut met.place);
                let other = match inward {
                    true => self.inward(text, met),
                    false => self.text(text, false, met),
                };
                if let Some(other) = other {
                    *text = other;
                }
            }
            Value::Array(items) => {
                let items = items.iter_mut().enumerate();
                items.for_each(|(at, it)| self.json(it, inward, &format!("{place}[{at}]"), met));
            }
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut().filter(|(key, _)| !is_fixed(key)) {
                    let place = format!("{place}.{key}");
                    if inward && self.text(key, true, &mut Met::default()).is_some() {
                        met.key.get_or_insert_with(|| place.clone());
                    }
                    if key != "continue" {
                        self.json(value, inward, &place, met);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a watch selects by a name that changes: it ends with its execution.
    pub fn is_of_one(&self, http: &HttpRequest) -> bool {
        let query = rest::decoded(&http.query).unwrap_or_default();
        let selects = |pair: &str| pair.starts_with("fieldSelector=") || pair.starts_with("label");
        let said = |text: &str| self.words.within(text).is_some();
        name_in(&http.path).is_some_and(|at| said(segment(&http.path, at)))
            || query.split('&').any(|pair| selects(pair) && said(pair))
    }

    /// Renames what a request says.
    pub fn receive(&self, http: &mut HttpRequest, who: &str) -> Request {
        if !is_of_resources(&http.path) {
            return Request::Now;
        }
        let events = http.path.split('/').any(|it| it == "events");
        if http.path.split('/').any(|it| it == "leases") {
            return Request::Refused(format!(
                "`{who}` uses a Lease ({} {}), which would outlive an execution\n  help: start it \
                 without leader election, or with `isolation: process`",
                http.method, http.path
            ));
        }
        let mut met = Met::default();
        let what = format!("{} {}", http.method, http.path);
        self.receive_path(http, &mut met);
        self.receive_query(http, &mut met);
        let earlier = met.earlier;
        if !http.body.is_empty() {
            let was = rest::protobuf_value(&http.body);
            let protobuf = was.is_some();
            let Some(mut body) = was.or_else(|| serde_json::from_slice(&http.body).ok()) else {
                return Request::Refused(format!(
                    "`{who}` sends what is neither JSON nor protobuf ({what})\n  help: names in it \
                     cannot be changed: use `isolation: process`"
                ));
            };
            met.earlier = false;
            self.json(&mut body, true, "", &mut met);
            let name = &body["metadata"]["name"];
            let mut own = Met::default();
            self.text(name.as_str().unwrap_or_default(), true, &mut own);
            met.earlier = own.earlier;
            http.body = body.to_string().into_bytes();
            if protobuf {
                for (name, value) in &mut http.headers {
                    if name.eq_ignore_ascii_case("content-type") {
                        "application/json".clone_into(value);
                    }
                }
                http.headers.push((WAS_PROTOBUF.to_owned(), "1".to_owned()));
            }
        }
        // Frames of protobuf are not renamed: it is answered in JSON, which every client takes.
        for (name, value) in &mut http.headers {
            if name.eq_ignore_ascii_case("accept") && value.contains("protobuf") {
                let parts: Vec<&str> =
                    value.split(',').filter(|part| !part.contains("protobuf")).collect();
                *value = match parts.is_empty() {
                    true => "application/json".to_owned(),
                    false => parts.join(","),
                };
            }
        }
        if earlier || met.earlier {
            return Request::Earlier;
        }
        let refused = match (met.plain, met.key) {
            (Some((name, place)), _) if !events => Some((name, place)),
            (_, Some(place)) => Some((place.clone(), place)),
            _ => None,
        };
        let Some((name, place)) = refused else { return Request::Now };
        let place = place.trim_start_matches('.');
        let place = if place.is_empty() { String::new() } else { format!(", in {place}") };
        Request::Refused(format!(
            "`{who}` says `{name}` in {what}{place}, and was not told so by the API server\n  \
             help: with `isolation: name` objects have other names in each execution; let it take \
             the name from a list or a watch, give the object a name that stands for nothing else, \
             or use `isolation: process`"
        ))
    }

    fn receive_path(&self, http: &mut HttpRequest, met: &mut Met) {
        let Some(at) = name_in(&http.path) else { return };
        let name = segment(&http.path, at);
        if let Some(inside) = self.inward(name, met) {
            let segments = http.path.split('/').enumerate();
            let segments: Vec<&str> =
                segments.map(|(n, old)| if n == at { &inside } else { old }).collect();
            http.path = segments.join("/");
        }
    }

    fn receive_query(&self, http: &mut HttpRequest, met: &mut Met) {
        let pairs = http.query.split('&').map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !matches!(key, "fieldSelector" | "labelSelector" | "resourceVersion") {
                return pair.to_owned();
            }
            let text = rest::decoded(value).unwrap_or_default();
            key.clone_into(&mut met.place);
            match self.inward(&text, met) {
                Some(inside) => format!("{key}={}", encoded(&inside)),
                None => pair.to_owned(),
            }
        });
        let pairs: Vec<String> = pairs.collect();
        http.query = pairs.join("&");
    }

    /// A body on its way to a program.
    pub fn send(&self, body: Vec<u8>) -> Vec<u8> {
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else { return body };
        self.json(&mut value, false, "", &mut Met::default());
        let mut text = value.to_string();
        if body.ends_with(b"\n") {
            text.push('\n');
        }
        text.into_bytes()
    }
}

/// Whether a path leads to objects, and not to what the API server says of itself.
pub(super) fn is_of_resources(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.get(1) {
        Some(&"api") => parts.len() > 3,
        Some(&"apis") => parts.len() > 4,
        _ => false,
    }
}

/// Which part of a path is the name of an object: not that of a namespace.
fn name_in(path: &str) -> Option<usize> {
    let parts: Vec<&str> = path.split('/').collect();
    let first = if parts.get(1) == Some(&"api") { 3 } else { 4 };
    let spaced = parts.get(first) == Some(&"namespaces");
    let at = match spaced {
        true => first + 3,
        false => first + 1,
    };
    (is_of_resources(path) && parts.len() > at).then_some(at)
}

fn segment(path: &str, at: usize) -> &str {
    path.split('/').nth(at).unwrap_or_default()
}

/// A text as the value of a query.
fn encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if safe(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests;
