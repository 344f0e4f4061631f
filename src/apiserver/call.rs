//! One request on its way through the server: what it means, and how its body is decoded.
//!
//! Decoding has a real server's order: types that Go refuses (400), unknown fields (dropped with a
//! warning, or refused), defaults. Next to read: `engine.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::account::Stages;
use super::managed_fields::{self, Write};
use super::metadata::{self, Meta};
use super::schema::{FieldError, Schema};
use super::seen::Seen;
use super::{Body, FieldValidation, Key, Kind, Request, Response, Status, Subresource};

/// What a modelled step answers: a response, or the Status that says no.
pub(crate) type ApiResult<T = Response> = Result<T, Box<Status>>;

/// One request on its way through the server.
pub(crate) struct RequestScope<'a> {
    pub request: &'a Request,
    pub kind: Arc<Kind>,
    pub warnings: Vec<String>,
    /// Whether the owners of fields are recorded.
    pub records_owners: bool,
    /// Whether it puts an object there as the initial state has it.
    pub seeds: bool,
    /// The object at each stage, if an account is asked for.
    pub stages: Option<Box<Stages>>,
}

impl<'a> RequestScope<'a> {
    pub fn new(request: &'a Request, kind: Arc<Kind>) -> Self {
        RequestScope {
            request,
            kind,
            warnings: Vec::new(),
            records_owners: true,
            seeds: false,
            stages: None,
        }
    }

    /// Whether the request goes to `/status`.
    pub fn is_status(&self) -> bool {
        self.request.subresource == Some(Subresource::Status)
    }

    /// Whether this endpoint ignores the status of its body.
    pub fn drops_status(&self) -> bool {
        !self.is_status() && self.kind.status_subresource
    }

    /// The name in the URL.
    pub fn name(&self) -> &'a str {
        self.request.name.as_deref().unwrap_or_default()
    }

    /// The key of the object in the URL.
    pub fn key(&self) -> Key {
        self.key_named(self.name())
    }

    pub fn key_named(&self, name: &str) -> Key {
        let namespace = match self.kind.namespaced {
            true => self.request.namespace.clone(),
            false => None,
        };
        Key { resource: self.kind.resource.clone(), namespace, name: name.into() }
    }

    /// 404 for the object in the URL.
    pub fn not_found(&self) -> Box<Status> {
        Status::not_found(&self.kind.resource, self.name())
    }

    /// 422 for an object of this kind.
    pub fn invalid(&self, name: &str, errors: &[FieldError]) -> Box<Status> {
        Status::invalid(&self.kind.resource.group, &self.kind.kind, name, errors)
    }

    /// The field manager: the parameter, or the User-Agent up to its first slash.
    pub fn manager(&self) -> &'a str {
        match self.request.options.field_manager.as_deref() {
            Some(manager) if !manager.is_empty() => manager,
            _ => self.request.user_agent.split('/').next().unwrap_or_default(),
        }
    }

    /// Runs `f` with the description of this write that managed fields need.
    pub fn as_write<T>(&self, f: impl FnOnce(&Write<'_>) -> T) -> T {
        let drops = self.kind.status_subresource && !self.seeds;
        let reset = self.kind.strategy.reset_fields(self.is_status(), drops);
        f(&Write {
            manager: self.manager(),
            api_version: &self.kind.api_version(),
            kind: &self.kind.kind,
            subresource: self.request.subresource.map_or("", Subresource::name),
            reset,
            time: &metadata::timestamp(self.request.time),
        })
    }

    /// Records the ownership of a write that is not an apply.
    pub fn record(&self, live: Option<&Value>, new: &mut Value) {
        if !self.records_owners {
            return new.set_meta("managedFields", None);
        }
        let entries = new.meta("managedFields").and_then(Value::as_array);
        if self.seeds && entries.is_some_and(|entries| !entries.is_empty()) {
            // The initial state says itself whose fields they are.
            return;
        }
        let schema = self.kind.schema.clone();
        self.as_write(|write| managed_fields::update(&schema, live, new, write));
    }

    /// Decoding of a POST's or PUT's body as a real server does it: types, unknown fields,
    /// defaults.
    pub fn admit(&mut self, object: &mut Value) -> ApiResult<()> {
        self.note(|stages| &mut stages.asked, object);
        let kind = Arc::clone(&self.kind);
        let found = object["kind"].as_str().unwrap_or_default().to_string();
        let refuse = |why: String| {
            let (kind, version) = (&kind.kind, &kind.resource.version);
            let text =
                format!("{found} in version \"{version}\" cannot be handled as a {kind}: {why}");
            Status::bad_request(text)
        };
        self.check_built_in(object).map_err(refuse)?;
        self.kind.schema.decode(object).map_err(refuse)?;
        self.check_version(object)?;
        let unknown = self.prune(object);
        if !unknown.is_empty() && self.request.options.field_validation == FieldValidation::Strict {
            // What a YAML parser objects to is said in its words.
            let yaml = unknown.iter().any(|text| text.starts_with("line "));
            let text = match yaml {
                true => format!("yaml: unmarshal errors:\n  {}", unknown.join("\n  ")),
                false => unknown.join(", "),
            };
            return Err(refuse(format!("strict decoding error: {text}")));
        }
        self.finish_decoding(object);
        Ok(())
    }

    /// A built-in kind is decoded into its own Go type: an object of another kind does not fit.
    fn check_built_in(&self, object: &Value) -> Result<(), String> {
        let kind = object["kind"].as_str().unwrap_or_default();
        if !self.kind.strategy.is_typed() || kind == self.kind.kind {
            return Ok(());
        }
        let version = &self.kind.resource.version;
        Err(format!("no kind {kind:?} that fits is registered for version {version:?}"))
    }

    /// 400 for another apiVersion than the URL's.
    fn check_version(&self, object: &Value) -> ApiResult<()> {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let expected = self.kind.api_version();
        match version == expected {
            true => Ok(()),
            false => Err(Status::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version \
                 ({expected})"
            ))),
        }
    }

    /// The same for the outcome of a patch, which refuses with 422 and shows that outcome.
    pub fn admit_patched(&mut self, object: &mut Value) -> ApiResult<()> {
        self.note(|stages| &mut stages.asked, object);
        let patched = Value::String(object.to_string());
        let refuse = |why: &str| {
            let error = FieldError::invalid("patch", &patched, why);
            Status::invalid("", "", "", &[error])
        };
        let misses = |field: &str| {
            !self.kind.strategy.is_typed() && object[field].as_str().unwrap_or_default().is_empty()
        };
        if misses("kind") {
            return Err(refuse(&format!("Object 'Kind' is missing in '{object}'")));
        }
        if misses("apiVersion") {
            let why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
            return Err(Status::internal_error(why));
        }
        self.check_built_in(object).map_err(|why| refuse(&why))?;
        self.kind.schema.decode(object).map_err(|why| refuse(&why))?;
        let unknown = self.prune(object);
        if !unknown.is_empty() && self.request.options.field_validation == FieldValidation::Strict {
            return Err(refuse(&format!("strict decoding error: {}", unknown.join(", "))));
        }
        self.finish_decoding(object);
        Ok(())
    }

    /// Drops unknown fields. What it dropped and what the decoder said before, as texts, and as
    /// warnings if those are wanted.
    fn prune(&mut self, object: &mut Value) -> Vec<String> {
        let unknown = match self.schema_of(object) {
            Some(true) => self.kind.schema.prune(object),
            Some(false) => Schema::unknown_version().prune(object),
            None => Vec::new(),
        };
        self.note(|stages| &mut stages.decoded, object);
        if let Some(stages) = &mut self.stages {
            stages.unknown.clone_from(&unknown);
        }
        let mut texts = self.request.options.decoding_errors.clone();
        texts.extend(unknown.into_iter().map(|path| format!("unknown field \"{path}\"")));
        if self.request.options.field_validation == FieldValidation::Warn {
            self.warnings.extend(texts.iter().cloned());
        }
        texts
    }

    /// Whether an object has the schema of this kind: yes, no (another version of the kind, of
    /// which no field is known), or it is another kind or a list, which is not looked into.
    fn schema_of(&self, object: &Value) -> Option<bool> {
        if self.kind.strategy.is_typed() {
            return Some(true);
        }
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let same = group == self.kind.resource.group && object["kind"] == self.kind.kind.as_str();
        (same && !object["items"].is_array()).then(|| version == self.kind.api_version())
    }

    /// Notes the object at a stage of its way.
    pub fn note(&mut self, stage: impl FnOnce(&mut Stages) -> &mut Value, object: &Value) {
        if let Some(stages) = &mut self.stages {
            stage(stages).clone_from(object);
        }
    }

    fn finish_decoding(&mut self, object: &mut Value) {
        self.kind.schema.default(object);
        self.kind.strategy.default(object);
        self.note(|stages| &mut stages.defaulted, object);
    }

    /// The answer with one object in it.
    pub fn answer(&mut self, code: u16, object: impl Into<Seen>) -> Response {
        let body = Body::Object(object.into());
        Response { code, warnings: std::mem::take(&mut self.warnings), body }
    }
}
