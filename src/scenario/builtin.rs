//! The shipped scenarios: real files of the folder `scenarios/`, compiled in by name.
//!
//! To add one: the file, and one line here in the order in which they are to be read. A test walks
//! the folder and this table. Next to read: `scenarios/status-race.yaml`.

use super::crds::Files;
use super::{Mistakes, Scenario, SourceText};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/", $name, ".yaml")))),*]
    };
}

/// Name and text of each, in the order in which they teach.
const SCENARIOS: &[(&str, &str)] = shipped![
    "status-race",
    "status-race-crd",
    "conditions-list",
    "conditions-literal",
    "stale-cache",
    "cache-before-sync",
    "cache-written",
    "old-struct",
    "timeout",
    "three-writers",
    "seldom",
    "shared-object",
    "patch-with-lock",
    "patch-restamped",
    "version-before-put",
    "apply-own-managers",
    "apply-same-manager",
    "apply-force",
    "omitted-diff",
    "torn-pair",
    "status-setter",
    "counter",
    "retry-budget",
    "retry-budget-exhausted",
    "observed-generation",
    "write-skew",
    "recreated-object",
    "lost-response",
    "status-through-main",
    "replicas-omitted",
    "node-conditions",
    "strategic-merge",
    "strategic-locked",
    "conflict-dropped",
    "taint-resurrected",
    "taint-by-index",
    "taint-tested",
    "same-body-again",
    "unconditional-refused",
];

macro_rules! exhibit {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/museum/", $name, ".yaml")))),*]
    };
}

/// One exhibit: its title, and its acts, the bug first.
type Exhibit = (&'static str, &'static [(&'static str, &'static str)]);

/// The museum: exhibits by their mechanism.
const MUSEUM: &[(&str, &[Exhibit])] = &[
    (
        "A list is replaced whole",
        &[
            (
                "A list of conditions is replaced",
                exhibit!["conditions-replaced", "conditions-replaced-locked"],
            ),
            ("A taint is put back", exhibit!["taint-put-back", "taint-put-back-locked"]),
            ("Finalizers of others", exhibit!["finalizers-emptied", "finalizers-own-item"]),
            ("A finalizer by its index", exhibit!["finalizer-by-index", "finalizer-tested"]),
            (
                "The parents of a route",
                exhibit![
                    "route-parents",
                    "route-parents-merged",
                    "route-parents-cleaned",
                    "route-parents-kept"
                ],
            ),
            ("A retry that never retries", exhibit!["evaluations-retried", "evaluations-locked"]),
            (
                "From PUT to patch to a locked patch",
                exhibit!["holds-conflict", "holds-patched", "holds-locked"],
            ),
        ],
    ),
    (
        "More is written than was meant",
        &[
            ("Whole data, one key", exhibit!["data-written-whole", "data-own-keys"]),
            (
                "Fresh read, stale values",
                exhibit!["status-from-the-start", "status-fresh-values", "labels-of-the-start"],
            ),
        ],
    ),
    (
        "A patch from a stale read passes",
        &[
            ("A patch that cannot conflict", exhibit!["config-check-put", "config-check-patched"]),
            ("An id that was given up", exhibit!["broker-id-put", "broker-id-patched"]),
            ("Computed from another object", exhibit!["revoked-image"]),
        ],
    ),
    (
        "A conflict is handled wrongly",
        &[
            (
                "A conflict that is swallowed",
                exhibit!["finalizer-conflict-swallowed", "finalizer-conflict-returned"],
            ),
            (
                "An id from the cloud",
                exhibit!["external-id-dropped", "external-id-requeued", "external-id-retried"],
            ),
            ("A patch with an id meets a conflict", exhibit!["patch-conflict"]),
            ("A retry that reads the cache", exhibit!["retry-from-cache", "retry-from-server"]),
            ("A cache written back", exhibit!["write-back", "write-back-removed"]),
            (
                "A lock on a snapshot of everything",
                exhibit!["snapshot-locked", "snapshot-unlocked"],
            ),
            (
                "A retry with a budget and a deadline",
                exhibit!["taint-removal-late", "taint-removal-patient"],
            ),
            (
                "A status after a create",
                exhibit!["status-after-create", "status-after-create-retried"],
            ),
        ],
    ),
    (
        "A decision from a stale read",
        &[
            (
                "Two Secrets for one certificate",
                exhibit!["secret-twice", "secret-twice-locked", "secret-twice-named"],
            ),
            (
                "A cache that does not show it yet",
                exhibit![
                    "machine-set-twice",
                    "machine-set-live",
                    "machine-set-live-one-queue",
                    "machine-set-live-two-replicas",
                    "machine-set-elected",
                    "machine-set-named"
                ],
            ),
            (
                "Its own status, read too early",
                exhibit!["own-status-stale", "own-status-locked-first"],
            ),
            ("A quorum that counts the dead", exhibit!["quorum-counted", "quorum-counted-live"]),
            ("Two decisions", exhibit!["taint-after-check", "taint-after-check-locked"]),
            ("A guard that another has met", exhibit!["end-timestamp-guard"]),
        ],
    ),
    (
        "Two owners of one field",
        &[
            ("Whose replicas", exhibit!["hpa-replicas-forced", "hpa-replicas-left-out"]),
            ("A taint that was removed once", exhibit!["startup-taint", "startup-taint-once"]),
            ("An annotation, for ever", exhibit!["annotation-for-ever", "annotation-one-owner"]),
        ],
    ),
    (
        "Leaders and replicas",
        &[
            ("Two leaders", exhibit!["lease-unlocked", "lease-locked"]),
            (
                "A former leader",
                exhibit![
                    "former-leader",
                    "former-leader-logs",
                    "former-leader-exits",
                    "former-leader-fenced"
                ],
            ),
            (
                "Patches of a replica that does not lead",
                exhibit!["patches-queued", "patches-recomputed"],
            ),
            ("A standby that does not wait", exhibit!["standby-acts", "standby-waits"]),
        ],
    ),
];

/// The files that shipped scenarios name.
const FILES: &[(&str, &str)] =
    &[("crds/widget.crd.yaml", include_str!("../../scenarios/crds/widget.crd.yaml"))];

impl Scenario {
    /// The names of the shipped scenarios.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        SCENARIOS.iter().map(|(name, _)| *name)
    }

    /// The names of the museum's acts.
    pub fn museum_names() -> impl Iterator<Item = &'static str> {
        acts().map(|(name, _)| *name)
    }

    /// The shipped scenario of this name.
    pub fn builtin(name: &str) -> Option<Scenario> {
        let (name, text) = SCENARIOS.iter().chain(acts()).find(|(known, _)| *known == name)?;
        let loaded = load(name, text).ok()?;
        loaded.into_iter().next()
    }

    /// The exhibits of the museum, each with the scenarios that are its acts.
    pub fn museum() -> Vec<(&'static str, Vec<Scenario>)> {
        let act = |(name, _): &(&str, &str)| Scenario::builtin(name);
        let exhibit = |(title, acts): &Exhibit| (*title, acts.iter().filter_map(act).collect());
        MUSEUM.iter().flat_map(|(_, exhibits)| exhibits.iter()).map(exhibit).collect()
    }

    /// The mechanism of an exhibit, by its title.
    pub fn mechanism(title: &str) -> Option<&'static str> {
        let has = |(_, exhibits): &&(_, &[Exhibit])| exhibits.iter().any(|(t, _)| *t == title);
        MUSEUM.iter().find(has).map(|(mechanism, _)| *mechanism)
    }

    /// All shipped scenarios but those of the museum.
    pub fn all_builtin() -> Vec<Scenario> {
        Scenario::builtin_names().filter_map(Scenario::builtin).collect()
    }
}

/// The text of a shipped scenario.
pub fn text(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().chain(acts()).find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Name and text of every act of the museum.
fn acts() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    MUSEUM.iter().flat_map(|(_, exhibits)| exhibits.iter().flat_map(|(_, acts)| acts.iter()))
}

fn load(name: &str, text: &str) -> Result<Vec<Scenario>, Mistakes> {
    Scenario::load(&SourceText::new(name, text), None, &CompiledIn)
}

struct CompiledIn;

impl Files for CompiledIn {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = FILES.iter().find(|(known, _)| *known == path);
        file.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| "no such file".to_owned())
    }

    fn shown(&self, path: &str) -> String {
        format!("scenarios/{path}")
    }

    fn near(&self, _path: &str) -> Vec<String> {
        FILES.iter().map(|(path, _)| (*path).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_shipped_scenario_loads_without_a_word() {
        for (name, text) in SCENARIOS {
            let scenarios = load(name, text).unwrap_or_else(|e| panic!("{name}:\n{e}"));
            let [scenario] = scenarios.as_slice() else { panic!("{name}: one document") };
            let warnings: Vec<String> =
                scenario.warnings.iter().map(|warning| warning.to_string()).collect();
            assert_eq!(warnings, Vec::<String>::new(), "{name}");
            assert_eq!(scenario.name, *name);
            assert!(scenario.expect != super::super::Expect::Unstated, "{name} says `expect`");
            let sentences = scenario.description.matches(['.', '!', '?']).count();
            assert!(scenario.description.ends_with('.') && sentences == 1, "{name}: one sentence");
        }
    }

    #[test]
    fn the_table_is_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let on_disk: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        let in_table: BTreeSet<String> = Scenario::builtin_names().map(str::to_owned).collect();
        assert_eq!(on_disk, in_table);
    }

    #[test]
    fn the_museum_is_its_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/museum");
        let on_disk: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        let acts = Scenario::museum().into_iter().flat_map(|(_, acts)| acts);
        let in_table: BTreeSet<String> = acts.map(|act| act.name).collect();
        assert_eq!(on_disk, in_table);
    }

    #[test]
    fn a_file_and_its_compiled_in_twin_are_one_scenario() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for shipped in Scenario::all_builtin() {
            let path = folder.join(format!("{}.yaml", shipped.name));
            let read = Scenario::from_file(path).unwrap();
            assert_eq!(read[0].fingerprint(), shipped.fingerprint());
        }
    }

    #[test]
    fn every_write_method_has_a_scenario() {
        let used: BTreeSet<String> = Scenario::all_builtin()
            .into_iter()
            .flat_map(|scenario| scenario.workers.into_iter().map(|worker| worker.write))
            .collect();
        for method in crate::reconcilers::methods::all() {
            assert!(used.contains(method.name()), "no shipped scenario uses `{}`", method.name());
        }
    }
}
