//! What is kept of a log after a part of it was judged, so that memory has a bound.
//!
//! Kept are the newest versions of each object: later writes may be made of them. Where these are
//! too many, objects go whole, those first that the log named longest ago. A write to one of them
//! is then judged as if the log began after what went. Next to read: `log.rs`.

use super::log::{Log, Track};

impl Log {
    /// Forgets what was judged, but for the newest `window` versions of each object, and of these
    /// at most about `bytes`.
    pub fn forget(&mut self, window: usize, bytes: usize) {
        for track in self.tracks.values_mut() {
            track.acts.clear();
            let old = track.versions.len().saturating_sub(window);
            if let Some(first) = track.versions.keys().nth(old).copied() {
                track.versions = track.versions.split_off(&first);
            }
            track.reads.retain(|read| track.versions.contains_key(&read.at));
        }
        let newest_first = |it: &(u64, usize, usize)| std::cmp::Reverse((it.0, it.1));
        let tracks = self.tracks.values().enumerate();
        let mut sizes: Vec<_> = tracks.map(|(at, it)| (it.touched, at, size(it))).collect();
        sizes.sort_unstable_by_key(newest_first);
        let mut kept = 0;
        let is_too_much = |it: &&(u64, usize, usize)| {
            kept += it.2;
            kept > bytes
        };
        let first_to_go = sizes.iter().find(is_too_much).map(|it| (it.0, it.1));
        let mut at = 0..;
        self.tracks.retain(|_, track| {
            let age = (track.touched, at.next().unwrap_or_default());
            !track.versions.is_empty() && first_to_go.is_none_or(|it| age > it)
        });
        self.kept = self.tracks.values().map(size).sum();
        self.refused.clear();
        self.deleted.clear();
    }
}

/// About how many bytes the versions of an object take.
fn size(track: &Track) -> usize {
    track.versions.values().map(|it| 200 + it.leaves.len() * 8).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{Kinds, shape};
    use super::*;
    use serde_json::json;

    /// The creation of an object by its name, as a line of a log.
    fn created(at: usize) -> String {
        let name = format!("n{at}");
        let uri = "/api/v1/namespaces/d/configmaps";
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "k": "v" },
            "metadata": { "name": name, "namespace": "d", "uid": name,
                "resourceVersion": (at + 1).to_string() } });
        json!({ "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
            "auditID": name, "stage": "ResponseComplete", "verb": "create", "requestURI": uri,
            "user": { "username": "u" }, "userAgent": "a/1", "sourceIPs": ["10.0.0.1"],
            "objectRef": { "resource": "configmaps", "namespace": "d", "name": name,
                "apiVersion": "v1" },
            "responseStatus": { "code": 201 }, "requestObject": object, "responseObject": object,
            "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
            "stageTimestamp": "2026-01-01T00:00:00.000000Z" })
        .to_string()
    }

    #[test]
    fn objects_that_were_named_longest_ago_go_first() {
        let mut log = Log::new(Kinds::new(&[]).expect("kinds"));
        for at in 0..1_000 {
            let events = shape::events(created(at).as_bytes());
            events.into_iter().for_each(|event| log.take(event.expect("an event")));
        }
        let names = |log: &Log| -> Vec<String> {
            log.tracks.keys().map(|(place, _)| place.name.clone()).collect()
        };
        assert_eq!(names(&log).len(), 1_000);
        log.forget(8, usize::MAX);
        let all = log.kept;
        assert_eq!(names(&log).len(), 1_000);
        log.forget(8, all / 4);
        assert!(log.kept <= all / 4 && log.kept > all / 5, "{} of {all}", log.kept);
        let newest: Vec<String> = (0..1_000).map(|at| format!("n{at}")).collect();
        assert!(newest.ends_with(&names(&log)), "{:?}", names(&log));
        // A list names all of its objects at once: some of them go, and not all.
        log.tracks.values_mut().for_each(|track| track.touched = 1);
        let left = log.kept;
        log.forget(8, left / 2);
        assert!(log.kept <= left / 2 && log.kept > left / 3, "{} of {left}", log.kept);
    }
}
