//! `lostwrite serve`: the API server over HTTP.
//!
//! One line on stdout says that it is ready and where; the rest is silence. Next to read:
//! `serve/mod.rs`.

use std::fs::OpenOptions;
use std::io::BufWriter;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Failure, Outcome, output};
use crate::apiserver::{ApiServer, Config};
use crate::scenario::Diagnostic;
use crate::serve::{self, Limits, Record};

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; port 0 is any free one. Beyond loopback only with --token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Answer 401 to requests without this bearer token
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Let at most so many watches be open
    #[arg(long, value_name = "N", default_value_t = Limits::default().watches)]
    pub max_watches: usize,
    /// A file of CustomResourceDefinitions to begin with (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub crd: Vec<PathBuf>,
    /// A file of objects to begin with, their status as it stands there (repeatable)
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Cluster")]
    pub object: Vec<PathBuf>,
    /// Let every namespace exist, without Namespace objects
    #[arg(long, help_heading = "Cluster")]
    pub any_namespace: bool,
    /// Begin with this snapshot if it is there, and write it at the end
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub snapshot: Option<PathBuf>,
    /// Append an audit.k8s.io/v1 event for each request, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub record: Option<PathBuf>,
    /// Write a kubeconfig for this server
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub kubeconfig: Option<PathBuf>,
}

/// Runs it.
pub fn run(args: &Serve) -> Outcome {
    let listen = address(args)?;
    let server = cluster(args)?;
    let mut config = serve::Config::new(listen);
    config.token = args.token.clone();
    config.limits.watches = args.max_watches;
    config.snapshot = args.snapshot.clone();
    config.signals = true;
    if let Some(path) = &args.record {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| cannot("write", path, &error))?;
        config.record = Some(Record::new(BufWriter::new(file)));
    }
    let running = serve::start(config, server).map_err(|error| {
        Diagnostic::error(format!("cannot listen on `{}`: {error}", args.listen))
    })?;
    if let Some(path) = &args.kubeconfig {
        serve::kubeconfig(path, &running.url(), args.token.as_deref())
            .map_err(|error| cannot("write", path, &error))?;
    }
    output::stdout(&format!("ready {}\n", running.url()))?;
    running.wait().map_err(|error| Diagnostic::error(format!("serving ended: {error}")))?;
    Ok(Exit::Ok)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot {what} `{}`: {error}", path.display()))
}

fn address(args: &Serve) -> Result<SocketAddr, Diagnostic> {
    let text = args.listen.as_str();
    let no_address = |error: std::io::Error| {
        Diagnostic::in_argument("this is no address", "--listen", text, 0..text.len())
            .note(error.to_string())
            .help("an address and a port, such as 127.0.0.1:8001")
    };
    let mut all = text.to_socket_addrs().map_err(no_address)?;
    let address = all.next().ok_or_else(|| no_address(std::io::ErrorKind::NotFound.into()))?;
    if !address.ip().is_loopback() && args.token.is_none() {
        let message = "others could reach this address, and nothing would keep them out";
        return Err(Diagnostic::in_argument(message, "--listen", text, 0..text.len())
            .help("listen on 127.0.0.1, or give a --token"));
    }
    if args.token.as_deref().is_some_and(|token| token.trim().is_empty()) {
        return Err(Diagnostic::error("an empty --token keeps nobody out"));
    }
    Ok(address)
}

/// The server with what the files hold; definitions first, in whichever file they are.
fn cluster(args: &Serve) -> Result<ApiServer, Failure> {
    let config = Config { any_namespace: args.any_namespace, ..Config::default() };
    let mut server = serve::restore(config, args.snapshot.as_deref())?;
    if args.snapshot.as_deref().is_some_and(Path::exists) {
        // What the files hold was put there when the snapshot began.
        return Ok(server);
    }
    let mut objects = Vec::new();
    for path in args.crd.iter().chain(&args.object) {
        for object in serve::load_objects(path)? {
            objects.push((path, object));
        }
    }
    objects.sort_by_key(|(_, object)| object["kind"] != "CustomResourceDefinition");
    for (path, object) in objects {
        serve::seed(&mut server, &object).map_err(|status| {
            let name = object["metadata"]["name"].as_str().unwrap_or("?");
            let kind = object["kind"].as_str().unwrap_or("?");
            let why = status.message.clone().unwrap_or_default();
            Diagnostic::error(format!("the API server refuses {kind} `{name}`"))
                .note(why)
                .note(format!("in {}", path.display()))
        })?;
    }
    Ok(server)
}
