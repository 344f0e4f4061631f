//! What was lost, by the judge that is told what was meant.

use std::collections::{BTreeMap, BTreeSet};

use lostwrite::apiserver::{Key, Resource, Revision};
use lostwrite::history::{self, Answered, Found, Lists, Meant, Want, Write};

use super::cluster::History;

/// Culprit and path of each loss; the path is the entry, or the leaf outside of lists.
pub fn lost(made: &History) -> BTreeSet<(String, String)> {
    let mut objects: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, write) in made.writes.iter().enumerate() {
        objects.entry(&write.object).or_default().push(at);
    }
    let lists = Lists::unknown();
    let key = Key {
        resource: Resource { group: String::new(), version: "v1".into(), plural: "x".into() },
        namespace: None,
        name: String::new(),
    };
    let mut all = BTreeSet::new();
    for places in objects.values() {
        let meant: Vec<Vec<Meant>> = places
            .iter()
            .map(|at| {
                let write = &made.writes[*at];
                // Only what the answer shows is promised.
                let kept = write
                    .meant
                    .iter()
                    .filter(|(path, value)| path.find(&write.after) == Some(value));
                kept.map(|(path, value)| {
                    Meant::literal(path.clone(), Want::of(&Found::Is(value.clone())))
                })
                .collect()
            })
            .collect();
        let writes: Vec<Write<'_>> = places
            .iter()
            .zip(&meant)
            .map(|(at, meant)| {
                let write = &made.writes[*at];
                Write {
                    author: write.author,
                    object: &key,
                    lists: &lists,
                    basis: Revision(0),
                    basis_uid: None,
                    meant,
                    patch: None,
                    sent: &write.after,
                    before: Some(&write.before),
                    after: Some(&write.after),
                    answer: Answered::Acknowledged,
                    at: Revision(0),
                }
            })
            .collect();
        let mut first = BTreeSet::new();
        for finding in history::judge(&writes) {
            let path = finding.leaf.owned();
            if finding.victim != finding.culprit && first.insert((finding.victim, finding.leaf)) {
                let culprit = &made.writes[places[finding.culprit]];
                all.insert((culprit.id.clone(), path.to_string()));
            }
        }
    }
    all
}
