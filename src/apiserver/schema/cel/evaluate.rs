//! One place's rules, asked about one value.
//!
//! The answer depends on the value and its old one alone; where it is reported, and whether it
//! counts, is decided in `walk.rs`. Next to read: `value.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt;
use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::OptionalValue;
use kube_cel::cel::parser::Expression;
use kube_cel::cel::{Context, ExecutionError, ResolveResult, Value as Cel};
use serde_json::Value;

use super::super::rules::Rules;
use super::compile::{Checks, Rule};
use super::expand::KEYS;
use super::value;

/// What is wrong with a value by one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Which rule of the place.
    pub rule: usize,
    /// The text of the error.
    pub detail: String,
    /// Whether the rule could not be evaluated, rather than being false.
    pub broken: bool,
}

/// The maximum of bytes of a computed message.
const MESSAGE_BYTES_MAX: usize = 5 * 1024;

/// All functions and the names of the types.
static FUNCTIONS: LazyLock<Context<'static>> = LazyLock::new(functions);

/// Asks the rules of a place about a value.
pub(super) fn evaluate(
    checks: &Checks,
    new: &Value,
    old: Option<&Value>,
    rules: &Rules,
) -> Vec<Finding> {
    let mut scope = FUNCTIONS.new_inner_scope();
    scope.add_variable_from_value("self", value::convert(new, rules, None));
    let compares = checks.rules.iter().any(|rule| rule.uses_old_self);
    let old = old.filter(|_| compares).map(|old| value::convert(old, rules, Some(new)));
    if let Some(old) = &old {
        scope.add_variable_from_value("oldSelf", old.clone());
    }
    let mut optional = scope.new_inner_scope();
    let boxed = match &old {
        Some(old) => OptionalValue::of(old.clone()),
        None => OptionalValue::none(),
    };
    optional.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(boxed)));
    let mut findings = Vec::new();
    for (index, rule) in checks.rules.iter().enumerate() {
        if rule.uses_old_self && old.is_none() && !rule.optional_old_self {
            continue;
        }
        let scope_of_rule = if rule.optional_old_self { &optional } else { &scope };
        if let Some((detail, broken)) = ask(rule, scope_of_rule, &scope) {
            findings.push(Finding { rule: index, detail, broken });
        }
    }
    findings
}

/// What one rule objects to; whether it could not be evaluated.
fn ask(rule: &Rule, scope: &Context<'_>, for_message: &Context<'_>) -> Option<(String, bool)> {
    let named = if rule.message.is_empty() { &rule.text } else { &rule.message };
    match resolve(&rule.expression, scope) {
        Ok(Cel::Bool(true)) => None,
        Ok(Cel::Bool(false)) => {
            let computed = rule.message_expression.as_ref();
            let computed = computed.and_then(|expression| message(expression, for_message));
            let message = computed.unwrap_or_else(|| match rule.message.as_str() {
                "" => format!("failed rule: {}", rule.text),
                message => message.to_owned(),
            });
            Some((message, false))
        }
        Ok(other) => {
            let found = other.type_of();
            Some((format!("no bool but {found} evaluating rule: {named}"), true))
        }
        Err(error) => match error.as_str() {
            "no such overload" => Some((
                format!(
                    "'{error}': call arguments did not match a supported operator, function or \
                     macro signature for rule: {named}"
                ),
                true,
            )),
            _ => Some((format!("{error} evaluating rule: {named}"), true)),
        },
    }
}

/// The computed message, if it may be used.
fn message(expression: &Expression, scope: &Context<'_>) -> Option<String> {
    let Ok(Cel::String(text)) = resolve(expression, scope) else { return None };
    let text = text.trim();
    let usable = !text.is_empty() && !text.contains('\n') && text.len() <= MESSAGE_BYTES_MAX;
    usable.then(|| text.to_owned())
}

/// Evaluates; an error in the server's words, as far as it has some.
fn resolve(expression: &Expression, scope: &Context<'_>) -> Result<Cel, String> {
    // The library is not to end a server, whatever it meets.
    let resolved = catch_unwind(AssertUnwindSafe(|| Cel::resolve(expression, scope)));
    let resolved = resolved.map_err(|_| "the expression could not be evaluated".to_owned())?;
    resolved.map_err(|error| match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(Cel::Int(index)) => {
            format!("index out of bounds: {index}")
        }
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::FunctionError { message, .. } => message,
        ExecutionError::UndeclaredReference(name) => {
            format!("no such attribute(s): {name}")
        }
        ExecutionError::NoSuchOverload
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::NotSupportedAsMethod { .. }
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedUnaryOperator(..)
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnsupportedMapIndex(_)
        | ExecutionError::UnsupportedListIndex(_)
        | ExecutionError::UnsupportedIndex(..)
        | ExecutionError::InvalidArgumentCount { .. } => "no such overload".to_owned(),
        other => other.to_string(),
    })
}

/// The types by the names that rules have for them; a type is its name.
const TYPES: [&str; 9] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

/// CEL's and Kubernetes' functions, and what the library lacks.
fn functions() -> Context<'static> {
    let mut context = Context::default().with_all();
    for name in TYPES {
        context.add_variable_from_value(name, Cel::String(Arc::new(name.to_owned())));
    }
    context.add_function("type", |value: Cel| -> ResolveResult {
        Ok(Cel::String(Arc::new(type_name(&value).to_owned())))
    });
    context.add_function(KEYS, |value: Cel| -> ResolveResult { Ok(keys(value)) });
    // The library counts the bytes of a string; CEL counts its characters.
    context.add_function("size", |This(value): This<Cel>| size(&value));
    context.add_function("dyn", |value: Cel| -> ResolveResult { Ok(value) });
    context.add_function("bool", |value: Cel| -> ResolveResult { to_bool(&value) });
    context
}

/// The keys of a map in order, where an order shows: the library has them in none.
fn keys(value: Cel) -> Cel {
    let Cel::Map(map) = value else { return value };
    let mut keys: Vec<Cel> = map.map.keys().map(Cel::from).collect();
    keys.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    Cel::List(Arc::new(keys))
}

fn size(value: &Cel) -> ResolveResult {
    let size = match value {
        Cel::List(items) => items.len(),
        Cel::Map(map) => map.map.len(),
        Cel::String(text) => text.chars().count(),
        Cel::Bytes(bytes) => bytes.len(),
        _ => return Err(ExecutionError::NoSuchOverload),
    };
    Ok(Cel::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn to_bool(value: &Cel) -> ResolveResult {
    match value {
        Cel::Bool(flag) => Ok(Cel::Bool(*flag)),
        Cel::String(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Cel::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Cel::Bool(false)),
            _ => Err(ExecutionError::function_error("bool", "type conversion error")),
        },
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn type_name(value: &Cel) -> &'static str {
    match value {
        Cel::Bool(_) => "bool",
        Cel::Bytes(_) => "bytes",
        Cel::Float(_) => "double",
        Cel::Int(_) => "int",
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        Cel::Null => "null_type",
        Cel::String(_) => "string",
        Cel::UInt(_) => "uint",
        Cel::Duration(_) => "google.protobuf.Duration",
        Cel::Timestamp(_) => "google.protobuf.Timestamp",
        _ => "dyn",
    }
}

/// The functions by the last word of their names.
const FUNCTION_NAMES: &str = " abs add all asApproximateFloat asInteger base64 bind bitAnd bitNot \
    bitOr bitShiftLeft bitShiftRight bitXor bool byte bytes ceil charAt cidr compareTo contains \
    containsCIDR containsIP date datetime decode distinct dns1035Label dns1035LabelPrefix \
    dns1123Label dns1123LabelPrefix dns1123Subdomain dns1123SubdomainPrefix double duration dyn \
    encode endsWith equivalent escapeKey family find findAll first flatten floor format getDate \
    getDayOfMonth getDayOfWeek getDayOfYear getEscapedPath getFullYear getHost getHostname \
    getHours getMilliseconds getMinutes getMonth getPort getQuery getScheme getSeconds greatest \
    hasValue indexOf int intersects ip isCIDR isCIDRv4 isCIDRv6 isCanonical isFinite \
    isGlobalUnicast isGreaterThan isIP isIPv4 isIPv6 isInf isInteger isLessThan \
    isLinkLocalMulticast isLinkLocalUnicast isLoopback isNaN isQuantity isSemver isSorted isURL \
    isUnspecified join labelValue last lastIndexOf least lowerAscii major masked matches max min \
    minor named none of ofNonZeroValue or orValue patch prefixLength qualifiedName quantity quote \
    range replace reverse round semver sign size slice sort split sqrt startsWith string sub \
    substring sum timestamp trim trunc type uint upperAscii uri url uuid validate value ";

/// Whether there is a function of this name.
pub(super) fn has_function(name: &str) -> bool {
    FUNCTION_NAMES.contains(&format!(" {name} "))
}
