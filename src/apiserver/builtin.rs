//! The built-in kinds that are here, with the flags that decide how they lose writes.
//!
//! `versioned` and `upsert` are read from the strategies of kube-apiserver
//! (`AllowUnconditionalUpdate`, `AllowCreateOnUpdate`), `born-with-status` from their
//! `PrepareForCreate`. Kinds that are not in this table do not
//! exist for this server: it answers 404 for them. What their objects look like stands in
//! `schema/builtin/kinds.txt`. Next to read: `kind.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::schema::{self, Schema};
use super::strategy::Strategy;
use super::{Kind, Resource, Scale};

/// The built-in kinds: apiVersion, kind, plural, and then of these:
///
/// - a short name, as `cm`;
/// - `+all`: a category for the command line;
/// - `cluster`: no namespace;
/// - `status`: `/status` exists;
/// - `born-with-status`: a create keeps the status that it was sent;
/// - `generation`: `metadata.generation` counts the changes of what is wished for;
/// - `versioned`: a PUT needs a resourceVersion;
/// - `upsert`: a PUT of an absent object creates it;
/// - `also:events.k8s.io/v1`: the same objects are served there, with other fields;
/// - `review`: answered when it is created, and not stored;
/// - `.spec.nodeName`: a field that field selectors may name.
const TABLE: &str = "\
v1 ConfigMap configmaps cm
v1 Secret secrets .type
v1 Pod pods po +all status generation .spec.nodeName .spec.restartPolicy .spec.schedulerName \
    .spec.serviceAccountName .spec.hostNetwork .status.phase .status.podIP \
    .status.nominatedNodeName
v1 Node nodes no cluster status born-with-status .spec.unschedulable
v1 Namespace namespaces ns cluster status .status.phase
v1 Service services svc +all status upsert .spec.clusterIP .spec.type
v1 ServiceAccount serviceaccounts sa
v1 Endpoints endpoints ep upsert
v1 Event events ev upsert also:events.k8s.io/v1 .involvedObject.kind \
    .involvedObject.namespace .involvedObject.name \
    .involvedObject.uid .involvedObject.apiVersion .involvedObject.resourceVersion \
    .involvedObject.fieldPath .reason .reportingComponent .source .type
v1 PersistentVolume persistentvolumes pv cluster status
v1 PersistentVolumeClaim persistentvolumeclaims pvc status
v1 LimitRange limitranges limits upsert
v1 ResourceQuota resourcequotas quota status
v1 PodTemplate podtemplates generation
v1 ReplicationController replicationcontrollers rc +all status generation .status.replicas
apps/v1 Deployment deployments deploy +all status generation
apps/v1 StatefulSet statefulsets sts +all status generation
apps/v1 DaemonSet daemonsets ds +all status generation
apps/v1 ReplicaSet replicasets rs +all status generation .status.replicas
apps/v1 ControllerRevision controllerrevisions
batch/v1 Job jobs +all status generation .status.successful
batch/v1 CronJob cronjobs cj +all status generation
autoscaling/v1 HorizontalPodAutoscaler horizontalpodautoscalers hpa +all status \
    also:autoscaling/v2
autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers hpa +all status \
    also:autoscaling/v1
policy/v1 PodDisruptionBudget poddisruptionbudgets pdb status generation versioned
rbac.authorization.k8s.io/v1 Role roles upsert
rbac.authorization.k8s.io/v1 RoleBinding rolebindings upsert
rbac.authorization.k8s.io/v1 ClusterRole clusterroles cluster upsert
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings cluster upsert
networking.k8s.io/v1 Ingress ingresses ing status generation
networking.k8s.io/v1 IngressClass ingressclasses cluster generation
networking.k8s.io/v1 NetworkPolicy networkpolicies netpol generation
networking.k8s.io/v1 IPAddress ipaddresses ip cluster .spec.parentRef
networking.k8s.io/v1 ServiceCIDR servicecidrs cluster status generation versioned
coordination.k8s.io/v1 Lease leases versioned upsert
events.k8s.io/v1 Event events ev upsert also:v1
storage.k8s.io/v1 StorageClass storageclasses sc cluster
storage.k8s.io/v1 CSIDriver csidrivers cluster generation versioned
storage.k8s.io/v1 CSINode csinodes cluster versioned
storage.k8s.io/v1 CSIStorageCapacity csistoragecapacities versioned
storage.k8s.io/v1 VolumeAttachment volumeattachments cluster status versioned
storage.k8s.io/v1 VolumeAttributesClass volumeattributesclasses vac cluster
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration validatingwebhookconfigurations \
    +api-extensions cluster generation versioned
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration mutatingwebhookconfigurations \
    +api-extensions cluster generation versioned
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy validatingadmissionpolicies \
    +api-extensions cluster status generation versioned
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings \
    +api-extensions cluster generation versioned
admissionregistration.k8s.io/v1 MutatingAdmissionPolicy mutatingadmissionpolicies \
    +api-extensions cluster generation versioned
admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding mutatingadmissionpolicybindings \
    +api-extensions cluster generation versioned
discovery.k8s.io/v1 EndpointSlice endpointslices generation
certificates.k8s.io/v1 CertificateSigningRequest certificatesigningrequests csr cluster status \
    .spec.signerName
scheduling.k8s.io/v1 PriorityClass priorityclasses pc cluster generation
node.k8s.io/v1 RuntimeClass runtimeclasses cluster versioned upsert
flowcontrol.apiserver.k8s.io/v1 FlowSchema flowschemas cluster status generation
flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration prioritylevelconfigurations cluster \
    status generation
apiregistration.k8s.io/v1 APIService apiservices +api-extensions cluster status versioned
apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions crd crds \
    +api-extensions cluster status generation versioned
authorization.k8s.io/v1 SelfSubjectAccessReview selfsubjectaccessreviews cluster review
authorization.k8s.io/v1 SelfSubjectRulesReview selfsubjectrulesreviews cluster review
authorization.k8s.io/v1 SubjectAccessReview subjectaccessreviews cluster review
authorization.k8s.io/v1 LocalSubjectAccessReview localsubjectaccessreviews review
authentication.k8s.io/v1 SelfSubjectReview selfsubjectreviews cluster review
authentication.k8s.io/v1 TokenReview tokenreviews cluster review
";

/// The built-in kinds, by resource. They are made once for all servers of a process.
pub(crate) fn kinds() -> Arc<BTreeMap<Resource, Arc<Kind>>> {
    static KINDS: LazyLock<Arc<BTreeMap<Resource, Arc<Kind>>>> = LazyLock::new(|| {
        let kinds = TABLE.lines().filter_map(kind);
        Arc::new(kinds.map(|kind| (kind.resource.clone(), Arc::new(kind))).collect())
    });
    KINDS.clone()
}

/// The kind of one line of the table.
fn kind(line: &str) -> Option<Kind> {
    let mut words = line.split_whitespace();
    let (api_version, name, plural) = (words.next()?, words.next()?, words.next()?);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let mut kind = Kind {
        resource: Resource { group: group.into(), version: version.into(), plural: plural.into() },
        kind: name.into(),
        singular: name.to_lowercase(),
        list_kind: format!("{name}List"),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: true,
        strategy: Strategy::built_in(group, name),
        status_subresource: false,
        status_at_creation: false,
        unconditional_update: true,
        create_on_update: false,
        generation: false,
        review: false,
        scale: scale_of(group, name),
        siblings: Vec::new(),
        stored_as: None,
        selectable_fields: Vec::new(),
        printer_columns: Arc::new(Value::Null),
        schema: schema_of(group, version, name),
        openapi: None,
    };
    for word in words {
        match (word, word.split_at(1)) {
            ("cluster", _) => kind.namespaced = false,
            ("status", _) => kind.status_subresource = true,
            ("born-with-status", _) => kind.status_at_creation = true,
            ("generation", _) => kind.generation = true,
            ("versioned", _) => kind.unconditional_update = false,
            ("upsert", _) => kind.create_on_update = true,
            ("review", _) => kind.review = true,
            (also, _) if also.starts_with("also:") => kind.siblings.extend(sibling(also, plural)),
            (_, ("+", category)) => kind.categories.push(category.into()),
            (_, (".", field)) => kind.selectable_fields.push(field.into()),
            (short, _) => kind.short_names.push(short.into()),
        }
    }
    Some(kind)
}

/// The resource that `also:apps/v1` names.
fn sibling(word: &str, plural: &str) -> Option<Resource> {
    let api_version = word.strip_prefix("also:")?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Some(Resource { group: group.into(), version: version.into(), plural: plural.into() })
}

/// What an event's fields are called in `v1` and in `events.k8s.io/v1`.
const EVENT: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// Gives an object of a built-in kind the fields that it has at another version.
pub(crate) fn convert(kind: &Kind, object: &mut Value) {
    let Some(fields) = object.as_object_mut() else { return };
    match (kind.kind.as_str(), kind.resource.group.as_str(), kind.resource.version.as_str()) {
        ("Event", group, _) => {
            for (core, newer) in EVENT {
                let (from, to) = if group.is_empty() { (newer, core) } else { (core, newer) };
                if let Some(value) = fields.remove(from) {
                    fields.insert(to.into(), value);
                }
            }
        }
        ("HorizontalPodAutoscaler", _, "v1") => {
            let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
            let metrics = spec.remove("metrics").unwrap_or_default();
            let mut cpu = metrics.as_array().into_iter().flatten().map(|it| &it["resource"]);
            let cpu = cpu.find(|it| it["name"] == "cpu").map(|it| &it["target"]);
            if let Some(number) = cpu.and_then(|target| target.get("averageUtilization")) {
                spec.insert("targetCPUUtilizationPercentage".into(), number.clone());
            }
        }
        ("HorizontalPodAutoscaler", ..) => {
            let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
            if let Some(number) = spec.remove("targetCPUUtilizationPercentage") {
                let target = json!({ "type": "Utilization", "averageUtilization": number });
                let cpu = json!({ "name": "cpu", "target": target });
                spec.insert("metrics".into(), json!([{ "type": "Resource", "resource": cpu }]));
            }
        }
        _ => {}
    }
}

/// The workloads that can be scaled.
fn scale_of(group: &str, kind: &str) -> Option<Arc<Scale>> {
    let scaled = match group {
        "apps" => ["Deployment", "ReplicaSet", "StatefulSet"].contains(&kind),
        _ => group.is_empty() && kind == "ReplicationController",
    };
    scaled.then(|| {
        Arc::new(Scale {
            spec: ".spec.replicas".into(),
            status: ".status.replicas".into(),
            selector: Some(".spec.selector".into()),
        })
    })
}

/// The schema of a built-in kind. What a definition may say is checked elsewhere: it takes any
/// object.
fn schema_of(group: &str, version: &str, kind: &str) -> Arc<Schema> {
    let any = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let known = schema::builtin::schema(group, version, kind);
    known.filter(|_| group != super::crd::GROUP).unwrap_or_else(|| {
        Arc::new(Schema::parse(&any, "").expect("a schema that takes anything is structural"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind whose struct is not in the generated table would silently take any object.
    #[test]
    fn each_kind_has_its_struct_in_the_generated_table() {
        for kind in kinds().values() {
            let Resource { group, version, .. } = &kind.resource;
            let found = schema::builtin::structure(group, version, &kind.kind);
            assert!(found.is_some(), "{group}/{version} {}", kind.kind);
            for field in &kind.selectable_fields {
                let path: Vec<&str> = field.split('.').collect();
                let apart = ["status.successful", "source"].contains(&field.as_str());
                assert!(apart || kind.schema.node_at(&path).is_some(), "{field}");
            }
        }
    }

    /// Recorders write to one group, `kubectl get events` reads the other.
    #[test]
    fn an_event_of_one_group_is_one_of_the_other() {
        use super::super::{ApiServer, Config, Key};
        let mut server = ApiServer::new(Config::default());
        let event = json!({ "apiVersion": "v1", "kind": "Event", "metadata": { "name": "e" },
            "involvedObject": { "kind": "Pod", "name": "p", "namespace": "default" },
            "message": "hello", "reason": "R", "type": "Normal" });
        let key = server.seed_object(&event, 0).expect("an event");
        let resource = sibling("also:events.k8s.io/v1", "events").expect("a resource");
        let newer = server.object(&Key { resource, ..key.clone() }).expect("the same event");
        assert_eq!(newer["apiVersion"], "events.k8s.io/v1");
        assert_eq!((&newer["note"], &newer["regarding"]["name"]), (&json!("hello"), &json!("p")));
        assert!(newer.get("message").is_none());
        let older = server.object(&key).expect("the event");
        assert_eq!(older["metadata"]["resourceVersion"], newer["metadata"]["resourceVersion"]);
    }

    #[test]
    fn merge_keys_and_list_types_are_found_by_path() {
        let kinds = kinds();
        let of = |name: &str| kinds.values().find(|kind| kind.kind == name).expect("a kind");
        let pod = of("StatefulSet");
        let containers = ["spec", "template", "spec", "containers"];
        assert_eq!(pod.merge_key(&containers), Some("name"));
        let ports = ["spec", "ports"];
        assert_eq!(of("Service").merge_key(&ports), Some("port"));
        let keys = ["port", "protocol"].map(String::from).to_vec();
        assert_eq!(of("Service").list_type(&ports), super::super::ListType::Map(keys));
        assert_eq!(of("Role").merge_key(&["rules"]), None);
    }
}
