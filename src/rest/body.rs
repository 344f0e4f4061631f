//! Bodies: bytes to JSON values, with the errors of a real server's decoders.
//!
//! POST and PUT bodies are objects and are refused in the order of the real decoder: JSON, then
//! kind, then apiVersion. Patches are refused with the text of Go's JSON package. DeleteOptions
//! come as a body or as query parameters and leave here in one form. Next to read: `json.rs`.

use serde_json::{Map, Value, json};

use crate::apiserver::patch::go_json_type;
use crate::apiserver::schema::FieldError;
use crate::apiserver::{Kind, PatchKind, Status, Verb};

use super::head::Head;
use super::query::Query;
use super::{HttpRequest, json, options, protobuf};

/// Maximum number of nodes of a YAML body: `- 1` and a line break, in 3 MiB.
const NODES_MAX: usize = 800_000;

type Decoded<T = Value> = Result<T, Box<Status>>;

/// Decodes the body of a request. What strict decoding would refuse goes into the options of its
/// head.
pub(crate) fn decode(
    http: &HttpRequest,
    query: &Query,
    kind: &Kind,
    head: &mut Head,
) -> Decoded<Option<Value>> {
    let (content_type, objections) = (&head.content_type, &mut head.options.decoding_errors);
    match head.verb {
        Verb::Create | Verb::Update => object(http, content_type, kind, objections).map(Some),
        Verb::Patch(PatchKind::Apply) => apply(http, objections).map(Some),
        Verb::Patch(patch) => patch_body(http, patch, objections).map(Some),
        Verb::Delete | Verb::DeleteCollection => {
            delete_options(http, content_type, query).map(Some)
        }
        Verb::Get | Verb::List | Verb::Watch => Ok(None),
    }
}

/// The value in the body, whichever way it is written.
fn parse(http: &HttpRequest, content_type: &str) -> Result<json::Document, String> {
    if content_type == "application/yaml" {
        return yaml(&http.body);
    }
    json::parse(&http.body)
        .map_err(|error| format!("couldn't get version/kind; json parse error: {error}"))
}

fn yaml(bytes: &[u8]) -> Result<json::Document, String> {
    match json::parse(bytes) {
        Ok(document) => return Ok(document),
        Err(error) if error == json::TOO_DEEP => return Err(format!("yaml: {error}")),
        Err(_) => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|_| String::from("yaml: invalid UTF-8"))?;
    match serde_saphyr::from_str_with_options(text, yaml_options()) {
        Ok(value) => Ok(json::Document { value, duplicates: Vec::new() }),
        Err(error) => twice(text, &error.to_string()),
    }
}

/// YAML may nest as deep as JSON, and have as many nodes as fit into a body.
fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: json::DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: 3 * NODES_MAX,
        },
    }
}

/// A document that fails because a key stands twice is read with its last value. (Only the first
/// such key is found.)
fn twice(text: &str, error: &str) -> Result<json::Document, String> {
    let first = error.lines().next().unwrap_or_default();
    let refused = || match first.contains("budget breached: Depth") {
        true => format!("yaml: {}", json::TOO_DEEP),
        false => format!("yaml: {}", first.trim_start_matches("error: ")),
    };
    let found = first.split_once("duplicate mapping key: ").and_then(|(before, after)| {
        let key = after.split(',').next()?.to_string();
        let line = before.split_once("line ")?.1.split(' ').next()?.parse().ok()?;
        Some(json::Duplicate { path: key.clone(), key, line })
    });
    let Some(found) = found else { return Err(refused()) };
    let mut options = yaml_options();
    options.duplicate_keys = serde_saphyr::DuplicateKeyPolicy::LastWins;
    let value = serde_saphyr::from_str_with_options(text, options).map_err(|_| refused())?;
    Ok(json::Document { value, duplicates: vec![found] })
}

fn object(
    http: &HttpRequest,
    content_type: &str,
    kind: &Kind,
    objections: &mut Vec<String>,
) -> Decoded {
    let unrecognized = |error: String| {
        let summary = summary(&http.body);
        let wanted = &kind.kind;
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {wanted}): {error} ({summary})"
        ))
    };
    let document = match content_type == protobuf::MEDIA_TYPE {
        true => protobuf::read(&http.body, Some(kind)).map(json::Document::from),
        false => parse(http, content_type),
    };
    let document = document.map_err(unrecognized)?;
    let mut value = document.value;
    if value.is_null() {
        let body = String::from_utf8_lossy(&http.body);
        return Err(unrecognized(format!("Object 'Kind' is missing in '{body}'")));
    }
    let Some(fields) = value.as_object_mut() else {
        let found = go_json_type(&value);
        let wanted = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind \
                      string \"json:\\\"kind,omitempty\\\"\" }";
        return Err(unrecognized(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go \
             value of type {wanted}"
        )));
    };
    for field in ["apiVersion", "kind"] {
        if let Some(other) =
            fields.get(field).filter(|value| !value.is_string() && !value.is_null())
        {
            let found = go_json_type(other);
            return Err(unrecognized(format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into \
                 Go struct field .{field} of type string"
            )));
        }
    }
    let text = |fields: &Map<String, Value>, field: &str| {
        fields.get(field).and_then(Value::as_str).unwrap_or_default().to_string()
    };
    if !kind.strategy.is_typed() && text(fields, "kind").is_empty() {
        let body = String::from_utf8_lossy(&http.body);
        return Err(unrecognized(format!("Object 'Kind' is missing in '{body}'")));
    }
    let version = text(fields, "apiVersion");
    if version.matches('/').count() > 1 {
        return Err(unrecognized(format!("unexpected GroupVersion string: {version}")));
    }
    if kind.strategy.is_typed() {
        for (field, own) in [("apiVersion", kind.api_version()), ("kind", kind.kind.clone())] {
            if text(fields, field).is_empty() {
                fields.insert(field.into(), Value::String(own));
            }
        }
    }
    let yaml = content_type == "application/yaml";
    objections.extend(document.duplicates.iter().map(|it| match yaml {
        true => format!("line {}: key \"{}\" already set in map", it.line, it.key),
        false => format!("duplicate field \"{}\"", it.path),
    }));
    Ok(value)
}

/// The beginning of a body, as a 400 shows it.
fn summary(body: &[u8]) -> String {
    let cut = &body[..body.len().min(30)];
    let rest = if body.len() > 30 { " ..." } else { "" };
    match body.first() {
        None => String::from("<empty>"),
        Some(b'{') => format!("{}{rest}", String::from_utf8_lossy(cut)),
        Some(_) => {
            let hex: String = cut.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{rest}")
        }
    }
}

fn apply(http: &HttpRequest, objections: &mut Vec<String>) -> Decoded {
    let refuse = |error: String| Status::bad_request(format!("error decoding YAML: {error}"));
    let document = yaml(&http.body).map_err(refuse)?;
    let duplicates = document.duplicates.iter();
    objections.extend(
        duplicates.map(|it| format!("line {}: key \"{}\" already set in map", it.line, it.key)),
    );
    match document.value {
        Value::Object(_) => Ok(document.value),
        Value::Null => Ok(Value::Object(Map::new())),
        other => Err(Status::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
             unmarshal {} into Go value of type map[string]interface {{}}",
            go_json_type(&other)
        ))),
    }
}

fn patch_body(http: &HttpRequest, patch: PatchKind, objections: &mut Vec<String>) -> Decoded {
    let refuse = |error: String| Status::bad_request(format!("error decoding patch: {error}"));
    let document = json::parse(&http.body).map_err(refuse)?;
    let prefix = if patch == PatchKind::Json { "json patch " } else { "" };
    let duplicates = document.duplicates.iter();
    objections.extend(duplicates.map(|it| format!("{prefix}duplicate field \"{}\"", it.path)));
    if patch == PatchKind::Json {
        check_operations(&document.value).map_err(refuse)?;
        for (index, operation) in document.value.as_array().into_iter().flatten().enumerate() {
            let fields = operation.as_object().into_iter().flat_map(|fields| fields.keys());
            let unknown =
                fields.filter(|it| !["op", "path", "from", "value"].contains(&it.as_str()));
            objections
                .extend(unknown.map(|it| format!("json patch unknown field \"[{index}].{it}\"")));
        }
    }
    Ok(document.value)
}

/// Members of an operation that are no strings.
fn check_operations(patch: &Value) -> Result<(), String> {
    for operation in patch.as_array().into_iter().flatten() {
        for field in ["op", "path", "from"] {
            let value = &operation[field];
            if !value.is_null() && !value.is_string() {
                let found = go_json_type(value);
                return Err(format!(
                    "json: cannot unmarshal {found} into Go struct field jsonPatchOp.{field} of \
                     type string"
                ));
            }
        }
    }
    Ok(())
}

/// DeleteOptions from the body or, if there is none, from the query.
fn delete_options(http: &HttpRequest, content_type: &str, query: &Query) -> Decoded {
    let mut found = match http.body.is_empty() {
        true => from_query(query)?,
        false => from_body(http, content_type)?,
    };
    let mut errors = Vec::new();
    let policy = found.get("propagationPolicy").cloned().unwrap_or(Value::Null);
    if !found["orphanDependents"].is_null() && !policy.is_null() {
        let text = "orphanDependents and deletionPropagation cannot be both set";
        errors.push(FieldError::invalid("propagationPolicy", &policy, text));
    }
    let known = ["Foreground", "Background", "Orphan"];
    if policy.as_str().is_some_and(|policy| !known.contains(&policy)) {
        let known = ["Foreground", "Background", "Orphan", "nil"];
        errors.push(FieldError::not_supported("propagationPolicy", &policy, &known));
    }
    let dry_run = found["dryRun"].as_array().cloned().unwrap_or_default();
    let dry_run: Vec<_> = dry_run.iter().map(|it| it.as_str().unwrap_or_default()).collect();
    errors.extend(options::dry_run_errors(&dry_run));
    if !errors.is_empty() {
        return Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &errors));
    }
    found["dryRun"] = Value::Bool(!dry_run.is_empty());
    Ok(found)
}

fn from_query(query: &Query) -> Decoded {
    let mut options = json!({ "dryRun": query.all("dryRun").collect::<Vec<_>>() });
    if let Some(seconds) = query.integer("gracePeriodSeconds")? {
        options["gracePeriodSeconds"] = seconds.into();
    }
    if let Some(policy) = query.text("propagationPolicy") {
        options["propagationPolicy"] = policy.into();
    }
    if let Some(orphan) = query.get("orphanDependents").filter(|it| !it.is_empty()) {
        let _ = orphan;
        options["orphanDependents"] = query.boolean("orphanDependents").into();
    }
    Ok(options)
}

fn from_body(http: &HttpRequest, content_type: &str) -> Decoded {
    let accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let options = match content_type {
        protobuf::MEDIA_TYPE => protobuf::read(&http.body, None).map(json::Document::from),
        "" | "application/json" | "application/yaml" => parse(http, content_type),
        _ => return Err(Status::unsupported_media_type(accepted)),
    };
    let options = options.map_err(Status::bad_request)?.value;
    if options.is_null() {
        return Ok(json!({}));
    }
    if !options.is_object() {
        let found = go_json_type(&options);
        return Err(Status::bad_request(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go \
             value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind \
             string \"json:\\\"kind,omitempty\\\"\" }}"
        )));
    }
    let kind = options["kind"].as_str().unwrap_or("DeleteOptions");
    if !matches!(kind, "" | "DeleteOptions") {
        let version = options["apiVersion"].as_str().unwrap_or_default();
        return Err(Status::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \
             \"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\""
        )));
    }
    check_types(&options)?;
    Ok(options)
}

/// Fields of the wrong type, as Go's decoder names them.
fn check_types(options: &Value) -> Decoded<()> {
    let wrong = |field: &str, wanted: &str, value: &Value| {
        let found = go_json_type(value);
        Err(Status::bad_request(format!(
            "json: cannot unmarshal {found} into Go struct field DeleteOptions.{field} of type \
             {wanted}"
        )))
    };
    let present = |value: &Value| !value.is_null();
    let uid = &options["preconditions"]["uid"];
    let revision = &options["preconditions"]["resourceVersion"];
    match options {
        _ if present(&options["preconditions"]) && !options["preconditions"].is_object() => {
            wrong("preconditions", "v1.Preconditions", &options["preconditions"])
        }
        _ if present(uid) && !uid.is_string() => wrong("preconditions.uid", "types.UID", uid),
        _ if present(revision) && !revision.is_string() => {
            wrong("preconditions.resourceVersion", "string", revision)
        }
        _ if present(&options["gracePeriodSeconds"]) && !options["gracePeriodSeconds"].is_i64() => {
            wrong("gracePeriodSeconds", "int64", &options["gracePeriodSeconds"])
        }
        _ if present(&options["propagationPolicy"])
            && !options["propagationPolicy"].is_string() =>
        {
            wrong("propagationPolicy", "v1.DeletionPropagation", &options["propagationPolicy"])
        }
        _ if present(&options["orphanDependents"]) && !options["orphanDependents"].is_boolean() => {
            wrong("orphanDependents", "bool", &options["orphanDependents"])
        }
        _ if present(&options["dryRun"]) && !options["dryRun"].is_array() => {
            wrong("dryRun", "[]string", &options["dryRun"])
        }
        _ => Ok(()),
    }
}
