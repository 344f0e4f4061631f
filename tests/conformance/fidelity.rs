//! Writes `docs/fidelity.md` from what the runner measured, or says that it is out of date.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::{Figures, Results};

/// What each topic is about.
const TOPICS: &[(&str, &str)] = &[
    ("modern/basics", "create, get, list, put, delete; identity, namespaces, unknown paths"),
    ("modern/cluster", "cluster-scoped custom resources"),
    ("modern/crd", "definitions created, changed and deleted through the API"),
    ("modern/delete", "preconditions, propagation, revisions of deletes"),
    ("modern/deletecollection", "deletes of collections, with selectors"),
    ("modern/dryrun", "`dryRun=All` for every verb"),
    ("modern/finalizers", "deletion that waits; removal of the last finalizer"),
    ("modern/generation", "when `metadata.generation` grows"),
    ("modern/jsonpatch", "RFC 6902 and its errors"),
    ("modern/list", "pages, `resourceVersionMatch`, lists of the past, compaction"),
    ("modern/media", "content types, `Accept`, partial metadata"),
    ("modern/merge", "RFC 7386 and its errors"),
    ("modern/noop", "writes that change nothing"),
    ("modern/nosub", "a kind without a status subresource"),
    ("modern/race", "two and more writers: what is lost, what is refused"),
    ("modern/rv", "resourceVersion as a precondition, everywhere it may stand"),
    ("modern/select", "label and field selectors"),
    ("modern/ssa", "server-side apply and managedFields"),
    ("modern/status", "isolation of the status subresource, both ways"),
    ("modern/validation", "schemas: types, pruning, defaults, warnings, strictness"),
    ("modern/watch", "watches from any revision, initial events, selectors, 410"),
    ("full/configmap", "ConfigMap: unconditional PUT, immutability"),
    ("full/lease", "Lease: no unconditional PUT, create on update"),
    ("full/pod", "Pod: strategic merge patch, status, deletion"),
    ("full/race", "two writers on built-in kinds"),
];

/// What is not modelled, and what that could hide from a user.
const GAPS: &[(&str, &str)] = &[
    (
        "CEL rules (`x-kubernetes-validations`): their types are not checked when a definition is \
         created, their cost is neither estimated nor limited, `sortBy` and the macros with two \
         variables are refused, `+` of two sets is that of two lists, and errors of evaluation \
         other than the usual ones are worded otherwise",
        "a definition or an object is accepted that a cluster refuses as too expensive; no rule \
         is skipped in silence",
    ),
    (
        "conversion webhooks: several versions are one object, and differ in their apiVersion \
         alone",
        "a controller that relies on conversion finds the fields of the version that was written",
    ),
    (
        "what needs a kubelet (log, exec, attach, port-forward, proxy): answered 400 or 503; \
         tokens of service accounts open nothing",
        "a program that reads logs gets an error",
    ),
    (
        "admission: webhooks, policies, quotas, service accounts",
        "a mutating webhook that overwrites a field is a writer that the model does not see",
    ),
    (
        "the watch cache's delay: reads with `resourceVersion=0` are as fresh as any",
        "a stale read by `resourceVersion=0`; the modelled informer cache has that delay instead",
    ),
    (
        "waiting, in process: a request for a future revision is answered 504 at once (`serve` \
         waits 3 s, as a real server does)",
        "only time",
    ),
    (
        "unknown fields and wrong types in definitions themselves",
        "a misspelt field of a definition is stored instead of warned of",
    ),
    (
        "names in conflict between two definitions; `NonStructuralSchema` conditions",
        "a definition is accepted that a cluster would leave unestablished",
    ),
    (
        "built-in kinds other than those that `kubectl api-resources` lists; versions other than \
         those",
        "404 where a cluster has them",
    ),
    ("most value checks of pod and deployment specs", "a spec is stored that a cluster refuses"),
    (
        "garbage collection, unless `serve --gc` is told to: owner references are stored, nothing \
         is deleted through them",
        "children outlive their owner; a foreground deletion waits until a client removes its \
         finalizer",
    ),
    ("controllers and the scheduler; nothing runs pods", "deployments never become available"),
    (
        "protobuf of definitions; of the kinds that are here it is read and written",
        "the typed Go client of CustomResourceDefinitions gets 415 when it writes",
    ),
    (
        "the defaults and value checks of built-in kinds other than ConfigMap, Secret, Lease, Pod, \
         Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Service and Event: they are \
         decoded, pruned, merged, listed and watched like any other",
        "a field is empty where a cluster fills it in; an object is stored that a cluster refuses",
    ),
    (
        "a list of the cluster's addresses that are taken: those of Services follow from their uid",
        "two of very many Services get the same address",
    ),
    (
        "kubectl's migration from client-side to server-side apply",
        "one conflict with `kubectl-client-side-apply` more than on a cluster",
    ),
    (
        "the order of keys in JSON: it is alphabetical for every kind, as a cluster writes custom \
         resources; built-in kinds have Go's order there, `kind` before `apiVersion`",
        "a test that compares bytes or columns of an answer instead of its meaning",
    ),
    ("authentication, authorisation, priority and fairness", "no 401, 403 of RBAC, or 429"),
];

/// The document as it should be.
fn document(results: &Results, differences: &Value) -> String {
    let mut out = String::from(
        "# Fidelity: how far the fake API server answers like a real one\n\n\
         <!-- Generated: CONFORMANCE_WRITE=1 cargo test --test conformance -->\n\n\
         Real servers were asked, their answers recorded, and the recordings are played against \
         ours: `modern` is a v1.36.4 custom-resource API server, `full` a v1.20.2 kube-apiserver \
         (for the built-in kinds; where v1.36 differs we follow v1.36). *Exact* compares code, \
         warnings and every byte of meaning in the body; *semantic* compares what a program \
         decides on; the rules are in `tests/conformance/README.md`.\n\n\
         | topic | what | exact | semantic | known to differ | cases |\n\
         |---|---|---:|---:|---:|---:|\n",
    );
    for (folder, topics) in results {
        let mut all = Figures::default();
        for (topic, figures) in topics {
            let name = format!("{folder}/{topic}");
            let what = TOPICS.iter().find(|(known, _)| *known == name).map_or("", |(_, it)| it);
            row(&mut out, &name, what, figures);
            all.add(figures);
        }
        row(&mut out, &format!("**{folder}**"), "all topics", &all);
    }
    out.push_str(
        "\nBeside them `neighbours.json` is played, which was recorded on v1.36.3 by asking the \
         same kinds what the cases above do not happen to decide (some of it random sequences of \
         writes); every answer in it must be exact.\n\n\
         Two cases need a compaction of etcd; a real server answers them from its watch cache as \
         if nothing had happened, and so do we.\n\n\
         ## Known differences\n\n\
         Each is checked: the case may differ at these paths and nowhere else.\n\n\
         | case | where | why |\n|---|---|---|\n",
    );
    for entry in differences["cases"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let paths: Vec<_> = entry["paths"].as_array().into_iter().flatten().map(text).collect();
        let (case, why) = (text(&entry["case"]), text(&entry["why"]));
        let _ = writeln!(out, "| full/{case} | `{}` | {why} |", paths.join("`, `"));
    }
    out.push_str("\n## Not modelled\n\n| what | what the gap could hide |\n|---|---|\n");
    for (what, hidden) in GAPS {
        let _ = writeln!(out, "| {what} | {hidden} |");
    }
    out
}

fn row(out: &mut String, name: &str, what: &str, figures: &Figures) {
    let Figures { exact, semantic, known, total } = figures;
    let _ = writeln!(out, "| {name} | {what} | {exact} | {semantic} | {known} | {total} |");
}

/// What is wrong with the document in the repository; writes it if asked to.
pub fn check(results: &Results, differences: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (folder, topics) in results {
        for topic in topics.keys() {
            let name = format!("{folder}/{topic}");
            if !TOPICS.iter().any(|(known, _)| *known == name) {
                faults.push(format!("{name}: no description in tests/conformance/fidelity.rs"));
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let wanted = document(results, differences);
    if std::env::var_os("CONFORMANCE_WRITE").is_some() {
        std::fs::write(&path, wanted).expect("docs/ is there");
    } else if std::fs::read_to_string(&path).ok().as_deref() != Some(wanted.as_str()) {
        let how = "CONFORMANCE_WRITE=1 cargo test --test conformance";
        faults.push(format!("docs/fidelity.md is out of date: {how}"));
    }
    faults
}
