//! What else is in a log: other requests, lines out of order, twice, and torn.

use serde_json::json;

use super::cluster::Cluster;
use super::requests::time;

impl Cluster<'_> {
    /// Other requests between, and lines out of order, twice, and torn.
    pub fn mix(&mut self) {
        let count = self.made.lines.len();
        for at in 0..count / 10 {
            self.now += 1_000;
            let path = format!("/apis/coordination.k8s.io/v1/namespaces/shop/leases/l{}", at % 2);
            let body = json!({ "kind": "Lease", "spec": { "renewTime": time(self.now) },
                "metadata": { "name": "l", "resourceVersion": (9_000_000 + at).to_string() } });
            let mut answer = body.clone();
            answer["metadata"]["resourceVersion"] = (9_000_001 + at).to_string().into();
            answer["metadata"]["uid"] = format!("lease-{}", at % 2).into();
            self.log("elector", "update", &path, &body, (200, &answer));
        }
        let mut lines = std::mem::take(&mut self.made.lines);
        for at in 0..lines.len() {
            let other = (at + self.dice.below(12) as usize).min(lines.len() - 1);
            lines.swap(at, other);
        }
        for _ in 0..lines.len() / 20 {
            let at = self.dice.below(lines.len() as u64) as usize;
            let again = lines[at].clone();
            let begun = again.replace("ResponseComplete", "RequestReceived");
            lines.insert(at, if self.dice.one_in(2) { again } else { begun });
        }
        let half = lines[0].len() / 2;
        let torn: String = lines[0].chars().take(half).collect();
        lines.push(torn);
        self.made.lines = lines;
    }
}
