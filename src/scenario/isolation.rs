//! Names that change from one execution of programs to the next: `isolation: name`.
//!
//! Programs that live on are given an object of another name in each execution. Which names these
//! are, and what in a scenario makes that impossible. Next to read: `programs/wire.rs`, which
//! changes the names on the way.

use serde_json::Value;

use super::{Act, Scenario};

/// What parts one execution of programs from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Programs are started for each execution.
    #[default]
    Process,
    /// Programs live on, and find an object of another name.
    Name,
}

/// A part of the way to a place in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Key(&'static str),
    Index(usize),
}

/// Why executions of a scenario cannot be parted by names.
#[derive(Clone, Debug)]
pub(crate) struct Hindrance {
    pub place: Vec<Way>,
    pub words: String,
    pub help: String,
}

/// The names that change, longest first, and the API groups, which may begin with one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub names: Vec<String>,
    groups: Vec<String>,
}

/// Keys whose values are never names of objects.
const FIXED: [&str; 5] = ["apiVersion", "kind", "group", "apiGroup", "managedFields"];

/// Whether the value of this key is left as it is.
pub(crate) fn is_fixed(key: &str) -> bool {
    FIXED.contains(&key)
}

impl Words {
    /// Whether this word stands here, as a whole.
    pub fn stands(&self, text: &str, at: usize, word: &str) -> bool {
        let bytes = text.as_bytes();
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + word.len());
        bytes[at..].starts_with(word.as_bytes())
            && before.is_none_or(|it| !it.is_ascii_alphanumeric() && it != b'.')
            && after.is_none_or(|it| !it.is_ascii_alphanumeric())
            && !(after == Some(&b'.')
                && self.groups.iter().any(|it| bytes[at..].starts_with(it.as_bytes())))
    }

    /// The first of the names that a text contains.
    pub fn within(&self, text: &str) -> Option<&str> {
        (0..text.len()).find_map(|at| {
            let found = self.names.iter().find(|name| self.stands(text, at, name));
            found.map(String::as_str)
        })
    }
}

impl Scenario {
    /// The names that change from execution to execution: all but those of Namespaces and
    /// definitions, which outlive executions.
    pub(crate) fn words(&self) -> Words {
        let created = self.programs.stimuli.iter().filter_map(|stimulus| match &stimulus.act {
            Act::Create(object) => Some(object),
            _ => None,
        });
        let changes = |object: &&Value| !outlives(object["kind"].as_str().unwrap_or_default());
        let all = self.objects.iter().chain(created).filter(changes);
        let name = |object: &Value| object["metadata"]["name"].as_str().map(str::to_owned);
        let mut names: Vec<String> = all.filter_map(name).collect();
        names.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        names.dedup();
        let group = |crd: &Value| crd["spec"]["group"].as_str().map(str::to_owned);
        Words { names, groups: self.crds.iter().filter_map(group).collect() }
    }

    /// An error that says why executions cannot be parted by names, if they cannot.
    #[cfg(all(feature = "serve", target_os = "linux"))]
    pub(crate) fn may_be_parted(&self) -> Result<(), String> {
        let Some(hindrance) = self.hindrances().into_iter().next() else { return Ok(()) };
        let mut place = String::new();
        for way in &hindrance.place {
            match way {
                Way::Key(key) if place.is_empty() => place.push_str(key),
                Way::Key(key) => place.push_str(&format!(".{key}")),
                Way::Index(at) => place.push_str(&format!("[{at}]")),
            }
        }
        Err(format!("{place}: {}\n  help: {}", hindrance.words, hindrance.help))
    }

    /// Why executions cannot be parted by names.
    pub(crate) fn hindrances(&self) -> Vec<Hindrance> {
        let words = self.words();
        let mut found = Vec::new();
        let mut add = |place: &[Way], words: String, help: &str| {
            found.push(Hindrance { place: place.to_vec(), words, help: help.to_owned() });
        };
        let race = self.programs.leases_race;
        if race || self.programs.leases_lost > 0 {
            let (place, key): (&[Way], _) = match race {
                true => (&[Way::Key("leases")], "leases: race"),
                false => (&[Way::Key("faults"), Way::Key("leasesLost")], "leasesLost"),
            };
            add(
                place,
                format!("`{key}` needs programs that are started for each execution"),
                LEASE,
            );
        }
        for (at, spec) in self.workers.iter().enumerate() {
            let Some(run) = &spec.run else { continue };
            let parts = run.command.iter().enumerate().skip(1);
            let parts = parts.map(|(part, text)| (vec![Way::Key("run"), Way::Index(part)], text));
            let env = run.env.iter().map(|(_, text)| (vec![Way::Key("env")], text));
            for (place, text) in parts.chain(env) {
                let Some(word) = words.within(text) else { continue };
                let place = [vec![Way::Key("workers"), Way::Index(at)], place].concat();
                let said = if place[2] == Way::Key("env") { "environment" } else { "command line" };
                let words = format!("the {said} of `{}` says `{word}`", spec.name);
                add(&place, words, TOLD);
            }
        }
        for (at, object) in self.objects.iter().enumerate() {
            let place = [Way::Key("objects"), Way::Index(at)];
            let kind = object["kind"].as_str().unwrap_or_default();
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if kind == "Lease" {
                add(&place, format!("the Lease `{name}` outlives an execution"), LEASE);
            }
            if let Some(path) = said(&words, object, "", false).filter(|_| !outlives(kind)) {
                add(&place, format!("{kind}/{name} says the name of an object in {path}"), OTHER);
            }
        }
        let spaces: Vec<&str> = self
            .objects
            .iter()
            .filter_map(|it| it["metadata"]["namespace"].as_str())
            .chain(["default", "kube-system"])
            .collect();
        for name in &words.names {
            let counted = |other: &String| {
                let rest = name.strip_prefix(other.as_str()).and_then(|it| it.strip_prefix('-'));
                rest.is_some_and(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
            };
            let other = words.names.iter().find(|other| counted(other));
            let clash = match other {
                Some(other) => Some(format!("`{name}` is `{other}` with a number")),
                None if spaces.contains(&name.as_str()) => {
                    Some(format!("`{name}` is the name of an object and of a namespace"))
                }
                None => None,
            };
            let place = |object: &Value| object["metadata"]["name"] == name.as_str();
            let at = self.objects.iter().position(place).unwrap_or(0);
            if let Some(clash) = clash {
                add(&[Way::Key("objects"), Way::Index(at)], clash, OTHER);
            }
        }
        found
    }
}

const LEASE: &str = "who leads is remembered by programs that live on: use `isolation: process`";
const TOLD: &str = "with `isolation: name` an object has another name in each execution, and a \
                    program has to learn it from a list or a watch; otherwise use `isolation: \
                    process`";
const OTHER: &str = "give the object a name that stands for nothing else, or use `isolation: \
                     process`";

/// Whether objects of this kind outlive an execution.
pub(crate) fn outlives(kind: &str) -> bool {
    matches!(kind, "Namespace" | "CustomResourceDefinition")
}

/// Where an object says a name that need not be one: not in a field for names, nor in labels.
fn said(words: &Words, value: &Value, path: &str, allowed: bool) -> Option<String> {
    match value {
        Value::String(text) if !allowed => words.within(text).map(|_| path.to_owned()),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, it)| said(words, it, &format!("{path}[{at}]"), allowed))
        }
        Value::Object(fields) => fields.iter().filter(|(key, _)| !is_fixed(key)).find_map(|it| {
            let (key, value) = it;
            let place = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            let names = key == "name" || key.ends_with("Name") || key == "namespace";
            let labels = matches!(key.as_str(), "labels" | "matchLabels" | "selector");
            let key = words.within(key).map(|_| place.clone());
            key.or_else(|| said(words, value, &place, allowed || names || labels))
        }),
        _ => None,
    }
}
