//! All objects out, and in again: what a server needs to outlive its process.
//!
//! Next to read: `engine/store.rs`.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::Value;

use super::engine::Commit;
use super::metadata::Meta;
use super::store::Stored;
use super::{ApiServer, Config, Key, Revision, Status, crd};

/// All objects at one revision; to write them down needs the server no more.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The revision.
    pub revision: Revision,
    objects: Vec<Stored>,
}

impl Snapshot {
    /// Writes it as JSON.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(br#"{"apiVersion":"lostwrite.dev/v1alpha1","kind":"Snapshot","objects":["#)?;
        for (index, stored) in self.objects.iter().enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            match stored.json() {
                Some(json) => out.write_all(json.bytes())?,
                None => serde_json::to_writer(&mut *out, &stored.copy())?,
            }
        }
        write!(out, "],\"revision\":{}}}", self.revision)
    }
}

impl ApiServer {
    /// All objects as they are now.
    pub fn snapshot(&self) -> Snapshot {
        let objects = self.store.iter().map(|(_, stored)| stored.clone()).collect();
        Snapshot { revision: self.revision(), objects }
    }

    /// The writes after a revision, oldest first, each a line of JSON with its revision and what
    /// it wrote (`object`) or removed (`removed`). Nothing in a server that keeps no past.
    pub fn changes(&self, after: Revision) -> Vec<u8> {
        let mut lines = Vec::new();
        let events = self.store.log().map(|log| log.after(after)).unwrap_or_default();
        for event in events {
            let (what, json) = match (&event.after, &event.removed) {
                (Some(json), _) => ("object", json),
                (None, Some(json)) => ("removed", json),
                (None, None) => continue,
            };
            lines.extend_from_slice(format!("{{\"{what}\":").as_bytes());
            lines.extend_from_slice(json.bytes());
            lines.extend_from_slice(format!(",\"revision\":{}}}\n", event.revision).as_bytes());
        }
        lines
    }

    /// All objects with their resourceVersions, ordered by resource, namespace and name.
    pub fn objects(&self) -> Vec<Value> {
        self.store.iter().map(|(_, stored)| stored.copy()).collect()
    }

    /// A server with these objects at this revision, and without a past.
    ///
    /// They are taken as they are: whoever wrote them down had them from a server.
    pub fn restore(
        config: Config,
        revision: Revision,
        objects: &[Value],
    ) -> Result<ApiServer, Box<Status>> {
        let any_namespace = config.any_namespace;
        let empty = Config { first_revision: revision, any_namespace: true, ..config };
        let mut server = ApiServer::new(empty);
        server.set_any_namespace(any_namespace);
        for object in objects.iter().filter(|object| object["kind"] == crd::KIND) {
            let name = object.meta_str("name");
            let refuse = |errors: Vec<_>| Status::invalid(crd::GROUP, crd::KIND, name, &errors);
            let kinds = crd::kinds(object).map_err(refuse)?;
            server.serve(name, kinds);
        }
        for object in objects {
            let kind = server.kind_of_object(object)?;
            let namespace = object.meta_str("namespace");
            let key = Key {
                resource: kind.resource.clone(),
                namespace: kind.namespaced.then(|| namespace.to_string()),
                name: object.meta_str("name").to_string(),
            };
            let modified = object.meta_str("resourceVersion").parse().unwrap_or(revision.0);
            let mut object = object.clone();
            object.set_meta("resourceVersion", None);
            let modified = Revision(modified.min(revision.0));
            server.write(&key, Commit::Restore(Arc::new(object), modified));
        }
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_go_out_and_come_in_again_unchanged() {
        let mut server = ApiServer::new(Config::default());
        let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } });
        server.seed_object(&node, 7).unwrap();
        let crd = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "things.example.com" },
            "spec": {
                "group": "example.com", "scope": "Namespaced",
                "names": { "plural": "things", "kind": "Thing" },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "schema": { "openAPIV3Schema": { "type": "object" } },
                }],
            },
        });
        server.install_crd(&crd, 7).unwrap();
        let thing = json!({
            "apiVersion": "example.com/v1", "kind": "Thing", "metadata": { "name": "t" },
        });
        server.seed_object(&thing, 7).unwrap();
        let (objects, revision) = (server.objects(), server.revision());
        let again = ApiServer::restore(Config::default(), revision, &objects).unwrap();
        assert_eq!(again.objects(), objects);
        assert_eq!(again.revision(), revision);
        assert!(again.kind_named("Thing").is_some());
        let none = [json!({ "apiVersion": "example.com/v1", "kind": "Thing" })];
        assert!(ApiServer::restore(Config::default(), revision, &none).is_err());
    }
}
