//! A worker of one's own, a Rust type and no scenario file, under four schedulers.
//!
//! Two of them each set a key of one ConfigMap: get, change, put. The careless one takes the
//! resourceVersion out of what it sends; the careful one leaves it in, and reads again on 409.
//! Run it with `cargo run --release --example own_worker`.

use std::sync::Arc;

use lostwrite::apiserver::{ApiServer, Key};
use lostwrite::check::{Workers, get, put};
use lostwrite::reconcilers::{Answer, Ask, Change, Worker};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Setter {
    name: &'static str,
    careful: bool,
    key: Key,
    read: Option<Arc<Value>>,
    done: bool,
}

impl Worker for Setter {
    fn name(&self) -> &str {
        self.name
    }

    fn ask(&self) -> Ask {
        match &self.read {
            _ if self.done => Ask::Done,
            None => get(&self.key, self.name),
            Some(read) => {
                let mut body = (**read).clone();
                body["data"][self.name] = json!("set");
                if !self.careful {
                    body["metadata"].as_object_mut().unwrap().remove("resourceVersion");
                }
                let path = format!("data.{}", self.name).parse().unwrap();
                let change = Change::set(path, Some(json!("set")));
                put(&self.key, self.name, read, body, vec![change])
            }
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let Answer::Response(response) = answer else { return };
        match (&self.read, response.code) {
            (None, 200) => self.read = response.object().cloned(),
            (Some(_), 409) => self.read = None,
            _ => self.done = true,
        }
    }
}

fn two(careful: bool) -> Workers {
    let mut server = ApiServer::new(Default::default());
    let metadata = json!({ "name": "demo", "namespace": "default" });
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata });
    let key = server.seed_object(&object, 0).expect("a ConfigMap");
    let setter = |name| Setter { name, careful, key: key.clone(), read: None, done: false };
    Workers::on(server, vec![key.clone()]).and(setter("health")).and(setter("usage"))
}

fn main() {
    for scheduler in ["exhaustive", "loom", "shuttle-dfs", "shuttle-calls"] {
        for careful in [false, true] {
            let checked = two(careful).check(scheduler).expect("it can be run");
            println!("{} {checked}", if careful { "careful, " } else { "careless," });
            assert_eq!(checked.is_safe(), careful);
        }
    }
}

#[test]
fn our_two_setters_never_lose_a_key() {
    for scheduler in ["exhaustive", "loom", "shuttle-calls"] {
        two(true).check(scheduler).unwrap().assert_safe();
    }
}
