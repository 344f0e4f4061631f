//! Value validation by the rules of a structural schema, with the server's texts.
//!
//! On an update a value that was invalid already and has not changed is tolerated (ratcheting): if
//! something is wrong at or below a place and the old value is there and equal, nothing is said.
//! Items of lists correlate with old ones only in list-type maps.
//! Next to read: `numbers.rs`, `lists.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::field_error::{FieldError, quoted};
use super::ratchet::Pair;
use super::rules::Rules;

/// One error: as text, by which repetitions are recognised, and as the answer shows it.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    text: String,
    error: FieldError,
}

/// What one validation found. `matches` decides which failed alternative of `anyOf` is reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub failures: Vec<Failure>,
    pub known: BTreeSet<String>,
    pub matches: u32,
}

impl Findings {
    pub fn add(&mut self, failure: Failure) {
        if self.known.insert(failure.text.clone()) {
            self.failures.push(failure);
        }
    }

    fn merge(&mut self, other: Findings) {
        self.matches += other.matches;
        for failure in other.failures {
            self.add(failure);
        }
    }

    fn is_valid(&self) -> bool {
        self.failures.is_empty()
    }
}

/// All violations of the rules by an object.
pub(super) fn validate(new: &Value, old: Option<&Value>, rules: &Rules) -> Vec<FieldError> {
    let old = old.map(|old| Pair::root(new, old, rules));
    let findings = check(new, old, rules, "");
    findings.failures.into_iter().map(|failure| failure.error).collect()
}

fn check(value: &Value, old: Option<Pair<'_>>, rules: &Rules, path: &str) -> Findings {
    let mut findings = check_now(value, old, rules, path);
    if !findings.is_valid() && old.is_some_and(Pair::is_unchanged) {
        findings.failures.clear();
        findings.known.clear();
    }
    findings
}

fn check_now(value: &Value, old: Option<Pair<'_>>, rules: &Rules, path: &str) -> Findings {
    let mut all = Findings::default();
    if value.is_null() {
        all.merge(check_type(value, rules, path));
        all.merge(check_choices(value, rules, path));
        return all;
    }
    if !rules.types.is_empty() || !rules.format.is_empty() {
        all.merge(check_type(value, rules, path));
        all.matches += 1;
    }
    all.merge(check_combinations(value, old, rules, path));
    all.matches += 1;
    match value {
        Value::String(text) => {
            all.merge(check_string(text, rules, path));
            all.matches += 1;
            if super::format::is_known(&rules.format) {
                all.matches += 1;
                if !super::format::validates(&rules.format, text) {
                    all.add(wrong_type(path, &rules.format, text));
                }
            }
        }
        Value::Number(_) => {
            all.merge(super::numbers::check(value, rules, path));
            all.matches += 1;
        }
        Value::Array(items) => {
            all.merge(check_list(items, old, rules, path));
            all.matches += 1;
        }
        _ => {}
    }
    all.merge(check_choices(value, rules, path));
    all.matches += 1;
    if let Value::Object(_) = value {
        all.merge(check_object(value, old, rules, path));
        all.matches += 1;
    }
    all.matches += 1;
    all
}

/// The path as an error names it, without the dot in front.
fn field(path: &str) -> String {
    path.strip_prefix('.').unwrap_or(path).to_owned()
}

fn failure(error: FieldError, text: String) -> Failure {
    Failure { text, error }
}

/// `Invalid value: …: <path> in body should …`.
pub(super) fn invalid(path: &str, value: &Value, complaint: &str) -> Failure {
    let text = format!("{path} in body {complaint}");
    failure(FieldError::invalid(&field(path), value, &text), text)
}

/// `Invalid value: …: <text>`.
pub(super) fn failure_of(path: &str, value: &Value, text: String) -> Failure {
    failure(FieldError::invalid(&field(path), value, &text), text)
}

/// An error about no field in particular.
pub(super) fn general(text: String) -> Failure {
    failure(FieldError::invalid("<nil>", &Value::from(""), &text), text)
}

fn wrong_type(path: &str, wanted: &str, found: &str) -> Failure {
    let text = format!("{path} in body must be of type {wanted}: {}", quoted(found));
    failure(FieldError::type_invalid(&field(path), &Value::from(found), &text), text)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a number counts as an integer: floats do if they are whole and exact.
fn is_whole(number: &serde_json::Number) -> bool {
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    let exact = |float: f64| float.fract() == 0.0 && float.abs() <= EXACT_MAX;
    !number.is_f64() || number.as_f64().is_some_and(exact)
}

fn check_type(value: &Value, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings { matches: 1, ..Findings::default() };
    let has = |name: &str| rules.types.contains(&name);
    let found = type_name(value);
    let fits = match value {
        Value::Null => rules.types.is_empty() || rules.nullable,
        Value::Number(number) => {
            rules.types.is_empty() || has("number") || (has("integer") && is_whole(number))
        }
        // A format takes over: from strings it is asked for, and lists slip through.
        Value::String(_) | Value::Array(_) if is_format_of_strings(rules) => true,
        _ => rules.types.is_empty() || has(found),
    };
    if fits {
        return findings;
    }
    findings.matches = 0;
    // With a format, the error speaks of formats on both sides.
    let of_format = match value {
        Value::Number(number) if number.is_f64() => Some("float64"),
        Value::Number(_) => Some("int64"),
        Value::Bool(_) | Value::Object(_) => Some(""),
        _ => None,
    };
    match of_format.filter(|_| !rules.format.is_empty()) {
        Some(found) => findings.add(wrong_type(path, &rules.format, found)),
        None => findings.add(wrong_type(path, &rules.types.join(","), found)),
    }
    findings
}

fn is_format_of_strings(rules: &Rules) -> bool {
    !rules.format.is_empty() && !rules.types.iter().any(|ty| ["integer", "number"].contains(ty))
}

fn check_choices(value: &Value, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings::default();
    let equal = |choice: &Value| match (choice, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => choice == value,
    };
    if rules.choices.is_empty() || rules.choices.iter().any(equal) {
        return findings;
    }
    let names = rules.choices.iter().map(|choice| match choice {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let names = names.collect::<Vec<_>>();
    let list = names.iter().map(String::as_str).collect::<Vec<_>>();
    let text = format!("{path} in body should be one of [{}]", list.join(" "));
    findings.add(failure(FieldError::not_supported(&field(path), value, &list), text));
    findings
}

fn check_string(text: &str, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings::default();
    let value = Value::from(text);
    let length = text.chars().count() as u64;
    if let Some(max) = rules.max_length.filter(|max| length > *max) {
        let text = format!("{path} in body should be at most {max} chars long");
        findings.add(failure(FieldError::too_long(&field(path), max), text));
    } else if let Some(min) = rules.min_length.filter(|min| length < *min) {
        findings.add(invalid(path, &value, &format!("should be at least {min} chars long")));
    } else if let Some(pattern) = &rules.pattern
        && !pattern.matches(text)
    {
        findings.add(invalid(path, &value, &format!("should match '{}'", pattern.text())));
    }
    findings
}

fn check_list(items: &[Value], old: Option<Pair<'_>>, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings::default();
    if let Some(inner) = &rules.items {
        let before = old.map(Pair::counterparts);
        for (index, item) in items.iter().enumerate() {
            let before = before.as_ref().and_then(|before| before.pair(item));
            findings.merge(check(item, before, inner, &format!("{path}[{index}]")));
        }
    }
    let size = items.len() as u64;
    if let Some(min) = rules.min_items.filter(|min| size < *min) {
        let complaint = format!("should have at least {min} items");
        findings.add(invalid(path, &Value::from(size), &complaint));
    }
    if let Some(max) = rules.max_items.filter(|max| size > *max) {
        let text = format!("{path} in body should have at most {max} items");
        findings.add(failure(FieldError::too_many(&field(path), size, max), text));
    }
    findings.matches += 1;
    findings
}

fn check_object(value: &Value, old: Option<Pair<'_>>, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings::default();
    let Value::Object(fields) = value else {
        return findings;
    };
    let size = fields.len() as u64;
    if let Some(min) = rules.min_properties.filter(|min| size < *min) {
        let complaint = format!("should have at least {min} properties");
        findings.add(invalid(path, &Value::from(size), &complaint));
    }
    if let Some(max) = rules.max_properties.filter(|max| size > *max) {
        let text = format!("{path} in body should have at most {max} properties");
        findings.add(failure(FieldError::too_many(&field(path), size, max), text));
    }
    for (key, inner) in fields {
        let before = old.and_then(|old| old.key(key));
        let root_type = path.is_empty() && ["apiVersion", "kind"].contains(&key.as_str());
        let before = before.filter(|_| !root_type);
        if let Some(property) = rules.properties.get(key) {
            let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            findings.merge(check(inner, before, property, &at));
        } else if let Some(additional) = &rules.additional {
            findings.merge(check(inner, before, additional, &format!("{path}.{key}")));
        }
    }
    for key in &rules.required {
        if !fields.contains_key(key) {
            let at = format!("{path}.{key}");
            let text = format!("{at} in body is required");
            findings.add(failure(FieldError::required(&field(&at), ""), text));
        }
    }
    findings
}

fn check_combinations(value: &Value, old: Option<Pair<'_>>, rules: &Rules, path: &str) -> Findings {
    let mut main = Findings::default();
    let shown = quoted(path);
    if !rules.any_of.is_empty() {
        let results = rules.any_of.iter().map(|inner| check_now(value, old, inner, path));
        let results = results.collect::<Vec<_>>();
        match results.iter().find(|result| result.is_valid()) {
            Some(success) => main.merge(success.clone()),
            None => {
                let text = format!("{shown} must validate at least one schema (anyOf)");
                main.add(general(text));
                main.merge(best(results));
            }
        }
    }
    if !rules.one_of.is_empty() {
        let results = rules.one_of.iter().map(|inner| check_now(value, old, inner, path));
        let (valid, failed): (Vec<_>, Vec<_>) = results.partition(Findings::is_valid);
        if valid.len() == 1 {
            valid.into_iter().for_each(|success| main.merge(success));
        } else {
            let found = match valid.len() {
                0 => "Found none valid".to_owned(),
                several => format!("Found {several} valid alternatives"),
            };
            let rule = "must validate one and only one schema (oneOf).";
            main.add(general(format!("{shown} {rule} {found}")));
            if valid.is_empty() {
                main.merge(best(failed));
            }
        }
    }
    let mut passed = 0;
    for inner in &rules.all_of {
        let result = check_now(value, old, inner, path);
        passed += usize::from(result.is_valid());
        main.merge(result);
    }
    if passed != rules.all_of.len() {
        let more = if passed == 0 { ". None validated" } else { "" };
        main.add(general(format!("{shown} must validate all the schemas (allOf){more}")));
    }
    if let Some(inner) = &rules.not
        && check_now(value, old, inner, path).is_valid()
    {
        main.add(general(format!("{shown} must not validate the schema (not)")));
    }
    main.matches += 1;
    main
}

/// The first failed alternative with the most positive checks.
fn best(results: Vec<Findings>) -> Findings {
    let mut best: Option<Findings> = None;
    for result in results {
        if best.as_ref().is_none_or(|best| result.matches > best.matches) {
            best = Some(result);
        }
    }
    best.unwrap_or_default()
}
