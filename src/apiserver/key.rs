//! Which object a request is about, and how its lists merge.
//!
//! Next to read: `request.rs`.

use super::Resource;

/// The identity of an object in the store: resource, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The resource.
    pub resource: Resource,
    /// The namespace, `None` for cluster-scoped resources.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl std::fmt::Display for Key {
    /// As kubectl prints it: `widgets/demo`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.resource.plural, self.name)
    }
}

/// How server-side apply merges a list: `x-kubernetes-list-type`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListType {
    /// Replaced whole.
    #[default]
    Atomic,
    /// A set of scalars.
    Set,
    /// A map of entries by these keys.
    Map(Vec<String>),
}
