//! A value under a schema: which of its three shapes it has, whether it fits, what fields it sets.
//!
//! Apply looks at an object as a tree of maps, lists and scalars, by the schema where there is one
//! and by the value where there is none. Maps and list-type maps and sets are walked, atomic ones
//! are leaves. Next to read: `compare.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::path_set::{PathSet, Scalar, Step, path_text};
use crate::apiserver::schema::node::{ListType, Node, Type};
use crate::apiserver::schema::quoted;

/// The shapes a node allows, or the one a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A schema that takes anything, and no value to tell.
    Any,
    Scalar,
    List,
    Map,
}

/// The shape under which a value is handled; the schema's, if the value does not fit it.
pub(super) fn shape(node: &Node, value: Option<&Value>) -> Shape {
    match (node.ty, value) {
        (Type::Object, _) => Shape::Map,
        (Type::Array, _) => Shape::List,
        (Type::Any, Some(Value::Object(_))) => Shape::Map,
        (Type::Any, Some(Value::Array(_))) => Shape::List,
        (Type::Any, None | Some(Value::Null)) => Shape::Any,
        _ => Shape::Scalar,
    }
}

impl Shape {
    /// What is done with a value of unknown shape: maps come first.
    pub fn resolved(self) -> Shape {
        if self == Shape::Any { Shape::Map } else { self }
    }
}

/// The items of a list; none of anything else.
pub(super) fn items_of(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

static NO_FIELDS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The fields of a map; none of anything else.
pub(super) fn entries_of(value: Option<&Value>) -> &Map<String, Value> {
    value.and_then(Value::as_object).unwrap_or(&NO_FIELDS)
}

/// The step that leads to an item of a list-type map or set.
pub(super) fn item_step(list: &Node, item: &Value) -> Result<Step, String> {
    let ListType::Map(names) = &list.list else {
        return match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => {
                Err("not supported: associative list with lists as elements".to_owned())
            }
            Value::Null => {
                Err("associative list without keys has an element that's an explicit null"
                    .to_owned())
            }
            scalar => Ok(Step::Item(Scalar(scalar.clone()))),
        };
    };
    match item {
        Value::Object(_) => {}
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    }
    let default = |name: &str| list.item().field(name).and_then(|node| node.default.clone());
    let mut keys = names
        .iter()
        .filter_map(|name| {
            let value = item.get(name).cloned().or_else(|| default(name))?;
            Some((name.clone(), Scalar(value)))
        })
        .collect::<Vec<_>>();
    if keys.is_empty() {
        let names = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" ");
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{names}] (and \
             doesn't have default values for any key fields)"
        ));
    }
    keys.sort();
    Ok(Step::Key(keys))
}

/// Whether a value fits the schema; if not, the server's text.
pub(super) fn check(value: &Value, node: &Node, allow_duplicates: bool) -> Result<(), String> {
    let mut checker = Checker { errors: Vec::new(), allow_duplicates };
    checker.value(value, node, &mut Vec::new());
    match checker.errors.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        several => Err(format!("errors:\n  {}", several.join("\n  "))),
    }
}

struct Checker {
    errors: Vec<String>,
    allow_duplicates: bool,
}

impl Checker {
    fn refuse(&mut self, path: &[Step], text: &str) {
        let path = path_text(path);
        self.errors.push(if path.is_empty() { text.to_owned() } else { format!("{path}: {text}") });
    }

    fn value(&mut self, value: &Value, node: &Node, path: &mut Vec<Step>) {
        match (shape(node, Some(value)).resolved(), value) {
            (_, Value::Null) => {}
            (Shape::Map, Value::Object(fields)) => {
                for (key, inner) in fields {
                    path.push(Step::field(key));
                    match node.field(key) {
                        Some(below) => self.value(inner, below, path),
                        None => {
                            self.refuse(path, "field not declared in schema");
                            path.pop();
                            return;
                        }
                    }
                    path.pop();
                }
            }
            (Shape::List, Value::Array(items)) => self.list(items, node, path),
            (Shape::Map, other) => {
                self.refuse(path, &format!("expected map, got &{{{}}}", go_value(other)));
            }
            (Shape::List, other) => {
                self.refuse(path, &format!("expected list, got &{{{}}}", go_value(other)));
            }
            (_, scalar) => self.scalar(scalar, node, path),
        }
    }

    fn list(&mut self, items: &[Value], node: &Node, path: &mut Vec<Step>) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let mut step = Step::Index(index);
            if node.list != ListType::Atomic {
                step = match item_step(node, item) {
                    Ok(step) => step,
                    Err(text) => {
                        self.refuse(path, &format!("element {index}: {text}"));
                        return;
                    }
                };
                if !seen.insert(step.clone()) && !self.allow_duplicates {
                    self.refuse(path, &format!("duplicate entries for key {step}"));
                }
            }
            path.push(step);
            self.value(item, node.item(), path);
            path.pop();
        }
    }

    fn scalar(&mut self, value: &Value, node: &Node, path: &[Step]) {
        let shown = || go_value(value);
        let text = match (node.ty, value) {
            (Type::Number, Value::Number(_))
            | (Type::String, Value::String(_))
            | (Type::Boolean, Value::Bool(_)) => return,
            (Type::Number, _) => {
                format!("expected numeric (int or float), got {}", go_type(value))
            }
            (Type::String, _) => {
                let inner = go_syntax(value);
                format!("expected string, got &value.valueUnstructured{{Value:{inner}}}")
            }
            (Type::Boolean, _) => format!("expected boolean, got &{{{}}}", shown()),
            (_, Value::Array(_) | Value::Object(_)) => {
                format!("expected any scalar, got &{{{}}}", shown())
            }
            _ => return,
        };
        self.refuse(path, &text);
    }
}

/// Go's `%T`.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `%v`.
fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key}:{}", go_value(value)));
            format!("map[{}]", fields.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

/// Go's `%#v`.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items = items.iter().map(go_syntax).collect::<Vec<_>>().join(", ");
            format!("[]interface {{}}{{{items}}}")
        }
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{}:{}", quoted(key), go_syntax(value)));
            let fields = fields.collect::<Vec<_>>().join(", ");
            format!("map[string]interface {{}}{{{fields}}}")
        }
        other => other.to_string(),
    }
}

/// The fields that a value sets: its leaves, and the items of its lists.
pub(super) fn fields_of(value: &Value, node: &Node) -> PathSet {
    let mut set = PathSet::default();
    collect(value, node, &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, node: &Node, path: &mut Vec<Step>, set: &mut PathSet) {
    match shape(node, Some(value)).resolved() {
        Shape::Scalar => set.insert(path),
        Shape::List if node.list == ListType::Atomic => set.insert(path),
        Shape::List => collect_items(value, node, path, set),
        _ if node.atomic_map => set.insert(path),
        _ => {
            for (key, inner) in value.as_object().into_iter().flatten() {
                path.push(Step::field(key));
                if let Some(below) = node.field(key) {
                    collect(inner, below, path, set);
                }
                let empty = inner.is_null() || inner.as_object().is_some_and(|map| map.is_empty());
                if empty || !node.is_named(key) {
                    set.insert(path);
                }
                path.pop();
            }
        }
    }
}

fn collect_items(value: &Value, node: &Node, path: &mut Vec<Step>, set: &mut PathSet) {
    let items = value.as_array().into_iter().flatten();
    let steps = items.filter_map(|item| Some((item_step(node, item).ok()?, item)));
    let steps = steps.collect::<Vec<_>>();
    let mut times = BTreeMap::<&Step, usize>::new();
    for (step, _) in &steps {
        *times.entry(step).or_default() += 1;
    }
    for (step, item) in &steps {
        path.push(step.clone());
        // An item that is there twice is owned as a whole.
        if times[step] == 1 {
            collect(item, node.item(), path, set);
        }
        set.insert(path);
        path.pop();
    }
}
