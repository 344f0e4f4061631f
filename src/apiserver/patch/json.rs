//! JSON patch, RFC 6902, with the habits of the library that the API server uses.
//!
//! It is laxer than the RFC in ways that clients rely on or stumble over: a `test` for null
//! passes on an absent member, `replace` and `copy` do not need the member to exist, negative
//! indices count from the end, a missing `value` is null, and whatever stands before the first
//! slash of a path is ignored. All operations apply, or none. Next to read: `merge.rs`.

use serde_json::{Map, Value};

use super::limits::Allowance;
use super::{PatchError, go_json_type};

/// The server refuses longer JSON patches.
const OPERATIONS_MAX: usize = 10_000;

/// Applies a JSON patch to an object.
pub fn json(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let operations = decode(patch)?;
    let mut document = object.clone();
    let mut allowance = Allowance::new();
    for operation in operations {
        let performed = operation
            .ok_or(Failure::Missing)
            .and_then(|it| perform(&mut document, it, &mut allowance));
        performed.map_err(|failure| match failure {
            Failure::Missing => PatchError::Failed("missing path".into()),
            Failure::Because(text) => PatchError::Failed(text),
            Failure::TooMuch(error) => error,
        })?;
    }
    Ok(document)
}

fn decode(patch: &Value) -> Result<Vec<Option<&Map<String, Value>>>, PatchError> {
    let refuse = |found: &Value, wanted: &str| {
        PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type {wanted}",
            go_json_type(found)
        ))
    };
    let list = match patch {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        other => return Err(refuse(other, "[]handlers.jsonPatchOp")),
    };
    if list.len() > OPERATIONS_MAX {
        return Err(PatchError::TooLarge(format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}",
            list.len()
        )));
    }
    list.iter()
        .map(|item| match item {
            // Null is an operation without anything, which fails when it is performed.
            Value::Null => Ok(None),
            Value::Object(operation) => Ok(Some(operation)),
            item => Err(refuse(item, "handlers.jsonPatchOp")),
        })
        .collect()
}

/// Why an operation is not performed.
enum Failure {
    /// What it is about is not there.
    Missing,
    Because(String),
    /// It would cost too much.
    TooMuch(PatchError),
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        Failure::TooMuch(error)
    }
}

fn because<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Because(text))
}

fn perform(
    document: &mut Value,
    operation: &Map<String, Value>,
    allowance: &mut Allowance,
) -> Result<(), Failure> {
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    let path = || text(operation, "path");
    match text(operation, "op").unwrap_or_default() {
        "add" => put(document, path()?, value(), allowance),
        "remove" => {
            let (parent, key, _) = parent_of(document, path()?)?;
            allowance.work(shifted(parent))?;
            remove(parent, &key).map(drop)
        }
        "replace" => replace(document, path()?, value(), allowance),
        "test" => test(document, path()?, &value()),
        "move" => {
            let from = text(operation, "from")?;
            let (parent, key, _) = parent_of(document, from)?;
            allowance.work(shifted(parent))?;
            let moved = remove(parent, &key)?;
            put(document, path()?, moved, allowance)
        }
        "copy" => {
            let from = text(operation, "from")?;
            let (parent, key, _) = parent_of(document, from)?;
            let found = get(parent, &key)?;
            found.map_or(Ok(()), |value| allowance.copy(value))?;
            let copied = found.cloned().unwrap_or(Value::Null);
            put(document, path()?, copied, allowance)
        }
        unknown => because(format!("Unexpected kind: {unknown}")),
    }
}

/// Adds a value where a path says.
fn put(
    document: &mut Value,
    path: &str,
    value: Value,
    allowance: &mut Allowance,
) -> Result<(), Failure> {
    let (parent, key, levels) = parent_of(document, path)?;
    allowance.nest(levels, &value)?;
    if key != "-" {
        allowance.work(shifted(parent))?;
    }
    add(parent, &key, value)
}

/// How many values may have to move up or down when one comes or goes.
fn shifted(parent: &Value) -> usize {
    parent.as_array().map_or(0, Vec::len)
}

fn text<'a>(operation: &'a Map<String, Value>, key: &str) -> Result<&'a str, Failure> {
    match operation.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => because(format!("operation's {key} is not a string")),
        None => because(format!("operation has no {key}")),
    }
}

/// Walks to the container that holds the last token of a pointer: it, the token, and how many
/// levels down that is.
fn parent_of<'a>(
    document: &'a mut Value,
    path: &str,
) -> Result<(&'a mut Value, String, usize), Failure> {
    let mut tokens = path.split('/').skip(1).map(unescape).collect::<Vec<_>>();
    let Some(key) = tokens.pop() else {
        return Err(Failure::Missing);
    };
    let levels = tokens.len() + 1;
    let mut here = document;
    for token in tokens {
        here = match here {
            Value::Object(fields) => fields.get_mut(&token).ok_or(Failure::Missing)?,
            Value::Array(items) => {
                let index = index(&token, items.len())?;
                &mut items[index]
            }
            _ => return Err(Failure::Missing),
        };
    }
    match here {
        Value::Object(_) | Value::Array(_) => Ok((here, key, levels)),
        _ => Err(Failure::Missing),
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// An index below `len`; negative ones count from the end.
fn index(token: &str, len: usize) -> Result<usize, Failure> {
    let number: i64 = token
        .parse()
        .map_err(|_| Failure::Because(format!("value was not a proper array index: '{token}'")))?;
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let index = if number < 0 { number.saturating_add(len) } else { number };
    match usize::try_from(index) {
        Ok(position) if index < len => Ok(position),
        _ => because(format!("Invalid index {token} referenced")),
    }
}

/// An absent member of an object is found, as null; an absent index is an error.
fn get<'a>(parent: &'a Value, key: &str) -> Result<Option<&'a Value>, Failure> {
    match parent {
        Value::Array(items) => index(key, items.len()).map(|index| items.get(index)),
        other => Ok(other.get(key)),
    }
}

fn add(parent: &mut Value, key: &str, value: Value) -> Result<(), Failure> {
    match parent {
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let index = index(key, items.len() + 1)?;
            items.insert(index, value);
        }
        Value::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        _ => return Err(Failure::Missing),
    }
    Ok(())
}

fn remove(parent: &mut Value, key: &str) -> Result<Value, Failure> {
    match parent {
        Value::Array(items) => {
            let index = index(key, items.len())?;
            Ok(items.remove(index))
        }
        Value::Object(fields) => fields
            .remove(key)
            .ok_or_else(|| Failure::Because(format!("Unable to remove nonexistent key: {key}"))),
        _ => Err(Failure::Missing),
    }
}

fn replace(
    document: &mut Value,
    path: &str,
    value: Value,
    allowance: &mut Allowance,
) -> Result<(), Failure> {
    if path.is_empty() {
        // A scalar is neither taken nor refused: the library returns an error that is no error.
        if value.is_object() || value.is_array() {
            *document = value;
        }
        return Ok(());
    }
    let (parent, key, levels) = parent_of(document, path)?;
    allowance.nest(levels, &value)?;
    match parent {
        Value::Array(items) => {
            let index = index(&key, items.len())?;
            items[index] = value;
            Ok(())
        }
        other => add(other, &key, value),
    }
}

/// The library compares scalars as they are written: `2` and `2.0` differ, and so they do here.
fn same_text(a: &Value, b: &Value) -> bool {
    a == b
}

fn test(document: &mut Value, path: &str, wanted: &Value) -> Result<(), Failure> {
    let failed = || Failure::Because(format!("testing value {path} failed"));
    if path.is_empty() {
        return if same_text(document, wanted) { Ok(()) } else { Err(failed()) };
    }
    let (parent, key, _) = parent_of(document, path)?;
    let found = get(parent, &key)?.unwrap_or(&Value::Null);
    if same_text(found, wanted) { Ok(()) } else { Err(failed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(patch: Value) -> Result<Value, PatchError> {
        json(&json!({ "l": ["a", "b", "c"], "m": { "a/b": 1, "c~d": null }, "n": 1 }), &patch)
    }

    fn list(patch: Value) -> Value {
        patched(patch)
            .map_or_else(|error| json!(error.to_string()), |document| document["l"].clone())
    }

    #[test]
    fn indices() {
        let add = |path: &str| list(json!([{ "op": "add", "path": path, "value": "z" }]));
        assert_eq!(add("/l/-"), json!(["a", "b", "c", "z"]));
        assert_eq!(add("/l/0"), json!(["z", "a", "b", "c"]));
        assert_eq!(add("/l/3"), json!(["a", "b", "c", "z"]));
        assert_eq!(add("/l/-1"), json!(["a", "b", "c", "z"]));
        assert_eq!(add("/l/4"), json!("Invalid index 4 referenced"));
        assert_eq!(add("/l/x"), json!("value was not a proper array index: 'x'"));
        assert_eq!(list(json!([{ "op": "remove", "path": "/l/1" }])), json!(["a", "c"]));
    }

    #[test]
    fn what_the_library_lets_pass() {
        for operation in [
            json!({ "op": "test", "path": "/absent", "value": null }),
            json!({ "op": "test", "path": "/absent" }),
            json!({ "op": "test", "path": "/m/c~0d", "value": null }),
            json!({ "op": "replace", "path": "/absent", "value": 1 }),
            json!({ "op": "copy", "from": "/absent", "path": "/x" }),
            json!({ "op": "add", "path": "x/y", "value": 1 }),
            json!({ "op": "add", "path": "/x" }),
            json!({ "op": "replace", "path": "", "value": 1 }),
        ] {
            assert!(patched(json!([operation])).is_ok(), "{operation}");
        }
    }

    #[test]
    fn what_fails() {
        for operation in [
            json!({ "op": "test", "path": "/n", "value": 2 }),
            json!({ "op": "test", "path": "/n", "value": 1.0 }),
            json!(null),
            json!({ "op": "test", "path": "/m", "value": null }),
            json!({ "op": "remove", "path": "/absent" }),
            json!({ "op": "remove", "path": "/l/3" }),
            json!({ "op": "replace", "path": "/l/3", "value": 1 }),
            json!({ "op": "replace", "path": "/absent/x", "value": 1 }),
            json!({ "op": "move", "from": "/absent", "path": "/x" }),
            json!({ "op": "add", "value": 1 }),
            json!({ "op": "nope", "path": "/n" }),
            json!({ "path": "/n", "value": 1 }),
            json!({ "op": "add", "path": "/n/x", "value": 1 }),
        ] {
            let failed = matches!(patched(json!([operation])), Err(PatchError::Failed(_)));
            assert!(failed, "{operation}");
        }
    }

    #[test]
    fn malformed_patches_and_too_long_ones() {
        let malformed = |patch: Value| match patched(patch) {
            Err(PatchError::Malformed(text)) => text,
            other => format!("{other:?}"),
        };
        let prefix = "error decoding patch: json: cannot unmarshal";
        assert_eq!(
            malformed(json!({})),
            format!("{prefix} object into Go value of type []handlers.jsonPatchOp")
        );
        assert_eq!(
            malformed(json!([1])),
            format!("{prefix} number into Go value of type handlers.jsonPatchOp")
        );
        let operation = json!({ "op": "test", "path": "/n", "value": 1 });
        assert!(patched(Value::Array(vec![operation.clone(); OPERATIONS_MAX])).is_ok());
        let too_many = patched(Value::Array(vec![operation; OPERATIONS_MAX + 1]));
        assert!(matches!(too_many, Err(PatchError::TooLarge(_))));
    }

    #[test]
    fn a_move_removes_before_it_adds() {
        assert_eq!(
            list(json!([{ "op": "move", "from": "/l/0", "path": "/l/2" }])),
            json!(["b", "c", "a"])
        );
    }
}
