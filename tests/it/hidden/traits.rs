//! How one log differs from another, drawn from a seed.

/// SplitMix64: a seed names the same numbers for ever.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Update,
    UpdateRetry,
    UpdateRestamp,
    MergePatch,
    MergePatchLocked,
    JsonPatch,
    JsonPatchTested,
    Apply,
    ApplyForce,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Update => "update",
            Method::UpdateRetry => "update-retry",
            Method::UpdateRestamp => "update-restamp",
            Method::MergePatch => "merge-patch",
            Method::MergePatchLocked => "merge-patch-locked",
            Method::JsonPatch => "json-patch",
            Method::JsonPatchTested => "json-patch-tested",
            Method::Apply => "apply",
            Method::ApplyForce => "apply-force",
        }
    }
}

pub const METHODS: [Method; 9] = [
    Method::Update,
    Method::UpdateRetry,
    Method::UpdateRestamp,
    Method::MergePatch,
    Method::MergePatchLocked,
    Method::JsonPatch,
    Method::JsonPatchTested,
    Method::Apply,
    Method::ApplyForce,
];

/// How this log differs from others.
#[derive(Clone, Debug)]
pub struct Traits {
    /// Nobody reads by GET: caches that lag.
    pub caches: bool,
    /// Bodies of answers are not logged.
    pub request_only: bool,
    /// GETs are logged without what they showed.
    pub blind_reads: bool,
    /// Few values, which come again.
    pub repeats: bool,
    /// Conditions have a time that each write sets.
    pub times: bool,
    /// All act through one account.
    pub impersonated: bool,
    /// Dry runs, Events, Leases, lines out of order, twice, and torn.
    pub noise: bool,
    pub clients: u64,
    pub objects: u64,
    pub rounds: u64,
}

impl Traits {
    pub fn of(seed: u64, at: u64) -> Traits {
        let mut dice = Dice(seed.wrapping_mul(31).wrapping_add(at));
        Traits {
            caches: dice.one_in(3),
            request_only: dice.one_in(4),
            blind_reads: dice.one_in(4),
            repeats: dice.one_in(3),
            times: dice.one_in(3),
            impersonated: dice.one_in(4),
            noise: dice.one_in(2),
            clients: 2 + dice.below(3),
            objects: 1 + dice.below(2),
            rounds: 20 + dice.below(40),
        }
    }
}
