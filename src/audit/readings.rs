//! What else a log allows, for a finding that is not certain: what the culprit may have read and
//! meant instead.
//!
//! Next to read: `findings.rs`.

use super::findings::Found;
use super::judge::{Basis, Judged};
use super::log::Log;

/// `read 1043 and meant phase`; `read 1049 and meant phase and conditions[type=Ready]`.
pub(super) fn readings(log: &Log, judged: &Judged, found: &Found) -> Vec<String> {
    let reading = |basis: &Basis| {
        let owners = basis.owners.iter().map(|owner| log.names.leaf(*owner).to_string());
        let owners: Vec<String> = owners.collect();
        let meant = match owners.len() {
            0 => "meant nothing new".to_owned(),
            1..4 => format!("meant {}", owners.join(" and ")),
            many => format!("meant {} and {} more", owners[..2].join(" and "), many - 2),
        };
        format!("read {} and {meant}", log.real_version(judged, basis.version))
    };
    let mut all: Vec<String> = judged.bases[found.culprit].iter().map(reading).collect();
    all.truncate(3);
    if found.twin {
        all.push("another write was answered with the same version, and explains it too".into());
    }
    let owner = log.names.owner(found.leaf);
    let leaf = log.names.leaf(found.leaf).to_string();
    all.extend(found.doubts.iter().filter_map(|doubt| doubt.reading(&leaf)));
    if all.len() < 2 && !found.twin {
        all.push(format!("or wrote {} again, as it was", log.names.leaf(owner)));
    }
    all
}
