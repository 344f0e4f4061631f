//! Who moves next.

mod schedule;

pub use num_bigint::BigUint as Count;
pub use schedule::{FORMAT, Letters, Schedule};
