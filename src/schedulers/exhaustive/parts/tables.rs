//! The tables that everything is looked up in: values as numbers, and functions of numbers.
//!
//! Next to read: `parts.rs`.

use std::hash::Hash;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// A numbered set of values.
#[derive(Debug)]
pub(super) struct Table<T>(IndexSet<T, FxBuildHasher>);

impl<T: Hash + Eq> Table<T> {
    pub(super) fn new() -> Self {
        Table(IndexSet::default())
    }

    pub(super) fn number(&mut self, value: T) -> u32 {
        self.0.insert_full(value).0 as u32
    }

    pub(super) fn value(&self, number: u32) -> &T {
        &self.0[number as usize]
    }

    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }
}

/// A function of numbers, known in part.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<u32>);

impl Known {
    pub(super) fn get(&self, number: u32) -> Option<u32> {
        self.0.get(number as usize).copied().filter(|known| *known != NONE)
    }

    pub(super) fn set(&mut self, number: u32, value: u32) {
        let at = number as usize;
        if self.0.len() <= at {
            self.0.resize(at + 1, NONE);
        }
        self.0[at] = value;
    }
}
