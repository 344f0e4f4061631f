//! Answers as bytes: JSON or YAML, whole objects, only their metadata, or tables.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::apiserver::{Body, Kind, Response, Status};

use super::negotiate::{Format, Media, Shape};
use super::{HttpRequest, HttpResponse, protobuf, table};

/// A Status as a response.
pub(crate) fn status(http: &HttpRequest, status: &Status, warnings: &[String]) -> HttpResponse {
    status_code(http, status, status.code.unwrap_or(200), warnings)
}

/// A Status as a response with this code (the success of a delete has none in its body).
pub(crate) fn status_code(
    http: &HttpRequest,
    status: &Status,
    code: u16,
    warnings: &[String],
) -> HttpResponse {
    if status.is_page_not_found() {
        return HttpResponse::page_not_found();
    }
    let yaml = http.header("accept").is_some_and(|it| it.trim() == "application/yaml");
    let format = if yaml { Format::Yaml } else { Format::Json };
    status_in(format, status, code, warnings)
}

/// A Status as JSON, whatever is accepted.
pub(crate) fn refusal(status: &Status) -> HttpResponse {
    status_in(Format::Json, status, status.code.unwrap_or(500), &[])
}

fn status_in(format: Format, status: &Status, code: u16, warnings: &[String]) -> HttpResponse {
    let mut response = write(code, format, status, warnings);
    let seconds = status.details.as_ref().and_then(|details| details.retry_after_seconds);
    if let Some(seconds) = seconds {
        response.headers.push(("Retry-After".into(), seconds.to_string()));
    }
    response
}

/// A document about the API.
pub(crate) fn document(http: &HttpRequest, document: &Value) -> HttpResponse {
    let yaml = http.header("accept").is_some_and(|it| it.trim() == "application/yaml");
    write(200, if yaml { Format::Yaml } else { Format::Json }, document, &[])
}

/// Objects as a response.
pub(crate) fn response(kind: &Kind, media: &Media, response: &Response, time: i64) -> HttpResponse {
    let warnings = &response.warnings;
    if (media.shape, media.format) == (Shape::Whole, Format::Json) {
        let ready = match &response.body {
            Body::Object(object) => object.json().map(<[u8]>::to_vec),
            Body::List(list) => list.json(),
            Body::Status(_) => None,
        };
        if let Some(json) = ready {
            return written(response.code, Format::Json, json, warnings);
        }
    }
    let (value, list) = match &response.body {
        Body::Object(object) => (object.value(), false),
        Body::List(list) => (list.value(), true),
        Body::Status(_) => return HttpResponse::page_not_found(),
    };
    match shaped(kind, media, value, list, time) {
        Ok(shaped) if media.format == Format::Protobuf => {
            let body = protobuf::write(kind, shaped.as_ref().unwrap_or(value));
            respond(response.code, protobuf::MEDIA_TYPE, body, warnings)
        }
        Ok(Some(shaped)) => write(response.code, media.format, &shaped, warnings),
        Ok(None) => write(response.code, media.format, value.as_ref(), warnings),
        Err(status) => write(status.code.unwrap_or(406), media.format, &status, warnings),
    }
}

/// The value in the shape that is asked for; `None` if that is the value itself.
fn shaped(
    kind: &Kind,
    media: &Media,
    value: &Value,
    list: bool,
    time: i64,
) -> Result<Option<Value>, Box<Status>> {
    match (media.shape, list) {
        (Shape::Whole, _) => Ok(None),
        (Shape::Table, _) => {
            Ok(Some(table::table(kind, value, list, media.include, media.beta, time)))
        }
        (Shape::Metadata, false) => Ok(Some(partial(value, media.beta))),
        (Shape::MetadataList, true) => Ok(Some(partial_list(value, media.beta))),
        (Shape::Metadata, true) => Err(mismatch("PartialObjectMetadata", "a list", kind, true)),
        (Shape::MetadataList, false) if !kind.strategy.is_typed() => {
            Err(Status::failure(500, "content is not a list"))
        }
        (Shape::MetadataList, false) => {
            Err(mismatch("PartialObjectMetadataList", "not a list", kind, false))
        }
    }
}

fn mismatch(asked: &str, is: &str, kind: &Kind, list: bool) -> Box<Status> {
    let go = kind.strategy.go_type(kind, list);
    let mut status = Status::not_acceptable("");
    status.message =
        Some(format!("you requested {asked}, but the requested object is {is} ({go})"));
    status
}

/// An object's metadata, as PartialObjectMetadata.
pub(crate) fn partial(object: &Value, beta: bool) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": version(beta),
        "metadata": object["metadata"],
    })
}

/// The apiVersion of tables and partial objects.
pub(crate) fn version(beta: bool) -> &'static str {
    if beta { "meta.k8s.io/v1beta1" } else { "meta.k8s.io/v1" }
}

fn partial_list(list: &Value, beta: bool) -> Value {
    let mut metadata = list["metadata"].clone();
    if metadata["continue"] == "" {
        metadata.as_object_mut().map(|metadata| metadata.remove("continue"));
    }
    let items = list["items"].as_array().into_iter().flatten();
    let items: Vec<_> = items.map(|item| partial(item, beta)).collect();
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": version(beta),
        "metadata": metadata,
        // A list in Go that was never appended to is null.
        "items": if items.is_empty() { Value::Null } else { Value::Array(items) },
    })
}

fn write(code: u16, format: Format, value: &impl Serialize, warnings: &[String]) -> HttpResponse {
    let body = match format {
        // What is no object is answered in JSON, and says so.
        Format::Json | Format::Protobuf => serde_json::to_vec(value).unwrap_or_default(),
        Format::Yaml => serde_saphyr::to_string(value).unwrap_or_default().into_bytes(),
    };
    written(code, format, body, warnings)
}

fn written(code: u16, format: Format, mut body: Vec<u8>, warnings: &[String]) -> HttpResponse {
    let content_type = match format {
        Format::Json | Format::Protobuf => {
            body.push(b'\n');
            "application/json"
        }
        Format::Yaml => "application/yaml",
    };
    respond(code, content_type, body, warnings)
}

fn respond(code: u16, content_type: &str, body: Vec<u8>, warnings: &[String]) -> HttpResponse {
    let mut response = HttpResponse::new(code, content_type, body);
    response.headers.push(("Cache-Control".into(), "no-cache, private".into()));
    for warning in cut(warnings) {
        response.headers.push(("Warning".into(), header(&warning)));
    }
    response
}

/// The maximum of characters of all warnings of one answer; above it, each is cut.
const WARNINGS_CHARS_MAX: usize = 4096;
/// Then the maximum of characters of each warning.
const WARNING_CHARS_MAX: usize = 256;

/// Warnings as a real server writes them: each once and whole as long as they fit, otherwise the
/// beginning of each, until there are enough.
fn cut(warnings: &[String]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let each: Vec<_> =
        warnings.iter().filter(|text| !text.is_empty() && known.insert(text.as_str())).collect();
    let length = |text: &str| text.chars().count();
    if each.iter().map(|text| length(text)).sum::<usize>() <= WARNINGS_CHARS_MAX {
        return each.into_iter().cloned().collect();
    }
    let mut written = 0;
    let mut out = Vec::new();
    for text in each {
        if written >= WARNINGS_CHARS_MAX {
            break;
        }
        let text: String = text.chars().take(WARNING_CHARS_MAX).collect();
        written += length(&text);
        out.push(text);
    }
    out
}

/// A warning as a header.
fn header(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    format!("299 - \"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_told_once_and_cut_only_when_they_are_too_many() {
        let text = |n: usize, length: usize| format!("{n:03}{}", "é".repeat(length - 3));
        let few: Vec<_> = (0..8).map(|n| text(n, 500)).collect();
        assert_eq!(cut(&few), few);
        assert_eq!(cut(&[few.clone(), few.clone()].concat()), few);
        let many: Vec<_> = (0..100).map(|n| text(n, 500)).collect();
        let told = cut(&many);
        assert_eq!(told.len(), 16);
        assert!(told.iter().zip(&many).all(|(told, all)| *told == all[..told.len()]));
        assert_eq!(told[3].chars().count(), 256);
    }
}
