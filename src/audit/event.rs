//! One event of an audit log, as far as a judge needs it.
//!
//! Bodies are read only of requests for objects, and without `managedFields`, which are most of
//! their bytes and no intent. Next to read: `shape.rs`, for the wrappers of providers.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// One completed request.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct AuditEvent {
    pub id: String,
    pub level: String,
    pub verb: String,
    pub uri: String,
    pub user: String,
    pub impersonated: String,
    pub agent: String,
    /// The uid of the pod whose token was used, or its name.
    pub pod: String,
    pub source: String,
    pub group: String,
    pub version: String,
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub subresource: String,
    pub code: u16,
    /// When the request came and when it was answered, in microseconds since 1970.
    pub received: i64,
    pub done: i64,
    pub request: Option<Value>,
    pub response: Option<Value>,
}

/// What a line was, if it was no event to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// No JSON, or not all of it.
    Torn,
    /// JSON, but no audit event.
    NoEvent,
    /// An event of another stage than ResponseComplete: the same request comes again.
    Stage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, default)]
    level: Cow<'a, str>,
    #[serde(borrow, default, rename = "auditID")]
    audit_id: Cow<'a, str>,
    #[serde(borrow, default)]
    stage: Cow<'a, str>,
    #[serde(borrow, default, rename = "requestURI")]
    request_uri: Cow<'a, str>,
    #[serde(borrow, default)]
    verb: Cow<'a, str>,
    #[serde(default)]
    user: User,
    impersonated_user: Option<User>,
    #[serde(rename = "sourceIPs", default)]
    source_ips: Vec<String>,
    #[serde(borrow, default)]
    user_agent: Cow<'a, str>,
    #[serde(default)]
    object_ref: Reference,
    #[serde(default)]
    response_status: Code,
    #[serde(borrow, default)]
    request_received_timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    stage_timestamp: Cow<'a, str>,
    #[serde(borrow)]
    request_object: Option<&'a RawValue>,
    #[serde(borrow)]
    response_object: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
    extra: Option<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    api_version: String,
    subresource: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code {
    code: u16,
}

const POD: [&str; 2] =
    ["authentication.kubernetes.io/pod-uid", "authentication.kubernetes.io/pod-name"];

impl AuditEvent {
    /// The event that this JSON text is.
    pub fn parse(text: &[u8]) -> Result<AuditEvent, Skipped> {
        let line: Line<'_> =
            serde_json::from_slice(text).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => Skipped::NoEvent,
                _ => Skipped::Torn,
            })?;
        if line.audit_id.is_empty() || line.verb.is_empty() {
            return Err(Skipped::NoEvent);
        }
        if !matches!(line.stage.as_ref(), "ResponseComplete" | "") {
            return Err(Skipped::Stage);
        }
        let user = line.impersonated_user.as_ref().unwrap_or(&line.user);
        let extra = |user: &User| {
            let extra = user.extra.as_ref()?;
            let first = |key: &str| extra.get(key)?.get(0)?.as_str().map(String::from);
            POD.iter().find_map(|key| first(key))
        };
        let mut event = AuditEvent {
            pod: extra(user).or_else(|| extra(&line.user)).unwrap_or_default(),
            id: line.audit_id.into(),
            level: line.level.into(),
            verb: line.verb.into(),
            uri: line.request_uri.into(),
            impersonated: line.impersonated_user.map(|user| user.username).unwrap_or_default(),
            user: line.user.username,
            agent: line.user_agent.into(),
            source: line.source_ips.join(","),
            group: line.object_ref.api_group,
            version: line.object_ref.api_version,
            resource: line.object_ref.resource,
            namespace: line.object_ref.namespace,
            name: line.object_ref.name,
            subresource: line.object_ref.subresource,
            code: line.response_status.code,
            received: micros(&line.request_received_timestamp),
            done: micros(&line.stage_timestamp),
            request: None,
            response: None,
        };
        if event.has_bodies() {
            event.request = line.request_object.and_then(|raw| bare(raw.get()));
            event.response = line.response_object.and_then(|raw| bare(raw.get()));
        }
        Ok(event)
    }

    /// Whether its bodies say something of objects.
    fn has_bodies(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "get" | "list" | "delete")
            && matches!(self.subresource.as_str(), "" | "status" | "scale")
    }

    /// Whether it writes an object.
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch")
    }

    /// Whether the server took it.
    pub fn is_accepted(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether it changes nothing by its own wish.
    pub fn is_dry_run(&self) -> bool {
        self.parameter("dryRun").is_some()
    }

    /// A parameter of its URL, as it was sent.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.uri.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }
}

/// A JSON text without the `managedFields` in it.
fn bare(text: &str) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Bare.deserialize(&mut reader).ok()?;
    (!value.is_null()).then_some(value)
}

/// Microseconds since 1970 of an RFC 3339 time; 0 if it is none.
pub(super) fn micros(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_microsecond)
}

/// Reads a value, without `managedFields`.
struct Bare;

impl<'de> DeserializeSeed<'de> for Bare {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bare {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Bare)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if key == "managedFields" {
                fields.next_value::<IgnoredAny>()?;
            } else {
                map.insert(key, fields.next_value_seed(Bare)?);
            }
        }
        Ok(Value::Object(map))
    }
}
