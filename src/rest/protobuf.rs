//! Protobuf: what client-go's typed clients send and like to be answered.
//!
//! Messages are read into the JSON that the same client would have sent, and written from the JSON
//! that it would have been answered, by the numbers in the generated table of structs
//! (`schema/builtin/kinds.txt`). So everything else in this crate knows JSON only. Field numbers
//! that the table does not know are skipped, as by Go. Next to read: `protobuf/wire.rs`.

mod decode;
mod encode;
mod wire;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::apiserver::Kind;
use crate::apiserver::schema::builtin::structure;
use crate::apiserver::schema::node::Node;

use wire::{Reader, Writer};

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What every body begins with.
pub(crate) const PREFIX: &[u8] = b"k8s\0";

/// Whether objects of a kind can be had in protobuf: a custom resource has no numbers, and a
/// definition holds schemas, which are recursive.
pub(crate) fn speaks(kind: &Kind) -> bool {
    kind.strategy.is_typed() && kind.resource.group != "apiextensions.k8s.io"
}

/// Reads a body. `kind` is what it is when it does not say so itself.
pub(crate) fn read(bytes: &[u8], kind: Option<&Kind>) -> Result<Value, String> {
    let refused = || {
        String::from(
            "provided data does not appear to be a protobuf message, expected prefix \
             [107 56 115 0]",
        )
    };
    let mut reader = Reader::new(bytes.strip_prefix(PREFIX).ok_or_else(refused)?);
    let (mut meta, mut raw): (&[u8], &[u8]) = (&[], &[]);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => meta = field.bytes()?,
            2 => raw = field.bytes()?,
            _ => {}
        }
    }
    let (mut version, mut name) = (String::new(), String::new());
    let mut reader = Reader::new(meta);
    while let Some((number, field)) = reader.next()? {
        match number {
            1 => version = field.text()?,
            2 => name = field.text()?,
            _ => {}
        }
    }
    if let Some(kind) = kind.filter(|_| version.is_empty() && name.is_empty()) {
        (version, name) = (kind.api_version(), kind.kind.clone());
    }
    let node = node_of(&version, &name)
        .ok_or_else(|| format!("no kind {name:?} is registered for version {version:?}"))?;
    let mut object = decode::message(raw, &node)?;
    object.insert("apiVersion".into(), version.into());
    object.insert("kind".into(), name.into());
    Ok(Value::Object(object))
}

/// Writes an object or a list of a kind, part of one, or a Status.
pub(crate) fn write(kind: &Kind, value: &Value) -> Vec<u8> {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let (mut version, mut name) = (text("apiVersion").to_owned(), text("kind").to_owned());
    if version.is_empty() || name.is_empty() {
        (version, name) = (kind.api_version(), kind.kind.clone());
    }
    let fields = value.as_object();
    let raw = match (node_of(&version, &name), fields) {
        (Some(node), Some(fields)) => encode::message(fields, &node),
        (None, Some(fields)) => list(&version, &name, fields),
        _ => Vec::new(),
    };
    let mut meta = Writer::default();
    meta.bytes(1, version.as_bytes());
    meta.bytes(2, name.as_bytes());
    let mut unknown = Writer::default();
    unknown.bytes(1, &meta.done());
    unknown.bytes(2, &raw);
    unknown.bytes(3, b"");
    unknown.bytes(4, b"");
    let mut body = PREFIX.to_vec();
    body.extend(unknown.done());
    body
}

/// A frame of a watch: its length, and the event.
pub(crate) fn frame(kind: &Kind, event: &str, object: &Value) -> Vec<u8> {
    let mut raw = Writer::default();
    raw.bytes(1, &write(kind, object));
    let mut writer = Writer::default();
    writer.bytes(1, event.as_bytes());
    writer.bytes(2, &raw.done());
    let message = writer.done();
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend(message);
    frame
}

/// An OpenAPI v2 document that says nothing but what it is. Clients that take it only in protobuf
/// want it to be readable; none of their commands needs more of it.
pub(crate) fn openapi_v2(title: &str, version: &str) -> Vec<u8> {
    let mut info = Writer::default();
    info.bytes(1, title.as_bytes());
    info.bytes(2, version.as_bytes());
    let mut document = Writer::default();
    document.bytes(1, b"2.0");
    document.bytes(2, &info.done());
    document.bytes(8, b"");
    document.done()
}

/// The struct that an apiVersion and kind name.
fn node_of(version: &str, name: &str) -> Option<Arc<Node>> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    match name {
        // Each group has them under its own version.
        "DeleteOptions" | "Status" | "PartialObjectMetadata" => structure("", "v1", name),
        _ => structure(group, version, name),
    }
}

/// Every list is its metadata and its items.
fn list(version: &str, name: &str, fields: &Map<String, Value>) -> Vec<u8> {
    let mut writer = Writer::default();
    let item = name.strip_suffix("List").and_then(|name| node_of(version, name));
    let meta = structure("", "v1", "ListMeta");
    if let (Some(meta), Some(Value::Object(fields))) = (meta, fields.get("metadata")) {
        writer.bytes(1, &encode::message(fields, &meta));
    }
    let items = fields.get("items").and_then(Value::as_array).into_iter().flatten();
    for fields in items.filter_map(Value::as_object) {
        if let Some(node) = &item {
            writer.bytes(2, &encode::message(fields, node));
        }
    }
    writer.done()
}

#[cfg(test)]
mod tests;
