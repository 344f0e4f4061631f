//! The rules at one place of a schema, read and checked when the definition is created.
//!
//! The checks and their texts are those of `apiextensions-apiserver`. Two are weaker: the types
//! that an expression deals with are not checked, and its cost is not estimated. One is ours: a
//! function that Kubernetes has and that is not evaluated here is refused, never skipped.
//! Next to read: `evaluate.rs`.

use std::fmt;
use std::sync::Arc;

use kube_cel::cel::parser::{Expression, Parser};
use serde_json::Value;

use super::super::field_error::FieldError;
use super::super::parse::text;
use super::reads::{self, Reads};
use super::{expand, field_path};

/// The rules at one place of a schema.
pub(in super::super) struct Checks {
    pub(super) rules: Vec<Rule>,
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules.iter().map(|rule| &rule.text)).finish()
    }
}

/// One rule.
pub(super) struct Rule {
    /// What has to be true.
    pub expression: Expression,
    /// The same as its author wrote it.
    pub text: String,
    /// The author's message; empty for none.
    pub message: String,
    /// What computes a message.
    pub message_expression: Option<Expression>,
    /// Which error a violation is.
    pub reason: Reason,
    /// Where below its own place a violation is reported.
    pub field_path: Option<String>,
    /// Whether it is asked without an old value as well, which then is an empty optional.
    pub optional_old_self: bool,
    /// Whether it compares with the old value: a transition rule.
    pub uses_old_self: bool,
    /// What it looks at.
    pub reads: Reads,
}

/// The reason of an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reason {
    #[default]
    Invalid,
    Forbidden,
    Required,
    Duplicate,
}

/// The reasons that a rule may give.
const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// A place in the schema of a definition.
pub(in super::super) struct Site<'a> {
    /// The schema there.
    pub schema: &'a Value,
    /// Its path in the definition.
    pub path: &'a str,
    /// The outermost list around it whose items have no old counterparts.
    pub uncorrelatable: Option<&'a str>,
}

/// Reads the rules of one place; what is wrong with them goes to `errors`.
pub(in super::super) fn compile(
    site: &Site<'_>,
    errors: &mut Vec<FieldError>,
) -> Option<Arc<Checks>> {
    let list = site.schema.get("x-kubernetes-validations")?.as_array()?;
    let mut rules = Vec::new();
    for (index, rule) in list.iter().enumerate() {
        let path = format!("{}.x-kubernetes-validations[{index}]", site.path);
        let before = errors.len();
        check_texts(rule, &path, site.schema, errors);
        if errors.len() == before {
            rules.extend(one(rule, &path, site, errors));
        }
    }
    (!rules.is_empty()).then(|| Arc::new(Checks { rules }))
}

fn check_texts(rule: &Value, path: &str, schema: &Value, errors: &mut Vec<FieldError>) {
    let at = |field: &str| format!("{path}.{field}");
    let (source, message) = (text(rule, "rule").trim(), text(rule, "message"));
    let required = |field: &str, detail: &str| FieldError::required(&at(field), detail);
    let invalid = |field: &str, detail: &str| {
        FieldError::invalid(&at(field), &Value::from(text(rule, field)), detail)
    };
    if source.is_empty() {
        errors.push(required("rule", "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        errors.push(invalid("message", "must be non-empty if specified"));
    } else if message.trim().contains('\n') {
        errors.push(invalid("message", "must not contain line breaks"));
    } else if source.contains('\n') && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        errors.push(required("message", detail));
    }
    let computed = text(rule, "messageExpression");
    if !computed.is_empty() && computed.trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        errors.push(required("messageExpression", detail));
    }
    if let Some(reason) = rule.get("reason").filter(|reason| !reason.is_null())
        && !REASONS.contains(&reason.as_str().unwrap_or_default())
    {
        errors.push(FieldError::not_supported(&at("reason"), reason, &REASONS));
    }
    let below = text(rule, "fieldPath");
    if !below.is_empty() && below.trim().is_empty() {
        errors.push(invalid("fieldPath", "must be non-empty if specified"));
    }
    if below.contains('\n') {
        errors.push(invalid("fieldPath", "must not contain line breaks"));
    }
    if !below.is_empty() && field_path::normalized(below, schema).is_err() {
        errors.push(invalid("fieldPath", "must be a valid path"));
    }
}

fn one(rule: &Value, path: &str, site: &Site<'_>, errors: &mut Vec<FieldError>) -> Option<Rule> {
    let before = errors.len();
    let mut parsed = |field: &str| {
        let source = text(rule, field);
        parse(source)
            .map_err(|detail| {
                errors.push(FieldError::printed(&format!("{path}.{field}"), &go(rule), &detail));
            })
            .ok()
    };
    let expression = parsed("rule")?;
    let message_expression = match text(rule, "messageExpression") {
        "" => None,
        _ => parsed("messageExpression"),
    };
    let uses_old_self = expression.references().has_variable("oldSelf");
    let optional = rule.get("optionalOldSelf").filter(|value| !value.is_null());
    if uses_old_self && let Some(list) = site.uncorrelatable {
        let detail = format!(
            "oldSelf cannot be used on the uncorrelatable portion of the schema within {list}"
        );
        let source = Value::from(text(rule, "rule"));
        errors.push(FieldError::invalid(&format!("{path}.rule"), &source, &detail));
    } else if let (false, Some(value)) = (uses_old_self, optional) {
        let detail = "may not be set if oldSelf is not used in rule";
        errors.push(FieldError::invalid(&format!("{path}.optionalOldSelf"), value, detail));
    }
    if errors.len() > before {
        return None;
    }
    Some(Rule {
        reads: reads::of(&expression, site.schema),
        expression,
        text: text(rule, "rule").trim().to_owned(),
        message: text(rule, "message").trim().to_owned(),
        message_expression,
        reason: match text(rule, "reason") {
            "FieldValueForbidden" => Reason::Forbidden,
            "FieldValueRequired" => Reason::Required,
            "FieldValueDuplicate" => Reason::Duplicate,
            _ => Reason::Invalid,
        },
        field_path: Some(text(rule, "fieldPath"))
            .filter(|below| !below.is_empty())
            .and_then(|below| field_path::normalized(below, site.schema).ok()),
        optional_old_self: optional == Some(&Value::Bool(true)),
        uses_old_self,
    })
}

/// Parses an expression; the error is what stands after `Invalid value: …: `.
fn parse(source: &str) -> Result<Expression, String> {
    let parser = Parser::default().enable_optional_syntax(true);
    let mut expression = parser.parse(source).map_err(|errors| {
        let shown = errors.to_string();
        format!("compilation failed: {}", shown.trim())
    })?;
    expand::expand(&mut expression)
        .map_err(|what| format!("{what} of CEL is not evaluated by this server"))?;
    let references = expression.references();
    let mut functions = references.functions();
    functions.sort_unstable();
    for name in functions {
        if NOT_HERE.contains(&name) {
            return Err(format!("{name} of CEL is not evaluated by this server"));
        }
        if !is_operator(name) && !super::evaluate::has_function(name) {
            return Err(format!(
                "compilation failed: undeclared reference to '{name}' (in container '')"
            ));
        }
    }
    Ok(expression)
}

/// Functions and macros that a real server evaluates and the library does not; `all` and its
/// like are still there after parsing only in the form with two variables.
const NOT_HERE: [&str; 9] = [
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "all",
    "exists",
    "existsOne",
    "exists_one",
    "authorizer",
];

/// Operators are functions with names that no rule can write.
fn is_operator(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// A rule as Go prints its internal type in an error.
fn go(rule: &Value) -> String {
    let string = |field: &str| Value::from(text(rule, field));
    let any = |field: &str| rule.get(field).cloned().unwrap_or(Value::Null);
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\
         \"OptionalOldSelf\":{}}}",
        string("rule"),
        string("message"),
        string("messageExpression"),
        any("reason"),
        string("fieldPath"),
        any("optionalOldSelf"),
    )
}
