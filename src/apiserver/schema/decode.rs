//! What Go's JSON decoder makes of an object: type errors, and the round trip through a struct.
//!
//! Built-in kinds are Go structs, and so is every object's metadata. Decoding refuses wrong types
//! with a text that names the innermost struct; encoding leaves out what is empty, unless the
//! struct says otherwise, and always writes nested structs. Next to read: `builtin/`.

use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};
use serde_json::{Map, Value};

use super::node::{Additional, Node, Type};
use super::place::Place;

/// The Go type of an amount.
const QUANTITY: &str = "resource.Quantity";

/// A type error in metadata (for all objects) or anywhere (in a built-in kind).
pub(super) fn check(object: &Value, root: &Node, builtin: bool) -> Result<(), String> {
    if builtin {
        return walk(object, root, "", &Place::Root);
    }
    for field in ["apiVersion", "kind"] {
        if let Some(value) = object.get(field).filter(|value| !value.is_string()) {
            return Err(mismatch(value, "", &Place::Field(&Place::Root, field), "string"));
        }
    }
    match (object.get("metadata"), root.properties.get("metadata")) {
        (Some(metadata), Some(node)) => walk(metadata, node, "", &Place::Root),
        _ => Ok(()),
    }
}

fn walk(value: &Value, node: &Node, structure: &str, path: &Place<'_>) -> Result<(), String> {
    let wrong = || Err(mismatch(value, structure, path, &node.go.name));
    match (value, node.ty) {
        (Value::Null, _) | (_, Type::Any) => Ok(()),
        (Value::Object(fields), Type::Object) => {
            fields.iter().try_for_each(|(key, inner)| {
                match (node.properties.get(key), &node.additional) {
                    (Some(property), _) => {
                        let structure = node.go.structure.as_deref().unwrap_or(structure);
                        walk(inner, property, structure, &Place::Field(path, key))
                    }
                    (None, Additional::Of(property)) => walk(inner, property, structure, path),
                    _ => Ok(()),
                }
            })
        }
        (Value::Array(items), Type::Array) => {
            items.iter().try_for_each(|inner| walk(inner, node.item(), structure, path))
        }
        (Value::String(text), Type::String) if node.go.name == BYTES => base64_of(text),
        (Value::String(_), Type::String) | (Value::Bool(_), Type::Boolean) => Ok(()),
        (Value::Number(number), Type::Number) => {
            let fits = match node.go.bits {
                32 => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                _ => number.as_i64().is_some(),
            };
            if fits { Ok(()) } else { wrong() }
        }
        (_, Type::Scalar) => {
            scalar(value, node).map_or_else(Err, |fits| if fits { Ok(()) } else { wrong() })
        }
        _ => wrong(),
    }
}

/// The Go type that stands in JSON as base64.
const BYTES: &str = "[]uint8";

/// Base64 as Go reads it: line breaks do not count, nor do bits that are left over.
const BASE64: GeneralPurpose = {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, config)
};

/// The bytes behind base64, or what Go says of it.
pub(super) fn bytes_of(text: &str) -> Result<Vec<u8>, String> {
    let text = text.replace(['\r', '\n'], "");
    BASE64.decode(&text).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _) => at,
            DecodeError::InvalidLastSymbol { offset, .. } => offset,
            _ => text.len() / 4 * 4,
        };
        format!("illegal base64 data at input byte {at}")
    })
}

fn base64_of(text: &str) -> Result<(), String> {
    bytes_of(text).map(drop)
}

/// Types that decode themselves.
fn scalar(value: &Value, node: &Node) -> Result<bool, String> {
    match (node.go.name.as_str(), value) {
        ("v1.Time" | "v1.MicroTime", Value::String(text)) => {
            match text.parse::<jiff::Timestamp>() {
                Ok(_) => Ok(true),
                Err(_) => Err(format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} \
                 as \"2006\""
                )),
            }
        }
        (QUANTITY, Value::String(text)) => {
            let number = text.trim_start_matches(['+', '-']);
            if number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                Ok(true)
            } else {
                Err("quantities must match the regular expression \
                     '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    .to_owned())
            }
        }
        (QUANTITY | "intstr.IntOrString", Value::Number(_)) => Ok(true),
        ("intstr.IntOrString", Value::String(_)) => Ok(true),
        _ => Ok(false),
    }
}

fn mismatch(value: &Value, structure: &str, path: &Place<'_>, wanted: &str) -> String {
    let found = match value {
        Value::Number(number) if wanted.starts_with("int") => format!("number {number}"),
        other => crate::apiserver::patch::go_json_type(other).to_owned(),
    };
    if path.is_root() {
        return format!("json: cannot unmarshal {found} into Go value of type {wanted}");
    }
    let dot = if structure.is_empty() { "" } else { "." };
    let field = format_args!("{structure}{dot}{path}");
    format!("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")
}

/// Writes a decoded struct as Go's encoder does.
pub(super) fn round_trip(value: &mut Value, node: &Node) {
    match value {
        Value::Object(fields) if node.go.structure.is_some() => encode(fields, node),
        Value::Object(fields) => {
            if let Additional::Of(inner) = &node.additional {
                for value in fields.values_mut() {
                    if value.is_null() {
                        *value = zero(inner).unwrap_or(Value::Null);
                    }
                    round_trip(value, inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| round_trip(item, node.item())),
        scalar if node.go.name == QUANTITY => {
            if let Some(text) = super::quantity::canonical(scalar) {
                *scalar = Value::String(text);
            }
        }
        _ => {}
    }
}

fn encode(fields: &mut Map<String, Value>, node: &Node) {
    for (key, property) in &node.properties {
        let value = fields.get_mut(key).filter(|value| !value.is_null());
        let Some(value) = value else {
            fields.remove(key);
            if let Some(zero) = written_zero(property) {
                fields.insert(key.clone(), zero);
            }
            continue;
        };
        round_trip(value, property);
        if !property.go.pointer && !property.go.kept && is_empty(value, property) {
            fields.remove(key);
        }
    }
}

/// Writes a field that is absent, if Go's encoder would.
pub(super) fn write_absent(object: &mut Value, root: &Node, field: &str) {
    let zero = root.properties.get(field).and_then(|node| written_zero(node));
    if let (Some(fields), Some(zero)) = (object.as_object_mut(), zero) {
        fields.entry(field).or_insert(zero);
    }
}

/// What stands for an absent field, if anything is written at all.
fn written_zero(node: &Node) -> Option<Value> {
    let structure = node.go.structure.is_some() && !node.go.pointer && !node.go.omitzero;
    if structure || node.go.kept { zero(node) } else { None }
}

/// The zero value of a field as it is encoded.
fn zero(node: &Node) -> Option<Value> {
    if node.go.pointer {
        return Some(Value::Null);
    }
    Some(match node.ty {
        Type::Object if node.go.structure.is_some() => {
            let mut fields = Map::new();
            encode(&mut fields, node);
            Value::Object(fields)
        }
        Type::String if node.go.name != BYTES => Value::from(""),
        Type::Number => Value::from(0),
        Type::Boolean => Value::from(false),
        Type::Scalar => match node.go.name.as_str() {
            QUANTITY => Value::from("0"),
            "intstr.IntOrString" => Value::from(0),
            _ => Value::Null,
        },
        _ => Value::Null,
    })
}

/// What `omitempty` leaves out.
fn is_empty(value: &Value, node: &Node) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() && node.ty == Type::String,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && node.go.structure.is_none(),
    }
}

/// Numbers as Go has them: a float that is a whole number is written without a fraction, and an
/// integer that does not fit 64 bits is a float.
pub(super) fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_u64() && !number.is_i64() => {
            *value = Value::from(number.as_f64().unwrap_or_default());
        }
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() < 9.0e15 {
                // Exact: a whole number below 2^53.
                #[allow(clippy::cast_possible_truncation)]
                let integer = float as i64;
                *value = Value::from(integer);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}
