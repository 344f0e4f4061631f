//! The syntax of names, labels, annotations, finalizers and owner references.
//!
//! Rules and texts are those of the server's `validation` packages. Next to read: `metadata.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::metadata::Meta;
use super::schema::FieldError;

const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start \
                         and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
                         '123-abc', regex used for validation is \
                         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                         characters, '-' or '.', and must start and end with an alphanumeric \
                         character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
                     or '-', and must start and end with an alphanumeric character (e.g. \
                     'my-name',  or '123-abc', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
                           characters, '-', '_' or '.', and must start and end with an \
                           alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                           regex used for validation is \
                           '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Of a label's key or value.
fn too_long(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// Of an object's name. (The server has two such texts; both count bytes.)
fn name_too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// Starts and ends with a letter or digit, and has only those and `inner` between.
fn is_word(text: &str, lower: bool, inner: &str) -> bool {
    let end =
        |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || !lower && c.is_ascii_uppercase();
    text.starts_with(end)
        && text.ends_with(end)
        && text.chars().all(|c| end(c) || inner.contains(c))
}

/// What is wrong with a label key, a finalizer or an annotation key.
pub(crate) fn qualified_name(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (prefix, name) = match parts.as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' \
                 (e.g. 'example.com/MyName')"
            )];
        }
    };
    let mut errors = Vec::new();
    match prefix {
        Some("") => errors.push(String::from("prefix part must be non-empty")),
        Some(prefix) => {
            let bytes = |text: String| text.replace("253 characters", "253 bytes");
            let texts = subdomain(prefix).into_iter().map(bytes);
            errors.extend(texts.map(|text| format!("prefix part {text}")));
        }
        None => {}
    }
    if name.is_empty() {
        errors.push(String::from("name part must be non-empty"));
    } else if name.len() > 63 {
        errors.push(format!("name part {}", too_long(63)));
    }
    if !is_word(name, false, "-_.") {
        errors.push(format!("name part {QUALIFIED}"));
    }
    errors
}

/// What is wrong with the value of a label.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(too_long(63));
    }
    if !text.is_empty() && !is_word(text, false, "-_.") {
        errors.push(LABEL_VALUE.into());
    }
    errors
}

/// What is wrong with a DNS subdomain, the name of most objects.
pub(crate) fn subdomain(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(name_too_long(253));
    }
    if !text.split('.').all(|part| is_word(part, true, "-")) {
        errors.push(SUBDOMAIN.into());
    }
    errors
}

/// What is wrong with a DNS label, the name of a namespace.
pub(crate) fn dns_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(name_too_long(63));
    }
    if !is_word(text, true, "-") {
        errors.push(LABEL.into());
    }
    errors
}

/// What is wrong with a label as DNS had it first: it begins with a letter.
pub(crate) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(name_too_long(63));
    }
    if !is_word(text, true, "-") || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        errors.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start \
             with an alphabetic character, and end with an alphanumeric character (e.g. \
             'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .into(),
        );
    }
    errors
}

/// What is wrong with a name as a segment of a path.
pub(crate) fn path_segment(text: &str, prefix: bool) -> Vec<String> {
    if !prefix && matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let mut errors = Vec::new();
    for illegal in ["/", "%"] {
        if text.contains(illegal) {
            errors.push(format!("may not contain '{illegal}'"));
        }
    }
    errors
}

fn invalid(path: &str, value: &str, why: &str) -> FieldError {
    FieldError::invalid(path, &Value::String(value.into()), why)
}

/// What is wrong with labels, annotations and owner references; finalizers on request.
pub(crate) fn collections(object: &Value, finalizers: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in map(object, "labels") {
        errors.extend(qualified_name(key).iter().map(|why| invalid("metadata.labels", key, why)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(label_value(value).iter().map(|why| invalid("metadata.labels", value, why)));
    }
    let mut size = 0;
    for (key, value) in map(object, "annotations") {
        let path = "metadata.annotations";
        let lower = key.to_lowercase();
        errors.extend(qualified_name(&lower).iter().map(|why| invalid(path, key, why)));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > 256 * 1024 {
        errors.push(FieldError::too_long("metadata.annotations", 256 * 1024));
    }
    errors.extend(owner_references(object));
    if finalizers {
        let path = "metadata.finalizers";
        let all = object.finalizers();
        for name in &all {
            errors.extend(qualified_name(name).iter().map(|why| invalid(path, name, why)));
        }
        if all.contains(&"orphan") && all.contains(&"foregroundDeletion") {
            let text = "finalizer orphan and foregroundDeletion cannot be both set";
            errors.push(FieldError::invalid(path, &Value::from(all), text));
        }
    }
    errors
}

fn map<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.meta(field).and_then(Value::as_object).into_iter().flatten()
}

/// The maximum of bytes of a list of owners in the errors about them.
const OWNERS_TOLD_MAX: usize = 1024 * 1024;

fn owner_references(object: &Value) -> Vec<FieldError> {
    let path = "metadata.ownerReferences";
    let mut errors = Vec::new();
    let mut controller: Option<String> = None;
    let mut told = 0;
    let list = object.meta("ownerReferences").and_then(Value::as_array);
    for owner in list.into_iter().flatten() {
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        let version = text("apiVersion").rsplit('/').next().unwrap_or_default();
        if version.is_empty() {
            let path = format!("{path}.apiVersion");
            errors.push(invalid(&path, text("apiVersion"), "version must not be empty"));
        }
        for field in ["kind", "name", "uid"] {
            if text(field).is_empty() {
                errors.push(invalid(&format!("{path}.{field}"), "", "must not be empty"));
            }
        }
        if text("apiVersion") == "v1" && text("kind") == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::printed(path, &owner_text(owner), why));
        }
        if owner["controller"] == true {
            let name = format!("{}/{}", text("kind"), text("name"));
            match &controller {
                Some(first) => {
                    let why = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in \
                         references for {first} and {name}"
                    );
                    // Each of these errors shows the whole list.
                    if told < OWNERS_TOLD_MAX {
                        let all: Vec<_> = list.into_iter().flatten().map(owner_text).collect();
                        let all = format!("[{}]", all.join(","));
                        told += all.len();
                        errors.push(FieldError::printed(path, &all, &why));
                    }
                }
                None => controller = Some(name),
            }
        }
    }
    errors
}

/// An owner as the server prints it: with the fields in the order of its Go struct.
fn owner_text(owner: &Value) -> String {
    let order = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let fields = order.into_iter().filter_map(|field| {
        let value = owner.get(field)?;
        Some(format!("\"{field}\":{value}"))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// The warnings about finalizers that are new in an object.
pub(crate) fn finalizer_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let had: BTreeSet<_> =
        old.map(|old| old.finalizers()).unwrap_or_default().into_iter().collect();
    let mut added: Vec<_> = new.finalizers().into_iter().filter(|it| !had.contains(it)).collect();
    added.sort_unstable();
    added.dedup();
    let standard = ["orphan", "foregroundDeletion", "kubernetes"];
    added.retain(|name| !name.contains('/') && !standard.contains(name));
    let text = |name: &str| {
        let path = if name.contains('.') { " including a path (/)" } else { "" };
        format!(
            "metadata.finalizers: {name:?}: prefer a domain-qualified finalizer name{path} to \
             avoid accidental conflicts with other finalizer writers"
        )
    };
    added.into_iter().map(text).collect()
}

/// A UUID of version 4 made of two numbers that are as good as random.
pub(crate) fn uuid(a: u64, b: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 48) & 0x3fff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_part_by_part() {
        assert!(qualified_name("example.com/My_Name.1").is_empty());
        assert!(qualified_name("x").is_empty());
        assert_eq!(qualified_name("/x"), ["prefix part must be non-empty"]);
        assert!(qualified_name("Bad.com/x")[0].starts_with("prefix part a lowercase RFC 1123"));
        assert_eq!(qualified_name("a/").len(), 2);
        assert_eq!(qualified_name("a/b/c").len(), 1);
        assert!(label_value("").is_empty());
        assert_eq!(label_value("-x").len(), 1);
        assert_eq!(label_value(&"x".repeat(64)), ["must be no more than 63 bytes"]);
        assert!(subdomain("a-b.c").is_empty());
        assert_eq!(subdomain("a..b").len(), 1);
        assert_eq!(dns_label("a.b").len(), 1);
        assert_eq!(path_segment("a%b", false), ["may not contain '%'"]);
    }
}
