//! From protobuf to the JSON that says the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::apiserver::schema::node::{Additional, Node, Type};

use super::wire::{Field, Reader};

/// A field of a struct, with what is left of its number.
type Known<'a> = (&'a [u32], &'a str, &'a Node);

/// The fields of a message.
pub(super) fn message(bytes: &[u8], node: &Node) -> Result<Map<String, Value>, String> {
    let known = node.properties.iter();
    let known: Vec<Known<'_>> =
        known.map(|(name, node)| (node.go.number.as_slice(), name.as_str(), &**node)).collect();
    let mut fields = Map::new();
    read(bytes, &known, &mut fields)?;
    Ok(fields)
}

fn read(bytes: &[u8], known: &[Known<'_>], into: &mut Map<String, Value>) -> Result<(), String> {
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        let here = known.iter().filter(|(path, ..)| path.first() == Some(&number));
        match here.clone().next() {
            Some((path, name, node)) if path.len() == 1 => {
                let slot = into.entry(*name).or_insert(Value::Null);
                add(slot, field, node)?;
            }
            // A message that JSON does not have: its fields are here.
            Some(_) => {
                let below: Vec<Known<'_>> =
                    here.map(|(path, name, node)| (&path[1..], *name, *node)).collect();
                read(field.bytes()?, &below, into)?;
            }
            None => {}
        }
    }
    Ok(())
}

/// Adds what a field says to what is there: repeated fields become lists and maps.
fn add(slot: &mut Value, field: Field<'_>, node: &Node) -> Result<(), String> {
    match (node.ty, &node.additional) {
        (Type::Array, _) if node.go.name.ends_with("ExtraValue") => {
            let mut reader = Reader::new(field.bytes()?);
            let mut items = Vec::new();
            while let Some((_, field)) = reader.next()? {
                items.push(field.text()?.into());
            }
            *slot = Value::Array(items);
        }
        (Type::Array, _) => {
            if slot.is_null() {
                *slot = Value::Array(Vec::new());
            }
            let Some(items) = slot.as_array_mut() else { return Ok(()) };
            match field {
                Field::Bytes(packed) if node.item().ty == Type::Number => {
                    let mut reader = Reader::new(packed);
                    while !reader.is_empty() {
                        items.push(reader.varint()?.cast_signed().into());
                    }
                }
                field => items.push(one(field, node.item())?),
            }
        }
        (Type::Object, Additional::Of(inner)) => {
            let (mut key, mut value) = (String::new(), Value::Null);
            let mut reader = Reader::new(field.bytes()?);
            while let Some((number, field)) = reader.next()? {
                match number {
                    1 => key = field.text()?,
                    2 => add(&mut value, field, inner)?,
                    _ => {}
                }
            }
            if value.is_null() {
                value = one(Field::Bytes(&[]), inner)?;
            }
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            slot[key] = value;
        }
        _ => *slot = one(field, node)?,
    }
    Ok(())
}

fn one(field: Field<'_>, node: &Node) -> Result<Value, String> {
    Ok(match node.ty {
        Type::Object => Value::Object(message(field.bytes()?, node)?),
        Type::String if node.go.name == "[]uint8" => STANDARD.encode(field.bytes()?).into(),
        Type::String => field.text()?.into(),
        Type::Boolean => (field.varint()? != 0).into(),
        Type::Number if node.go.bits == 32 => {
            let number = field.integer()?;
            i32::try_from(number).map_err(|_| format!("proto: {number} is no int32"))?.into()
        }
        Type::Number => field.integer()?.into(),
        Type::Scalar => scalar(field.bytes()?, &node.go.name)?,
        Type::Array => Value::Array(vec![one(field, node.item())?]),
        Type::Any => raw(field.bytes()?)?,
    })
}

/// `RawExtension` and `FieldsV1` hold JSON.
fn raw(bytes: &[u8]) -> Result<Value, String> {
    let mut reader = Reader::new(bytes);
    let mut value = Value::Null;
    while let Some((number, field)) = reader.next()? {
        if number == 1 && !field.bytes()?.is_empty() {
            value = serde_json::from_slice(field.bytes()?).map_err(|error| error.to_string())?;
        }
    }
    Ok(value)
}

/// Types that are messages in protobuf and a string or a number in JSON.
fn scalar(bytes: &[u8], name: &str) -> Result<Value, String> {
    let (mut numbers, mut text) = ([0; 4], String::new());
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match field {
            Field::Bytes(_) => text = field.text()?,
            Field::Varint(_) if number < 4 => numbers[number as usize] = field.integer()?,
            _ => {}
        }
    }
    Ok(match name {
        "resource.Quantity" if text.is_empty() => "0".into(),
        "resource.Quantity" => text.into(),
        "intstr.IntOrString" if numbers[1] == 1 => text.into(),
        "intstr.IntOrString" => numbers[2].into(),
        // The zero time is an empty message.
        _ if bytes.is_empty() => Value::Null,
        _ => {
            let micro = name == "v1.MicroTime";
            let nanoseconds = i32::try_from(numbers[2]).unwrap_or_default();
            let time = jiff::Timestamp::new(numbers[1], if micro { nanoseconds } else { 0 })
                .map_err(|error| error.to_string())?;
            if micro { format!("{time:.6}").into() } else { time.to_string().into() }
        }
    })
}
