//! Where one is inside an object: a name that is written out only when something is wrong there.
//!
//! Next to read: `prune.rs`.

use std::fmt;

/// A field, an item, a key of a map, or the root.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
    #[cfg_attr(not(feature = "cel"), allow(dead_code))]
    Key(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    pub fn is_root(&self) -> bool {
        matches!(self, Place::Root)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Field(Place::Root, key) => f.write_str(key),
            Place::Field(parent, key) => write!(f, "{parent}.{key}"),
            Place::Key(parent, key) => write!(f, "{parent}[{key}]"),
            Place::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
