//! Files: objects to begin with, the snapshot, the kubeconfig.
//!
//! A snapshot is all objects with their resourceVersions and the revision of the store: a server
//! that begins with one goes on counting from there. The past is not in it; watches from before
//! are answered 410, as after a compaction. Next to read: `mod.rs`.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::apiserver::{ApiServer, Config, Revision, Status};
use crate::scenario::yaml::{self, MAX_BYTES};
use crate::scenario::{Diagnostic, read_bounded};

use super::state::{now, random};

/// The objects in a file of YAML documents or JSON; a List is its items.
pub fn load_objects(path: &Path) -> Result<Vec<Value>, Diagnostic> {
    let name = path.display().to_string();
    let bytes = read_bounded(path)
        .map_err(|why| Diagnostic::error(format!("cannot read `{name}`: {why}")))?;
    if bytes.len() > MAX_BYTES {
        return Err(Diagnostic::error(format!("`{name}` is larger than {MAX_BYTES} bytes")));
    }
    let source = yaml::decode(&name, bytes)?;
    let documents = yaml::parse(&source)?;
    let mut objects = Vec::new();
    for document in documents {
        let value = document.root.to_value();
        match value["items"].as_array() {
            Some(items) if value["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
                objects.extend(items.iter().cloned());
            }
            _ if value.is_null() => {}
            _ => objects.push(value),
        }
    }
    Ok(objects)
}

/// Puts an object into a server as its initial state: a definition is served from then on.
pub fn seed(server: &mut ApiServer, object: &Value) -> Result<(), Box<Status>> {
    match object["kind"] == "CustomResourceDefinition" {
        true => server.install_crd(object, now()).map(drop),
        false => server.seed_object(object, now()).map(drop),
    }
}

/// A server as `config` says, with a seed that nobody can guess, and with what a snapshot holds if
/// it is there.
pub fn restore(config: Config, snapshot: Option<&Path>) -> Result<ApiServer, Diagnostic> {
    let config = Config { seed: random(), ..config };
    let Some(path) = snapshot else { return Ok(new(config)) };
    let name = path.display();
    let broken = |why: String| {
        Diagnostic::error(format!("`{name}` is no snapshot: {why}"))
            .help("move it away to begin with an empty store")
    };
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(new(config)),
        Err(error) => return Err(Diagnostic::error(format!("cannot read `{name}`: {error}"))),
        Ok(bytes) => bytes,
    };
    let snapshot: Value = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    if snapshot["kind"] != "Snapshot" {
        return Err(broken("its kind is not Snapshot".into()));
    }
    let revision = snapshot["revision"].as_u64().ok_or_else(|| broken("no revision".into()))?;
    let objects = snapshot["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    ApiServer::restore(config, Revision(revision), objects)
        .map_err(|status| broken(status.message.unwrap_or_default()))
}

/// An empty server whose namespaces were made just now; in process they were made in 1970.
fn new(config: Config) -> ApiServer {
    let elsewhere = Config { seed: random(), ..config.clone() };
    let mut namespaces = ApiServer::new(elsewhere).objects();
    let now = jiff::Timestamp::from_second(now()).unwrap_or_default();
    for namespace in &mut namespaces {
        namespace["metadata"]["creationTimestamp"] = now.to_string().into();
    }
    let first = config.first_revision;
    ApiServer::restore(config.clone(), first, &namespaces)
        .unwrap_or_else(|_| ApiServer::new(config))
}

/// Writes a snapshot, whole or not at all.
pub fn save(path: &Path, server: &ApiServer) -> io::Result<()> {
    let snapshot = json!({
        "apiVersion": "lostwrite.dev/v1alpha1",
        "kind": "Snapshot",
        "revision": server.revision().0,
        "objects": server.objects(),
    });
    replace(path, &snapshot.to_string())
}

/// Writes a kubeconfig with one context, `lostwrite`, readable by its owner only.
pub fn kubeconfig(path: &Path, url: &str, token: Option<&str>) -> io::Result<()> {
    let user = match token {
        Some(token) => json!({ "token": token }),
        None => json!({}),
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "lostwrite", "cluster": { "server": url } }],
        "users": [{ "name": "lostwrite", "user": user }],
        "contexts": [{
            "name": "lostwrite",
            "context": { "cluster": "lostwrite", "user": "lostwrite", "namespace": "default" },
        }],
        "current-context": "lostwrite",
    });
    replace(path, &format!("{config:#}\n"))
}

/// Writes a file beside it, then renames it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
