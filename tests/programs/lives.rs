//! `isolation: name`: programs live on, and find an object of another name in each execution.

use lostwrite::programs::{Hunt, Hunted, Isolation};
use serde_json::json;

use crate::{cluster, lostwrite};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/controller.py");

/// Two controllers; each start adds a letter to the file that the variable STARTS names.
fn pair(mode: &str, elsewhere: &str, starts: &std::path::Path) -> Hunt {
    let run = |hunt: Hunt, name: &str, condition: &str, elsewhere: &str| {
        let start = "printf x >> \"$STARTS\"; exec python3 \"$@\"";
        let run = ["sh", "-c", start, "sh", SCRIPT, condition, mode, elsewhere];
        hunt.program(name, &run).env("STARTS", &starts.display().to_string())
    };
    run(run(cluster(), "ready", "Ready", "0"), "usage", "Usage", elsewhere)
}

fn starts(file: &std::path::Path) -> usize {
    std::fs::read_to_string(file).expect("programs have started").len()
}

/// A program that lists, watches, and does this with the name of each Widget that is added.
fn watcher(hunt: Hunt, name: &str, body: &str) -> Hunt {
    let script = format!(
        "from client import *\n\
         ALL = WIDGET.rsplit('/', 1)[0]\n\
         OLD = []\n\
         def met(name):\n{body}\n\
         code, them = request('GET', ALL)\n\
         for it in them['items']:\n\
         \x20 met(it['metadata']['name'])\n\
         watch = http.client.HTTPConnection(SERVER)\n\
         watch.request('GET', ALL + '?watch=true&resourceVersion=' + \
         them['metadata']['resourceVersion'])\n\
         for line in watch.getresponse():\n\
         \x20 event = json.loads(line)\n\
         \x20 if event['type'] == 'ADDED':\n\
         \x20   met(event['object']['metadata']['name'])"
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    hunt.folder(folder).program(name, &["python3", "-c", &script])
}

fn by_name(hunt: Hunt, executions: u64) -> Hunted {
    hunt.isolation(Isolation::Name).executions(executions).run()
}

#[track_caller]
fn refused(hunted: &Hunted, needles: &[&str]) {
    let text = hunted.to_string();
    assert!(hunted.failed.is_some() && hunted.loss.is_none(), "{text}");
    for needle in needles {
        assert!(text.contains(needle), "{needle} in:\n{text}");
    }
}

#[test]
fn programs_live_through_all_executions_and_no_state_differs_by_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("starts");
    let hunted = by_name(pair("locked", "0", &file).random(), 10);
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert_eq!((hunted.executions, hunted.shared, hunted.restarted), (10, 10, 0), "{hunted}");
    assert_eq!(starts(&file), 2, "{hunted}");
    // An execution and its repetition have other numbers, and so other names.
    assert_eq!((hunted.repeated, hunted.differed, hunted.earlier), (2, 0, 0), "{hunted}");
    let words = "10 executions shared the memory of their programs";
    assert!(hunted.to_string().contains(words), "{hunted}");
    let result = hunted.result(&[]).expect("a scenario");
    assert!(result.notes.iter().any(|note| note.contains(words)), "{:?}", result.notes);
}

#[test]
fn a_loss_is_found_by_programs_that_live_and_shown_by_fresh_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("starts");
    let hunted = by_name(pair("unlocked", "100", &file), 10);
    let loss = hunted.loss.as_ref().unwrap_or_else(|| panic!("{hunted}"));
    assert!(hunted.executions <= 10 && hunted.unconfirmed == 0, "{hunted}");
    // Twice for those that live, twice for the replay; in the drawing the scenario's name.
    assert_eq!((starts(&file), hunted.executions - hunted.shared), (4, 1), "{hunted}");
    assert!(loss.drawing.contains("widgets/demo .status"), "{hunted}");
    let again = pair("unlocked", "100", &file).replay(&loss.schedule).run();
    assert!(again.loss.is_some() && again.isolation == Isolation::Process, "{again}");
}

#[test]
fn what_only_a_memory_loses_is_not_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("starts");
    // The control: a program that is started for each execution names the version.
    let hunted = pair("first", "0", &file).executions(6).run();
    assert!(hunted.loss.is_none() && hunted.unconfirmed == 0, "{hunted}");
    let hunted = by_name(pair("first", "0", &file), 6);
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert!(hunted.unconfirmed > 0 && hunted.restarted == 0, "{hunted}");
    let text = hunted.to_string();
    assert!(text.contains("not confirmed by programs that were started for"), "{text}");
    assert!(!text.contains("LOST") && !hunted.violates("no-lost-write"), "{text}");
}

#[test]
fn stimuli_models_and_invariants_name_what_the_scenario_names() {
    let patch = json!({ "patch": "Widget/demo", "subresource": "status",
        "with": { "status": { "user": "here" } } });
    let once = json!({ "name": "seen", "finally": {
        "Widget/demo.status.n": 1, "Widget/demo.status.user": "here",
        "Widget/demo.status.name": "demo", "Widget/demo.status.model": true } });
    let model = "workers:\n  - name: model\n    object: Widget/demo\n    write: merge-patch\n    \
                 sets: { status.model: true }\n";
    let body = "  it = {'n': 1, 'name': name}\n  \
                request('PATCH', ALL + '/' + name + '/status', {'status': it})";
    let hunt = watcher(cluster().worker(model).stimulus(patch).invariant(once), "one", body);
    let hunted = by_name(hunt.random(), 5);
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert_eq!((hunted.shared, hunted.unconfirmed, hunted.restarted), (5, 0, 0), "{hunted}");
}

#[test]
fn a_request_about_an_earlier_execution_is_answered_404_and_told() {
    let body = "  if OLD:\n    print(request('GET', ALL + '/' + OLD[-1])[0], flush=True)\n  \
                OLD.append(name)\n  request('GET', ALL + '/' + name)";
    let hunted = by_name(watcher(cluster(), "one", body).random(), 4);
    assert!(hunted.failed.is_none(), "{hunted}");
    assert_eq!((hunted.shared, hunted.earlier), (4, 3), "{hunted}");
    assert!(hunted.to_string().contains("`one` sent GET /apis/demo.example.com/"), "{hunted}");
}

#[test]
fn finalizers_and_children_do_not_outlive_an_execution() {
    let widget = json!({ "apiVersion": "demo.example.com/v1", "kind": "Widget", "metadata": {
        "name": "held", "namespace": "default", "finalizers": ["demo.example.com/hold"] } });
    let body = "  it = {'apiVersion': 'v1', 'kind': 'ConfigMap', \
                'metadata': {'name': name + '-c'}}\n  \
                code, it = request('POST', '/api/v1/namespaces/default/configmaps', it, \
                'application/json')\n  \
                assert code == 201 and it['metadata']['name'] == name + '-c', it";
    let two = json!({ "name": "there", "finally": {
        "ConfigMap/demo-c.kind": "ConfigMap", "ConfigMap/held-c.kind": "ConfigMap" } });
    let hunt = watcher(cluster().object(widget).invariant(two), "one", body);
    let hunted = by_name(hunt.random(), 4);
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert_eq!((hunted.shared, hunted.restarted, hunted.unconfirmed), (4, 0, 0), "{hunted}");
}

#[test]
fn a_program_that_ends_is_started_again_and_that_is_told() {
    let hunt = watcher(cluster(), "one", "  request('GET', ALL + '/' + name)\n  os._exit(0)");
    let hunted = by_name(hunt.random(), 3);
    assert!(hunted.failed.is_none(), "{hunted}");
    assert_eq!((hunted.shared, hunted.restarted), (3, 2), "{hunted}");
    assert!(hunted.to_string().contains("started again 2 times: `one` had ended"), "{hunted}");
}

#[test]
fn where_names_cannot_part_executions_it_is_said_why() {
    let known = "  request('GET', WIDGET)";
    let hunted = by_name(watcher(cluster(), "one", known), 3);
    refused(&hunted, &["`one` says `demo` in GET /apis/", "was not told so by the API server"]);
    let written =
        "  request('PATCH', ALL + '/' + name + '/status', {'status': {'a': ['de' + 'mo']}})";
    let hunted = by_name(watcher(cluster(), "one", written), 3);
    refused(&hunted, &["`one` says `demo`", "in status.a[0]", "`isolation: process`"]);
    let keyed = "  request('PATCH', ALL + '/' + name + '/status', {'status': {name: 1}})";
    refused(&by_name(watcher(cluster(), "one", keyed), 3), &["in status.demo-1"]);
    let leads = "  request('GET', LEASES + '/mine')";
    refused(&by_name(watcher(cluster(), "one", leads), 3), &["`one` uses a Lease (GET "]);
    let once = "from client import *\nrequest('GET', WIDGET.rsplit('/', 1)[0])\nrest()";
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let hunt = cluster().folder(folder).program("one", &["python3", "-c", once]);
    refused(&by_name(hunt, 3), &["`one` watches nothing", "use `isolation: process`"]);
    let told = cluster().program("one", &["python3", SCRIPT, "--name=demo"]);
    refused(&by_name(told, 3), &["workers[0].run[2]", "the command line of `one` says `demo`"]);
}

#[test]
fn a_file_says_where_names_cannot_part_executions() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("two.yaml");
    let text = include_str!("two.yaml").replace("workers:", "isolation: name\nworkers:");
    let check = |text: &str, command: &[&str]| {
        std::fs::write(&file, text).expect("written");
        let name = file.display().to_string();
        lostwrite(&[command, &[name.as_str()]].concat())
    };
    assert_eq!(check(&text, &["validate"]).0, Some(0));
    for (from, to, needles) in [
        (
            "controller.py, Usage",
            "demo, Usage",
            &["`usage` says `demo`", "run: [python3, demo"][..],
        ),
        ("spec: {}\n", "spec: { of: demo }\n", &["the name of an object in spec.of"]),
        ("workers:", "leases: race\nworkers:", &["`leases: race` needs programs", "leases: race"]),
        ("workers:", "faults: { leasesLost: 1 }\nworkers:", &["`leasesLost` needs"]),
        ("name: demo,", "name: default,", &["the name of an object and of a namespace"]),
        (
            "workers:",
            "  - { apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: { name: \
         lock } }\nworkers:",
            &["the Lease `lock` outlives"],
        ),
    ] {
        assert!(text.contains(from));
        let text = match to.starts_with("  - ") {
            true => text.replace("isolation: name\nworkers:", to) + "isolation: name\n",
            false => text.replace(from, to),
        };
        let (code, _, err) = check(&text, &["validate"]);
        assert_eq!(code, Some(2), "{to}: {err}");
        for needle in
            needles.iter().chain(&["executions are parted by names", "isolation: process"])
        {
            assert!(err.contains(needle), "{needle} in:\n{err}");
        }
    }
    // The flag decides against the file, and a page tells that programs have lived on.
    let html = folder.path().join("page.html").display().to_string();
    let report = format!("html={html}");
    let flags = ["check", "--allow-run", "--runs", "10", "-o", "json", "--report", &report];
    let text = text.replace("controller.py", SCRIPT);
    let (code, out, err) = check(&text, &flags);
    assert_eq!(code, Some(1), "{out}{err}");
    let words = "shared the memory of their programs";
    let page = std::fs::read_to_string(html).expect("a page");
    assert!(out.contains(words) && page.contains(words), "{out}");
    let (_, out, _) = check(&text, &[&flags[..6], &["--isolation", "process"]].concat());
    assert!(!out.contains(words), "{out}");
}
