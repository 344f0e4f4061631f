//! One place in a schema: what may stand there, and how it merges.
//!
//! A node says what pruning, defaulting, apply and strategic merge need to know. What values are
//! allowed there is a separate tree, `rules.rs`: structural schemas keep the two apart as well.
//! Built-in kinds have nodes only. Next to read: `parse.rs` (from CRDs), `builtin/` (generated).

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// The JSON types a node allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Type {
    /// Anything: no type given, or an int-or-string, whose rules say the rest.
    #[default]
    Any,
    Object,
    Array,
    String,
    /// A string in JSON, a number too for some: times, quantities, formats. Not checked by apply.
    Scalar,
    Number,
    Boolean,
}

/// What an object may hold beyond its properties.
#[derive(Clone, Debug, Default)]
pub(crate) enum Additional {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// Anything.
    Any,
    /// Values of one schema: the object is a map.
    Of(Arc<Node>),
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListType {
    /// Owned and replaced as a whole.
    #[default]
    Atomic,
    /// Items are scalars and stand for themselves.
    Set,
    /// Items are objects, told apart by these keys.
    Map(Vec<String>),
}

/// How a strategic merge patch treats a field of a built-in kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatchStrategy {
    /// `merge`: lists merge instead of being replaced.
    pub merge: bool,
    /// The key by which list items merge; empty for lists of scalars.
    pub merge_key: String,
    /// `retainKeys`: the patch may name all keys that stay.
    pub retain_keys: bool,
}

/// What Go's decoder and encoder know of a field of a built-in kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Go {
    /// The Go type as an error prints it: `int32`, `v1.PodSpec`, `[]v1.Container`.
    pub name: String,
    /// The bare name of a struct: `PodSpec`.
    pub structure: Option<String>,
    /// Its name in `kinds.txt`: `PodSpec`, `apps.DeploymentSpec`.
    pub table: Option<&'static str>,
    /// A pointer: the zero value is kept, null and absent are the same.
    pub pointer: bool,
    /// Written even when it is empty (no `omitempty`, or a type that is never empty).
    pub kept: bool,
    /// A struct that is left out when all of it is empty.
    pub omitzero: bool,
    /// Its protobuf number, after those of messages that JSON does not have; none or 0 if it is
    /// not in protobuf.
    pub number: Vec<u32>,
    /// Which integers fit: 32 or 64 bits; 0 if it is no integer.
    pub bits: u8,
}

/// One place in a schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub ty: Type,
    pub nullable: bool,
    pub default: Option<Value>,
    pub properties: BTreeMap<String, Arc<Node>>,
    pub additional: Additional,
    pub items: Option<Arc<Node>>,
    /// `x-kubernetes-preserve-unknown-fields` on this very node: no pruning here.
    pub preserve: bool,
    /// The same here or anywhere above: apply takes unknown fields.
    pub open: bool,
    /// `x-kubernetes-embedded-resource`.
    pub embedded: bool,
    pub list: ListType,
    pub atomic_map: bool,
    pub patch: PatchStrategy,
    pub go: Go,
}

/// A value whose schema is unknown: objects merge field by field, lists are atomic.
static DEDUCED: LazyLock<Node> = LazyLock::new(|| Node { open: true, ..Node::default() });

/// The items of a list without an item schema: all atomic.
static UNTYPED: LazyLock<Node> =
    LazyLock::new(|| Node { open: true, atomic_map: true, ..Node::default() });

impl Node {
    /// The node of values without a schema.
    pub fn deduced() -> &'static Node {
        &DEDUCED
    }

    /// What stands under a key, in apply's view; `None` if the key is not declared.
    pub fn field(&self, key: &str) -> Option<&Node> {
        if let Some(node) = self.properties.get(key) {
            return Some(node);
        }
        match &self.additional {
            Additional::Of(node) => Some(node),
            Additional::Any => Some(&DEDUCED),
            Additional::Unsaid if self.open || self.properties.is_empty() => {
                Some(if self.atomic_map && self.ty == Type::Any { &UNTYPED } else { &DEDUCED })
            }
            Additional::Unsaid => None,
        }
    }

    /// Whether a key is a named field (a member of a struct), not a key of a map.
    pub fn is_named(&self, key: &str) -> bool {
        self.properties.contains_key(key)
    }

    /// Whether it is a map: any key may stand there, and all values have one schema.
    pub fn is_map(&self) -> bool {
        self.properties.is_empty() && matches!(self.additional, Additional::Of(_) | Additional::Any)
    }

    /// The schema of a list's items, in apply's view.
    pub fn item(&self) -> &Node {
        self.items.as_deref().unwrap_or(&UNTYPED)
    }
}
