//! Files: objects to begin with, the snapshot, the kubeconfig.
//!
//! A snapshot is all objects with their resourceVersions and the revision of the store: a server
//! that begins with one goes on counting from there. The past is not in it; watches from before
//! are answered 410, as after a compaction. Next to read: `keeper.rs`.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::access::Access;
use crate::apiserver::{ApiServer, Config, Revision, Status};
use crate::scenario::yaml::{self, Bounds};
use crate::scenario::{Diagnostic, Node, manifests, read_bounded};

use super::keeper::{self, Keeper, Kept};
use super::state::{now, random};

/// The objects at a path (a file of YAML documents or JSON, a folder of such, a glob), a List as
/// its items; and the kinds of those that are not wanted.
pub fn load_objects(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<(Vec<Value>, Vec<String>), Diagnostic> {
    let cannot = |path: &Path, why: String| {
        Diagnostic::error(format!("cannot read `{}`: {why}", path.display()))
    };
    let (mut objects, mut skipped) = (Vec::new(), Vec::new());
    for file in manifests::expand(path).map_err(|why| cannot(path, why))? {
        let bytes = read_bounded(&file, Bounds::MANIFEST).map_err(|why| cannot(&file, why))?;
        let source = yaml::decode_within(&file.display().to_string(), bytes, Bounds::MANIFEST)?;
        let is_wanted = |node: &Node| wanted(node.get("kind").and_then(Node::as_str).unwrap_or(""));
        let mut found = manifests::objects(&source, &is_wanted)?;
        objects.extend(found.objects.iter().map(Node::to_value));
        skipped.append(&mut found.skipped);
    }
    Ok((objects, skipped))
}

/// Puts an object into a server as its initial state: a definition is served from then on.
pub fn seed(server: &mut ApiServer, object: &Value) -> Result<(), Box<Status>> {
    match object["kind"] == "CustomResourceDefinition" {
        true => server.install_crd(object, now()).map(drop),
        false => server.seed_object(object, now()).map(drop),
    }
}

/// Puts there what an API server makes of itself, if it is not there.
pub fn furnish(server: &mut ApiServer) {
    server.furnish(now());
}

/// Whether a server has the kind of an object.
pub fn serves(server: &ApiServer, object: &Value) -> bool {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let all = server.kinds();
    all.iter().any(|kind| kind.kind == text("kind") && kind.api_version() == text("apiVersion"))
}

/// A server as `config` says, with a seed that cannot be guessed, and with what is kept, if
/// anything is; whether it was.
pub fn restore(config: Config, keeper: Option<&Keeper>) -> Result<(ApiServer, bool), Diagnostic> {
    let config = Config { seed: random(), ..config };
    let kept = match keeper {
        Some(keeper) => keeper.restore(config.clone())?,
        None => None,
    };
    Ok(kept.map_or_else(|| (new(config), false), |server| (server, true)))
}

/// Deeper nesting than any object has that is stored.
const DEPTH_MAX: usize = 600;

/// JSON of a file, which may nest deeper than JSON from elsewhere.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let (mut depth, mut deepest, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => depth += 1,
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEPTH_MAX {
        return Err(format!("it nests more than {DEPTH_MAX} levels"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// What a snapshot holds; `None` if it is not there.
pub fn read_snapshot(path: &Path) -> Result<Option<Kept>, Diagnostic> {
    let name = path.display();
    let broken = |why: &str| {
        Diagnostic::error(format!("`{name}` is not a snapshot: {why}"))
            .help("move it away to begin with an empty store")
    };
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Diagnostic::error(format!("cannot read `{name}`: {error}"))),
        Ok(bytes) => bytes,
    };
    let mut snapshot = parse(&bytes).map_err(|why| broken(&why))?;
    if snapshot["kind"] != "Snapshot" {
        return Err(broken("its kind is not Snapshot"));
    }
    let revision = snapshot["revision"].as_u64().ok_or_else(|| broken("no revision"))?;
    let mut kept = Kept::at(Revision(revision));
    if let Value::Array(objects) = snapshot["objects"].take() {
        objects.into_iter().for_each(|object| kept.put(object));
    }
    Ok(Some(kept))
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

/// Writes a kubeconfig, readable by its owner only.
pub fn kubeconfig(path: &Path, access: &Access<'_>) -> io::Result<()> {
    replace(path, |out| writeln!(out, "{:#}", access.kubeconfig()))
}

/// Writes what is mounted into a pod, into a folder that is made if it is not there.
pub fn service_account(folder: &Path, access: &Access<'_>) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    access.service_account(folder, |path, text| replace(path, |out| out.write_all(text.as_bytes())))
}

/// Writes a file beside another, which it then replaces: whole or not at all, for its owner only.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{:016x}", random()));
    let beside = path.with_file_name(beside);
    // A name that is taken, by a link for instance, is not followed.
    let file = keeper::private().write(true).create_new(true).open(&beside)?;
    let finish = || {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        std::fs::rename(&beside, path)?;
        sync_folder(path)
    };
    let written = finish();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A new name is on the disk once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
