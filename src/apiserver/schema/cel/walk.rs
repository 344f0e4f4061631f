//! Which rules are asked about which values, and which answers count.
//!
//! As the server walks: an item of a list has an old value only in a list-type map, by its keys;
//! a rule that compares is asked only where there is an old value; a rule that does not compare
//! is not held against a value that has not changed (ratcheting), of which a warning remains.
//! Next to read: `evaluate.rs`.

use serde_json::Value;

use super::super::field_error::FieldError;
use super::super::place::Place;
use super::super::ratchet::{Counterparts, Pair};
use super::super::rules::Rules;
use super::compile::{Checks, Reason, Rule};
use super::evaluate::{self, Finding};
use super::memo::Memo;

/// All violations of an object by the rules of its schema; what is tolerated goes to `warnings`.
pub(in super::super) fn validate(
    new: &Value,
    old: Option<&Value>,
    rules: &Rules,
    memo: &Memo,
    warnings: &mut Vec<String>,
) -> Vec<FieldError> {
    let mut walk = Walk { memo, errors: Vec::new(), warnings };
    let (new, old) = (exposed(new), old.map(exposed));
    let pair = old.as_ref().map(|old| Pair::root(&new, old, rules));
    let tolerance = Tolerance { here: pair, above: None };
    walk.value(&new, old.as_ref(), rules, tolerance, &Place::Root);
    walk.errors
}

/// An object as rules may look at it: without the bookkeeping of its owners.
fn exposed(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        metadata.remove("resourceVersion");
    }
    object
}

/// The old value here, if it has a counterpart, and that of the nearest value above that has one.
#[derive(Clone, Copy)]
struct Tolerance<'a> {
    here: Option<Pair<'a>>,
    above: Option<Pair<'a>>,
}

impl<'a> Tolerance<'a> {
    fn key(self, name: &str) -> Tolerance<'a> {
        match (self.here, self.above) {
            (None, _) => self,
            (Some(_), None) if ["apiVersion", "kind"].contains(&name) => {
                Tolerance { here: None, above: None }
            }
            (Some(here), _) => Tolerance { here: here.key(name), above: Some(here) },
        }
    }

    /// Of an item, by the counterparts of the list's items.
    fn item(self, item: &'a Value, before: Option<&Counterparts<'a>>) -> Tolerance<'a> {
        match self.here {
            None => self,
            Some(_) => {
                let here = before.and_then(|before| before.pair(item));
                Tolerance { here, above: self.here }
            }
        }
    }

    /// Whether what is wrong here was so before.
    fn applies(self) -> bool {
        self.here.or(self.above).is_some_and(Pair::is_unchanged)
    }
}

struct Walk<'w> {
    memo: &'w Memo,
    errors: Vec<FieldError>,
    warnings: &'w mut Vec<String>,
}

impl Walk<'_> {
    fn value<'v>(
        &mut self,
        new: &'v Value,
        old: Option<&'v Value>,
        rules: &'v Rules,
        tolerance: Tolerance<'v>,
        place: &Place<'_>,
    ) {
        let old = old.filter(|old| !old.is_null());
        if new.is_null() || !rules.watched {
            return;
        }
        if let Some(checks) = &rules.cel {
            self.checks(checks, new, old, rules, tolerance, place);
        }
        match new {
            Value::Array(items) => {
                let Some(inner) = &rules.items else { return };
                let before = Counterparts::new(old, rules);
                let tolerated = tolerance.here.map(Pair::counterparts);
                for (index, item) in items.iter().enumerate() {
                    let at = Place::Item(place, index);
                    let tolerance = tolerance.item(item, tolerated.as_ref());
                    self.value(item, before.get(item), inner, tolerance, &at);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let before = old.and_then(|old| old.get(name));
                    let tolerance = tolerance.key(name);
                    if let Some(inner) = &rules.additional {
                        let at = Place::Key(place, name);
                        self.value(field, before, inner, tolerance, &at);
                    }
                    if let Some(inner) = rules.properties.get(name) {
                        let at = Place::Field(place, name);
                        self.value(field, before, inner, tolerance, &at);
                    }
                }
            }
            _ => {}
        }
    }

    fn checks(
        &mut self,
        checks: &Checks,
        new: &Value,
        old: Option<&Value>,
        rules: &Rules,
        tolerance: Tolerance<'_>,
        place: &Place<'_>,
    ) {
        let address = std::ptr::from_ref(checks) as usize;
        let asked = old.filter(|_| checks.rules.iter().any(|rule| rule.uses_old_self));
        let evaluate = || evaluate::evaluate(checks, new, asked, rules);
        let findings = self.memo.findings(address, (new, asked), evaluate);
        for finding in &*findings {
            let rule = &checks.rules[finding.rule];
            let error = error(finding, rule, new, rules, place);
            if !finding.broken && !rule.uses_old_self && tolerance.applies() {
                let text = error.text();
                if !self.warnings.contains(&text) {
                    self.warnings.push(text);
                }
            } else {
                self.errors.push(error);
            }
        }
    }
}

fn error(
    finding: &Finding,
    rule: &Rule,
    value: &Value,
    rules: &Rules,
    place: &Place<'_>,
) -> FieldError {
    let at = if place.is_root() { String::from("<nil>") } else { place.to_string() };
    let ty = match rules.types.as_slice() {
        [only] => only,
        _ => "",
    };
    if finding.broken {
        return FieldError::invalid(&at, &Value::from(ty), &finding.detail);
    }
    let at = match &rule.field_path {
        Some(below) if place.is_root() => below.clone(),
        Some(below) => format!("{at}.{below}"),
        None => at,
    };
    let shown = (ty != "object" && ty != "array").then_some(value);
    match (rule.reason, shown) {
        (Reason::Forbidden, _) => FieldError::forbidden(&at, &finding.detail),
        (Reason::Required, _) => FieldError::required(&at, &finding.detail),
        (Reason::Duplicate, Some(value)) => FieldError::duplicate(&at, value),
        (Reason::Duplicate, None) => FieldError::duplicate_of_something(&at),
        (Reason::Invalid, Some(value)) => FieldError::invalid(&at, value, &finding.detail),
        (Reason::Invalid, None) => FieldError::invalid_something(&at, &finding.detail),
    }
}
