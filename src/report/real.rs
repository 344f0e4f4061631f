//! The drawing of a loss that no search of ours found: of real controllers and programs.
//!
//! Next to read: `check_text.rs`, whose parts these are.

use super::check_text::{paint, reasons};
use super::losses::Facts;
use super::style::Style;
use super::text::Text;
use super::timeline;
use crate::check::Witness;
use crate::properties;
use crate::scenario::Scenario;

/// The drawing of a losing schedule and its reasons, without anything about a search.
pub fn witness(scenario: &Scenario, witness: &Witness, style: &Style) -> String {
    witness_of(scenario, properties::NO_LOST_WRITE, witness, style)
}

/// The drawing of a schedule that violates a property, and its reasons.
pub fn witness_of(scenario: &Scenario, property: &str, witness: &Witness, style: &Style) -> String {
    let facts = Facts::new(scenario, property, witness);
    let mut lines = timeline::draw_witness(&facts, style);
    lines.push(Text::new());
    lines.extend(reasons(&facts, style));
    paint(&lines, style)
}
