//! One check of one scenario: explore, judge, and say what was found.

mod result;

pub use result::{
    Advice, Bound, CheckResult, Costs, Expectation, Exploration, LossClass, Pointer,
    PropertyResult, Verdict, Witness,
};
