//! A stored object as JSON: made once for each revision, shared by all who read it.
//!
//! The bytes are what a client sees: with the resourceVersion in the metadata and without empty
//! collections there. Three places in them are known, so that a list can leave out what kind its
//! items are, and the event of a removal can have another revision. Next to read:
//! `engine/store.rs`.

use std::ops::Range;

use serde_json::Value;

use super::Revision;
use super::store::empty_collections;

/// The key of the resourceVersion in the metadata.
const VERSION: &str = "resourceVersion";

/// The JSON of one revision of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Json {
    bytes: Box<[u8]>,
    /// The members `apiVersion` and `kind`, each with the comma after it.
    about: [Range<usize>; 2],
    /// The digits of the resourceVersion.
    revision: Range<usize>,
}

impl Json {
    /// An object as clients see it at a revision.
    pub fn new(object: &Value, revision: Revision) -> Json {
        let mut json = Json::default();
        let mut out = Vec::new();
        let Value::Object(fields) = object else {
            write(&mut out, object);
            json.bytes = out.into();
            return json;
        };
        out.push(b'{');
        for (index, (key, value)) in fields.iter().enumerate() {
            let start = out.len();
            write_key(&mut out, key);
            match value {
                Value::Object(_) if key == "metadata" => {
                    json.revision = metadata(&mut out, object, value, revision);
                }
                value => write(&mut out, value),
            }
            let last = index + 1 == fields.len();
            out.push(if last { b'}' } else { b',' });
            let place = ["apiVersion", "kind"].iter().position(|name| name == key);
            if let (Some(place), false) = (place, last) {
                json.about[place] = start..out.len();
            }
        }
        if fields.is_empty() {
            out.push(b'}');
        }
        json.bytes = out.into();
        json
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What an item of a list of its own kind is: without `apiVersion` and `kind`.
    pub fn item(&self) -> impl Iterator<Item = &[u8]> {
        let [version, kind] = self.about.clone();
        let end = self.bytes.len();
        [0..version.start, version.end..kind.start.max(version.end), kind.end.max(version.end)..end]
            .into_iter()
            .map(|range| &self.bytes[range])
    }

    /// The same object as of another revision.
    pub fn at(&self, revision: Revision) -> Json {
        let digits = revision.to_string();
        let (before, after) =
            (&self.bytes[..self.revision.start], &self.bytes[self.revision.end..]);
        let moved = |at: usize| match at > self.revision.start {
            true => at + digits.len() - self.revision.len(),
            false => at,
        };
        Json {
            bytes: [before, digits.as_bytes(), after].concat().into(),
            about: self.about.clone().map(|range| moved(range.start)..moved(range.end)),
            revision: self.revision.start..self.revision.start + digits.len(),
        }
    }

    /// The object again, as clients see it.
    pub fn value(&self) -> Value {
        let mut reader = serde_json::Deserializer::from_slice(&self.bytes);
        // These are our own bytes, and no object that is stored nests too deep for the stack.
        reader.disable_recursion_limit();
        serde::Deserialize::deserialize(&mut reader).unwrap_or_default()
    }
}

/// Writes the metadata; where the digits of the resourceVersion stand.
fn metadata(out: &mut Vec<u8>, object: &Value, value: &Value, revision: Revision) -> Range<usize> {
    let empty = empty_collections(object);
    let mut place = 0..0;
    let mut version = |out: &mut Vec<u8>| {
        write_key(out, VERSION);
        out.push(b'"');
        let start = out.len();
        out.extend_from_slice(revision.to_string().as_bytes());
        place = start..out.len();
        out.extend_from_slice(b"\",");
    };
    out.push(b'{');
    let mut due = true;
    for (key, value) in value.as_object().into_iter().flatten() {
        if key == VERSION || empty.iter().any(|(name, _)| name == key) {
            continue;
        }
        if due && key.as_str() > VERSION {
            version(out);
            due = false;
        }
        write_key(out, key);
        write(out, value);
        out.push(b',');
    }
    if due {
        version(out);
    }
    // There is a comma after each member, and at least one member.
    if let Some(last) = out.last_mut() {
        *last = b'}';
    }
    place
}

fn write_key(out: &mut Vec<u8>, key: &str) {
    write_any(out, key);
    out.push(b':');
}

fn write(out: &mut Vec<u8>, value: &Value) {
    write_any(out, value);
}

fn write_any(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    // Writing a value or a text into memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::super::store;
    use super::*;
    use serde_json::json;

    fn item(json: &Json) -> Value {
        let bytes = json.item().collect::<Vec<_>>().concat().into();
        Json { bytes, ..Json::default() }.value()
    }

    #[test]
    fn the_bytes_are_those_of_the_value_that_clients_see() {
        let whole = json!({
            "apiVersion": "v1", "data": { "a": "é\n" }, "kind": "ConfigMap",
            "metadata": { "name": "n", "labels": {}, "uid": "u", "annotations": { "z": "1" } },
            "spec": { "metadata": { "resourceVersion": 1.5 }, "kind": [] },
        });
        let deep = (0..400).fold(json!(1), |inner, _| json!([inner]));
        for object in [
            whole,
            json!({ "kind": "X", "metadata": { "name": "n" } }),
            json!({ "apiVersion": "v1", "metadata": { "zzz": 1 } }),
            json!({ "apiVersion": "v1", "kind": "X", "metadata": {} }),
            json!({ "metadata": { "name": "n" }, "spec": deep }),
            json!({ "metadata": 3 }),
            json!({}),
            json!(7),
        ] {
            let json = Json::new(&object, Revision(99));
            let view = store::view(&object, Revision(99));
            assert_eq!(String::from_utf8_lossy(json.bytes()), view.to_string());
            assert_eq!(json.value(), view);
            if object["metadata"].is_object() {
                let mut bare = view.clone();
                let fields = bare.as_object_mut().expect("an object");
                fields.remove("apiVersion");
                fields.remove("kind");
                assert_eq!(item(&json), bare);
                let later = json.at(Revision(100_000));
                assert_eq!(later.value(), store::view(&object, Revision(100_000)));
                assert_eq!(later.at(Revision(99)), json);
                assert_eq!(item(&later), store::view(&bare, Revision(100_000)));
            }
        }
    }
}
