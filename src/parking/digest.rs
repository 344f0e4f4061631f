//! A digest of 128 bits of what a state consists of.
//!
//! Two states are taken for one if their digests are equal: of a billion states, two that differ
//! would collide with a probability of about 10^-21. Next to read: `names.rs`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Something that is fed bit by bit.
#[derive(Clone, Debug)]
pub struct Digest(DefaultHasher, DefaultHasher);

impl Default for Digest {
    fn default() -> Self {
        let mut second = DefaultHasher::new();
        second.write_u8(1);
        Digest(DefaultHasher::new(), second)
    }
}

impl Digest {
    /// Of one value.
    pub fn of(value: &(impl Hash + ?Sized)) -> u128 {
        let mut digest = Digest::default();
        digest.feed(value);
        digest.finish()
    }

    /// More of it.
    pub fn feed(&mut self, value: &(impl Hash + ?Sized)) {
        value.hash(&mut self.0);
        value.hash(&mut self.1);
    }

    /// More bytes, without a length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    /// The digest of all that was fed.
    pub fn finish(&self) -> u128 {
        u128::from(self.0.finish()) << 64 | u128::from(self.1.finish())
    }
}

/// A short one, for what is only compared within one execution's neighbours.
pub(super) fn short(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
