//! Values that a shell can complete by name, while any other value is accepted: a file beside a
//! shipped scenario, a name that the command itself refuses with a better message than clap's.
//!
//! Next to read: `args.rs`, which uses them.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::reconcilers::methods;
use crate::scenario::Scenario;
use crate::{properties, report, schedulers};

/// Takes any text, and tells completion scripts these names.
#[derive(Clone)]
pub struct Names(fn() -> Vec<&'static str>);

/// The shipped scenarios and the museum's acts.
pub const SCENARIOS: Names =
    Names(|| Scenario::builtin_names().chain(Scenario::museum_names()).collect());
/// The write methods.
pub const METHODS: Names = Names(|| methods::all().iter().map(|entry| entry.name()).collect());
/// The schedulers.
pub const SCHEDULERS: Names = Names(|| schedulers::all().iter().map(|entry| entry.name).collect());
/// The properties.
pub const PROPERTIES: Names = Names(|| properties::all().iter().map(|entry| entry.name).collect());
/// The output formats.
pub const FORMATS: Names = Names(|| report::renderers().iter().map(|entry| entry.name).collect());

/// A zsh script in which the name of a scenario may also be a file, as in the other shells.
pub fn or_files(script: &str) -> String {
    let names = (SCENARIOS.0)().join(" ");
    let either =
        format!(":{{_alternative \"scenarios:scenario:({names})\" \"files:file:_files\"}}");
    script.replace(&format!(":({names})"), &either)
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
