//! The one integration binary: what a user sees, tested from outside.

mod cli;
mod diagnostics;
mod generated;
mod report;
mod shipped;
