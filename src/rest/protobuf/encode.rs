//! From JSON to the protobuf that says the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::apiserver::schema::node::{Additional, Node, Type};

use super::wire::Writer;

/// A field of a struct that is there, with what is left of its number.
type Present<'a> = (&'a [u32], &'a Node, &'a Value);

/// The message of a struct.
pub(super) fn message(fields: &Map<String, Value>, node: &Node) -> Vec<u8> {
    let present = fields.iter().filter_map(|(name, value)| {
        let node: &Node = node.properties.get(name)?;
        Some((node.go.number.as_slice(), node, value))
    });
    let mut present: Vec<Present<'_>> =
        present.filter(|(number, _, value)| !number.is_empty() && !value.is_null()).collect();
    present.sort_by_key(|(number, ..)| *number);
    write(&present)
}

fn write(present: &[Present<'_>]) -> Vec<u8> {
    let mut writer = Writer::default();
    for here in present.chunk_by(|a, b| a.0.first() == b.0.first()) {
        let (path, node, value) = here[0];
        match path {
            [] | [0] => {}
            [number] => field(&mut writer, *number, node, value),
            // A message that JSON does not have.
            [number, ..] => {
                let below: Vec<Present<'_>> =
                    here.iter().map(|(path, node, value)| (&path[1..], *node, *value)).collect();
                writer.bytes(*number, &write(&below));
            }
        }
    }
    writer.done()
}

fn field(writer: &mut Writer, number: u32, node: &Node, value: &Value) {
    match (node.ty, value, &node.additional) {
        (Type::Array, Value::Array(items), _) if node.go.name.ends_with("ExtraValue") => {
            let mut inner = Writer::default();
            items.iter().filter_map(Value::as_str).for_each(|it| inner.bytes(1, it.as_bytes()));
            writer.bytes(number, &inner.done());
        }
        (Type::Array, Value::Array(items), _) => {
            items.iter().for_each(|item| field(writer, number, node.item(), item));
        }
        (Type::Object, Value::Object(fields), Additional::Of(inner)) => {
            for (key, value) in fields {
                let mut entry = Writer::default();
                entry.bytes(1, key.as_bytes());
                field(&mut entry, 2, inner, value);
                writer.bytes(number, &entry.done());
            }
        }
        (Type::Object, Value::Object(fields), _) => writer.bytes(number, &message(fields, node)),
        (Type::String, Value::String(text), _) if node.go.name == "[]uint8" => {
            writer.bytes(number, &STANDARD.decode(text).unwrap_or_default());
        }
        (Type::String, Value::String(text), _) => writer.bytes(number, text.as_bytes()),
        (Type::Boolean, Value::Bool(flag), _) => writer.varint(number, u64::from(*flag)),
        (Type::Number, Value::Number(it), _) => {
            writer.integer(number, it.as_i64().unwrap_or_default());
        }
        (Type::Scalar, value, _) => {
            if let Some(bytes) = scalar(value, &node.go.name) {
                writer.bytes(number, &bytes);
            }
        }
        (Type::Any, value, _) => {
            let mut raw = Writer::default();
            raw.bytes(1, value.to_string().as_bytes());
            writer.bytes(number, &raw.done());
        }
        _ => {}
    }
}

fn scalar(value: &Value, name: &str) -> Option<Vec<u8>> {
    let mut writer = Writer::default();
    match (name, value) {
        ("resource.Quantity", Value::String(text)) => writer.bytes(1, text.as_bytes()),
        ("resource.Quantity", value) => writer.bytes(1, value.to_string().as_bytes()),
        ("intstr.IntOrString", Value::String(text)) => {
            writer.varint(1, 1);
            writer.varint(2, 0);
            writer.bytes(3, text.as_bytes());
        }
        ("intstr.IntOrString", value) => {
            writer.varint(1, 0);
            writer.integer(2, value.as_i64()?);
            writer.bytes(3, b"");
        }
        (_, Value::String(text)) => {
            let time = text.parse::<jiff::Timestamp>().ok()?;
            let (mut seconds, mut rest) = (time.as_second(), time.subsec_nanosecond());
            if rest < 0 {
                (seconds, rest) = (seconds - 1, rest + 1_000_000_000);
            }
            writer.integer(1, seconds);
            writer.integer(2, rest.into());
        }
        _ => return None,
    }
    Some(writer.done())
}
