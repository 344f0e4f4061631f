//! kubectl against `lostwrite serve`: one session, its output checked.
//!
//! `KUBECTL` names another program than `kubectl`. Where there is none the test fails, unless
//! `LOSTWRITE_WITHOUT_KUBECTL` says that nobody minds.

use std::process::Command;

use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve;
use lostwrite::serve::Access;

use crate::crd;

const OBJECT: &str = "apiVersion: demo.example.com/v1\nkind: Widget\nmetadata: { name: one }\n\
                      spec: { color: red, size: 1 }\n";

struct Kubectl {
    program: String,
    folder: tempfile::TempDir,
    /// v1.20 reads OpenAPI as protobuf only, which is not served: its switch for that.
    validate: Option<&'static str>,
}

impl Kubectl {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Runs it; whether it succeeded, and what it said on stdout and stderr.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(&self.program);
        command.args(["--kubeconfig", &self.path("kc"), "--cache-dir", &self.path("cache")]);
        command.args(["--request-timeout", "20s"]).args(arguments);
        if matches!(arguments[0], "apply" | "replace") {
            command.args(self.validate);
        }
        let output = command.output().expect("kubectl runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    fn says(&self, arguments: &[&str], wanted: &str) -> String {
        let (success, text) = self.run(arguments);
        assert!(success && text.contains(wanted), "{arguments:?}: {text}");
        text
    }

    fn fails(&self, arguments: &[&str], wanted: &str) {
        let (success, text) = self.run(arguments);
        assert!(!success && text.contains(wanted), "{arguments:?}: {text}");
    }
}

#[test]
fn a_session() {
    let program = std::env::var("KUBECTL").unwrap_or_else(|_| "kubectl".into());
    let version = match Command::new(&program).args(["version", "--client"]).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) if std::env::var_os("LOSTWRITE_WITHOUT_KUBECTL").is_none() => panic!(
            "no {program} here ({error}): install one (Debian: kubernetes-client), name one in \
             KUBECTL, or set LOSTWRITE_WITHOUT_KUBECTL to go without this test"
        ),
        Err(_) => return,
    };
    let old = version.contains("Minor:\"20\"");
    let folder = tempfile::tempdir().unwrap();
    let kubectl = Kubectl { program, folder, validate: old.then_some("--validate=false") };
    let config = serve::Config::new(([127, 0, 0, 1], 0).into());
    let server = serve::start(config, ApiServer::new(Config::default())).unwrap();
    let access = Access { url: &server.url(), user: "test", token: None, authority: None };
    serve::kubeconfig(kubectl.path("kc").as_ref(), &access).unwrap();

    let crd = kubectl.write("crd.json", &crd().to_string());
    kubectl.says(&["apply", "-f", &crd], "widgets.demo.example.com created");
    let established = "--for=condition=Established";
    let crd = "crd/widgets.demo.example.com";
    kubectl.says(&["wait", established, crd, "--timeout=10s"], "condition met");
    kubectl.says(&["api-resources", "--api-group=demo.example.com"], "Widget");
    let red = kubectl.write("red.yaml", OBJECT);
    let blue = kubectl.write("blue.yaml", &OBJECT.replace("red", "blue"));
    kubectl.says(&["apply", "-f", &red], "widget.demo.example.com/one created");
    kubectl.says(&["apply", "-f", &red], "unchanged");
    let stale = kubectl.says(&["get", "widget", "one", "-o", "yaml"], "color: red");
    let stale = kubectl.write("stale.yaml", &stale);
    kubectl.says(&["apply", "-f", &blue], "configured");
    kubectl.says(&["get", "widgets"], "NAME");
    kubectl.fails(&["replace", "-f", &stale], "the object has been modified");

    let merge = r#"{"spec":{"size":2}}"#;
    kubectl.says(&["patch", "widget", "one", "--type=merge", "-p", merge], "patched");
    let json = r#"[{"op":"test","path":"/spec/size","value":2},
                   {"op":"replace","path":"/spec/size","value":3}]"#;
    kubectl.says(&["patch", "widget", "one", "--type=json", "-p", json], "patched");
    kubectl.says(&["get", "widget", "one", "-o", "jsonpath={.spec}"], "\"size\":3");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n";
    let map = kubectl.write("map.yaml", map);
    kubectl.says(&["apply", "-f", &map], "configmap/c created");
    let more = r#"{"data":{"x":"y"}}"#;
    kubectl.says(&["patch", "configmap", "c", "--type=strategic", "-p", more], "patched");
    kubectl.fails(&["patch", "widget", "one", "--type=strategic", "-p", merge], "");

    // A kind that was never defined is told as such; of a file with several kinds, each is stored.
    let nope = "apiVersion: nope.example.com/v1\nkind: Nope\nmetadata: { name: x }\n";
    let nope = kubectl.write("nope.yaml", nope);
    kubectl.fails(&["apply", "-f", &nope], "no matches for kind \"Nope\"");
    let kinds = ["v1 ServiceAccount", "rbac.authorization.k8s.io/v1 Role", "v1 ConfigMap"];
    let documents = kinds.map(|kind| {
        let (version, kind) = kind.split_once(' ').unwrap();
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: several }}\n")
    });
    let several = kubectl.write("several.yaml", &documents.join("---\n"));
    kubectl.says(&["apply", "-f", &several], "role.rbac.authorization.k8s.io/several created");
    kubectl.says(&["apply", "-f", &several], "configmap/several unchanged");

    let apply = ["apply", "--server-side", "--field-manager=other", "-f", red.as_str()];
    kubectl.fails(&apply, "conflict");
    let force = [&apply[..], &["--force-conflicts"]].concat();
    kubectl.says(&force, "serverside-applied");

    let finalizer = r#"{"metadata":{"finalizers":["example.com/wait"]}}"#;
    kubectl.says(&["patch", "widget", "one", "--type=merge", "-p", finalizer], "patched");
    kubectl.says(&["delete", "widget", "one", "--wait=false"], "deleted");
    kubectl.says(&["get", "widget", "one", "-o", "yaml"], "deletionTimestamp");
    let none = r#"{"metadata":{"finalizers":null}}"#;
    kubectl.says(&["patch", "widget", "one", "--type=merge", "-p", none], "patched");
    kubectl.fails(&["get", "widget", "one"], "NotFound");
    if old {
        // Not for want of a schema, but of its protobuf form.
        kubectl.fails(&["explain", "widget"], "proto");
    } else {
        kubectl.says(&["explain", "widget"], "spec");
    }
    watch(&kubectl, &red);
}

/// `get -w` prints a row for each change.
fn watch(kubectl: &Kubectl, object: &str) {
    let mut child = Command::new(&kubectl.program)
        .args(["--kubeconfig", &kubectl.path("kc"), "get", "widgets", "-w", "--no-headers"])
        .args(["-o", "jsonpath={.metadata.name} {.spec.size}{\"\\n\"}"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    kubectl.says(&["apply", "-f", object], "created");
    let mut next = || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
        line
    };
    assert_eq!(next(), "one 1\n");
    let patch = r#"{"spec":{"size":7}}"#;
    kubectl.says(&["patch", "widget", "one", "--type=merge", "-p", patch], "patched");
    assert_eq!(next(), "one 7\n");
    child.kill().unwrap();
    child.wait().unwrap();
}
