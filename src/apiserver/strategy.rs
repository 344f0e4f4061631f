//! What differs by kind, in one place: a kind's strategy, as kube-apiserver calls it.
//!
//! Its `rest.RESTCreateStrategy` and `RESTUpdateStrategy` (and their kin for status and for
//! deletion) answer the questions of one generic store: what is prepared, what is validated, what
//! is warned of. Here one value answers for each kind. The flags of a kind that a definition or a
//! table gives (`AllowUnconditionalUpdate`, `AllowCreateOnUpdate`) stand in `kind.rs`.
//! Next to read: `engine.rs`, which asks.

use serde_json::Value;

use super::call::RequestScope;
use super::metadata::{self, Meta};
use super::schema::FieldError;
use super::verbs::deletion::{self, Deletion};
use super::{Kind, PatchKind, Status, crd, lifecycle, names};

/// Which kinds are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Strategy {
    /// A kind that a definition made: its objects have no Go type.
    Custom,
    /// A built-in kind without rules of its own.
    BuiltIn,
    /// CustomResourceDefinition.
    Definition,
    Namespace,
    Pod,
}

impl Strategy {
    /// That of a built-in kind.
    pub fn built_in(group: &str, kind: &str) -> Strategy {
        match (group, kind) {
            (crd::GROUP, crd::KIND) => Strategy::Definition,
            ("", "Namespace") => Strategy::Namespace,
            ("", "Pod") => Strategy::Pod,
            _ => Strategy::BuiltIn,
        }
    }

    /// What the rules of a kind say to a name of its objects: most are DNS subdomains.
    pub fn validate_name(self, kind: &Kind, name: &str, prefix: bool) -> Vec<String> {
        match (self, kind.resource.group.as_str(), kind.kind.as_str()) {
            (Strategy::Custom, ..) => names::subdomain(mask(name, prefix)),
            (_, "rbac.authorization.k8s.io" | "apiregistration.k8s.io", _) => {
                names::path_segment(name, prefix)
            }
            // Any path segment is one, and what is none was refused before.
            (_, "certificates.k8s.io", _) => Vec::new(),
            (_, "", "Namespace" | "Service") => names::dns_label(mask(name, prefix)),
            _ => names::subdomain(mask(name, prefix)),
        }
    }

    /// Fills in what an object may leave out and its schema does not.
    pub fn default(self, object: &mut Value) {
        if self == Strategy::Definition {
            crd::default(object);
        }
    }

    /// Whether what is read from the store has the defaults of its schema, though none was sent.
    pub fn defaults_on_read(self) -> bool {
        self == Strategy::Custom
    }

    /// What only the server writes in a new object.
    pub fn prepare_for_create(self, object: &mut Value) {
        if self == Strategy::Definition {
            crd::initial_status(object);
        }
    }

    /// What only the server writes in a changed object.
    pub fn prepare_for_update(self, object: &mut Value) {
        if self == Strategy::Definition {
            crd::note_stored_versions(object);
        }
    }

    /// What a write to `/status` leaves as it was.
    pub fn prepare_for_status_update(self, new: &mut Value, old: &Value) {
        match self {
            Strategy::Custom => {
                let managed = new.meta("managedFields").cloned();
                let mut kept = old.clone();
                kept.set("status", new.get("status").cloned());
                *new = kept;
                new.set_meta("managedFields", managed);
            }
            _ => {
                metadata::prepare_update(new, old);
                new.set("spec", old.get("spec").cloned());
                for field in ["deletionTimestamp", "ownerReferences"] {
                    new.set_meta(field, old.meta(field).cloned());
                }
            }
        }
    }

    /// The fields that a write does not change, and so does not own.
    pub fn reset_fields(self, on_status: bool, drops_status: bool) -> &'static [&'static str] {
        match (on_status, self) {
            (true, Strategy::Custom) => &["spec", "metadata"],
            (true, _) => &["spec"],
            (false, _) if drops_status => &["status"],
            (false, _) => &[],
        }
    }

    /// What the schema and the metadata do not say is wrong with an object.
    pub fn validate(self, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
        match self {
            Strategy::Definition => crd::validate(new, old),
            _ => Vec::new(),
        }
    }

    /// What a client is warned of.
    pub fn warnings(self, new: &Value, old: Option<&Value>) -> Vec<String> {
        match self {
            Strategy::Custom => names::finalizer_warnings(new, old),
            _ => Vec::new(),
        }
    }

    /// Whether objects are decoded into a Go type of their own, as those of built-in kinds are.
    /// Otherwise they are `Unstructured`: a body has to say what kind it is.
    pub fn is_typed(self) -> bool {
        self != Strategy::Custom
    }

    /// Whether a patch of this kind is taken: a strategic one wants a Go type.
    pub fn takes(self, patch: PatchKind) -> bool {
        patch != PatchKind::Strategic || self.is_typed()
    }

    /// The Go type of an object, or of a list, as messages name it.
    pub fn go_type(self, kind: &Kind, list: bool) -> String {
        match (self.is_typed(), list) {
            (false, true) => String::from("*unstructured.UnstructuredList"),
            (false, false) => String::from("*unstructured.Unstructured"),
            (true, true) => format!("*v1.{}", kind.list_kind),
            (true, false) => format!("*v1.{}", kind.kind),
        }
    }

    /// The verbs of a kind, in the order of its server's discovery documents.
    pub fn verbs(self) -> &'static [&'static str] {
        match self {
            Strategy::Custom => {
                &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
            }
            _ => {
                &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
            }
        }
    }

    /// What a method is answered that a path does not have: the server of custom resources names
    /// the verb.
    pub fn refuse_method(self, kind: &Kind, verb: &str) -> Box<Status> {
        match self {
            Strategy::Custom => Status::method_not_allowed(&kind.resource, verb),
            _ => Status::no_such_method(),
        }
    }

    /// What a delete does to an object.
    pub fn delete(self, call: &RequestScope<'_>, object: &Value, options: &Value) -> Deletion {
        let time = call.request.time;
        let marked = object.meta("deletionTimestamp").is_some();
        match self {
            Strategy::Definition if !marked => {
                Deletion::Marked(lifecycle::mark_definition(object, time))
            }
            Strategy::Namespace if !marked => {
                Deletion::Marked(lifecycle::mark_namespace(object, time))
            }
            Strategy::Pod => deletion::of_pod(object, options, time),
            _ => deletion::of_any(object, options, time),
        }
    }

    /// Where etcd would keep the objects of a kind.
    pub fn storage_prefix(self, kind: &Kind) -> String {
        let plural = kind.resource.plural.as_str();
        match (self, plural) {
            (Strategy::Custom, _) => {
                format!("/registry/apiextensions.kubernetes.io/{}/{plural}", kind.resource.group)
            }
            (Strategy::Definition, _) => {
                String::from("/registry/apiextensions.k8s.io/customresourcedefinitions")
            }
            (_, "nodes") => String::from("/registry/minions"),
            _ => format!("/registry/{plural}"),
        }
    }
}

/// A prefix may end with a dash, which the generated letters will follow.
fn mask(name: &str, prefix: bool) -> &str {
    match name.strip_suffix('-') {
        Some(stem) if prefix && name.len() > 1 => stem,
        _ => name,
    }
}
