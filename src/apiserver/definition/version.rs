//! What is wrong with one version of a definition: its deprecation, its scale, its columns.
//!
//! Next to read: `schema/parse.rs`, its schema.

use serde_json::Value;

use super::text;
use crate::apiserver::schema::FieldError;

pub(super) fn deprecation(version: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let Some(warning) = version["deprecationWarning"].as_str() else { return };
    let path = format!("{path}.deprecationWarning");
    let mut wrong = |why: &str| errors.push(FieldError::invalid(&path, &warning.into(), why));
    if version["deprecated"] != true {
        wrong("can only be set for deprecated versions");
        return;
    }
    if warning.len() > 256 {
        wrong("must be <= 256 characters long");
    }
    if warning.is_empty() {
        wrong("must not be an empty string");
    }
    let hidden = warning.char_indices().find(|(_, c)| c.is_control());
    if let Some((index, _)) = hidden {
        wrong(&format!(
            "must only contain printable UTF-8 characters; non-printable character found at index \
             {index}"
        ));
    }
}

pub(super) fn scale(scale: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if !scale.is_object() {
        return;
    }
    let places: [(&str, bool, &[&str], &str); 3] = [
        ("specReplicasPath", true, &[".spec."], "should be a json path under .spec"),
        ("statusReplicasPath", true, &[".status."], "should be a json path under .status"),
        (
            "labelSelectorPath",
            false,
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
        ),
    ];
    for (field, required, under, why) in places {
        let path = format!("{path}.scale.{field}");
        let value = text(&scale[field]);
        if value.is_empty() {
            if required {
                errors.push(FieldError::required(&path, ""));
            }
        } else if !simple_path(value, &path, errors)
            && !under.iter().any(|start| value.starts_with(start))
        {
            errors.push(FieldError::invalid(&path, &value.into(), why));
        }
    }
}

/// Whether a path is not one.
fn simple_path(value: &str, path: &str, errors: &mut Vec<FieldError>) -> bool {
    let wrong = !value.starts_with('.');
    if wrong {
        let why = "must be a simple json path starting with .";
        errors.push(FieldError::invalid(path, &value.into(), why));
    }
    wrong
}

pub(super) fn columns(columns: &Value, path: &str, errors: &mut Vec<FieldError>) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] =
        ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
    for (index, column) in columns.as_array().into_iter().flatten().enumerate() {
        let at = |field: &str| format!("{path}[{index}].{field}");
        let one_of = |known: &[&str]| format!("must be one of {}", known.join(","));
        if text(&column["name"]).is_empty() {
            errors.push(FieldError::required(&at("name"), ""));
        }
        let ty = text(&column["type"]);
        if ty.is_empty() {
            errors.push(FieldError::required(&at("type"), &one_of(&TYPES)));
        } else if !TYPES.contains(&ty) {
            errors.push(FieldError::invalid(&at("type"), &ty.into(), &one_of(&TYPES)));
        }
        let format = text(&column["format"]);
        if !format.is_empty() && !FORMATS.contains(&format) {
            errors.push(FieldError::invalid(&at("format"), &format.into(), &one_of(&FORMATS)));
        }
        match text(&column["jsonPath"]) {
            "" => errors.push(FieldError::required(&at("JSONPath"), "")),
            json_path => {
                simple_path(json_path, &at("JSONPath"), errors);
            }
        }
    }
}
