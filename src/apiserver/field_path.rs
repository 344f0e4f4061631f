//! A field of an object, as people write it: `status.conditions[type=Ready].status`.
//!
//! A path is a list of steps: a map key (`status`, `labels["a.b/c"]`), an entry of a list chosen
//! by one of its keys (`[type=Ready]`), or by its index (`[0]`). Reading never creates; `set`
//! makes what is missing, and *merges* a map into a selected list entry, because two owners of
//! one `conditions` list each mean their own entry. Used by scenarios, reconcilers and properties;
//! managed fields have sets of their own. Next to read: `reconcilers/value.rs`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a map, by key.
    Key(String),
    /// Into a list of maps: the entry whose `key` is `value`.
    Entry {
        /// The key that identifies an entry, such as `type`.
        key: String,
        /// The value that it has, such as `Ready`.
        value: String,
    },
    /// Into a list, by index.
    Index(usize),
}

/// A path to a field, a list entry, or a field of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Step>);

/// Why a text is not a field path: what is wrong, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPathError {
    /// What is wrong, as a fragment that completes "cannot read the field path: ...".
    pub message: String,
    /// The byte of the text where it goes wrong.
    pub offset: usize,
}

impl fmt::Display for FieldPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.offset + 1)
    }
}

impl std::error::Error for FieldPathError {}

impl FieldPath {
    /// The path made of these steps.
    pub fn new(steps: Vec<Step>) -> Self {
        FieldPath(steps)
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The names of the map keys on the way, list steps left out: what a schema is asked with.
    pub fn field_names(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The first map key: `spec`, `status` or `metadata`, usually.
    pub fn root(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Whether the path goes through a list.
    pub fn crosses_list(&self) -> bool {
        self.0.iter().any(|step| !matches!(step, Step::Key(_)))
    }

    /// The path to the outermost list on the way, if there is one.
    pub fn outermost_list(&self) -> Option<FieldPath> {
        let at = self.0.iter().position(|step| !matches!(step, Step::Key(_)))?;
        Some(FieldPath(self.0[..at].to_vec()))
    }

    /// Whether one of the two fields contains the other (or they are the same).
    pub fn overlaps(&self, other: &FieldPath) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    /// This path, one step longer.
    #[must_use]
    pub fn child(&self, step: Step) -> FieldPath {
        let mut steps = self.0.clone();
        steps.push(step);
        FieldPath(steps)
    }

    /// The value of the field, if it is there.
    pub fn get<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(object, |value, step| step.get(value))
    }

    /// The same, to be changed.
    pub fn get_mut<'v>(&self, object: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(object, |value, step| step.get_mut(value))
    }

    /// Makes the field have `value`; a map is merged into a selected list entry.
    ///
    /// Whatever is missing on the way is made; whatever is of another type is replaced.
    pub fn set(&self, object: &mut Value, value: Value) {
        let last = self.0.last();
        let target = self.0.iter().fold(object, |place, step| step.make(place));
        match (last, value) {
            (Some(Step::Entry { .. }), Value::Object(fields)) => {
                let entry = as_map(target);
                entry.extend(fields);
            }
            (_, value) => *target = value,
        }
    }

    /// Takes the field away; says whether it was there.
    pub fn remove(&self, object: &mut Value) -> bool {
        let Some((last, way)) = self.0.split_last() else {
            return false;
        };
        let Some(parent) = way.iter().try_fold(object, |value, step| step.get_mut(value)) else {
            return false;
        };
        match (last, parent) {
            (Step::Key(key), Value::Object(map)) => map.remove(key).is_some(),
            (step, Value::Array(list)) => match step.position(list) {
                Some(at) => {
                    list.remove(at);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    /// Whether the field is as `wanted`: equal, absent for `None`; an entry selected by key need
    /// only contain the wanted keys, because the other keys are another's.
    pub fn satisfied_by(&self, object: &Value, wanted: Option<&Value>) -> bool {
        match (self.get(object), wanted) {
            (None, None) => true,
            (Some(Value::Object(entry)), Some(Value::Object(fields)))
                if matches!(self.0.last(), Some(Step::Entry { .. })) =>
            {
                fields.iter().all(|(key, value)| entry.get(key) == Some(value))
            }
            (Some(found), Some(value)) => found == value,
            _ => false,
        }
    }
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("just made a map")
}

fn as_list(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut().expect("just made a list")
}

impl Step {
    fn position(&self, list: &[Value]) -> Option<usize> {
        match self {
            Step::Key(_) => None,
            Step::Entry { key, value } => {
                list.iter().position(|entry| entry.get(key).is_some_and(|v| same_text(v, value)))
            }
            Step::Index(index) => (*index < list.len()).then_some(*index),
        }
    }

    fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Step::Key(key), Value::Object(map)) => map.get(key),
            (step, Value::Array(list)) => step.position(list).map(|at| &list[at]),
            _ => None,
        }
    }

    fn get_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match (self, value) {
            (Step::Key(key), Value::Object(map)) => map.get_mut(key),
            (step, Value::Array(list)) => step.position(list).map(|at| &mut list[at]),
            _ => None,
        }
    }

    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        match self {
            Step::Key(key) => as_map(value).entry(key).or_insert(Value::Null),
            Step::Entry { key, value: name } => {
                let list = as_list(value);
                let at = self.position(list).unwrap_or_else(|| {
                    list.push(Value::Object(Map::from_iter([(key.clone(), name.clone().into())])));
                    list.len() - 1
                });
                &mut list[at]
            }
            Step::Index(index) => {
                let list = as_list(value);
                let at = (*index).min(list.len());
                if at == list.len() {
                    list.push(Value::Null);
                }
                &mut list[at]
            }
        }
    }
}

/// A list-map key may be a number (`[containerPort=80]`); the path spells it as text.
fn same_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(s) => s == text,
        Value::Number(n) => n.to_string() == text,
        Value::Bool(b) => b.to_string() == text,
        _ => false,
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if is_plain(key) && i == 0 => write!(f, "{key}")?,
                Step::Key(key) if is_plain(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{}]", Value::String(key.clone()))?,
                Step::Entry { key, value } => write!(f, "[{key}={value}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, FieldPathError> {
        Parser { text, at: 0 }.path()
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, FieldPathError> {
        Err(FieldPathError { message: message.into(), offset: self.at })
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn path(mut self) -> Result<FieldPath, FieldPathError> {
        if self.text.is_empty() {
            return self.error("a field path is empty");
        }
        let mut steps = Vec::new();
        if self.rest().starts_with('.') {
            self.at += 1;
        }
        loop {
            if self.rest().starts_with('[') {
                steps.push(self.bracket()?);
            } else {
                steps.push(self.key()?);
            }
            match self.rest().chars().next() {
                None => return Ok(FieldPath(steps)),
                Some('.') => self.at += 1,
                Some('[') => {}
                Some(c) => return self.error(format!("`{c}` does not belong here")),
            }
        }
    }

    fn key(&mut self) -> Result<Step, FieldPathError> {
        let end = self.rest().find(['.', '[', ']', '"', '=']).unwrap_or(self.rest().len());
        let key = self.rest()[..end].to_owned();
        if key.is_empty() {
            return self.error("a field name is missing");
        }
        if let Some(space) = key.find(char::is_whitespace) {
            self.at += space;
            return self.error("a field name has no spaces; quote it as [\"...\"]");
        }
        self.at += end;
        Ok(Step::Key(key))
    }

    fn bracket(&mut self) -> Result<Step, FieldPathError> {
        if self.rest().starts_with("[\"") {
            let text = &self.text[self.at + 1..];
            let mut keys = serde_json::Deserializer::from_str(text).into_iter::<String>();
            let Some(Ok(key)) = keys.next() else {
                return self.error("the quoted key does not end");
            };
            let end = self.at + 1 + keys.byte_offset();
            if !self.text[end..].starts_with(']') {
                self.at = end;
                return self.error("a `]` is missing");
            }
            self.at = end + 1;
            return Ok(Step::Key(key));
        }
        let Some(end) = self.rest().find(']') else {
            return self.error("a `]` is missing");
        };
        let inside = self.rest()[1..end].to_owned();
        let step = match inside.split_once('=') {
            Some(("", _) | (_, "")) => return self.error("a selector reads [key=value]"),
            Some((key, value)) => {
                let value = value.trim_matches('"');
                Step::Entry { key: key.trim().to_owned(), value: value.to_owned() }
            }
            None => match inside.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => {
                    return self.error("a list step reads [key=value], [index] or [\"key\"]");
                }
            },
        };
        self.at += end + 1;
        Ok(step)
    }
}

#[cfg(test)]
mod tests;
