//! A cluster of clients that write as their methods do, on the server of this crate, and the audit
//! log of it, with the traits of real logs.

use std::collections::BTreeMap;

use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::history::{LeafPath, Part};
use lostwrite::rest::{self, HttpAnswer, HttpRequest};
use serde_json::{Value, json};

use super::requests::{definition, merge, operations, time, verb_of, with};
use super::traits::{Dice, METHODS, Method, Traits};

/// An accepted write.
pub struct Made {
    pub id: String,
    pub author: usize,
    pub object: String,
    pub meant: Vec<(LeafPath, Value)>,
    pub before: Value,
    pub after: Value,
}

#[derive(Default)]
pub struct History {
    pub lines: Vec<String>,
    pub writes: Vec<Made>,
    pub methods: BTreeMap<String, Method>,
}

pub struct Client {
    name: String,
    method: Method,
    /// Its condition, or its field of the status.
    pub condition: Option<String>,
    pub field: String,
}

pub struct Cluster<'t> {
    pub traits: &'t Traits,
    pub server: ApiServer,
    pub dice: Dice,
    /// Microseconds.
    pub now: u64,
    pub made: History,
    /// All versions of each object.
    versions: Vec<Vec<(u64, Value)>>,
    next: u64,
}

const WIDGETS: &str = "/apis/example.com/v1/namespaces/shop/widgets";

/// A history, and its log.
pub fn history(seed: u64, traits: &Traits) -> History {
    let config = Config { any_namespace: true, ..Config::default() };
    let mut server = ApiServer::new(config);
    let mut dice = Dice(seed);
    server.install_crd(&definition(dice.one_in(2)), 0).unwrap();
    let mut cluster = Cluster {
        traits,
        server,
        dice,
        now: 1_700_000_000_000_000,
        made: History::default(),
        versions: Vec::new(),
        next: 0,
    };
    let clients = cluster.clients();
    for at in 0..traits.objects {
        cluster.create(at, &clients);
    }
    cluster.run(&clients);
    if traits.noise {
        cluster.mix();
    }
    cluster.made
}

/// A reconcile that has read and will write.
struct Pending {
    at: u64,
    client: usize,
    object: usize,
    base: Value,
    intent: Vec<(LeafPath, Value)>,
    /// The body that was refused.
    again: Option<Value>,
    attempts: u32,
}

impl Cluster<'_> {
    fn clients(&mut self) -> Vec<Client> {
        let count = self.traits.clients;
        let client = |at: u64| {
            let method = METHODS[self.dice.below(METHODS.len() as u64) as usize];
            let listed = !self.dice.one_in(4);
            Client {
                name: format!("writer-{at}"),
                method,
                condition: listed.then(|| format!("C{at}")),
                field: format!("field{at}"),
            }
        };
        (0..count).map(client).collect()
    }

    fn send(&mut self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let (target, query) = path.split_once('?').unwrap_or((path, ""));
        let http = HttpRequest {
            method: method.into(),
            path: target.into(),
            query: query.into(),
            headers: vec![("content-type".into(), kind.into())],
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            time: (self.now / 1_000_000) as i64,
        };
        match rest::handle(&mut self.server, &http) {
            HttpAnswer::Response(it) | HttpAnswer::Wait(it) => {
                (it.code, serde_json::from_slice(&it.body).unwrap_or_default())
            }
            HttpAnswer::Watch(_) => panic!("no watch was asked for"),
        }
    }

    /// Logs a request; its auditID.
    pub fn log(
        &mut self,
        name: &str,
        verb: &str,
        uri: &str,
        body: &Value,
        answer: (u16, &Value),
    ) -> String {
        self.next += 1;
        let id = format!("id-{}", self.next);
        let path: Vec<&str> = uri.split('?').next().unwrap().split('/').skip(1).collect();
        let group = path[1];
        let rest = &path[3..];
        let part = |at: usize| rest.get(at).copied().unwrap_or_default();
        let write = !body.is_null();
        let level = match (write, self.traits.request_only, self.traits.blind_reads) {
            (_, true, _) => {
                if write {
                    "Request"
                } else {
                    "Metadata"
                }
            }
            (false, _, true) => "Metadata",
            _ => "RequestResponse",
        };
        let account = format!("system:serviceaccount:ops:{name}");
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level, "auditID": id,
            "stage": "ResponseComplete", "requestURI": uri, "verb": verb,
            "user": { "username": account }, "sourceIPs": ["10.0.0.9"],
            "userAgent": format!("{name}/v1.0 (linux/amd64)"),
            "objectRef": { "apiGroup": group, "apiVersion": path[2], "namespace": part(1),
                "resource": part(2), "name": part(3), "subresource": part(4) },
            "responseStatus": { "code": answer.0 },
            "requestReceivedTimestamp": time(self.now), "stageTimestamp": time(self.now + 400),
        });
        if self.traits.impersonated {
            event["impersonatedUser"] = event["user"].take();
            event["user"] = json!({ "username": "gateway" });
        }
        if write && level != "Metadata" {
            event["requestObject"] = body.clone();
        }
        if level == "RequestResponse" {
            event["responseObject"] = answer.1.clone();
        }
        self.made.lines.push(event.to_string());
        id
    }

    fn create(&mut self, at: u64, clients: &[Client]) {
        let path = format!("{WIDGETS}/w{at}");
        let body = json!({
            "apiVersion": "example.com/v1", "kind": "Widget",
            "metadata": { "name": format!("w{at}"), "namespace": "shop" },
            "spec": { "replicas": 1, "color": "c0" },
        });
        let (code, made) = self.send("POST", WIDGETS, "application/json", &body);
        assert_eq!(code, 201, "{made}");
        self.now += 1_000;
        self.log("admin", "create", &path, &body, (code, &made));
        let conditions: Vec<Value> = clients
            .iter()
            .filter_map(|it| it.condition.as_ref())
            .map(|name| json!({ "type": name, "status": "Unknown", "reason": "New" }))
            .collect();
        let mut whole = made;
        whole["status"] = json!({ "conditions": conditions });
        let status = format!("{path}/status");
        let (code, made) = self.send("PUT", &status, "application/json", &whole);
        assert_eq!(code, 200, "{made}");
        self.now += 1_000;
        let id = self.log("admin", "update", &status, &whole, (code, &made));
        let mut meant = Vec::new();
        for entry in whole["status"]["conditions"].as_array().unwrap() {
            let name = entry["type"].as_str().unwrap();
            let field = |name: &str| Part::Field(name.to_owned());
            let list = vec![field("status"), field("conditions"), Part::entry("type", name)];
            let list = LeafPath::new(list);
            let fields = entry.as_object().unwrap().iter();
            meant.extend(fields.map(|(key, value)| (list.child(field(key)), value.clone())));
        }
        self.made.methods.insert(id.clone(), Method::Update);
        let object = format!("w{at}");
        let (before, after) = (made.clone(), made.clone());
        self.made.writes.push(Made { id, author: clients.len(), object, meant, before, after });
        self.versions.push(vec![(self.now, made)]);
    }

    fn run(&mut self, clients: &[Client]) {
        let mut left: Vec<u64> = vec![self.traits.rounds; clients.len()];
        let mut due: Vec<u64> =
            clients.iter().map(|_| self.now + 1_000 + self.dice.below(30_000)).collect();
        let mut pending: Vec<Pending> = Vec::new();
        loop {
            let next =
                pending.iter().enumerate().min_by_key(|(_, it)| it.at).map(|(at, it)| (it.at, at));
            let begin = (0..clients.len())
                .filter(|at| left[*at] > 0)
                .min_by_key(|at| due[*at])
                .map(|at| (due[at], at));
            match (next, begin) {
                (None, None) => return,
                (Some((time, at)), begin) if begin.is_none_or(|begin| time <= begin.0) => {
                    self.now = time.max(self.now + 500);
                    let one = pending.swap_remove(at);
                    pending.extend(self.write(clients, one));
                }
                (_, Some((time, at))) => {
                    self.now = time.max(self.now + 500);
                    left[at] -= 1;
                    due[at] = self.now + 8_000 + self.dice.below(40_000);
                    let busy = pending.iter().any(|it| it.client == at);
                    if !busy {
                        pending.push(self.begin(clients, at));
                    }
                }
                (Some(_), None) => unreachable!("the arm before takes it"),
            }
        }
    }

    /// Reads, and decides what to write.
    fn begin(&mut self, clients: &[Client], at: usize) -> Pending {
        let client = &clients[at];
        let object = self.dice.below(self.traits.objects) as usize;
        let base = self.look(&client.name, object);
        let value = match self.traits.repeats {
            true => self.dice.below(2),
            false => 10_000 + self.next,
        };
        let field = |names: &[&str]| names.iter().map(|it| Part::Field((*it).into())).collect();
        let mut intent: Vec<(LeafPath, Value)> = Vec::new();
        if let Some(name) = &client.condition {
            let mut entry: Vec<Part> = field(&["status", "conditions"]);
            entry.push(Part::entry("type", name));
            let entry = LeafPath::new(entry);
            let mut leaf = |key: &str, value: Value| {
                intent.push((entry.child(Part::Field(key.into())), value));
            };
            leaf("type", name.as_str().into());
            leaf("status", if value % 2 == 0 { "True" } else { "False" }.into());
            leaf("reason", format!("R{value}").into());
            if self.traits.times {
                leaf("lastTransitionTime", time(self.now / 1_000_000 * 1_000_000).into());
            }
        } else {
            let path = LeafPath::new(field(&["status", &client.field]));
            intent.push((path, format!("v{value}").into()));
        }
        let think = 500 + self.dice.below(15_000);
        Pending { at: self.now + think, client: at, object, base, intent, again: None, attempts: 0 }
    }

    /// A GET, or what a cache has.
    fn look(&mut self, name: &str, object: usize) -> Value {
        if self.traits.caches {
            let then = self.now.saturating_sub(1_000 + self.dice.below(25_000));
            let seen = self.versions[object].iter().rev().find(|it| it.0 <= then);
            return seen.unwrap_or(&self.versions[object][0]).1.clone();
        }
        let path = format!("{WIDGETS}/w{object}");
        let (code, answer) = self.send("GET", &path, "", &Value::Null);
        self.log(name, "get", &path, &Value::Null, (code, &answer));
        answer
    }

    /// Writes; what is left to do, if it was refused.
    fn write(&mut self, clients: &[Client], mut one: Pending) -> Option<Pending> {
        let client = &clients[one.client];
        let wanted = with(&one.base, &one.intent);
        let version = one.base["metadata"]["resourceVersion"].clone();
        let (verb, kind, mut body) = match client.method {
            Method::Update | Method::UpdateRetry | Method::UpdateRestamp => {
                ("PUT", "application/json", one.again.clone().unwrap_or(wanted))
            }
            Method::MergePatch | Method::MergePatchLocked => {
                let mut patch = merge(&one.base, &wanted);
                if client.method == Method::MergePatchLocked {
                    patch["metadata"] = json!({ "resourceVersion": version });
                }
                ("PATCH", "application/merge-patch+json", patch)
            }
            Method::JsonPatch | Method::JsonPatchTested => {
                let mut patch = operations(&one.base, &wanted, client);
                if client.method == Method::JsonPatchTested {
                    patch.insert(
                        0,
                        json!({ "op": "test", "path": "/metadata/resourceVersion",
                        "value": version }),
                    );
                }
                ("PATCH", "application/json-patch+json", patch.into())
            }
            Method::Apply | Method::ApplyForce => {
                let empty = json!({ "apiVersion": "example.com/v1", "kind": "Widget",
                    "metadata": { "name": format!("w{}", one.object), "namespace": "shop" } });
                ("PATCH", "application/apply-patch+yaml", with(&empty, &one.intent))
            }
        };
        if body.get("metadata").is_some_and(|it| it.get("managedFields").is_some()) {
            body["metadata"].as_object_mut().unwrap().remove("managedFields");
        }
        let mut path = format!("{WIDGETS}/w{}/status", one.object);
        if matches!(client.method, Method::Apply | Method::ApplyForce) {
            path += &format!("?fieldManager={}", client.name);
            if client.method == Method::ApplyForce {
                path += "&force=true";
            }
        }
        if self.traits.noise && self.dice.one_in(8) {
            let dry = format!("{path}{}dryRun=All", if path.contains('?') { "&" } else { "?" });
            let (code, answer) = self.send(verb, &dry, kind, &body);
            self.log(&client.name, verb_of(verb), &dry, &body, (code, &answer));
            self.now += 450;
        }
        let before = self.versions[one.object].last().unwrap().1.clone();
        let (code, answer) = self.send(verb, &path, kind, &body);
        let id = self.log(&client.name, verb_of(verb), &path, &body, (code, &answer));
        if code == 200 {
            self.made.methods.insert(id.clone(), client.method);
            if answer["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"] {
                self.versions[one.object].push((self.now, answer.clone()));
            }
            let object = format!("w{}", one.object);
            let (meant, author) = (one.intent, one.client);
            self.made.writes.push(Made { id, author, object, meant, before, after: answer });
            return None;
        }
        one.attempts += 1;
        if one.attempts > 4 || client.method == Method::Update || client.method == Method::Apply {
            return None;
        }
        self.now += 500;
        // A retry reads again.
        let object = format!("{WIDGETS}/w{}", one.object);
        let (code, fresh) = self.send("GET", &object, "", &Value::Null);
        self.log(&client.name, "get", &object, &Value::Null, (code, &fresh));
        match client.method {
            Method::UpdateRestamp => {
                body["metadata"]["resourceVersion"] = fresh["metadata"]["resourceVersion"].clone();
                one.again = Some(body);
            }
            _ => one.base = fresh,
        }
        one.at = self.now + 500 + self.dice.below(2_000);
        Some(one)
    }
}
