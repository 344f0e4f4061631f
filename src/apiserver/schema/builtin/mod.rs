//! The built-in kinds: their structs as data, their defaults and validations as code.
//!
//! `kinds.txt` is our own short list of fields: complete in the fields that lists and patches of
//! Pods, Deployments, Nodes and so on meet, with whole subtrees that no writer of status touches
//! (volume sources, affinity, probes' handlers) left as "anything". `data.rs` reads it,
//! `defaults.rs` fills in what the API server fills in, `validate.rs` refuses a few of the things
//! it refuses. Next to read: `kinds.txt`.

mod data;
mod defaults;
mod validate;

use std::sync::Arc;

use super::Schema;
use super::node::Node;

pub(super) use defaults::{default, prepare_create};
pub(super) use validate::validate;

/// A built-in kind that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    ConfigMap,
    Secret,
    Lease,
    Pod,
    Deployment,
    Node,
    Namespace,
}

/// Group and name of every built-in kind; all are in version `v1`.
const KINDS: [(&str, &str, Builtin); 7] = [
    ("", "ConfigMap", Builtin::ConfigMap),
    ("", "Secret", Builtin::Secret),
    ("coordination.k8s.io", "Lease", Builtin::Lease),
    ("", "Pod", Builtin::Pod),
    ("apps", "Deployment", Builtin::Deployment),
    ("", "Node", Builtin::Node),
    ("", "Namespace", Builtin::Namespace),
];

/// The schema of a built-in kind, if there is one: of `("apps", "v1", "Deployment")`, say.
pub fn schema(group: &str, version: &str, kind: &str) -> Option<Arc<Schema>> {
    let found = KINDS.iter().find(|(of, name, _)| (*of, *name) == (group, kind));
    let (_, name, builtin) = found.filter(|_| version == "v1")?;
    let mut root = (*data::structure(name)?).clone();
    super::parse::add_metadata(&mut root);
    Some(Arc::new(Schema { root: Arc::new(root), rules: None, builtin: Some(*builtin) }))
}

/// `ObjectMeta`, which custom resources have as well.
pub(super) fn object_meta() -> Arc<Node> {
    data::structure("ObjectMeta").unwrap_or_default()
}
