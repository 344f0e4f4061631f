//! No acknowledged write is lost by the server itself.

use serde_json::{Value, json};

use crate::{WIDGETS, client, post, running, widget};

const CLIENTS: usize = 8;

#[test]
fn no_acknowledged_increment_is_lost() {
    const INCREMENTS: usize = 2000;
    let server = running(Default::default());
    let url = server.url();
    post(&mut client(&url), &widget("counter", json!({ "count": 0 })));
    let path = format!("{WIDGETS}/counter");
    let (mut acknowledged, mut conflicts) = (0, 0);
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| increment(&url, &path))).collect();
        for one in clients {
            let (acks, refused) = one.join().expect("a client");
            acknowledged += acks;
            conflicts += refused;
        }
    });
    let end = client(&url).send("GET", &path, b"").expect("an answer").json();
    assert_eq!(acknowledged, CLIENTS * INCREMENTS);
    assert_eq!(end["spec"]["count"], acknowledged, "{conflicts} conflicts");
    // Every acknowledged write is one generation; a refused one is none.
    assert_eq!(end["metadata"]["generation"], acknowledged + 1);

    fn increment(url: &str, path: &str) -> (usize, usize) {
        let mut client = client(url);
        let (mut acknowledged, mut conflicts) = (0, 0);
        while acknowledged < INCREMENTS {
            let mut object = client.send("GET", path, b"").expect("an answer").json();
            let count = object["spec"]["count"].as_u64().expect("a number");
            object["spec"]["count"] = (count + 1).into();
            let reply = client.send("PUT", path, object.to_string().as_bytes());
            match reply.expect("an answer").code {
                200 => acknowledged += 1,
                409 => conflicts += 1,
                code => panic!("{code}"),
            }
        }
        (acknowledged, conflicts)
    }
}

#[test]
fn merge_patches_of_own_keys_are_all_there() {
    const KEYS: usize = 500;
    let server = running(Default::default());
    let url = server.url();
    post(&mut client(&url), &widget("shared", json!({})));
    std::thread::scope(|scope| {
        for one in 0..CLIENTS {
            let url = &url;
            scope.spawn(move || {
                let mut client = client(url);
                client.headers[0].1 = "application/merge-patch+json".into();
                for key in 0..KEYS {
                    let patch = json!({ "spec": { format!("c{one}-k{key}"): key } }).to_string();
                    let path = format!("{WIDGETS}/shared");
                    let reply = client.send("PATCH", &path, patch.as_bytes()).expect("an answer");
                    assert_eq!(reply.code, 200);
                }
            });
        }
    });
    let end = client(&url).send("GET", &format!("{WIDGETS}/shared"), b"").expect("an answer");
    let spec = end.json()["spec"].clone();
    let missing = (0..CLIENTS).flat_map(|one| (0..KEYS).map(move |key| (one, key)));
    let missing: Vec<_> =
        missing.filter(|(one, key)| spec[format!("c{one}-k{key}")] != *key).collect();
    assert_eq!(missing, []);
    assert_eq!(spec.as_object().map(serde_json::Map::len), Some(CLIENTS * KEYS));
}

#[test]
fn every_watch_sees_every_write_once_and_in_order() {
    const WATCHES: usize = 20;
    const WRITES: usize = 300;
    let server = running(Default::default());
    let url = server.url();
    let streams: Vec<_> = (0..WATCHES)
        .map(|_| client(&url).open(&format!("{WIDGETS}?watch=1&timeoutSeconds=60")).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for mut stream in streams {
            scope.spawn(move || {
                let mut last = 0;
                for n in 0..=WRITES {
                    let event: Value = stream.event().expect("a stream").expect("an event");
                    let object = &event["object"];
                    assert_eq!(object["spec"]["n"], n, "{event}");
                    let version = object["metadata"]["resourceVersion"].as_str().unwrap();
                    let version: u64 = version.parse().unwrap();
                    assert!(version > last);
                    last = version;
                }
            });
        }
        let mut client = client(&url);
        post(&mut client, &widget("w", json!({ "n": 0 })));
        client.headers[0].1 = "application/merge-patch+json".into();
        for n in 1..=WRITES {
            let patch = json!({ "spec": { "n": n } }).to_string();
            let reply = client.send("PATCH", &format!("{WIDGETS}/w"), patch.as_bytes()).unwrap();
            assert_eq!(reply.code, 200);
        }
    });
}
