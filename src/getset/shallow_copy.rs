//! A struct that is copied by assignment, and changed through what the copy still shares.
//!
//! ```go
//! mine := *obj                              // copies the struct: its map is the same map
//! mine.Labels["ready"] = "true"             // changes it for all that hold obj
//! mine := obj.DeepCopy()                    // a map of its own
//! ```
//!
//! Assignment copies a struct field by field; a map, a slice or a pointer field is copied as the
//! reference that it is. Next to read: `informer.rs`, where not even the struct is copied.

use super::process::{Memory, Process};
use crate::threads::Backend;
use std::sync::Arc;

struct Objects<B: Backend> {
    labels: Memory<B>,
    my_phase: Memory<B>,
    my_labels: Memory<B>,
}

impl<B: Backend> Objects<B> {
    fn start(process: &mut Process<B>) -> Arc<Self> {
        let objects = Arc::new(Self {
            labels: process.memory("obj.labels[ready]", 0),
            my_phase: process.memory("mine.phase", 0),
            my_labels: process.memory("mine.labels[ready]", 0),
        });
        process.go("reader", &objects, |me, objects| {
            if objects.labels.read(me) != 0 {
                me.wrong("obj has a label that was set on the copy");
            }
        });
        objects
    }
}

/// `shallow-copy`: the scalar field is a copy, the map is not.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let objects = Objects::start(process);
    process.go("reconciler", &objects, |me, objects| {
        objects.my_phase.write(me, 1);
        objects.labels.write(me, 1);
    });
}

/// `deep-copy`: the map was copied as well.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let objects = Objects::start(process);
    process.go("reconciler", &objects, |me, objects| {
        let labels = objects.labels.read(me);
        objects.my_labels.write(me, labels);
        objects.my_phase.write(me, 1);
        objects.my_labels.write(me, 1);
    });
}
