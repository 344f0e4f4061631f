//! What the API server fills in for built-in kinds.
//!
//! [`default`] is defaulting proper: it happens on decoding, before ownership is recorded, so the
//! writer owns the defaults. [`prepare_create`] is what the kind's strategy and the admission
//! plugins that are on by default do to a new object afterwards: no manager owns that.

use serde_json::{Map, Value, json};

use super::{Builtin, services, workloads};

/// Fills in the defaults of a decoded object.
pub(in crate::apiserver::schema) fn default(kind: Builtin, object: &mut Value) {
    match kind {
        Builtin::Pod => {
            if let Some(spec) = fields(object, "spec") {
                pod_spec(spec);
            }
        }
        Builtin::Deployment
        | Builtin::StatefulSet
        | Builtin::DaemonSet
        | Builtin::ReplicaSet
        | Builtin::Job
        | Builtin::CronJob
        | Builtin::Service => {
            let default = match kind {
                Builtin::Deployment => deployment,
                Builtin::StatefulSet => workloads::stateful_set,
                Builtin::DaemonSet => workloads::daemon_set,
                Builtin::ReplicaSet => workloads::replica_set,
                Builtin::Job => workloads::job,
                Builtin::CronJob => workloads::cron_job,
                _ => services::default,
            };
            if let Some(spec) = fields(object, "spec") {
                default(spec);
            }
        }
        Builtin::PersistentVolume => {
            if let Some(spec) = fields(object, "spec") {
                set(Some(spec), "volumeMode", json!("Filesystem"));
            }
        }
        Builtin::Secret => {
            set(object.as_object_mut(), "type", json!("Opaque"));
            write_string_data(object);
        }
        Builtin::Namespace => {
            let name = object["metadata"]["name"].clone();
            let label = "kubernetes.io/metadata.name";
            if let (Value::String(_), Some(metadata)) = (&name, fields(object, "metadata")) {
                let labels = metadata.entry("labels").or_insert_with(|| json!({}));
                set(labels.as_object_mut(), label, name);
            }
            if let Some(status) = fields(object, "status") {
                set(Some(status), "phase", json!("Active"));
            }
        }
        Builtin::ConfigMap | Builtin::Lease | Builtin::Node | Builtin::Event | Builtin::Other => {}
    }
}

/// Prepares a new object for storage: its first status, and what admission adds.
pub(in crate::apiserver::schema) fn prepare_create(kind: Builtin, object: &mut Value) {
    match kind {
        Builtin::Service => services::allocate(object),
        Builtin::Job => workloads::select_pods(object),
        _ => {}
    }
    let class = quality_of_service(&object["spec"]);
    let Some(object) = object.as_object_mut() else { return };
    let mut put = |field: &str, value: Value| object.insert(field.to_owned(), value);
    match kind {
        Builtin::Pod => {
            put("status", json!({ "phase": "Pending", "qosClass": class }));
            if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
                admit_pod(spec);
            }
        }
        Builtin::PersistentVolume => {
            put("status", json!({ "phase": "Pending" }));
        }
        Builtin::Namespace => {
            put("status", json!({ "phase": "Active" }));
            let spec = object.entry("spec").or_insert_with(|| json!({}));
            if let Some(spec) = spec.as_object_mut() {
                let finalizers = spec.entry("finalizers").or_insert_with(|| json!([]));
                match finalizers.as_array_mut() {
                    Some(all) if all.iter().any(|it| it == "kubernetes") => {}
                    Some(all) => all.push("kubernetes".into()),
                    None => *finalizers = json!(["kubernetes"]),
                }
            }
        }
        _ => {}
    }
}

/// Prepares an update: what the server gave stays.
pub(in crate::apiserver::schema) fn prepare_update(kind: Builtin, new: &mut Value, old: &Value) {
    if kind == Builtin::Service {
        services::prepare_update(new, old);
    }
}

pub(super) fn fields<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Map<String, Value>> {
    value.get_mut(key)?.as_object_mut()
}

/// Sets a field unless it is there.
pub(super) fn set(fields: Option<&mut Map<String, Value>>, key: &str, value: Value) {
    if let Some(fields) = fields {
        let found = fields.entry(key).or_insert(Value::Null);
        if found.is_null() {
            *found = value;
        }
    }
}

/// The write-only `stringData` of a Secret goes into `data`.
pub fn write_string_data(object: &mut Value) {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    let Some(Value::Object(strings)) = fields.remove("stringData") else {
        return;
    };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    for (key, value) in strings {
        if let (Some(data), Some(text)) = (data.as_object_mut(), value.as_str()) {
            data.insert(key, engine.encode(text).into());
        }
    }
}

pub(super) fn pod_spec(spec: &mut Map<String, Value>) {
    let spec_defaults = [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
        ("enableServiceLinks", json!(true)),
    ];
    if let Some(name) = spec.get("serviceAccountName").cloned() {
        set(Some(spec), "serviceAccount", name);
    } else if let Some(name) = spec.get("serviceAccount").cloned() {
        set(Some(spec), "serviceAccountName", name);
    }
    // A pod template gets the same but for the service links.
    for (key, value) in spec_defaults {
        set(Some(spec), key, value);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, list) {
            self::container(container);
        }
    }
}

pub(super) fn items<'a>(
    fields: &'a mut Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let list = fields.get_mut(key).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn container(container: &mut Map<String, Value>) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
    set(Some(container), "imagePullPolicy", json!(policy));
    set(Some(container), "terminationMessagePath", json!("/dev/termination-log"));
    set(Some(container), "terminationMessagePolicy", json!("File"));
    for port in items(container, "ports") {
        set(Some(port), "protocol", json!("TCP"));
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe).and_then(Value::as_object_mut) else {
            continue;
        };
        set(Some(probe), "timeoutSeconds", json!(1));
        set(Some(probe), "periodSeconds", json!(10));
        set(Some(probe), "successThreshold", json!(1));
        set(Some(probe), "failureThreshold", json!(3));
    }
    request_limits(container);
}

/// What is limited and not requested is requested.
fn request_limits(container: &mut Map<String, Value>) {
    let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
        return;
    };
    let requests = resources.entry("requests").or_insert_with(|| json!({}));
    for (name, amount) in limits {
        set(requests.as_object_mut(), &name, amount);
    }
}

/// Whether an image has the tag `latest`, or neither tag nor digest.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn deployment(spec: &mut Map<String, Value>) {
    set(Some(spec), "replicas", json!(1));
    set(Some(spec), "revisionHistoryLimit", json!(10));
    set(Some(spec), "progressDeadlineSeconds", json!(600));
    let strategy = spec.entry("strategy").or_insert_with(|| json!({}));
    set(strategy.as_object_mut(), "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        set(strategy.as_object_mut(), "rollingUpdate", json!({}));
        let update = strategy.get_mut("rollingUpdate").and_then(Value::as_object_mut);
        if let Some(update) = update {
            set(Some(update), "maxUnavailable", json!("25%"));
            set(Some(update), "maxSurge", json!("25%"));
        }
    }
    workloads::template(spec);
}

/// The plugins Priority and DefaultTolerationSeconds.
fn admit_pod(spec: &mut Map<String, Value>) {
    set(Some(spec), "priority", json!(0));
    set(Some(spec), "preemptionPolicy", json!("PreemptLowerPriority"));
    let tolerations = spec.entry("tolerations").or_insert_with(|| json!([]));
    let Some(list) = tolerations.as_array_mut() else {
        return;
    };
    for taint in ["not-ready", "unreachable"] {
        let key = format!("node.kubernetes.io/{taint}");
        let tolerated = |toleration: &Value| {
            let field = |name: &str| toleration[name].as_str().unwrap_or_default();
            (field("key") == key || field("key").is_empty())
                && ["NoExecute", ""].contains(&field("effect"))
        };
        if !list.iter().any(tolerated) {
            list.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300
            }));
        }
    }
}

/// Guaranteed, Burstable or BestEffort, from the containers' cpu and memory.
fn quality_of_service(spec: &Value) -> &'static str {
    let containers = ["initContainers", "containers"]
        .iter()
        .filter_map(|list| spec[*list].as_array())
        .flatten()
        .collect::<Vec<_>>();
    let amount = |container: &Value, side: &str, name: &str| {
        container["resources"][side].get(name).filter(|amount| *amount != "0").cloned()
    };
    let any = containers.iter().any(|container| {
        ["limits", "requests"].iter().any(|side| {
            ["cpu", "memory"].iter().any(|name| amount(container, side, name).is_some())
        })
    });
    let all = containers.iter().all(|container| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = amount(container, "limits", name);
            limit.is_some() && limit == amount(container, "requests", name)
        })
    });
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_a_tag_are_pulled_always() {
        for (image, latest) in
            [("a", true), ("a:latest", true), ("a:1", false), ("r:5000/a", true), ("a@sha", false)]
        {
            assert_eq!(is_latest(image), latest, "{image}");
        }
    }

    #[test]
    fn quality_of_service_follows_requests_and_limits() {
        let spec = |resources: Value| json!({ "containers": [{ "resources": resources }] });
        assert_eq!(quality_of_service(&spec(json!({}))), "BestEffort");
        let some = json!({ "requests": { "cpu": "1" } });
        assert_eq!(quality_of_service(&spec(some)), "Burstable");
        let amounts = json!({ "cpu": "1", "memory": "1Gi" });
        let all = json!({ "requests": amounts, "limits": amounts });
        assert_eq!(quality_of_service(&spec(all)), "Guaranteed");
    }
}
