//! Small readings of a worker's keys.

use serde_json::Value;

use super::Fields;
use crate::reconcilers::Attempts;
use crate::scenario::refusals;

/// The default of `attempts`: client-go's DefaultRetry.
const DEFAULT_ATTEMPTS: u32 = 5;

/// How many tries a worker has in all.
pub(super) fn attempts(said: Option<&Value>) -> Attempts {
    match said {
        Some(Value::String(_)) => Attempts::Unlimited,
        tries => {
            Attempts::AtMost(tries.and_then(Value::as_u64).map_or(DEFAULT_ATTEMPTS, |n| n as u32))
        }
    }
}

/// Where the paths of each worker stand, by worker: of `sets`, and of `when`.
pub(super) fn fields_places(fields: &[Fields]) -> Vec<refusals::Places> {
    let places = |fields: &Fields| refusals::Places {
        sets: fields.sets.iter().map(|set| (set.key.clone(), set.place.clone())).collect(),
        when: fields.when.iter().map(|(.., place)| place.clone()).collect(),
    };
    fields.iter().map(places).collect()
}
