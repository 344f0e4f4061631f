//! The names a scenario may use, from the tables of the rest of the crate.

use crate::properties;
use crate::reconcilers::methods;

/// The names of the write methods, in the order of their table.
pub fn write_methods() -> Vec<&'static str> {
    methods::all().iter().map(|method| method.name()).collect()
}

/// The names of the properties, in the order of their table.
pub fn properties() -> Vec<&'static str> {
    properties::all().iter().map(|property| property.name).collect()
}
