//! The kinds that run pods: defaults, what the server adds, validation.

use serde_json::{Map, Value, json};

use super::defaults::{fields, items, pod_spec, set};
use crate::apiserver::schema::FieldError;

/// The defaults of a pod template: those of a pod, but for the service links.
pub(super) fn template(spec: &mut Map<String, Value>) {
    let template = spec.get_mut("template").and_then(|template| template.get_mut("spec"));
    if let Some(template) = template.and_then(Value::as_object_mut) {
        let links = template.contains_key("enableServiceLinks");
        pod_spec(template);
        if !links {
            template.remove("enableServiceLinks");
        }
    }
}

pub(super) fn stateful_set(spec: &mut Map<String, Value>) {
    set(Some(spec), "replicas", json!(1));
    set(Some(spec), "revisionHistoryLimit", json!(10));
    set(Some(spec), "podManagementPolicy", json!("OrderedReady"));
    let retain = json!({ "whenDeleted": "Retain", "whenScaled": "Retain" });
    set(Some(spec), "persistentVolumeClaimRetentionPolicy", retain);
    let strategy = spec.entry("updateStrategy").or_insert_with(|| json!({}));
    set(strategy.as_object_mut(), "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        set(strategy.as_object_mut(), "rollingUpdate", json!({}));
        set(strategy["rollingUpdate"].as_object_mut(), "partition", json!(0));
    }
    for claim in items(spec, "volumeClaimTemplates") {
        set(Some(claim), "apiVersion", json!("v1"));
        set(Some(claim), "kind", json!("PersistentVolumeClaim"));
        if let Some(spec) = claim.get_mut("spec").and_then(Value::as_object_mut) {
            set(Some(spec), "volumeMode", json!("Filesystem"));
        }
        let status = claim.entry("status").or_insert_with(|| json!({}));
        set(status.as_object_mut(), "phase", json!("Pending"));
    }
    template(spec);
}

pub(super) fn daemon_set(spec: &mut Map<String, Value>) {
    set(Some(spec), "revisionHistoryLimit", json!(10));
    let strategy = spec.entry("updateStrategy").or_insert_with(|| json!({}));
    set(strategy.as_object_mut(), "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        set(strategy.as_object_mut(), "rollingUpdate", json!({}));
        set(strategy["rollingUpdate"].as_object_mut(), "maxUnavailable", json!(1));
        set(strategy["rollingUpdate"].as_object_mut(), "maxSurge", json!(0));
    }
    template(spec);
}

pub(super) fn replica_set(spec: &mut Map<String, Value>) {
    set(Some(spec), "replicas", json!(1));
    template(spec);
}

pub(super) fn job(spec: &mut Map<String, Value>) {
    let missing =
        |spec: &Map<String, Value>, field: &str| spec.get(field).is_none_or(Value::is_null);
    if missing(spec, "completions") && missing(spec, "parallelism") {
        set(Some(spec), "completions", json!(1));
    }
    set(Some(spec), "parallelism", json!(1));
    if missing(spec, "backoffLimitPerIndex") {
        set(Some(spec), "backoffLimit", json!(6));
    } else {
        set(Some(spec), "backoffLimit", json!(i32::MAX));
    }
    set(Some(spec), "completionMode", json!("NonIndexed"));
    set(Some(spec), "suspend", json!(false));
    set(Some(spec), "manualSelector", json!(false));
    let failed = !missing(spec, "podFailurePolicy");
    let policy = if failed { "Failed" } else { "TerminatingOrFailed" };
    set(Some(spec), "podReplacementPolicy", json!(policy));
    template(spec);
}

/// A Job's pods are told apart by its uid, unless it says by what.
pub(super) fn select_pods(job: &mut Value) {
    if job["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) = (job["metadata"]["uid"].clone(), job["metadata"]["name"].clone());
    let Some(spec) = fields(job, "spec") else { return };
    let selector = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
    set(Some(spec), "selector", selector);
    let Some(template) = spec.get_mut("template").and_then(Value::as_object_mut) else { return };
    let metadata = template.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    for (label, value) in [("controller-uid", uid), ("job-name", name)] {
        set(labels.as_object_mut(), label, value.clone());
        set(labels.as_object_mut(), &format!("batch.kubernetes.io/{label}"), value);
    }
}

pub(super) fn cron_job(spec: &mut Map<String, Value>) {
    set(Some(spec), "concurrencyPolicy", json!("Allow"));
    set(Some(spec), "suspend", json!(false));
    set(Some(spec), "successfulJobsHistoryLimit", json!(3));
    set(Some(spec), "failedJobsHistoryLimit", json!(1));
    let job = spec.get_mut("jobTemplate").and_then(|template| template.get_mut("spec"));
    if let Some(job) = job.and_then(Value::as_object_mut) {
        template(job);
    }
}

/// Pods of a Job end: they are not restarted for ever.
pub(super) fn validate_job(new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = &new["spec"];
    restart_policy(&spec["template"], &["OnFailure", "Never"], errors);
    for field in ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"] {
        if let Some(number) = spec[field].as_i64().filter(|number| *number < 0) {
            let detail = "must be greater than or equal to 0";
            errors.push(FieldError::invalid(&format!("spec.{field}"), &json!(number), detail));
        }
    }
    let Some(old) = old else { return };
    for field in ["completions", "selector", "template", "completionMode"] {
        let indexed = field == "completions" && spec["completionMode"] == "Indexed";
        let suspended = field == "template" && old["spec"]["suspend"] == true;
        if !indexed && !suspended && spec[field] != old["spec"][field] {
            let detail = "field is immutable";
            errors.push(FieldError::invalid(&format!("spec.{field}"), &spec[field], detail));
        }
    }
}

/// Which restart policies a template may have.
pub(super) fn restart_policy(template: &Value, allowed: &[&str], errors: &mut Vec<FieldError>) {
    let policy = &template["spec"]["restartPolicy"];
    if policy.as_str().is_some_and(|policy| !allowed.contains(&policy)) {
        let field = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(field, policy, allowed));
    }
}

/// Of a StatefulSet few fields can change.
pub(super) fn validate_stateful_set(
    new: &Value,
    old: Option<&Value>,
    errors: &mut Vec<FieldError>,
) {
    let Some(old) = old else { return };
    let free = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let bound = |object: &Value| {
        let mut spec = object["spec"].as_object().cloned().unwrap_or_default();
        free.iter().for_each(|field| drop(spec.remove(*field)));
        spec
    };
    if bound(new) != bound(old) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                      'template', 'updateStrategy', 'revisionHistoryLimit', \
                      'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.push(FieldError::forbidden("spec", detail));
    }
}

/// An event stands in the namespace of what it is about; the newer API wants more of it.
pub(super) fn validate_event(new: &Value, errors: &mut Vec<FieldError>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let namespace = text(&new["metadata"]["namespace"]);
    let newer = new["apiVersion"] == "events.k8s.io/v1";
    let field = if newer { "regarding" } else { "involvedObject" };
    let about = text(&new[field]["namespace"]);
    let fits = match about.as_str() {
        "" => namespace == "default",
        about => about == namespace,
    };
    if !fits {
        let field = "involvedObject.namespace";
        errors.push(FieldError::invalid(field, &json!(about), "does not match event.namespace"));
    }
    if newer || !new["eventTime"].is_null() {
        let controller = if newer { "reportingController" } else { "reportingComponent" };
        let wanted = ["eventTime", controller, "reportingInstance", "action", "reason"];
        for field in wanted.into_iter().filter(|field| text(&new[*field]).is_empty()) {
            let said = if field == controller { "reportingController" } else { field };
            errors.push(FieldError::required(said, ""));
        }
    }
    if newer && !["Normal", "Warning"].contains(&text(&new["type"]).as_str()) {
        errors.push(FieldError::invalid("type", &new["type"], "has invalid value: "));
    }
}
