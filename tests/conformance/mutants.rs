//! Servers that are wrong in one rule, each noticed by the recorded answers of real ones.
//!
//! A mutant stands between the player and the server and breaks one rule by rewriting a request or
//! an answer; nothing in the server knows of it. For each the runner names the first recorded case
//! that notices. A rule whose mutant nobody notices would be a rule that nothing tests.

use serde_json::{Value, json};

use crate::arm::{Actual, Arm, InProcess, Open, Reply};

/// A server that is wrong in one rule.
pub struct Mutant {
    /// The rule that it breaks.
    pub breaks: &'static str,
    /// The topics of `modern` whose cases are played until one notices.
    pub topics: &'static [&'static str],
    answer: fn(&mut InProcess, &Value) -> Actual,
}

/// All of them.
pub const MUTANTS: &[Mutant] = &[
    Mutant {
        breaks: "a stale resourceVersion in a PUT is refused (no check at all)",
        topics: &["race", "rv"],
        answer: |server, request| {
            let now = version(server, request);
            let known = |body: &Value| body["metadata"]["resourceVersion"].is_string();
            with_body(server, request, &["PUT"], |body| {
                if known(body) {
                    body["metadata"]["resourceVersion"] = now.clone();
                }
            })
        },
    },
    Mutant {
        breaks: "the resourceVersion is compared with the object's own (not the whole store's)",
        topics: &["race", "rv", "../own"],
        answer: |server, request| {
            let list = collection(server, request)["metadata"]["resourceVersion"].clone();
            with_body(server, request, &["PUT"], |body| {
                let version = &mut body["metadata"]["resourceVersion"];
                let number = version.as_str().and_then(|text| text.parse::<u64>().ok());
                if number.is_some_and(|number| number > 0) && *version != list {
                    *version = json!("1");
                }
            })
        },
    },
    Mutant {
        breaks: "a PUT of a custom resource needs a resourceVersion",
        topics: &["rv", "race"],
        answer: |server, request| {
            let now = version(server, request);
            with_body(server, request, &["PUT"], |body| {
                if body["metadata"].is_object() && !body["metadata"]["resourceVersion"].is_string()
                {
                    body["metadata"]["resourceVersion"] = now.clone();
                }
            })
        },
    },
    Mutant {
        breaks: "the resourceVersion in a merge patch is a precondition",
        topics: &["merge", "rv"],
        answer: |server, request| {
            if !is_patch(request, "merge") {
                return server.request(request);
            }
            with_body(server, request, &["PATCH"], |body| {
                if let Some(metadata) = body["metadata"].as_object_mut() {
                    metadata.remove("resourceVersion");
                }
            })
        },
    },
    Mutant {
        breaks: "a merge patch replaces lists whole (it merges them by element)",
        topics: &["merge", "race"],
        answer: |server, request| {
            if !is_patch(request, "merge") {
                return server.request(request);
            }
            let now = current(server, request);
            with_body(server, request, &["PATCH"], |body| union_lists(body, &now))
        },
    },
    Mutant {
        breaks: "null in a merge patch deletes",
        topics: &["merge"],
        answer: |server, request| {
            if !is_patch(request, "merge") {
                return server.request(request);
            }
            with_body(server, request, &["PATCH"], drop_nulls)
        },
    },
    Mutant {
        breaks: "a failed `test` fails a JSON patch",
        topics: &["jsonpatch", "race"],
        answer: |server, request| {
            with_body(server, request, &["PATCH"], |body| {
                if let Some(operations) = body.as_array_mut() {
                    operations.retain(|operation| operation["op"] != "test");
                }
            })
        },
    },
    Mutant {
        breaks: "status is not writable through the main endpoint",
        topics: &["status"],
        answer: |server, request| {
            let first = server.request(request);
            let main = !path(request).ends_with("/status") && first.code == 200;
            if !main || request["method"] != "PUT" || request["body"]["status"].is_null() {
                return first;
            }
            let mut again = request.clone();
            again["path"] = json!(format!("{}/status", path(request)));
            again["body"]["metadata"]["resourceVersion"] =
                first.body["metadata"]["resourceVersion"].clone();
            server.request(&again)
        },
    },
    Mutant {
        breaks: "the status endpoint writes nothing but status",
        topics: &["status"],
        answer: |server, request| {
            let mut main = request.clone();
            let of_status = path(request).strip_suffix("/status").map(str::to_owned);
            if let (Some(path), "PUT") = (of_status, method(request)) {
                main["path"] = json!(path);
                let written = server.request(&main);
                let mut status = request.clone();
                if written.code == 200 && status["body"]["metadata"].is_object() {
                    status["body"]["metadata"]["resourceVersion"] =
                        written.body["metadata"]["resourceVersion"].clone();
                }
                return server.request(&status);
            }
            server.request(request)
        },
    },
    Mutant {
        breaks: "a write that changes nothing makes no revision",
        topics: &["noop"],
        answer: |server, request| {
            let before = version(server, request);
            let answer = server.request(request);
            let quiet = answer.body["metadata"]["resourceVersion"] == before;
            if !(quiet && matches!(method(request), "PUT" | "PATCH") && answer.code == 200) {
                return answer;
            }
            for value in [json!("x"), Value::Null] {
                let patch = json!({"metadata": {"annotations": {"mutant": value}}});
                server.request(&json!({
                    "method": "PATCH", "path": object_path(request), "body": patch,
                    "headers": {"content-type": "application/merge-patch+json"},
                }));
            }
            let mut answer = answer;
            answer.body["metadata"]["resourceVersion"] = version(server, request);
            answer
        },
    },
    Mutant {
        breaks: "a status write leaves the generation as it is",
        topics: &["generation", "status"],
        answer: |server, request| {
            let mut answer = server.request(request);
            if path(request).ends_with("/status") && method(request) != "GET" && answer.code == 200
            {
                let generation = answer.body["metadata"]["generation"].as_u64().unwrap_or(0);
                answer.body["metadata"]["generation"] = json!(generation + 1);
            }
            answer
        },
    },
    Mutant {
        breaks: "apply respects other managers' ownership (it always forces)",
        topics: &["ssa"],
        answer: |server, request| {
            let mut forced = request.clone();
            if is_patch(request, "apply") {
                forced["query"]["force"] = json!("true");
            }
            server.request(&forced)
        },
    },
    Mutant {
        breaks: "one field manager's apply removes what it no longer applies",
        topics: &["ssa"],
        answer: |server, request| {
            if !is_patch(request, "apply") {
                return server.request(request);
            }
            let count = request["body"].to_string().len();
            let mut other = request.clone();
            other["query"]["fieldManager"] = json!(format!("manager-{count}"));
            server.request(&other)
        },
    },
    Mutant {
        breaks: "an object with finalizers waits for them when it is deleted",
        topics: &["finalizers", "delete"],
        answer: |server, request| {
            if method(request) == "DELETE" {
                server.request(&json!({
                    "method": "PATCH", "path": object_path(request),
                    "body": {"metadata": {"finalizers": null}},
                    "headers": {"content-type": "application/merge-patch+json"},
                }));
            }
            server.request(request)
        },
    },
    Mutant {
        breaks: "preconditions of a delete are checked",
        topics: &["delete"],
        answer: |server, request| {
            with_body(server, request, &["DELETE"], |body| {
                if let Some(options) = body.as_object_mut() {
                    options.remove("preconditions");
                }
            })
        },
    },
    Mutant {
        breaks: "a dry run writes nothing",
        topics: &["dryrun"],
        answer: |server, request| {
            let mut real = request.clone();
            if let Some(query) = real["query"].as_object_mut() {
                query.remove("dryRun");
            }
            server.request(&real)
        },
    },
    Mutant {
        breaks: "a conflict is answered 409",
        topics: &["race", "rv"],
        answer: |server, request| {
            let mut answer = server.request(request);
            if answer.code == 409 {
                answer.code = 422;
                answer.body["code"] = json!(422);
            }
            answer
        },
    },
    Mutant {
        breaks: "fields that the schema does not know are pruned",
        topics: &["validation", "status"],
        answer: |server, request| {
            let mut answer = server.request(request);
            let sent = &request["body"]["spec"];
            let kept = matches!(answer.code, 200 | 201) && answer.body["spec"].is_object();
            for (field, value) in sent.as_object().into_iter().flatten().filter(|_| kept) {
                let spec = &mut answer.body["spec"];
                if spec[field].is_null() {
                    spec[field] = value.clone();
                }
            }
            answer
        },
    },
];

/// The server with one rule broken.
pub struct Mutated<'m> {
    mutant: &'m Mutant,
    server: InProcess,
}

impl<'m> Mutated<'m> {
    pub fn new(mutant: &'m Mutant, server: InProcess) -> Self {
        Mutated { mutant, server }
    }
}

impl Arm for Mutated<'_> {
    fn request(&mut self, request: &Value) -> Actual {
        (self.mutant.answer)(&mut self.server, request)
    }

    fn watch(&mut self, watch: &Value) -> Open {
        self.server.watch(watch)
    }

    fn finish(&mut self, open: Open) -> Reply {
        self.server.finish(open)
    }

    fn sleep(&mut self, seconds: u64) {
        self.server.sleep(seconds);
    }
}

fn method(request: &Value) -> &str {
    request["method"].as_str().unwrap_or_default()
}

fn path(request: &Value) -> &str {
    request["path"].as_str().unwrap_or_default()
}

/// The path of the object itself, whatever the subresource.
fn object_path(request: &Value) -> &str {
    path(request).strip_suffix("/status").unwrap_or(path(request))
}

fn is_patch(request: &Value, kind: &str) -> bool {
    let media = request["headers"]["content-type"].as_str().unwrap_or_default();
    method(request) == "PATCH" && media.contains(kind)
}

fn current(server: &mut InProcess, request: &Value) -> Value {
    let answer = server.request(&json!({"method": "GET", "path": object_path(request)}));
    if answer.code == 200 { answer.body } else { Value::Null }
}

fn version(server: &mut InProcess, request: &Value) -> Value {
    current(server, request)["metadata"]["resourceVersion"].clone()
}

fn collection(server: &mut InProcess, request: &Value) -> Value {
    let path = object_path(request);
    let parent = path.rsplit_once('/').map_or(path, |(parent, _)| parent);
    server.request(&json!({"method": "GET", "path": parent})).body
}

/// Sends the request with its body changed, if it has one that is not plain text.
fn with_body(
    server: &mut InProcess,
    request: &Value,
    methods: &[&str],
    change: impl FnOnce(&mut Value),
) -> Actual {
    let mut changed = request.clone();
    let body = &mut changed["body"];
    if methods.contains(&method(request)) && (body.is_object() || body.is_array()) {
        change(body);
    }
    server.request(&changed)
}

fn union_lists(patch: &mut Value, now: &Value) {
    match (patch, now) {
        (Value::Object(patch), Value::Object(now)) => {
            for (key, value) in patch {
                union_lists(value, now.get(key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(sent), Value::Array(there)) => {
            let missing = there.iter().filter(|item| !sent.contains(item));
            let all = missing.cloned().chain(sent.iter().cloned()).collect();
            *sent = all;
        }
        _ => {}
    }
}

fn drop_nulls(patch: &mut Value) {
    if let Some(map) = patch.as_object_mut() {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(drop_nulls);
    }
}
