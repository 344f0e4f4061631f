//! The one integration binary: what a user sees, tested from outside.

mod diagnostics;
mod generated;
mod shipped;
