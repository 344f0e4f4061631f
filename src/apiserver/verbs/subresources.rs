//! What is behind an object's name besides `status` and `scale`, of the built-in kinds.
//!
//! Some are actions (an eviction deletes, a binding assigns a node, a token is made up), some write
//! one part of the object through `engine.rs`, and some lead to a kubelet, and none runs here:
//! those are answered with what a cluster says whose kubelet is away. Next to read: `engine.rs`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::call::{ApiResult, RequestScope};
use super::super::metadata::{self, Meta};
use super::super::schema::FieldError;
use super::super::{
    ApiServer, Cause, Key, Kind, Request, Resource, Response, Status, Subresource, Verb,
    label_selector,
};
use super::{create, get, patch, scale, update};

/// A subresource of a built-in kind: who has it, what it takes, what it does.
#[derive(Debug)]
pub(crate) struct Endpoint {
    kind: &'static str,
    pub subresource: Subresource,
    /// The group and version of what it takes, if not those of the kind.
    pub version: Option<(&'static str, &'static str)>,
    /// The kind of what it takes.
    pub takes: &'static str,
    pub verbs: &'static [&'static str],
    does: Does,
}

/// What a request to a subresource does.
#[derive(Clone, Copy, Debug)]
enum Does {
    Act(fn(&mut ApiServer, &mut RequestScope<'_>) -> ApiResult),
    /// Writes this part of the object, and nothing else.
    Part(&'static [&'static str]),
    /// Asks a kubelet, or what runs in a pod.
    Connect,
}

const PARTS: &[&str] = &["get", "patch", "update"];
const CONNECTS: &[&str] = &["create", "get"];
const ACTS: &[&str] = &["create"];

const fn connect(kind: &'static str, subresource: Subresource, takes: &'static str) -> Endpoint {
    Endpoint { kind, subresource, version: None, takes, verbs: CONNECTS, does: Does::Connect }
}

const fn part(
    kind: &'static str,
    subresource: Subresource,
    path: &'static [&'static str],
) -> Endpoint {
    let does = Does::Part(path);
    Endpoint { kind, subresource, version: None, takes: kind, verbs: PARTS, does }
}

const TABLE: &[Endpoint] = &[
    part("CertificateSigningRequest", Subresource::Approval, &["status", "conditions"]),
    part("Namespace", Subresource::Finalize, &["spec", "finalizers"]),
    connect("Node", Subresource::Proxy, "NodeProxyOptions"),
    connect("Pod", Subresource::Attach, "PodAttachOptions"),
    Endpoint {
        kind: "Pod",
        subresource: Subresource::Binding,
        version: None,
        takes: "Binding",
        verbs: ACTS,
        does: Does::Act(bind),
    },
    part("Pod", Subresource::EphemeralContainers, &["spec", "ephemeralContainers"]),
    Endpoint {
        kind: "Pod",
        subresource: Subresource::Eviction,
        version: Some(("policy", "v1")),
        takes: "Eviction",
        verbs: ACTS,
        does: Does::Act(evict),
    },
    connect("Pod", Subresource::Exec, "PodExecOptions"),
    connect("Pod", Subresource::Log, "Pod"),
    connect("Pod", Subresource::PortForward, "PodPortForwardOptions"),
    connect("Pod", Subresource::Proxy, "PodProxyOptions"),
    part("Pod", Subresource::Resize, &["spec", "containers"]),
    connect("Service", Subresource::Proxy, "ServiceProxyOptions"),
    Endpoint {
        kind: "ServiceAccount",
        subresource: Subresource::Token,
        version: Some(("authentication.k8s.io", "v1")),
        takes: "TokenRequest",
        verbs: ACTS,
        does: Does::Act(token),
    },
];

/// The subresources of a kind.
pub(crate) fn of(kind: &Kind) -> impl Iterator<Item = &'static Endpoint> {
    let own = !kind.is_custom();
    let name = kind.kind.clone();
    TABLE.iter().filter(move |known| own && known.kind == name)
}

pub(crate) fn of_kind(kind: &Kind, subresource: Subresource) -> Option<&'static Endpoint> {
    of(kind).find(|known| known.subresource == subresource)
}

/// The part of the object that a request writes, if it is one of these.
pub(crate) fn part_of(call: &RequestScope<'_>) -> Option<&'static [&'static str]> {
    match of_kind(&call.kind, call.request.subresource?)?.does {
        Does::Part(path) => Some(path),
        _ => None,
    }
}

/// Reads; `None` if the subresource is none of these.
pub(crate) fn read(server: &ApiServer, call: &mut RequestScope<'_>) -> Option<ApiResult> {
    let subresource = call.request.subresource?;
    if subresource == Subresource::Scale {
        return Some(scale::get(server, call));
    }
    Some(match of_kind(&call.kind, subresource)?.does {
        Does::Part(_) => get::get(server, call),
        Does::Connect => unreachable_pod(server, call),
        Does::Act(_) => Err(Status::no_such_method()),
    })
}

/// Writes; `None` if the subresource is none of these.
pub(crate) fn handle(server: &mut ApiServer, call: &mut RequestScope<'_>) -> Option<ApiResult> {
    let subresource = call.request.subresource?;
    let verb = call.request.verb;
    if matches!(verb, Verb::Get | Verb::List) {
        return read(server, call);
    }
    if subresource == Subresource::Scale {
        return Some(scale::write(server, call));
    }
    Some(match (of_kind(&call.kind, subresource)?.does, verb) {
        (Does::Part(_), Verb::Update) => update::update(server, call),
        (Does::Part(_), Verb::Patch(kind)) => patch::patch(server, call, kind),
        (Does::Act(act), Verb::Create) => act(server, call),
        (Does::Connect, Verb::Create) => unreachable_pod(server, call),
        _ => Err(Status::no_such_method()),
    })
    .inspect(|_| {
        if subresource == Subresource::Finalize && server.is_namespace_terminating(call.name()) {
            server.finish_namespace(call.name(), call.request.time);
        }
    })
}

/// Nothing runs pods: there is no log, and nothing to connect to.
fn unreachable_pod(server: &ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let stored = server.store.get(&call.key()).ok_or_else(|| call.not_found())?;
    let object = &stored.object;
    let name = call.name();
    Err(match call.kind.kind.as_str() {
        "Pod" => match object["spec"]["nodeName"].as_str().unwrap_or_default() {
            "" => Status::bad_request(format!("pod {name} does not have a host assigned")),
            node => Status::unavailable(&format!(
                "no kubelet runs on node {node}: pods are stored here, not run"
            )),
        },
        kind => Status::unavailable(&format!(
            "no endpoints available for {} {name:?}: nothing runs here",
            kind.to_lowercase()
        )),
    })
}

/// What an action is answered that shows no object.
fn done() -> Response {
    Response::from(Status::success(201))
}

/// Deletes a pod, unless a PodDisruptionBudget says no.
fn evict(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let eviction = create::body(call)?;
    let pod = server.store.get(&call.key()).ok_or_else(|| call.not_found())?.object.clone();
    let mut options = eviction.get("deleteOptions").cloned().unwrap_or_else(|| json!({}));
    let dry_run = call.request.options.dry_run
        || options["dryRun"].as_array().is_some_and(|all| !all.is_empty());
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    let at_rest = matches!(phase, "Pending" | "Succeeded" | "Failed");
    if !at_rest && pod.meta("deletionTimestamp").is_none() {
        disrupt(server, call, &pod, dry_run)?;
    }
    options["dryRun"] = dry_run.into();
    let request = Request {
        verb: Verb::Delete,
        subresource: None,
        body: Some(Arc::new(options)),
        ..call.request.clone()
    };
    let response = server.handle(&request);
    if response.is_success() { Ok(done()) } else { Ok(response) }
}

/// Takes one disruption from the budget of a pod.
fn disrupt(
    server: &mut ApiServer,
    call: &RequestScope<'_>,
    pod: &Value,
    dry_run: bool,
) -> ApiResult<()> {
    let plural = String::from("poddisruptionbudgets");
    let resource = Resource { group: "policy".into(), version: "v1".into(), plural };
    let budgets = server.store.of_resource(&resource, call.request.namespace.as_deref());
    let selects = |budget: &Value| {
        let selector = budget["spec"].get("selector").filter(|selector| selector.is_object());
        let parsed = selector.map(|it| label_selector::parse(&scale::selector_text(it)));
        let label = |key: &str| pod.meta("labels").and_then(|all| all[key].as_str());
        let Some(Ok(rules)) = parsed else { return false };
        rules.iter().all(|rule| rule.matches(label(rule.key())))
    };
    let budgets = budgets.filter(|(_, stored)| selects(&stored.object));
    let budgets: Vec<(Arc<Key>, Arc<Value>)> =
        budgets.map(|(key, stored)| (key.clone(), stored.object.clone())).collect();
    let (key, budget) = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one,
        _ => {
            let why = "This pod has more than one PodDisruptionBudget, which the eviction \
                       subresource does not support.";
            return Err(Status::failure(500, why));
        }
    };
    let (status, name) = (&budget["status"], budget.meta_str("name"));
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let refuse = |message: String, retry: Option<u32>| {
        let cause = Cause { reason: Some("DisruptionBudget"), message: Some(message), field: None };
        let why = "Cannot evict pod as it would violate the pod's disruption budget.";
        Err(Status::too_many_requests(why, vec![cause], retry))
    };
    if number(&status["observedGeneration"]) < budget.meta("generation").map_or(0, number) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return refuse(why, Some(10));
    }
    let allowed = number(&status["disruptionsAllowed"]);
    if allowed <= 0 {
        let (needed, healthy) = (number(&status["desiredHealthy"]), &status["currentHealthy"]);
        let healthy = number(healthy);
        let why = format!(
            "The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
        );
        return refuse(why, None);
    }
    if !dry_run {
        let mut budget = Value::clone(budget);
        budget["status"]["disruptionsAllowed"] = (allowed - 1).into();
        let now = metadata::timestamp(call.request.time);
        budget["status"]["disruptedPods"][call.name()] = now.into();
        server.put(key, budget, call.request.time);
    }
    Ok(())
}

/// Assigns a node to a pod, as schedulers do.
fn bind(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let binding = create::body(call)?;
    let (key, name) = (call.key(), call.name());
    let pod = server.store.get(&key).ok_or_else(|| call.not_found())?.object.clone();
    let target = &binding["target"];
    let node = target["name"].as_str().unwrap_or_default();
    let kind = target["kind"].as_str().unwrap_or_default();
    let mut errors = Vec::new();
    if !matches!(kind, "" | "Node") {
        let known = ["Node", "<empty>"];
        errors.push(FieldError::not_supported("target.kind", &kind.into(), &known));
    }
    if node.is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    if !errors.is_empty() {
        return Err(Status::invalid("", "Binding", name, &errors));
    }
    let refuse = |why: String| {
        let mut resource = call.kind.resource.clone();
        resource.plural = String::from("pods/binding");
        Err(Status::conflict(&resource, name, &why))
    };
    if pod.meta("deletionTimestamp").is_some() {
        return refuse(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if let Some(taken) = pod["spec"]["nodeName"].as_str().filter(|it| !it.is_empty()) {
        return refuse(format!("pod {name} is already assigned to node {taken:?}"));
    }
    if call.request.options.dry_run {
        return Ok(done());
    }
    let mut bound = Value::clone(&pod);
    bound["spec"]["nodeName"] = node.into();
    for (key, value) in binding.meta("annotations").and_then(Value::as_object).into_iter().flatten()
    {
        bound["metadata"]["annotations"][key] = value.clone();
    }
    let now = metadata::timestamp(call.request.time);
    let scheduled = json!({ "type": "PodScheduled", "status": "True", "lastTransitionTime": now });
    let conditions = bound["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let others = conditions.into_iter().filter(|it| it["type"] != "PodScheduled");
    bound["status"]["conditions"] = others.chain([scheduled]).collect();
    server.put_for(call, &key, bound)?;
    Ok(done())
}

/// The seconds for which a token is good without a wish, and at least.
const TOKEN_SECONDS: i64 = 3600;
const TOKEN_SECONDS_MIN: i64 = 600;

/// A token for a service account. It looks like one and opens nothing: no request is authenticated.
fn token(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let mut request = create::body(call)?;
    let name = call.name();
    let account = server.store.get(&call.key()).ok_or_else(|| call.not_found())?;
    let uid = account.object.meta_str("uid").to_owned();
    let seconds = request["spec"]["expirationSeconds"].as_i64().unwrap_or(TOKEN_SECONDS);
    if seconds < TOKEN_SECONDS_MIN {
        let why = "may not specify a duration less than 10 minutes";
        let error = FieldError::invalid("spec.expirationSeconds", &seconds.into(), why);
        return Err(Status::invalid("authentication.k8s.io", "TokenRequest", "", &[error]));
    }
    let audiences = request["spec"]["audiences"].as_array().filter(|all| !all.is_empty()).cloned();
    let audiences = audiences.unwrap_or_else(|| vec!["https://kubernetes.default.svc".into()]);
    let namespace = call.request.namespace.as_deref().unwrap_or_default();
    let (now, until) = (call.request.time, call.request.time.saturating_add(seconds));
    let claims = json!({
        "aud": audiences, "exp": until, "iat": now, "nbf": now,
        "iss": "https://kubernetes.default.svc",
        "kubernetes.io": { "namespace": namespace, "serviceaccount": { "name": name, "uid": uid } },
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let head = encoded(&json!({ "alg": "none", "kid": "lostwrite" }));
    let signature = URL_SAFE_NO_PAD.encode("not signed: lostwrite");
    request["apiVersion"] = "authentication.k8s.io/v1".into();
    request["kind"] = "TokenRequest".into();
    request.set_meta("name", Some(name.into()));
    request.set_meta("namespace", Some(namespace.into()));
    request.set_meta("creationTimestamp", Some(metadata::timestamp(now).into()));
    request["spec"]["audiences"] = Value::Array(audiences);
    request["spec"]["expirationSeconds"] = seconds.into();
    request["status"] = json!({
        "token": format!("{head}.{}.{signature}", encoded(&claims)),
        "expirationTimestamp": metadata::timestamp(until),
    });
    Ok(call.answer(201, Arc::new(request)))
}

#[cfg(test)]
mod tests;
