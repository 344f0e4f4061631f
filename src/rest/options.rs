//! Query parameters as typed options, and what the server says to those that make no sense.

use serde_json::Value;

use crate::apiserver::schema::FieldError;
use crate::apiserver::{FieldValidation, Options, PatchKind, Status, Verb};

use super::query::Query;

/// Field managers may not be longer.
const MANAGER_BYTES_MAX: usize = 128;

/// Reads the options of a request.
pub(crate) fn parse(verb: Verb, query: &Query) -> Result<Options, Box<Status>> {
    match verb {
        Verb::Get => {
            Ok(Options { resource_version: query.text("resourceVersion"), ..Options::default() })
        }
        Verb::List | Verb::Watch | Verb::DeleteCollection => list(query),
        Verb::Create => write(query, "CreateOptions", Vec::new()),
        Verb::Update => write(query, "UpdateOptions", Vec::new()),
        Verb::Patch(patch) => {
            let mut errors = Vec::new();
            let apply = patch == PatchKind::Apply;
            if apply && query.text("fieldManager").is_none() {
                errors.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            if !apply && query.get("force").is_some() {
                let text = "may not be specified for non-apply patch";
                errors.push(FieldError::forbidden("force", text));
            }
            write(query, "PatchOptions", errors)
        }
        Verb::Delete => Ok(Options::default()),
    }
}

/// The seconds after which a watch is closed.
pub(crate) fn timeout_seconds(query: &Query) -> Result<Option<u64>, Box<Status>> {
    let seconds = query.integer("timeoutSeconds")?;
    Ok(seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0))
}

/// `timeout` bounds a request; it must be a duration as Go writes them, such as `1m30s`.
pub(crate) fn check_timeout(query: &Query) -> Result<(), Box<Status>> {
    let Some(text) = query.text("timeout") else { return Ok(()) };
    match is_duration(&text) {
        true => Ok(()),
        false => Err(Status::bad_request(format!(
            "invalid timeout specified in the request URL - time: invalid duration {text:?}"
        ))),
    }
}

fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let digits = &rest[..rest.len() - number.len()];
        let units = ["ns", "us", "µs", "ms", "s", "m", "h"];
        let unit = units.into_iter().find(|unit| {
            let after = number.strip_prefix(unit);
            after.is_some_and(|it| !it.starts_with(|c: char| c.is_ascii_alphabetic()))
        });
        let bad = digits.parse::<f64>().is_err();
        match unit {
            Some(unit) if !bad => rest = &number[unit.len()..],
            _ => return false,
        }
    }
    text.ends_with(|c: char| c.is_ascii_alphabetic())
}

fn list(query: &Query) -> Result<Options, Box<Status>> {
    timeout_seconds(query)?;
    let limit = query.integer("limit")?;
    Ok(Options {
        resource_version: query.text("resourceVersion"),
        resource_version_match: query.text("resourceVersionMatch"),
        limit: limit.and_then(|limit| u64::try_from(limit).ok()),
        continue_token: query.text("continue"),
        label_selector: query.text("labelSelector"),
        field_selector: query.text("fieldSelector"),
        allow_watch_bookmarks: query.boolean("allowWatchBookmarks").unwrap_or(false),
        send_initial_events: query.boolean("sendInitialEvents"),
        ..Options::default()
    })
}

fn write(
    query: &Query,
    kind: &'static str,
    mut errors: Vec<FieldError>,
) -> Result<Options, Box<Status>> {
    let manager = query.text("fieldManager");
    errors.extend(manager_errors(manager.as_deref().unwrap_or_default()));
    let dry_run: Vec<&str> = query.all("dryRun").collect();
    errors.extend(dry_run_errors(&dry_run));
    let field_validation = match query.get("fieldValidation").unwrap_or_default() {
        "" | "Warn" => FieldValidation::Warn,
        "Ignore" => FieldValidation::Ignore,
        "Strict" => FieldValidation::Strict,
        other => {
            let known = ["", "Ignore", "Strict", "Warn"];
            let value = Value::String(other.into());
            errors.push(FieldError::not_supported("fieldValidation", &value, &known));
            FieldValidation::Warn
        }
    };
    if !errors.is_empty() {
        return Err(Status::invalid("meta.k8s.io", kind, "", &errors));
    }
    Ok(Options {
        field_manager: manager,
        force: query.get("force").filter(|it| !it.is_empty()).and(query.boolean("force")),
        dry_run: !dry_run.is_empty(),
        field_validation,
        ..Options::default()
    })
}

/// What is wrong with a `dryRun` parameter.
pub(crate) fn dry_run_errors(values: &[&str]) -> Option<FieldError> {
    let value = Value::from(values.to_vec());
    let wrong = values.iter().any(|value| *value != "All");
    wrong.then(|| FieldError::not_supported("dryRun", &value, &["All"]))
}

fn manager_errors(manager: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if manager.len() > MANAGER_BYTES_MAX {
        errors.push(FieldError::too_long("fieldManager", MANAGER_BYTES_MAX as u64));
    }
    for (at, c) in manager.char_indices().filter(|(_, c)| c.is_control()) {
        let text = format!("invalid character U+{:04X} (at position {at})", u32::from(c));
        errors.push(FieldError::invalid("fieldManager", &Value::String(manager.into()), &text));
    }
    errors
}
