//! What an object of a kind may look like, and what the server does to it on the way in.
//!
//! A [`Schema`] comes from a CRD ([`Schema::parse`]) or is one of our own for a built-in kind
//! ([`builtin::schema`]). The server uses both alike, in the order of a real one:
//!
//! 1. [`Schema::decode`]: types that Go's decoder refuses: 400.
//! 2. [`Schema::prune`]: unknown fields go, and are named for warnings (or `Strict`: 400); nulls
//!    that may not be stored go as well.
//! 3. [`Schema::default`]: defaults appear.
//! 4. (`managed_fields::update`)
//! 5. [`Schema::prepare_create`], for a create: what no manager owns.
//! 6. [`Schema::validate`]: the rest of the schema: 422.
//!
//! Metadata: `decode` and `prune` cover it, `validate` does not (names, labels and so on are the
//! server's business, whatever the kind). Next to read: `node.rs`.

pub mod builtin;
#[cfg(feature = "cel")]
mod cel;
#[cfg(not(feature = "cel"))]
#[path = "without_cel.rs"]
mod cel;
mod decode;
mod defaults;
mod field_error;
mod format;
mod lists;
pub(crate) mod node;
mod numbers;
mod parse;
mod pattern;
mod place;
mod prune;
mod quantity;
mod ratchet;
mod re2;
mod recent;
mod rules;
mod validate;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use builtin::Builtin;
use node::Node;
use rules::Rules;

pub(crate) use field_error::quoted;
pub use field_error::{FieldError, causes, message};

/// The schema of one version of one kind.
#[derive(Clone)]
pub struct Schema {
    root: Arc<Node>,
    rules: Option<Arc<Rules>>,
    builtin: Option<Builtin>,
    /// What its rules in CEL have said.
    memo: Arc<cel::Memo>,
    /// The text it was parsed from, for a custom resource.
    text: Option<Arc<Value>>,
}

/// Short: a server full of schemas would otherwise print nothing else.
impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.builtin {
            Some(kind) => write!(f, "Schema({kind:?})"),
            None => f.write_str("Schema(..)"),
        }
    }
}

impl Schema {
    /// Reads a CRD version's `openAPIV3Schema`, which stands at `path` in the CRD.
    ///
    /// Refuses what is not structural, and rules in CEL (`x-kubernetes-validations`) that cannot be
    /// evaluated: no rule is ever silently skipped.
    pub fn parse(openapi: &Value, path: &str) -> Result<Schema, Vec<FieldError>> {
        recent::parsed(openapi, || {
            let (root, rules) = parse::parse(openapi, path)?;
            Ok(Schema {
                root: Arc::new(root),
                rules: Some(Arc::new(rules)),
                builtin: None,
                memo: Arc::default(),
                text: Some(Arc::new(openapi.clone())),
            })
        })
    }

    /// The schema of a version that the CRD does not have: everything but metadata is unknown.
    pub fn unknown_version() -> Schema {
        let mut root = Node { ty: node::Type::Object, ..Node::default() };
        parse::add_metadata(&mut root);
        let (root, memo) = (Arc::new(root), Arc::default());
        Schema { root, rules: None, builtin: None, memo, text: None }
    }

    /// The text that it was parsed from.
    pub(crate) fn text(&self) -> Option<&Arc<Value>> {
        self.text.as_ref()
    }

    /// The node at a path of field names from the root, steps into items skipped.
    pub(crate) fn node_at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self.root(), |node, name| {
            let mut below = node;
            while let Some(items) = &below.items {
                below = items;
            }
            below.field(name)
        })
    }

    /// The schema's root, for apply and strategic merge.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Type errors that Go's decoder finds (400): in metadata, and anywhere in a built-in kind.
    ///
    /// The text is what follows `Widget in version "v1" cannot be handled as a Widget: `.
    pub fn decode(&self, object: &Value) -> Result<(), String> {
        decode::check(object, &self.root, self.builtin.is_some())
    }

    /// Whether the decoder takes any value of the one field (both by the names on their paths) in
    /// the place of the other.
    pub(crate) fn decodes_alike(&self, from: &[&str], to: &[&str]) -> bool {
        let free = self.builtin.is_none()
            && !["metadata", "apiVersion", "kind"].contains(to.first().unwrap_or(&"metadata"));
        let go = |path: &[&str]| self.node_at(path).map(|node| (node.ty, &node.go.name));
        let plain = |ty| !matches!(ty, node::Type::Object | node::Type::Array);
        free || go(to).is_some_and(|(ty, name)| plain(ty) && go(from) == Some((ty, name)))
    }

    /// Removes the fields that the schema does not know, and what decoding loses besides.
    ///
    /// The paths come in the order of the server's warnings: `spec.zzz`, to be printed as
    /// `unknown field "spec.zzz"`.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        decode::whole_numbers(object);
        let mut unknown = Vec::new();
        if let (Some(metadata), Some(node)) =
            (object.get_mut("metadata"), self.root.properties.get("metadata"))
        {
            let paths = prune::prune(metadata, node, false);
            unknown.extend(paths.into_iter().map(|path| format!("metadata.{path}")));
            let forget = metadata.get("managedFields") == Some(&Value::Array(Vec::new()));
            decode::round_trip(metadata, node);
            // Go tells an empty list from none: it asks to forget the owners. A custom resource's
            // metadata has been written again by then.
            if forget && self.builtin.is_some() {
                metadata["managedFields"] = Value::Array(Vec::new());
            }
        }
        unknown.extend(prune::prune(object, &self.root, true));
        if self.builtin.is_some() {
            let metadata = object.get_mut("metadata").map(Value::take);
            decode::round_trip(object, &self.root);
            if let Some(metadata) = metadata {
                object["metadata"] = metadata;
            }
        } else {
            defaults::drop_nulls(object, Some(&self.root));
        }
        unknown
    }

    /// Fills in defaults where the parent exists.
    pub fn default(&self, object: &mut Value) {
        match self.builtin {
            Some(kind) => builtin::default(kind, object),
            None => defaults::fill(object, &self.root),
        }
    }

    /// Prepares a new object for storage, after its ownership is recorded: the first status of a
    /// pod, the tolerations that admission gives it, and so on. Nothing for custom resources.
    pub fn prepare_create(&self, object: &mut Value) {
        if let Some(kind) = self.builtin {
            builtin::prepare_create(kind, object);
            decode::write_absent(object, &self.root, "status");
        }
    }

    /// Prepares an update of a built-in kind: what the server gave a Service stays.
    pub(crate) fn prepare_update(&self, new: &mut Value, old: &Value) {
        if let Some(kind) = self.builtin {
            builtin::prepare_update(kind, new, old);
        }
    }

    /// The object that a create starts from, as the recording of ownership sees it: for a Go
    /// struct, all that is written even when empty.
    pub(crate) fn empty_object(&self) -> Value {
        let mut object = Value::Object(serde_json::Map::new());
        if self.builtin.is_some() {
            decode::round_trip(&mut object, &self.root);
        }
        object
    }

    /// Whether objects go through a Go struct on their way, so that nothing empty is left over.
    pub(crate) fn round_trip(&self, object: &mut Value) {
        if self.builtin.is_some() {
            decode::round_trip(object, &self.root);
        } else if let (Some(metadata), Some(node)) =
            (object.get_mut("metadata"), self.root.properties.get("metadata"))
        {
            decode::round_trip(metadata, node);
        }
    }

    /// All that is wrong with an object, as a create (`old` is `None`) or as an update. What is
    /// wrong with it by a rule, but was so before, goes to `warnings`.
    pub fn validate(
        &self,
        new: &Value,
        old: Option<&Value>,
        warnings: &mut Vec<String>,
    ) -> Vec<FieldError> {
        if let Some(kind) = self.builtin {
            return builtin::validate(kind, new, old);
        }
        let mut errors = Vec::new();
        if let Some(rules) = &self.rules {
            errors.extend(validate::validate(new, old, rules));
        }
        errors.extend(self.duplicates(new, old));
        self.ask_rules(new, old, &mut errors, warnings);
        errors
    }

    /// The same for an update of a custom resource's `/status`: the schema looks at the status
    /// only, rules in CEL look at all of it.
    pub fn validate_status(
        &self,
        new: &Value,
        old: &Value,
        warnings: &mut Vec<String>,
    ) -> Vec<FieldError> {
        if let Some(kind) = self.builtin {
            return builtin::validate(kind, new, Some(old));
        }
        let mut errors = Vec::new();
        let rules = self.rules.as_ref().and_then(|rules| rules.properties.get("status"));
        if let (Some(rules), Some(status)) = (rules, new.get("status")) {
            let found = validate::validate(status, old.get("status"), rules);
            errors.extend(found.into_iter().map(|error| error.below("status")));
        }
        errors.extend(self.duplicates(new, Some(old)));
        self.ask_rules(new, Some(old), &mut errors, warnings);
        errors
    }

    /// Asks the rules in CEL, unless the object is not what they expect.
    fn ask_rules(
        &self,
        new: &Value,
        old: Option<&Value>,
        errors: &mut Vec<FieldError>,
        warnings: &mut Vec<String>,
    ) {
        let Some(rules) = self.rules.as_ref().filter(|rules| rules.watched) else { return };
        if errors.iter().any(FieldError::blocks_rules) {
            let detail = "some validation rules were not checked because the object was invalid; \
                          correct the existing errors to complete validation";
            errors.push(FieldError::invalid("<nil>", &Value::Null, detail));
        } else {
            errors.extend(cel::validate(new, old, rules, &self.memo, warnings));
        }
    }

    /// Whether a rule in CEL may tell two fields under a parent apart. Paths are names of fields,
    /// steps into items skipped.
    pub(crate) fn rules_see_fields(&self, parent: &[&str], a: &str, b: &str) -> bool {
        let sees = |checks: &cel::Checks, rest: &[&str]| checks.see_fields(rest, a, b);
        self.rules.as_ref().is_some_and(|rules| rules.any_sees(parent, &sees))
    }

    /// Whether a rule in CEL may tell two entries of a list apart, or what the schema says of the
    /// key's values refuses one of them.
    pub(crate) fn judges_entries(&self, key: &[&str], a: &str, b: &str) -> bool {
        let sees = |checks: &cel::Checks, rest: &[&str]| checks.see_entries(rest, a, b);
        self.rules.as_ref().is_some_and(|rules| {
            let refused = |rules: &Rules, name: &str| {
                !rules.is_exact() || !validate::validate(&name.into(), None, rules).is_empty()
            };
            rules.any_sees(key, &sees)
                || rules.at(key).is_some_and(|rules| refused(rules, a) || refused(rules, b))
        })
    }

    /// Whether a rule in CEL may tell two scalar values of a field apart, of which each is valid.
    pub(crate) fn rules_see_values(&self, path: &[&str], values: (&Value, &Value)) -> bool {
        self.rules.as_ref().is_some_and(|rules| {
            let exact = rules.at(path).is_none_or(Rules::is_exact);
            let sees = |checks: &cel::Checks, rest: &[&str]| checks.see_values(rest, values, exact);
            rules.any_sees(path, &sees)
        })
    }

    /// Duplicates in list-type sets and maps, unless the old object had some already.
    fn duplicates(&self, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let tolerated = old.is_some_and(|old| !lists::validate(old, &self.root).is_empty());
        if tolerated { Vec::new() } else { lists::validate(new, &self.root) }
    }
}
