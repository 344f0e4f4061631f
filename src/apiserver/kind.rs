//! A kind: what the server knows about a type of object before it has seen one.
//!
//! Whether it has a status subresource, whether a PUT may leave out the resourceVersion (never
//! for a custom resource: that is the difference between a lost write and a 422), how its lists
//! merge, and its schema. Custom kinds are made from a CustomResourceDefinition (`crd.rs`), the
//! built-in ones stand in `builtin.rs`. Next to read: `server.rs`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::names;
use super::schema::{Schema, node};
use super::strategy::Strategy;
use super::verbs::subresources;
use super::{FieldPath, ListType, Resource, Step, Subresource};

/// The fields that `/scale` shows, as paths with a dot in front.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scale {
    /// The replicas that are wished for.
    pub spec: String,
    /// The replicas that there are.
    pub status: String,
    /// The selector of their labels: a text, or a LabelSelector.
    pub selector: Option<String>,
}

/// One type of object: its names, its rules and its schema.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Group, version and plural name.
    pub resource: Resource,
    /// The kind, such as `Widget`.
    pub kind: String,
    /// The singular name, such as `widget`.
    pub singular: String,
    /// The kind of a list, such as `WidgetList`.
    pub list_kind: String,
    /// Short names for the command line, such as `wd`.
    pub short_names: Vec<String>,
    /// Groups of kinds that the command line asks for at once, such as `all`.
    pub categories: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What its objects have rules of their own for.
    pub(crate) strategy: Strategy,
    /// Whether `/status` exists, and so status is dropped on the object's own endpoint.
    pub status_subresource: bool,
    /// Whether a POST stores the status it carries, as a Node's does: kubelets register with one.
    pub status_at_creation: bool,
    /// Whether a PUT without resourceVersion is taken (last writer wins) or refused with 422.
    pub unconditional_update: bool,
    /// Whether a PUT of an absent object creates it.
    pub create_on_update: bool,
    /// Whether `metadata.generation` counts the changes of what is wished for.
    pub generation: bool,
    /// Whether it is answered when it is created, and never stored.
    pub review: bool,
    /// Where `/scale` finds the replicas, if there is one.
    pub scale: Option<Arc<Scale>>,
    /// The same kind at other versions that are served.
    pub(crate) siblings: Vec<Resource>,
    /// The schema of the version in which objects are stored, if that is another one.
    pub(crate) stored_as: Option<Arc<Schema>>,
    /// Fields besides name and namespace that field selectors may name, such as `spec.nodeName`.
    pub selectable_fields: Vec<String>,
    /// The columns of its tables (`additionalPrinterColumns`).
    pub printer_columns: Arc<Value>,
    /// What its objects may look like.
    pub schema: Arc<Schema>,
    /// The text of the schema in the CustomResourceDefinition (`openAPIV3Schema`).
    pub openapi: Option<Arc<Value>>,
}

/// Kinds are equal if they behave alike; the parsed schema follows from its text.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        let flags = |kind: &Kind| {
            let Kind { namespaced, strategy, status_subresource, generation, .. } = *kind;
            let Kind { unconditional_update, create_on_update, .. } = *kind;
            let store = (unconditional_update, create_on_update, kind.status_at_creation);
            (namespaced, strategy, status_subresource, generation, store)
        };
        self.resource == other.resource
            && self.kind == other.kind
            && flags(self) == flags(other)
            && self.openapi == other.openapi
    }
}

impl Eq for Kind {}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.resource.hash(state);
    }
}

impl Kind {
    /// Whether a CustomResourceDefinition made it.
    pub fn is_custom(&self) -> bool {
        self.strategy == Strategy::Custom
    }

    /// `apiVersion` of its objects: `demo.example.com/v1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        match self.resource.group.as_str() {
            "" => self.resource.version.clone(),
            group => format!("{group}/{}", self.resource.version),
        }
    }

    /// The kind as errors print it: `Widget.demo.example.com`, or `ConfigMap`.
    pub fn qualified_kind(&self) -> String {
        qualified(&self.kind, &self.resource.group)
    }

    /// Whether requests may go to this subresource, or to none.
    pub fn has_subresource(&self, subresource: Option<Subresource>) -> bool {
        subresource.is_none_or(|it| match it {
            Subresource::Status => self.status_subresource,
            Subresource::Scale => self.scale.is_some(),
            other => subresources::of_kind(self, other).is_some(),
        })
    }

    /// What is behind the name of an object, besides `status` and `scale`.
    pub(crate) fn subresources(&self) -> impl Iterator<Item = &'static subresources::Endpoint> {
        subresources::of(self)
    }

    /// Whether a field selector may name this field; the error says why not.
    pub(crate) fn check_field_label(&self, label: &str) -> Result<(), String> {
        let known = match label {
            "metadata.name" => true,
            "metadata.namespace" => self.namespaced,
            _ => self.selectable_fields.iter().any(|field| field == label),
        };
        match known {
            true => Ok(()),
            false if self.is_custom() || !self.selectable_fields.is_empty() => {
                Err(format!("field label not supported: {label}"))
            }
            false => Err(format!(
                "{label:?} is not a known field selector: only \"metadata.name\", \
                 \"metadata.namespace\""
            )),
        }
    }

    /// The text of a custom kind's schema at a path of field names from the root, steps into items
    /// skipped; `None` where the schema says nothing.
    fn schema_at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self.openapi.as_deref()?, |node, step| {
            let below = into_items(node);
            let named = below.get("properties").and_then(|fields| fields.get(*step));
            named.or_else(|| below.get("additionalProperties"))
        })
    }

    /// Whether the server treats two fields under one parent alike, so that exchanging them in an
    /// object and in all requests changes nothing else: keys of one map, members of a custom kind
    /// with the same schema, or entries of one list that differ in the value that tells them apart.
    pub fn treats_alike(&self, parent: &[&str], a: &Step, b: &Step) -> bool {
        let metadata = parent.first() == Some(&"metadata");
        if metadata && !matches!(parent, ["metadata", "labels" | "annotations"]) {
            return false;
        }
        let Some(node) = self.schema.node_at(parent) else { return false };
        let described = self.is_custom() && !metadata;
        match (a, b) {
            (Step::Key(a), Step::Key(b)) => {
                let schema = self.schema_at(parent).unwrap_or(&Value::Null);
                let member = |name: &String| {
                    let required = schema["required"].as_array().into_iter().flatten();
                    (&schema["properties"][name], required.filter(|field| *field == name).count())
                };
                let named = node.is_named(a) || node.is_named(b);
                let alike = match described {
                    true => {
                        (named || node.is_map())
                            && member(a) == member(b)
                            && self.is_even(parent, &[a, b])
                    }
                    false => !named && node.is_map() && are_tame(parent, a, b),
                };
                alike && !self.schema.rules_see_fields(parent, a, b)
            }
            (Step::Entry { key, value: a }, Step::Entry { value: b, .. }) => {
                let path = [parent, &[key.as_str()]].concat();
                let alike = match described {
                    true => {
                        self.is_even(parent, &[key]) && !self.schema.judges_entries(&path, a, b)
                    }
                    false => are_tame(parent, a, b),
                };
                alike && is_text(a) && is_text(b)
            }
            _ => false,
        }
    }

    /// Whether managedFields name the entries of each list on a path as the path does, or not at
    /// all: the list is a map by that one key, which has no default, or atomic.
    pub fn names_entries(&self, path: &FieldPath) -> bool {
        let mut names = Vec::new();
        path.steps().iter().all(|step| match step {
            Step::Key(name) => {
                names.push(name.as_str());
                true
            }
            Step::Entry { key, value } => match self.list_type(&names) {
                ListType::Atomic => true,
                ListType::Map(keys) => {
                    let inner = [names.as_slice(), &[key.as_str()]].concat();
                    let inner = self.schema.node_at(&inner);
                    keys == [key.as_str()]
                        && is_text(value)
                        && inner.is_none_or(|node| node.default.is_none())
                }
                ListType::Set => false,
            },
            Step::Index(_) => false,
        })
    }

    /// Whether nothing in a custom kind's definition, from its root to a parent, names fields under
    /// it but their own schemas: no combination of schemas, no default with one of them.
    fn is_even(&self, parent: &[&str], fields: &[&str]) -> bool {
        let even = |schema: &Value, below: &[&str]| {
            let default = &schema["default"];
            !is_combined(schema)
                && default.as_array().is_none_or(Vec::is_empty)
                && below.iter().all(|field| default.get(*field).is_none())
        };
        (0..=parent.len()).all(|length| {
            let below = if length < parent.len() { &parent[length..=length] } else { fields };
            let found = self.schema_at(&parent[..length]);
            found.is_none_or(|schema| even(schema, below) && even(into_items(schema), below))
        })
    }

    /// Whether the server only stores two values at a path of field names, steps into items
    /// skipped, and judges each, if at all, by its own schema: no combination of schemas, no
    /// default and no behaviour of the kind looks at it, and no rule tells one from the other.
    /// False where that is not certain.
    pub fn only_stores(&self, path: &[&str], values: (&Value, &Value)) -> bool {
        if let ["metadata", "labels" | "annotations", _] = path {
            return !self.schema.rules_see_values(path, values);
        }
        if !self.is_custom() {
            return matches!(path, ["data", _] | ["status", "conditions", ..]);
        }
        let plain = |length: usize| {
            let has_default = |node: &Value| node.get("default").is_some();
            self.schema_at(&path[..length]).is_some_and(|node| {
                let nodes = [node, into_items(node)];
                !nodes.iter().any(|node| is_combined(node) || has_default(node))
            })
        };
        path.first() != Some(&"metadata")
            && !self.schema.rules_see_values(path, values)
            && (0..=path.len()).all(plain)
    }

    /// Whether the definition of a custom kind has a list there and says nothing of how it merges.
    pub fn is_untyped_list(&self, path: &[&str]) -> bool {
        self.schema_at(path).is_some_and(|schema| {
            schema.get("items").is_some() && schema.get("x-kubernetes-list-type").is_none()
        })
    }

    /// The list type at such a path, of a built-in kind as of a custom one.
    pub fn list_type(&self, path: &[&str]) -> ListType {
        match self.schema.node_at(path).map(|node| &node.list) {
            Some(node::ListType::Set) => ListType::Set,
            Some(node::ListType::Map(keys)) => ListType::Map(keys.clone()),
            Some(node::ListType::Atomic) | None => ListType::Atomic,
        }
    }

    /// The key by which a strategic merge patch merges the entries of the list at such a path:
    /// `None` if it replaces the list, empty if it merges scalars.
    pub fn merge_key(&self, path: &[&str]) -> Option<&str> {
        let patch = &self.schema.node_at(path)?.patch;
        patch.merge.then_some(patch.merge_key.as_str())
    }
}

/// Whether what tells an entry of a list apart can only be meant as text: a number or a flag may be
/// written so too.
fn is_text(value: &str) -> bool {
    value.parse::<f64>().is_err() && !["true", "false"].contains(&value)
}

/// Whether a schema is a combination of others, which may look at anything below.
fn is_combined(schema: &Value) -> bool {
    ["allOf", "anyOf", "oneOf", "not"].iter().any(|word| schema.get(*word).is_some())
}

/// Whether the server takes two names of keys or entries of a built-in kind alike, or of metadata:
/// both are what such a name may be.
fn are_tame(parent: &[&str], a: &str, b: &str) -> bool {
    let in_data = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        name.len() <= 253 && !name.starts_with('.') && name.chars().all(allowed)
    };
    let tame = |name: &str| match parent {
        _ if name.is_empty() => false,
        [.., "labels" | "annotations"] => names::qualified_name(name).is_empty(),
        ["data" | "binaryData"] => in_data(name),
        [.., "conditions"] => true,
        _ => names::dns_label(name).is_empty(),
    };
    tame(a) && tame(b)
}

fn into_items(schema: &Value) -> &Value {
    match schema.get("items") {
        Some(items) => into_items(items),
        None => schema,
    }
}

pub(crate) fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_string() } else { format!("{name}.{group}") }
}
