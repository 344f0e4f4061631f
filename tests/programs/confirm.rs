//! What is reported is what its own replay shows; whether the same schedule leads to the same.

use lostwrite::programs::{Hunt, Hunted};
use serde_json::json;

use crate::cluster;
use crate::together::{LIST, python};

const MODEL: &str = "workers:\n  - name: model\n    object: Widget/demo\n    \
                     write: merge-patch\n    \
                     sets: { \"status.conditions[type=Model]\": { status: \"True\" } }\n";

/// A program that loses once: it writes its list by a merge patch. After a run in which another
/// worker wrote between its read and its write, each later process of it sends the version read.
const ONCE: &str = "import os\n\
     code, it = request('GET', WIDGET)\n\
     version = it['metadata']['resourceVersion']\n\
     own = it.get('status', {}).get('conditions', []) + [{'type': 'Own', 'status': 'True'}]\n\
     patch = {'status': {'conditions': own}}\n\
     if os.path.exists(os.environ['SEEN']):\n\
     \x20 patch['metadata'] = {'resourceVersion': version}\n\
     code, it = request('PATCH', WIDGET + '/status', patch)\n\
     if code == 200 and int(it['metadata']['resourceVersion']) > int(version) + 1:\n\
     \x20 open(os.environ['SEEN'], 'w').close()";

fn beside_a_model(script: &str, seen: &std::path::Path) -> Hunted {
    let seen = seen.display().to_string();
    let hunt = python(cluster(), "program", script).env("SEEN", &seen);
    hunt.worker(MODEL).executions(10).run()
}

#[test]
fn a_loss_that_its_own_replay_does_not_show_is_not_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen");
    // The control: the same program without a memory is reported.
    let hunted = beside_a_model(LIST, &seen);
    assert!(hunted.loss.is_some() && hunted.unconfirmed == 0, "{hunted}");
    let hunted = beside_a_model(ONCE, &seen);
    assert!(seen.exists(), "it never overwrote anything: {hunted}");
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert_eq!(hunted.unconfirmed, 1, "{hunted}");
    let text = hunted.to_string();
    assert!(!text.contains("LOST") && !text.contains("replay   1."), "{text}");
    assert!(text.contains("seen once whose replay did not show it"), "{text}");
    let result = hunted.result(&[]).expect("a scenario");
    assert!(!hunted.violates("no-lost-write") && !result.failed(), "{text}");
}

#[test]
fn of_random_executions_some_are_repeated_and_compared() {
    let run = |value: &str| {
        let script = format!(
            "import random\ncode, it = request('GET', WIDGET)\n\
             request('PATCH', WIDGET + '/status', {{'status': {{'n': {value}}}}})"
        );
        let hunt: Hunt = python(cluster(), "program", &script);
        hunt.random().executions(5).run()
    };
    let same = run("1");
    assert_eq!((same.repeated, same.differed, same.strayed), (1, 0, 0), "{same}");
    let other = run("random.random()");
    assert_eq!((other.repeated, other.differed), (1, 1), "{other}");
    let note = "1 of 1 execution that were repeated came to other states";
    assert!(other.to_string().contains(note), "{other}");
    let differs = "in 1: after GET /apis/demo.example.com/v1/namespaces/default/widgets/demo 200 \
                   of `program`, `program` sent another body with PATCH /apis/";
    assert!(other.to_string().contains(differs), "{other}");
}

/// Takes a Lease as client-go does: with a name and a time of its own in each process.
const LEASE: &str = "import datetime, uuid\n\
     now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')\n\
     spec = {'holderIdentity': f'host_{uuid.uuid4()}', 'renewTime': now, 'acquireTime': now}\n\
     it = {'metadata': {'name': 'l'}, 'spec': spec}\n\
     code, it = request('POST', LEASES, it, 'application/json')\n\
     assert code == 201, it\n\
     name = {'name': f'l.{time.time_ns():x}'}\n\
     note = {'message': spec['holderIdentity'] + ' leads', 'metadata': name}\n\
     note |= {'kind': 'Event', 'apiVersion': 'v1', 'involvedObject': {'namespace': 'default'}}\n\
     code, it = request('POST', '/api/v1/namespaces/default/events', note, 'application/json')\n\
     assert code == 201, it\n\
     request('PATCH', WIDGET + '/status', {'status': {'n': 1}})";

#[test]
fn who_takes_a_lease_and_when_is_no_difference() {
    for race in [false, true] {
        let hunt = python(cluster(), "leader", LEASE);
        let hunt = if race { hunt.leases_race() } else { hunt };
        let hunted = hunt.random().executions(5).run();
        assert!(hunted.failed.is_none(), "{hunted}");
        assert_eq!((hunted.repeated, hunted.differed), (1, 0), "race {race}: {hunted}");
        assert!(!hunted.to_string().contains("ended by itself"), "{hunted}");
    }
}

/// Tells whether two events of a watch have come in one piece.
const TOGETHER: &str = "import socket\n\
     code, them = request('GET', WIDGET.rsplit('/', 1)[0])\n\
     path = WIDGET.rsplit('/', 1)[0] + '?watch=true&resourceVersion=' + \
     them['metadata']['resourceVersion']\n\
     host, port = SERVER.split(':')\n\
     watch = socket.create_connection((host, int(port)))\n\
     watch.sendall(f'GET {path} HTTP/1.1\\r\\nHost: {SERVER}\\r\\n\\r\\n'.encode())\n\
     while piece := watch.recv(1 << 20):\n\
     \x20 if piece.count(b'\"type\":\"MODIFIED\"') > 1:\n\
     \x20   request('PATCH', WIDGET + '/status', {'status': {'together': True}})";

/// Told of two events at once, a client with a work queue reconciles twice or once, as its threads
/// happen to run. (With several events on the way, one move tells of all of them.)
#[test]
fn each_event_of_a_move_waits_until_the_one_before_has_been_dealt_with() {
    let patch = |n: u32| {
        let with = json!({ "status": { "n": n } });
        json!({ "patch": "Widget/demo", "subresource": "status", "with": with })
    };
    let apart = json!({ "name": "apart", "finally": { "Widget/demo.status.together": null } });
    let hunt = python(cluster().invariant(apart), "program", TOGETHER);
    let hunt = (1..=4).fold(hunt, |hunt, n| hunt.stimulus(patch(n)));
    let hunted = hunt.random().executions(8).run();
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
}

/// Makes a Service, and writes its spec afresh by a PUT, as operators with `CreateOrUpdate` do.
const SERVICE: &str = "ALL = '/api/v1/namespaces/default/services'\n\
     spec = {'clusterIP': 'None', 'selector': {'a': 'b'}, 'ports': [{'name': 'x', 'port': 80}]}\n\
     it = {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 's'}, 'spec': spec}\n\
     code, it = request('POST', ALL, it, 'application/json')\n\
     assert code == 201 and it['spec']['clusterIPs'], it\n\
     it['spec'] = spec\n\
     code, it = request('PUT', ALL + '/s', it, 'application/json')\n\
     assert code == 200 and it['spec']['clusterIPs'], it";

#[test]
fn what_the_server_fills_in_again_is_not_lost() {
    let hunted = python(cluster(), "operator", SERVICE).executions(1).run();
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert!(!hunted.to_string().contains("ended by itself"), "{hunted}");
}

/// `go test` builds its programs into another folder each time: a schedule belongs to who the
/// workers are and what they find, not to where their programs lie.
#[test]
fn a_schedule_survives_that_its_programs_lie_elsewhere() {
    let elsewhere = |folder: &std::path::Path| {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/controller.py");
        let there = folder.join("controller.py");
        std::fs::copy(here, &there).expect("a copy");
        there.display().to_string()
    };
    let (one, other) = (tempfile::tempdir(), tempfile::tempdir());
    let (one, other) = (one.expect("a folder"), other.expect("a folder"));
    let hunt = |script: &str, second: &str| {
        let run = |condition| ["python3", script, condition, "unlocked"];
        cluster().program("ready", &run("Ready")).program(second, &run("Usage"))
    };
    let found = hunt(&elsewhere(one.path()), "usage").executions(10).run();
    let loss = found.loss.as_ref().unwrap_or_else(|| panic!("{found}"));
    drop(one);
    let script = elsewhere(other.path());
    let again = hunt(&script, "usage").replay(&loss.schedule).run();
    assert!(again.loss.is_some() && again.failed.is_none(), "{again}");
    // Of another scenario it is no schedule.
    let another = hunt(&script, "user").replay(&loss.schedule).run();
    assert!(another.failed.is_some() && another.loss.is_none(), "{another}");
}
