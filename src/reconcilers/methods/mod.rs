//! The table of write methods: how a reconciler writes, one file each.

use std::fmt::Debug;

/// How a reconciler writes.
pub trait WriteMethod: Debug + Sync {
    /// Its name in scenarios and on the command line.
    fn name(&self) -> &'static str;
    /// One line for `list writes`.
    fn summary(&self) -> &'static str;
}
