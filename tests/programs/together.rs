//! Programs beside modelled workers, stimuli, faults and invariants.

use lostwrite::programs::{Hunt, Hunted};
use serde_json::json;

use crate::cluster;

/// A program that runs this after `from client import *`.
pub fn python(hunt: Hunt, name: &str, script: &str) -> Hunt {
    let script = format!("from client import *\n{script}\nrest()");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    hunt.folder(folder).program(name, &["python3", "-c", &script])
}

#[track_caller]
fn lost(hunted: Hunted) -> Hunted {
    assert!(hunted.loss.is_some() && hunted.failed.is_none(), "{hunted}");
    hunted
}

#[track_caller]
fn safe(hunted: &Hunted) {
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
}

/// Reads the Widget, then patches the whole list of conditions as it read it, with one more.
pub const LIST: &str = "code, it = request('GET', WIDGET)\n\
     own = it.get('status', {}).get('conditions', []) + [{'type': 'Own', 'status': 'True'}]\n\
     print(request('PATCH', WIDGET + '/status', {'status': {'conditions': own}})[0])";

#[test]
fn a_program_loses_the_write_of_a_modelled_worker() {
    let worker = "workers:\n  - name: model\n    object: Widget/demo\n    write: merge-patch\n    \
                  sets: { \"status.conditions[type=Model]\": { status: \"True\" } }\n";
    let hunted = lost(python(cluster(), "program", LIST).worker(worker).executions(10).run());
    let text = hunted.to_string();
    for needle in ["program", "conditions[Model]", "replay   1."] {
        assert!(text.contains(needle), "{needle} in:\n{text}");
    }
}

#[test]
fn over_tls_the_same_schedule_loses_the_same() {
    let worker = "workers:\n  - name: model\n    object: Widget/demo\n    write: merge-patch\n    \
                  sets: { \"status.conditions[type=Model]\": { status: \"True\" } }\n";
    let hunt = || python(cluster(), "program", LIST).worker(worker).executions(10);
    let (plain, tls) = (lost(hunt().run()), lost(hunt().tls().run()));
    let schedule = |hunted: &Hunted| hunted.loss.as_ref().map(|loss| loss.schedule.clone());
    assert_eq!(schedule(&plain), schedule(&tls), "{plain}{tls}");
    assert_eq!((tls.tainted, tls.strayed), (0, 0), "{tls}");
    // What was found over TLS is shown without.
    let schedule = schedule(&tls).unwrap_or_default();
    lost(hunt().replay(&schedule).run());
}

#[test]
fn a_program_that_does_not_trust_the_authority_is_told_of() {
    let script = "trusts = ssl.create_default_context()\n\
                  http.client.HTTPSConnection(SERVER, context=trusts).request('GET', WIDGET)";
    let hunted = python(cluster(), "program", script).tls().executions(1).run();
    let text = hunted.to_string();
    for needle in ["ended before it asked the API server", "CERTIFICATE_VERIFY_FAILED"] {
        assert!(text.contains(needle), "{text}");
    }
}

#[test]
fn a_program_does_not_find_the_cluster_in_which_lostwrite_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/two.yaml"));
    let text = text.expect("it is there");
    let (head, _) = text.split_once("workers:").expect("it has workers");
    let script = "exit ${KUBERNETES_SERVICE_PORT:-7}";
    let text = format!("{head}workers:\n  - name: one\n    run: [sh, -c, '{script}']\n");
    let file = folder.path().join("one.yaml");
    std::fs::write(&file, text).expect("it can be written");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lostwrite"));
    command.args(["check", "--allow-run"]).arg(file).env("KUBERNETES_SERVICE_PORT", "3");
    let told = command.output().expect("it runs").stdout;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("ended before it asked the API server: exit status: 7"), "{told}");
}

#[test]
fn a_program_loses_what_comes_from_outside() {
    let patch = json!({ "patch": "Widget/demo", "subresource": "status",
        "with": { "status": { "conditions": [{ "type": "User", "status": "True" }] } } });
    let hunt = || python(cluster(), "program", LIST);
    let hunted = lost(hunt().stimulus(patch).executions(10).run());
    assert!(hunted.to_string().contains("outside"), "{hunted}");
    // The merge patch of a user who comes after all is done touches nothing of the program's.
    let settled = json!({ "patch": "Widget/demo", "subresource": "status", "settled": true,
        "with": { "status": { "user": "here" } } });
    let last = json!({ "name": "last", "never": { "all": [
        { "Widget/demo.status.user": "here" }, { "Widget/demo.status.conditions": null } ] } });
    safe(&hunt().stimulus(settled).invariant(last).executions(4).run());
}

#[test]
fn every_kind_of_stimulus_is_taken_by_the_server() {
    let hunt = python(cluster(), "program", "print(request('GET', WIDGET)[0])");
    let web = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": { "selector": { "matchLabels": { "a": "b" } }, "template": {
            "metadata": { "labels": { "a": "b" } },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } } } });
    let finally = json!({ "Deployment/web.spec.replicas": 3, "Widget/demo.spec.size": 2 });
    let hunted = hunt
        .object(web)
        .stimulus(json!({ "create": { "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "new" } } }))
        .stimulus(json!({ "scale": "Deployment/web", "to": 3 }))
        .stimulus(json!({ "edit": "Widget/demo", "sets": { "spec.size": 2 } }))
        .stimulus(json!({ "delete": "ConfigMap/new" }))
        .invariant(json!({ "name": "as-told", "finally": finally }))
        .executions(2)
        .run();
    safe(&hunted);
}

#[test]
fn an_operator_that_applies_replicas_by_force_breaks_who_owns_them() {
    let web = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "a": "b" } }, "template": {
            "metadata": { "labels": { "a": "b" } },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } } } });
    let hpa = "workers:\n  - name: hpa\n    object: Deployment/web\n    write: merge-patch\n    \
               sets: { spec.replicas: 5 }\n";
    let owner = json!({ "name": "hpa-owns-replicas",
        "owner": { "path": "Deployment/web.spec.replicas", "by": "hpa" } });
    let operator = |replicas: &str| {
        let script = format!(
            "path = '/apis/apps/v1/namespaces/default/deployments/web'\n\
             code, it = request('GET', path)\n\
             body = {{'apiVersion': 'apps/v1', 'kind': 'Deployment', \
             'metadata': {{'name': 'web', 'namespace': 'default', 'labels': {{'x': 'y'}}}}}}\n\
             {replicas}\n\
             print(request('PATCH', path + '?fieldManager=op&force=true', body, \
             'application/apply-patch+yaml'))"
        );
        let hunt = Hunt::new().object(web.clone()).worker(hpa).invariant(owner.clone());
        python(hunt, "operator", &script).executions(10).run()
    };
    let hunted = operator("body['spec'] = {'replicas': 1}");
    let loss = hunted.loss.as_ref().unwrap_or_else(|| panic!("{hunted}"));
    assert!(hunted.violates("hpa-owns-replicas"), "{} {hunted}", loss.property);
    // An operator that leaves replicas out of what it applies owns nothing of it.
    let hunted = operator("pass");
    assert!(!hunted.violates("hpa-owns-replicas"), "{hunted}");
}

/// A lease made by hand: who finds it free takes it, perhaps without a version.
const BY_HAND: &str = "code, it = request('GET', LEASES + '/leader')\n\
     if not it['spec'].get('holderIdentity'):\n\
     \x20 take = {'spec': {'holderIdentity': ME}LOCK}\n\
     \x20 code, it = request('PATCH', LEASES + '/leader', take)\n\
     \x20 if code == 200:\n\
     \x20   request('PATCH', WIDGET + '/status', {'status': {ME: 'leads'}})";

const LOCK: &str = ", 'metadata': {'resourceVersion': it['metadata']['resourceVersion']}";

fn candidates(lock: &str) -> Hunt {
    let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": "leader", "namespace": "default" }, "spec": {} });
    let one = json!({ "name": "one-leader", "never": { "all": [
        { "Widget/demo.status.a": "leads" }, { "Widget/demo.status.b": "leads" } ] } });
    let script = |me: &str| BY_HAND.replace("ME", &format!("'{me}'")).replace("LOCK", lock);
    let hunt = python(cluster().object(lease).invariant(one), "a", &script("a"));
    python(hunt, "b", &script("b")).executions(6)
}

#[test]
fn a_lease_made_by_hand_has_two_leaders_if_it_is_raced_for() {
    safe(&candidates("").executions(2).run());
    let hunted = candidates("").leases_race().run();
    assert!(hunted.violates("one-leader"), "{hunted}");
    safe(&candidates(LOCK).leases_race().run());
}

/// Writes, and writes again what the server may not have taken.
const AGAIN: &str = "code = 0\n\
     while code != 200:\n\
     \x20 code, it = request('GET', WIDGET)\n\
     \x20 n = it.get('status', {}).get('n', 0)\n\
     \x20 code, it = request('PATCH', WIDGET + '/status', {'status': {'n': n + 1}})\n\
     print('n', it['status']['n'], flush=True)";

fn counts(hunt: Hunt) -> Hunted {
    let once = json!({ "name": "counted-once", "finally": { "Widget/demo.status.n": 1 } });
    python(hunt.invariant(once), "counter", AGAIN).random().executions(8).run()
}

#[test]
fn a_lost_answer_and_a_crash_make_a_program_count_twice() {
    safe(&counts(cluster()));
    for faults in [json!({ "lostResponses": 1 }), json!({ "crashes": 1 })] {
        let hunted = counts(cluster().faults(faults.clone()));
        let loss = hunted.loss.as_ref().unwrap_or_else(|| panic!("{faults}: {hunted}"));
        assert_eq!(loss.property, "counted-once", "{hunted}");
        assert!(loss.schedule.contains('!'), "{}", loss.schedule);
    }
}

#[test]
fn a_leader_whose_lease_goes_to_another_is_not_told() {
    let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": "leader", "namespace": "default" }, "spec": {} });
    let stale = json!({ "name": "leads-when-it-writes", "never": { "all": [
        { "Lease/leader.spec.holderIdentity": "another-candidate" },
        { "Widget/demo.status.leader": "me" } ], "worker": "leader" } });
    let script = "request('PATCH', LEASES + '/leader', {'spec': {'holderIdentity': 'me'}})\n\
                  request('PATCH', WIDGET + '/status', {'status': {'leader': 'me'}})";
    let run = |faults| {
        let hunt = cluster().object(lease.clone()).invariant(stale.clone()).faults(faults);
        python(hunt.leases_race(), "leader", script).random().executions(8).run()
    };
    safe(&run(json!({})));
    let hunted = run(json!({ "leasesLost": 1 }));
    assert!(hunted.violates("leads-when-it-writes"), "{hunted}");
}
