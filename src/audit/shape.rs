//! The wrappers in which providers export audit events, each told by its shape.
//!
//! Plain JSON lines; an EventList; CloudWatch exports of EKS (`message` holds the event as text);
//! diagnostics of AKS (`properties.log` does); Cloud Logging of GKE (`protoPayload` has the same
//! facts under other names). Next to read: `log.rs`.

use serde_json::{Map, Value};

use super::event::{AuditEvent, Skipped, micros};

/// Wrappers in wrappers: no provider exports them deeper than this.
const DEPTH: usize = 6;

/// Where a wrapper may have events.
const INSIDE: [&str; 14] = [
    "items",
    "events",
    "logEvents",
    "records",
    "message",
    "@message",
    "Message",
    "log",
    "log_s",
    "properties",
    "value",
    "line",
    "textPayload",
    "jsonPayload",
];

/// The events of one line, or of one document.
pub fn events(text: &[u8]) -> Vec<Result<AuditEvent, Skipped>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Vec::new();
    }
    match AuditEvent::parse(text) {
        Err(Skipped::NoEvent) => match serde_json::from_slice::<Value>(text) {
            Ok(value) => {
                let mut found = Vec::new();
                unwrap(&value, DEPTH, &mut found);
                if found.is_empty() { vec![Err(Skipped::NoEvent)] } else { found }
            }
            Err(_) => vec![Err(Skipped::Torn)],
        },
        // A time before the JSON, as `aws logs tail` prints it.
        Err(Skipped::Torn) if text[0] != b'{' && text[0] != b'[' => {
            match text.iter().position(|byte| *byte == b'{') {
                Some(at) if at < 200 => events(&text[at..]),
                _ => vec![Err(Skipped::Torn)],
            }
        }
        event => vec![event],
    }
}

fn unwrap(value: &Value, depth: usize, found: &mut Vec<Result<AuditEvent, Skipped>>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| unwrap(item, depth, found)),
        Value::String(text) => {
            let Some(at) = text.find('{').filter(|at| *at < 200) else { return };
            match AuditEvent::parse(&text.as_bytes()[at..]) {
                Err(Skipped::NoEvent) => {
                    if let Ok(inner) = serde_json::from_str(&text[at..]) {
                        unwrap(&inner, depth - 1, found);
                    }
                }
                event => found.push(event),
            }
        }
        Value::Object(fields) if fields.contains_key("auditID") => {
            found.push(AuditEvent::parse(value.to_string().as_bytes()));
        }
        Value::Object(fields) => {
            if let Some(event) = fields.get("protoPayload").and_then(|it| cloud_logging(fields, it))
            {
                found.push(Ok(event));
                return;
            }
            for key in INSIDE {
                if let Some(inner) = fields.get(key) {
                    unwrap(inner, depth - 1, found);
                }
            }
        }
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `io.k8s.core.v1.pods.status.patch` of `core/v1/namespaces/shop/pods/web-0/status`.
fn cloud_logging(entry: &Map<String, Value>, payload: &Value) -> Option<AuditEvent> {
    let method = payload["methodName"].as_str()?;
    let verb = method.rsplit('.').next()?;
    let name = payload["resourceName"].as_str()?;
    let mut parts = name.split('/');
    let (group, version) = (parts.next()?, parts.next()?);
    let mut rest: Vec<&str> = parts.collect();
    let mut namespace = String::new();
    if rest.len() > 2 && rest[0] == "namespaces" {
        namespace = rest[1].to_owned();
        rest.drain(..2);
    }
    let part = |at: usize| rest.get(at).copied().unwrap_or_default().to_owned();
    let body = |field: &str| {
        let mut body = payload.get(field).cloned().filter(|body| !body.is_null())?;
        if let Some(fields) = body.as_object_mut() {
            fields.remove("@type");
        }
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        Some(body)
    };
    let code = match payload["status"]["code"].as_i64().unwrap_or_default() {
        0 => 200,
        5 => 404,
        6 | 10 => 409,
        code @ 100..600 => code as u16,
        _ => 400,
    };
    let time = entry.get("timestamp").map(text).unwrap_or_default();
    let operation = entry.get("operation").map(|it| text(&it["id"])).filter(|it| !it.is_empty());
    let request = body("request");
    Some(AuditEvent {
        id: operation.or_else(|| entry.get("insertId").map(text))?,
        level: if request.is_some() { "RequestResponse" } else { "Metadata" }.to_owned(),
        verb: verb.to_owned(),
        user: text(&payload["authenticationInfo"]["principalEmail"]),
        agent: text(&payload["requestMetadata"]["callerSuppliedUserAgent"]),
        source: text(&payload["requestMetadata"]["callerIp"]),
        group: if group == "core" { String::new() } else { group.to_owned() },
        version: version.to_owned(),
        namespace,
        resource: part(0),
        name: part(1),
        subresource: part(2),
        code,
        received: micros(&time),
        done: micros(&time),
        response: body("response"),
        request,
        ..AuditEvent::default()
    })
}
