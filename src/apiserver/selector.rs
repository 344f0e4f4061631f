//! Label and field selectors: which objects of a collection a request means.
//!
//! Labels have a grammar (`label_selector.rs`); fields know `=` and `!=` on a few names that each
//! kind allows. Next to read: `verbs/list.rs`.

use serde_json::Value;

use super::label_selector::{self, Requirement};
use super::metadata::Meta;
use super::schema::node::Type;
use super::{Kind, Options, Status};

/// Both selectors of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<FieldRequirement>,
}

/// One requirement on a field: `metadata.name=a`, or `!=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FieldRequirement {
    path: String,
    value: String,
    equal: bool,
    /// What a field that is absent is compared as: Go's zero value.
    absent: &'static str,
}

impl Selector {
    /// The selectors of a request for objects of a kind, or 400.
    pub fn parse(options: &Options, kind: &Kind) -> Result<Selector, Box<Status>> {
        let labels = match options.label_selector.as_deref() {
            Some(text) => label_selector::parse(text).map_err(Status::bad_request)?,
            None => Vec::new(),
        };
        let mut fields = match options.field_selector.as_deref() {
            Some(text) => parse_fields(text).map_err(Status::bad_request)?,
            None => Vec::new(),
        };
        for field in &mut fields {
            kind.check_field_label(&field.path).map_err(Status::bad_request)?;
            field.read_in(kind);
        }
        Ok(Selector { labels, fields })
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether it names one object: the server then reads that one and knows no pages.
    pub fn names_one(&self) -> bool {
        self.fields.iter().any(|field| field.path == "metadata.name" && field.equal)
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.meta("labels");
        self.labels.iter().all(|requirement| {
            let label = labels.and_then(|labels| labels.get(requirement.key())?.as_str());
            requirement.matches(label)
        }) && self.fields.iter().all(|requirement| requirement.matches(object))
    }
}

impl FieldRequirement {
    /// Where a field of this kind stands, and what it is when it is absent.
    fn read_in(&mut self, kind: &Kind) {
        let elsewhere = match (kind.kind.as_str(), self.path.as_str()) {
            _ if kind.is_custom() => return,
            ("Job", "status.successful") => "status.succeeded",
            ("Event", "source") => "source.component",
            (_, path) => path,
        };
        self.path = elsewhere.to_owned();
        let path: Vec<&str> = self.path.split('.').collect();
        self.absent = match kind.schema.node_at(&path).map(|node| node.ty) {
            Some(Type::Boolean) => "false",
            Some(Type::Number) => "0",
            _ => "",
        };
    }

    fn matches(&self, object: &Value) -> bool {
        let found = self.path.split('.').try_fold(object, |value, step| value.get(step));
        let found = match found {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => self.absent.to_owned(),
            Some(other) => other.to_string(),
        };
        (found == self.value) == self.equal
    }
}

fn parse_fields(text: &str) -> Result<Vec<FieldRequirement>, String> {
    let mut fields = Vec::new();
    for term in split_terms(text).iter().filter(|term| !term.is_empty()) {
        let (path, value, equal) = split_term(term)
            .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
        let value = unescape(value)?;
        // `=` alone, without a field and a value, selects everything.
        if !(path.is_empty() && value.is_empty() && equal) {
            fields.push(FieldRequirement { path: path.into(), value, equal, absent: "" });
        }
    }
    Ok(fields)
}

/// Splits at commas that no backslash protects.
fn split_terms(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            terms.push(String::new());
        } else if let Some(last) = terms.last_mut() {
            last.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    terms
}

fn split_term(term: &str) -> Option<(&str, &str, bool)> {
    let at = term.char_indices().find_map(|(at, _)| {
        let rest = &term[at..];
        let operators = [("!=", false), ("==", true), ("=", true)];
        let (operator, equal) = operators.into_iter().find(|(text, _)| rest.starts_with(text))?;
        Some((at, operator.len(), equal))
    });
    let (at, length, equal) = at?;
    Some((&term[..at], &term[at + length..], equal))
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                Some(c) => {
                    return Err(format!("invalid field selector: invalid escape sequence: \\{c}"));
                }
                None => {
                    return Err(String::from(
                        "invalid field selector: invalid escape sequence: \\",
                    ));
                }
            },
            ',' | '=' => {
                let code = u32::from(c);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {code}"
                ));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_split_and_unescape() {
        let fields = parse_fields("metadata.name=a\\,b,x!=1,y==2").unwrap();
        let shown: Vec<_> = fields.iter().map(|f| (&*f.path, &*f.value, f.equal)).collect();
        assert_eq!(shown, [("metadata.name", "a,b", true), ("x", "1", false), ("y", "2", true)]);
        assert_eq!(parse_fields("x").unwrap_err(), "invalid selector: 'x'; can't understand 'x'");
    }
}
