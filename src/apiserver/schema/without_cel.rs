//! What stands for `cel/` in a build without the feature `cel`: rules are refused, never skipped.

use std::sync::Arc;

use serde_json::Value;

use super::field_error::FieldError;
use super::parse::text;
use super::rules::Rules;

/// The rules at one place of a schema: there are none.
#[derive(Debug)]
pub(super) enum Checks {}

/// Questions about rules: there are none to ask.
impl Checks {
    pub fn see_fields(&self, _: &[&str], _: &str, _: &str) -> bool {
        match *self {}
    }

    pub fn see_entries(&self, _: &[&str], _: &str, _: &str) -> bool {
        match *self {}
    }

    pub fn see_values(&self, _: &[&str], _: (&Value, &Value), _: bool) -> bool {
        match *self {}
    }
}

/// Nothing to remember.
#[derive(Debug, Default)]
pub(super) struct Memo;

/// A place in the schema of a definition.
pub(super) struct Site<'a> {
    pub schema: &'a Value,
    pub path: &'a str,
    #[allow(dead_code)]
    pub uncorrelatable: Option<&'a str>,
}

/// Refuses the rules of one place.
pub(super) fn compile(site: &Site<'_>, errors: &mut Vec<FieldError>) -> Option<Arc<Checks>> {
    let list = site.schema.get("x-kubernetes-validations")?.as_array()?;
    for (index, rule) in list.iter().enumerate() {
        let field = format!("{}.x-kubernetes-validations[{index}].rule", site.path);
        let detail = "CEL rules are not evaluated by this server, which was built without them; \
                      remove the rule to load the definition without it";
        errors.push(FieldError::invalid(&field, &Value::from(text(rule, "rule")), detail));
    }
    None
}

/// No rule, no violation.
pub(super) fn validate(
    _: &Value,
    _: Option<&Value>,
    _: &Rules,
    _: &Memo,
    _: &mut Vec<String>,
) -> Vec<FieldError> {
    Vec::new()
}
