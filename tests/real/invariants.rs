//! Invariants of a simulation's own: counted, drawn and told like losses.

use kube::Client;
use kube::api::{Patch, PatchParams};
use lostwrite::kube::{Checked, Simulation};
use serde_json::{Value, json};

use crate::support::{crd, widget, widgets};

/// Sets the phase of a widget, to one value after the other.
async fn phases(client: Client, name: &'static str, phases: [&'static str; 2]) {
    for phase in phases {
        let patch = Patch::Merge(json!({ "status": { "phase": phase } }));
        let api = widgets(client.clone());
        let _ = api.patch_status(name, &PatchParams::default(), &patch).await;
    }
}

/// Each of two workers switches a widget of its own up and down again.
fn switches() -> Simulation {
    Simulation::new()
        .crd(crd())
        .object(widget("one"))
        .object(widget("two"))
        .controller("a", |client| phases(client, "one", ["Up", "Down"]))
        .controller("b", |client| phases(client, "two", ["Up", "Down"]))
}

const NOT_BOTH: &str = "invariants:\n  - name: not-both\n    never:\n      all:\n        - { \
                        Widget/default/one.status.phase: Up }\n        - { \
                        Widget/default/two.status.phase: Up }\n";

/// Of all schedules, how many break the first invariant.
fn counts(checked: &Checked) -> (String, String) {
    let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
    let broken = found.broken[0].schedules.as_ref().unwrap_or_else(|| panic!("{checked}"));
    (found.schedules.as_ref().expect("closed").to_string(), broken.to_string())
}

#[test]
fn an_invariant_over_two_objects_is_counted_exactly() {
    // Of the six orders of up, down and up, down, the two in which one comes after the other are
    // fine. The states in which all is down differ in nothing but what the invariant remembers.
    let checked = switches().invariants(NOT_BOTH).check();
    assert_eq!(counts(&checked), ("6".to_owned(), "4".to_owned()), "{checked}");
    let plain = switches().invariants(NOT_BOTH).merge(false).check();
    assert_eq!(counts(&plain), counts(&checked));
    let text = checked.to_string();
    assert!(text.contains("FAIL  not-both     4 of 6 schedules break it"), "{text}");
    assert!(text.contains("A schedule that breaks not-both, the shortest:"), "{text}");
    checked.assert_breaks("not-both");
    assert!(std::panic::catch_unwind(|| checked.assert_safe()).is_err());
    assert!(std::panic::catch_unwind(|| checked.assert_breaks("another")).is_err());
    // Without it, nothing is wrong with them.
    switches().check().assert_safe();
}

#[test]
fn the_schedule_that_breaks_it_is_replayed_and_reported() {
    let checked = switches().invariants(NOT_BOTH).check();
    let schedule = checked.schedule().expect("it is broken");
    let again = switches().invariants(NOT_BOTH).replay(&schedule).check();
    again.assert_breaks("not-both");
    assert!(again.to_string().contains("not-both: this schedule breaks it"), "{again}");
    let json = checked.report("switches", "json").unwrap_or_else(|error| panic!("{error}"));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let all = json["results"][0]["properties"].as_array().expect("properties");
    let own = all.iter().find(|it| it["name"] == "not-both").expect("it is judged");
    assert_eq!(own["verdict"], "violated", "{own:#}");
    assert_eq!(own["violatingSchedules"], "4", "{own:#}");
    assert!(own["witness"].to_string().contains(&schedule), "{schedule} in {own:#}");
    assert_eq!(all[0]["name"], "no-lost-write");
    assert_eq!(all[0]["verdict"], "holds", "{all:#?}");
    // Random orders see it too, and never say that it holds.
    let sampled = switches().invariants(NOT_BOTH).random(20, 3).check();
    sampled.assert_breaks("not-both");
}

#[test]
fn rules_name_workers_real_and_modelled() {
    let modelled = "workers:\n  - name: user\n    object: Widget/default/one\n    write: \
                    merge-patch\n    sets: { \"status.phase\": Paused }\n";
    let with = |invariants: &str| switches().worker(modelled).invariants(invariants).check();
    let owner = |by: &str| {
        format!(
            "invariants:\n  - name: owned\n    owner: {{ path: \
             Widget/default/one.status.phase, by: {by} }}\n"
        )
    };
    with(&owner("a")).assert_breaks("owned");
    let both = with(&owner("[a, user]"));
    assert_eq!(both.explored().expect("explored").broken[0].seen, 0, "{both}");
    let finally = "invariants:\n  - name: ends-down\n    finally: { \
                   Widget/default/two.status.phase: Down }\n";
    let ends = with(finally);
    assert_eq!(ends.explored().expect("explored").broken[0].seen, 0, "{ends}");
}

#[test]
fn mistakes_in_them_are_told() {
    let told = |invariants: &str, words: &str| {
        let text = switches().invariants(invariants).check().to_string();
        assert!(text.starts_with("error: ") && text.contains(words), "{words} in:\n{text}");
    };
    told("invariants:\n  - name: x\n", "has no rule");
    told("invariants: [", "error");
    let unknown = "invariants:\n  - name: x\n    owner: { path: \
                   Widget/default/one.status.phase, by: nobody }\n";
    told(unknown, "there is no worker `nobody`");
    let twice = switches().invariants(NOT_BOTH).invariants(NOT_BOTH).check().to_string();
    assert!(twice.contains("two invariants are called `not-both`"), "{twice}");
}
