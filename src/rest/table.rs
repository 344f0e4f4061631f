//! Tables: what kubectl prints. A custom kind's columns stand in its definition.

use serde_json::{Value, json};

use crate::apiserver::Kind;

use super::negotiate::Include;
use super::{columns, encode};

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, \
                    although some resources may allow a client to request the generation of an \
                    appropriate name automatically. Name is primarily intended for creation \
                    idempotence and configuration definition. Cannot be updated. More info: \
                    https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this \
                       object was created. It is not guaranteed to be set in happens-before order \
                       across separate operations. Clients may not set this value. It is \
                       represented in RFC3339 form and is in UTC.\n\nPopulated by the system. \
                       Read-only. Null for lists. More info: \
                       https://git.k8s.io/community/contributors/devel/sig-architecture/\
                       api-conventions.md#metadata";

/// One column: its definition and how a cell is read from an object.
struct Column {
    name: String,
    column_type: String,
    format: String,
    description: String,
    priority: i64,
    cell: Cell,
}

enum Cell {
    /// The value at a path such as `.status.phase`.
    Path(String),
    /// What `columns.rs` prints under this word.
    Print(&'static str),
}

/// An object, or a list of them, as a table.
pub(crate) fn table(
    kind: &Kind,
    value: &Value,
    list: bool,
    include: Include,
    beta: bool,
    time: i64,
) -> Value {
    let columns = columns(kind);
    let objects: Vec<&Value> = match list {
        true => value["items"].as_array().into_iter().flatten().collect(),
        false => vec![value],
    };
    let rows = objects.into_iter().map(|object| {
        let cells = columns.iter().map(|column| cell(column, object, time));
        let cells: Vec<_> = cells.collect();
        let object = match include {
            Include::Metadata => encode::partial(object, beta),
            Include::Object => whole(kind, object),
            Include::None => Value::Null,
        };
        json!({ "cells": cells, "object": object })
    });
    let mut metadata = json!({ "resourceVersion": value["metadata"]["resourceVersion"] });
    for field in ["continue", "remainingItemCount"] {
        let found = &value["metadata"][field];
        if list && !found.is_null() && found != "" {
            metadata[field] = found.clone();
        }
    }
    json!({
        "kind": "Table",
        "apiVersion": encode::version(beta),
        "metadata": metadata,
        "columnDefinitions": columns.iter().map(definition).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// An item of a list says what it is only in the list's own kind; in a row it has to.
fn whole(kind: &Kind, object: &Value) -> Value {
    let mut object = object.clone();
    if object.get("kind").is_none_or(Value::is_null) {
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = kind.kind.as_str().into();
    }
    object
}

fn definition(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.column_type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    })
}

fn columns(kind: &Kind) -> Vec<Column> {
    let mut columns = vec![Column {
        name: "Name".into(),
        column_type: "string".into(),
        format: "name".into(),
        description: NAME.into(),
        priority: 0,
        cell: Cell::Path(".metadata.name".into()),
    }];
    match kind.printer_columns.as_array() {
        Some(own) if !own.is_empty() => columns.extend(own.iter().map(|column| {
            let text = |field: &str| column[field].as_str().unwrap_or_default().to_string();
            let path = text("jsonPath");
            let description = match text("description") {
                text if !text.is_empty() => text,
                _ => format!("Custom resource definition column (in JSONPath format): {path}"),
            };
            Column {
                name: text("name"),
                column_type: text("type"),
                format: text("format"),
                description,
                priority: column["priority"].as_i64().unwrap_or(0),
                cell: Cell::Path(path),
            }
        })),
        _ if kind.kind == "CustomResourceDefinition" => {
            columns.push(Column {
                name: "Created At".into(),
                column_type: "string".into(),
                format: String::new(),
                description: CREATED.into(),
                priority: 0,
                cell: Cell::Path(".metadata.creationTimestamp".into()),
            });
        }
        _ => {
            let known = if kind.is_custom() { "" } else { kind.kind.as_str() };
            let (cells, named) = columns::of(known);
            columns.truncate(usize::from(named));
            columns.extend(cells.into_iter().map(built_in));
        }
    }
    columns
}

/// A column of a built-in kind.
fn built_in(cell: columns::Cell) -> Column {
    let age = cell.source == "age";
    let path = match cell.source {
        "age" => Some(".metadata.creationTimestamp"),
        path => Some(path).filter(|path| path.starts_with('.')),
    };
    Column {
        name: cell.name.into(),
        column_type: if age { "date" } else { cell.column_type }.into(),
        format: String::new(),
        description: if age { CREATED.into() } else { String::new() },
        priority: i64::from(cell.wide),
        cell: path.map_or(Cell::Print(cell.source), |path| Cell::Path(path.into())),
    }
}

fn cell(column: &Column, object: &Value, time: i64) -> Value {
    let printed;
    let found = match &column.cell {
        Cell::Print(source) => {
            printed = columns::printed(source, object);
            &printed
        }
        Cell::Path(path) => match lookup(object, path) {
            Some(found) => found,
            None => return Value::Null,
        },
    };
    match (column.column_type.as_str(), found) {
        ("date", Value::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(then) => age(time - then.as_second()).into(),
            Err(_) => "<invalid>".into(),
        },
        ("integer", value) if value.is_i64() => value.clone(),
        ("integer", Value::Number(number)) => {
            number.as_f64().map_or(Value::Null, |it| (it as i64).into())
        }
        ("number", value @ Value::Number(_)) | ("boolean", value @ Value::Bool(_)) => value.clone(),
        ("string", Value::String(text)) => Value::String(text.clone()),
        ("string", Value::Null) => Value::Null,
        ("string", value) => Value::String(value.to_string()),
        _ => Value::Null,
    }
}

/// The value at a simple JSONPath: fields, indices and `[?(@.type=="Ready")]`.
fn lookup<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = object;
    let mut rest = path.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[?(@.") {
            let (condition, after) = after.split_once(")]")?;
            let (field, wanted) = condition.split_once("==")?;
            let wanted = wanted.trim().trim_matches(['"', '\'']);
            let found = value.as_array()?.iter().find(|item| item[field.trim()] == *wanted);
            (value, rest) = (found?, after);
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            let index = index.trim_matches(['"', '\'']);
            let found = match index.parse::<usize>() {
                Ok(index) => value.get(index),
                Err(_) => value.get(index),
            };
            (value, rest) = (found?, after);
        } else {
            let after = rest.strip_prefix('.').unwrap_or(rest);
            let end = field_end(after);
            let (field, after) = after.split_at(end);
            if !field.is_empty() {
                value = value.get(field.replace("\\.", "."))?;
            } else if after.is_empty() || after == rest {
                break;
            }
            rest = after;
        }
    }
    Some(value)
}

/// Where a field name ends: at a dot that no backslash protects, or a bracket.
fn field_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && matches!(c, '.' | '[') {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// A time span as kubectl prints it: `42s`, `3m10s`, `5h`, `2d3h`.
fn age(seconds: i64) -> String {
    if seconds < -1 {
        return "<invalid>".into();
    }
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |big: i64, unit: &str, small: i64, of: &str| match small {
        0 => format!("{big}{unit}"),
        _ => format!("{big}{unit}{small}{of}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_kubectls() {
        let cases = [(5, "5s"), (119, "119s"), (130, "2m10s"), (3600, "60m"), (10_800, "3h")];
        for (seconds, text) in cases {
            assert_eq!(age(seconds), text);
        }
        assert_eq!(age(86_400 * 3 + 3600), "3d1h");
    }

    #[test]
    fn paths_reach_fields_items_and_conditions() {
        let object = json!({ "a": { "b.c": 1 }, "l": [{ "type": "Ready", "status": "True" }] });
        assert_eq!(lookup(&object, ".a.b\\.c"), Some(&json!(1)));
        assert_eq!(lookup(&object, ".l[0].status"), Some(&json!("True")));
        assert_eq!(lookup(&object, ".l[?(@.type==\"Ready\")].status"), Some(&json!("True")));
        assert_eq!(lookup(&object, ".l[?(@.type==\"Nope\")].status"), None);
        assert_eq!(lookup(&object, ".x.y"), None);
    }
}
