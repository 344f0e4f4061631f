//! `fieldPath` of a rule: a JSON path of fields and keys of maps, such as `.spec.ports['http']`.
//!
//! Next to read: `compile.rs`.

use serde_json::Value;

/// The path as errors name it (`spec.ports[http]`), if the schema has such a place.
pub(super) fn normalized(path: &str, schema: &Value) -> Result<String, String> {
    let mut shown = String::new();
    let mut schema = schema;
    let mut tokens = tokens(path).into_iter();
    while let Some(token) = tokens.next() {
        let name = match token {
            "." => tokens.next().unwrap_or(".").to_owned(),
            "[" => {
                let literal = tokens.next().ok_or("unexpected end of JSON path")?;
                let quoted = literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
                let quoted = quoted.filter(|_| literal.len() > 1);
                let name = unescaped(quoted.ok_or("expected single quoted string")?)?;
                if tokens.next() != Some("]") {
                    return Err("expected ]".to_owned());
                }
                name
            }
            other => return Err(format!("expected [ or . but got: {other}")),
        };
        let map = schema.get("additionalProperties").filter(|inner| inner.is_object());
        if let Some(properties) = schema.get("properties") {
            schema = properties.get(&name).ok_or("does not refer to a valid field")?;
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(&name);
        } else {
            schema = map.ok_or("does not refer to a valid field")?;
            shown.push_str(&format!("[{name}]"));
        }
    }
    Ok(shown)
}

/// Delimiters, quoted strings with their quotes, and what stands between.
fn tokens(path: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' => {
                let close =
                    rest.bytes().enumerate().skip(1).find(|(index, byte)| {
                        *byte == b'\'' && rest.as_bytes()[index - 1] != b'\\'
                    });
                close.map_or(rest.len(), |(index, _)| index + 1)
            }
            '.' | '[' | ']' => 1,
            _ => rest.find(['.', '[', ']']).unwrap_or(rest.len()),
        };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next() {
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some('\'') => '\'',
            Some('\\') => '\\',
            other => return Err(format!("invalid escape char \\{}", other.unwrap_or(' '))),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_fields_and_keys_that_are_there() {
        let schema = json!({ "properties": {
            "spec": { "properties": { "a.b": {}, "tags": { "additionalProperties": {} } } },
        }});
        for (path, shown) in [
            (".spec", Some("spec")),
            (".spec['a.b']", Some("spec.a.b")),
            (".spec.tags.x", Some("spec.tags[x]")),
            (".spec.tags['x.y']", Some("spec.tags[x.y]")),
            (".spec.tags['it\\'s']", Some("spec.tags[it's]")),
            ("spec", None),
            (".nothing", None),
            (".spec[0]", None),
            (".spec['a.b'", None),
            (".spec.tags.x.y", None),
            (".spec.", None),
        ] {
            assert_eq!(normalized(path, &schema).ok().as_deref(), shown, "{path}");
        }
    }
}
