//! `update-shared`: as `update`, on one object that all workers of the process hold in memory.
//!
//! Four steps: read into it (only if no worker has yet: by a GET or from the cache), touch it,
//! PUT what it holds now, decode the response into it, as controller-runtime's client does.
//! A touch computes from what memory holds at that moment; a PUT is based on what it holds then. A
//! neighbour's touch between the PUT and the decoding of its response is wiped; the neighbour then
//! writes the old value, with a fresh resourceVersion, and is told 200. On 409 it gives up.
//! Next to read: `client/shared.rs`, what decoding does to memory.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct UpdateShared;

impl WriteMethod for UpdateShared {
    fn name(&self) -> &'static str {
        "update-shared"
    }

    fn summary(&self) -> &'static str {
        "read into memory that the process shares; touch it; PUT it; decode the response into it"
    }

    /// The shared steps send what memory holds; this is what a worker alone would send.
    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::put(job, read, changes)
    }

    fn is_shared(&self) -> bool {
        true
    }
}
