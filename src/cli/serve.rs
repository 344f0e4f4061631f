//! `lostwrite serve`: the API server over HTTP.
//!
//! One line on stdout says that it is ready and where; the rest is silence. Next to read:
//! `serve/mod.rs`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::exit::{Exit, Failure, Outcome};
use super::{duration, output};
use crate::access::{Access, Authority};
use crate::apiserver::{ApiServer, Config};
use crate::scenario::{Diagnostic, clean, manifests};
use crate::serve::{self, Keeper, Limits, Policy, Record, Tokens};

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on; port 0 picks a free port. Beyond loopback only with --token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Answer 401 to requests without this bearer token (others see it in the list of processes)
    #[arg(long, value_name = "TOKEN", env = "LOSTWRITE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file with the token in its first line, or with lines token,user,uid,"groups" as
    /// kube-apiserver reads them
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Serve TLS with a newly made certificate authority; the kubeconfig contains it
    #[arg(long)]
    pub tls: bool,
    /// Maximum number of open watches
    #[arg(long, value_name = "N", default_value_t = Limits::default().watches)]
    pub max_watches: usize,
    /// CustomResourceDefinitions to start with: a file, a folder or a glob; other kinds in it are
    /// skipped (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "Cluster")]
    pub crd: Vec<PathBuf>,
    /// Objects to start with, including their status: a file, a folder or a glob; kinds that
    /// are not served are skipped (repeatable)
    #[arg(short = 'f', long, value_name = "PATH", help_heading = "Cluster")]
    pub object: Vec<PathBuf>,
    /// Collect garbage: delete objects without owners, finish foreground and orphan deletion
    #[arg(long, help_heading = "Cluster")]
    pub gc: bool,
    /// Treat every namespace as existing, without Namespace objects
    #[arg(long, help_heading = "Cluster")]
    pub any_namespace: bool,
    /// Load this snapshot if it exists; write it now, on SIGHUP, and at the end
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub snapshot: Option<PathBuf>,
    /// Also write the snapshot at this interval, such as 30s
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration::parse,
        requires = "snapshot",
        help_heading = "Files"
    )]
    pub snapshot_every: Option<Duration>,
    /// Write each change to disk, in a journal beside the snapshot, before acknowledging it
    #[arg(long, requires = "snapshot", help_heading = "Files")]
    pub durable: bool,
    /// Append an audit.k8s.io/v1 event for each request, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub record: Option<PathBuf>,
    /// What to record of a request: Metadata, Request or RequestResponse (and omitManagedFields,
    /// after a comma), or a file with an audit Policy
    #[arg(
        long,
        value_name = "LEVEL|FILE",
        default_value = "RequestResponse",
        requires = "record",
        help_heading = "Files"
    )]
    pub record_policy: String,
    /// Write a kubeconfig for this server
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub kubeconfig: Option<PathBuf>,
    /// Write ca.crt, token and namespace there, as they are mounted into a pod (with --tls)
    #[arg(long, value_name = "FOLDER", requires = "tls", help_heading = "Files")]
    pub service_account: Option<PathBuf>,
}

/// A snapshot is not written more often.
const SAVE_EVERY_MIN: Duration = Duration::from_millis(100);

/// Runs it.
pub fn run(args: &Serve) -> Outcome {
    let tokens = tokens(args)?;
    let listen = address(args, &tokens)?;
    let mut config = serve::Config::new(listen);
    config.save_every = args.snapshot_every.map(|every| every.max(SAVE_EVERY_MIN));
    let keeper = args.snapshot.as_deref().map(|path| Keeper::open(path, args.durable));
    config.keeper = keeper.transpose()?;
    let server = cluster(args, config.keeper.as_ref())?;
    config.policy = policy(&args.record_policy)?;
    let token = tokens.first().map(str::to_owned);
    config.tokens = tokens;
    config.limits.watches = args.max_watches;
    if args.tls {
        let made = Authority::new();
        let why = |error| Diagnostic::error(format!("no certificate can be made: {error}"));
        config.tls = Some(made.map_err(why)?);
    }
    config.signals = true;
    if let Some(path) = &args.record {
        // Each line is written at once: what is acknowledged is in it, however this ends.
        let file = serve::private().create(true).append(true).open(path);
        let file = file.map_err(|error| cannot("write", path, &error))?;
        let before = file.metadata().map_or(0, |metadata| metadata.len());
        config.record = Some(Record::new(file).after(before));
    }
    let running = serve::start(config, server).map_err(|error| {
        let kept = args.snapshot.as_ref().map(|path| format!(" with `{}`", path.display()));
        let kept = kept.unwrap_or_default();
        Diagnostic::error(format!("cannot serve on `{}`{kept}: {error}", args.listen))
    })?;
    let access = Access {
        url: &running.url(),
        user: "lostwrite",
        token: token.as_deref(),
        authority: running.authority(),
    };
    if let Some(path) = &args.kubeconfig {
        serve::kubeconfig(path, &access).map_err(|error| cannot("write", path, &error))?;
    }
    if let Some(path) = &args.service_account {
        serve::service_account(path, &access).map_err(|error| cannot("write", path, &error))?;
    }
    output::stdout(&format!("ready {}\n", running.url()))?;
    running.wait().map_err(|error| Diagnostic::error(format!("serving ended: {error}")))?;
    Ok(Exit::Ok)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot {what} `{}`: {error}", path.display()))
}

/// The tokens, from wherever they are given.
fn tokens(args: &Serve) -> Result<Tokens, Diagnostic> {
    match (&args.token, &args.token_file) {
        (None, None) => Ok(Tokens::default()),
        (Some(token), None) => Tokens::one(token).map_err(Diagnostic::error),
        (_, Some(path)) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| cannot("read", path, &error))?;
            Tokens::parse(&text).map_err(|why| {
                Diagnostic::error(why).note(format!("in the token file {}", path.display()))
            })
        }
    }
}

/// What is recorded: one level for all, or what a file says.
fn policy(text: &str) -> Result<Policy, Diagnostic> {
    if let Some(policy) = Policy::of_words(text) {
        return Ok(policy);
    }
    let path = Path::new(text);
    let read = std::fs::read_to_string(path).map_err(|error| {
        let levels =
            "or one of Metadata, Request, RequestResponse; `,omitManagedFields` may follow";
        cannot("read", path, &error).help(levels)
    })?;
    Policy::parse(&read).map_err(|why| {
        Diagnostic::error(format!("`{text}` is not an audit policy"))
            .note(why)
            .help("`lostwrite judge --policy` prints one")
    })
}

fn address(args: &Serve, tokens: &Tokens) -> Result<SocketAddr, Diagnostic> {
    let text = args.listen.as_str();
    let no_address = |error: std::io::Error| {
        Diagnostic::in_argument("this is not a valid address", "--listen", text, 0..text.len())
            .note(error.to_string())
            .help("an address and a port, such as 127.0.0.1:8001")
    };
    let mut all = text.to_socket_addrs().map_err(no_address)?;
    let address = all.next().ok_or_else(|| no_address(std::io::ErrorKind::NotFound.into()))?;
    if !address.ip().is_loopback() && tokens.is_empty() {
        let message =
            "other machines can reach this address, and the server would accept every client";
        return Err(Diagnostic::in_argument(message, "--listen", text, 0..text.len())
            .help("listen on 127.0.0.1, or give a --token-file"));
    }
    Ok(address)
}

/// The server with what the files hold; definitions first, in whichever file they are.
fn cluster(args: &Serve, keeper: Option<&Keeper>) -> Result<ApiServer, Failure> {
    let (any_namespace, collects) = (args.any_namespace, args.gc);
    let config = Config { any_namespace, collects, later: true, ..Config::default() };
    let (mut server, kept) = serve::restore(config, keeper)?;
    if kept {
        // What the files hold was put there when the snapshot began.
        return Ok(server);
    }
    let is_definition = |kind: &str| kind == "CustomResourceDefinition";
    let mut objects = Vec::new();
    for (path, all) in
        args.crd.iter().map(|p| (p, false)).chain(args.object.iter().map(|p| (p, true)))
    {
        let (found, skipped) = serve::load_objects(path, &|kind| all || is_definition(kind))?;
        if found.is_empty() {
            let what = if all { "object" } else { "CustomResourceDefinition" };
            let mistake = Diagnostic::error(format!("there is no {what} in `{}`", path.display()));
            return Err(mistake.into());
        }
        skip(path, &skipped);
        objects.extend(found.into_iter().map(|object| (path, object)));
    }
    // A namespace may be made by what stands in it.
    let rank = |object: &Value| match object["kind"].as_str() {
        Some("CustomResourceDefinition") => 0,
        Some("Namespace") => 1,
        _ => 2,
    };
    objects.sort_by_key(|(_, object)| rank(object));
    let mut unknown: std::collections::BTreeMap<&Path, Vec<String>> = Default::default();
    for (path, object) in &objects {
        let kind = object["kind"].as_str().unwrap_or_default();
        if rank(object) > 0 && !kind.is_empty() && !serve::serves(&server, object) {
            unknown.entry(path).or_default().push(clean(kind));
            continue;
        }
        let seeded = serve::seed(&mut server, object);
        if rank(object) == 1
            && seeded.as_ref().is_err_and(|status| status.reason == Some("AlreadyExists"))
        {
            continue;
        }
        seeded.map_err(|status| {
            let name = object["metadata"]["name"].as_str().unwrap_or("?");
            let kind = object["kind"].as_str().unwrap_or("?");
            let why = status.message.clone().unwrap_or_default();
            Diagnostic::error(format!("the API server refuses {kind} `{name}`"))
                .note(why)
                .note(format!("in {}", path.display()))
        })?;
    }
    for (path, kinds) in unknown {
        skip(path, &kinds);
    }
    serve::furnish(&mut server);
    Ok(server)
}

/// Says what of a file was not taken.
fn skip(path: &Path, kinds: &[String]) {
    if !kinds.is_empty() {
        let (path, kinds) = (path.display(), manifests::tally(kinds));
        output::stderr(&format!("note: skipped in {path}: {kinds}\n"));
    }
}
