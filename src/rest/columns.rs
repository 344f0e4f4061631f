//! The columns of the built-in kinds' tables, between name and age and after it.
//!
//! A column is a name, a type and where its cell comes from: a path, or a word that [`printed`]
//! knows. A name that begins with `*` is for `-o wide`. Columns whose type is left out are strings.
//! Next to read: `table.rs`.

use serde_json::{Map, Value};

/// What stands in a row of the table below.
pub(super) struct Cell {
    pub name: &'static str,
    pub column_type: &'static str,
    /// Only shown by `-o wide`.
    pub wide: bool,
    /// A path that begins with a dot, or the name of a function of [`printed`].
    pub source: &'static str,
}

/// Kind, then its columns after the name. `Age` stands for itself, `!` for no name in front.
const TABLE: &[(&str, &str)] = &[
    ("ConfigMap", "Data:integer=count data,Age"),
    ("Secret", "Type=.type,Data:integer=count data,Age"),
    ("Namespace", "Status=.status.phase,Age"),
    ("Lease", "Holder=.spec.holderIdentity,Age"),
    (
        "Pod",
        "Ready=pod ready,Status=pod status,Restarts=restarts,Age,*IP=.status.podIP,\
         *Node=.spec.nodeName,*Nominated Node=.status.nominatedNodeName",
    ),
    (
        "Node",
        "Status=node status,Roles=roles,Age,Version=.status.nodeInfo.kubeletVersion,\
         *Internal-IP=internal ip,*External-IP=external ip,*OS-Image=.status.nodeInfo.osImage,\
         *Kernel-Version=.status.nodeInfo.kernelVersion,\
         *Container-Runtime=.status.nodeInfo.containerRuntimeVersion",
    ),
    (
        "Service",
        "Type=.spec.type,Cluster-IP=.spec.clusterIP,External-IP=load balancer,Port(s)=ports,Age,\
         *Selector=selector",
    ),
    ("Endpoints", "Endpoints=endpoints,Age"),
    (
        "Event",
        "!,Last Seen:date=last seen,Type=.type,Reason=.reason,Object=object,Message=message,\
         *Count:integer=.count,*Name=.metadata.name",
    ),
    ("ServiceAccount", "Secrets:integer=count secrets,Age"),
    (
        "PersistentVolume",
        "Capacity=.spec.capacity.storage,Access Modes=access modes,\
         Reclaim Policy=.spec.persistentVolumeReclaimPolicy,Status=.status.phase,Claim=claim,\
         StorageClass=.spec.storageClassName,Reason=.status.reason,Age,\
         *VolumeMode=.spec.volumeMode",
    ),
    (
        "PersistentVolumeClaim",
        "Status=.status.phase,Volume=.spec.volumeName,Capacity=.status.capacity.storage,\
         Access Modes=access modes,StorageClass=.spec.storageClassName,Age,\
         *VolumeMode=.spec.volumeMode",
    ),
    ("LimitRange", "Created At=.metadata.creationTimestamp"),
    ("PodTemplate", "Containers=containers,Images=images,Pod Labels=labels"),
    (
        "Deployment",
        "Ready=replicas ready,Up-to-date:integer=number updatedReplicas,\
         Available:integer=number availableReplicas,Age,*Containers=containers,*Images=images,\
         *Selector=selector",
    ),
    ("StatefulSet", "Ready=replicas ready,Age,*Containers=containers,*Images=images"),
    (
        "DaemonSet",
        "Desired:integer=number desiredNumberScheduled,\
         Current:integer=number currentNumberScheduled,Ready:integer=number numberReady,\
         Up-to-date:integer=number updatedNumberScheduled,\
         Available:integer=number numberAvailable,Node Selector=node selector,Age,\
         *Containers=containers,*Images=images,*Selector=selector",
    ),
    (
        "ReplicaSet",
        "Desired:integer=.spec.replicas,Current:integer=number replicas,\
         Ready:integer=number readyReplicas,Age,*Containers=containers,*Images=images,\
         *Selector=selector",
    ),
    (
        "ReplicationController",
        "Desired:integer=.spec.replicas,Current:integer=number replicas,\
         Ready:integer=number readyReplicas,Age,*Containers=containers,*Images=images,\
         *Selector=selector",
    ),
    ("ControllerRevision", "Revision:integer=.revision,Age"),
    (
        "Job",
        "Status=job status,Completions=completions,Age,*Containers=containers,*Images=images,\
         *Selector=selector",
    ),
    (
        "CronJob",
        "Schedule=.spec.schedule,Timezone=.spec.timeZone,Suspend=.spec.suspend,\
         Active:integer=count active,Last Schedule:date=.status.lastScheduleTime,Age",
    ),
    (
        "HorizontalPodAutoscaler",
        "Reference=reference,MinPods=.spec.minReplicas,MaxPods:integer=.spec.maxReplicas,\
         Replicas:integer=number currentReplicas,Age",
    ),
    (
        "PodDisruptionBudget",
        "Min Available=.spec.minAvailable,Max Unavailable=.spec.maxUnavailable,\
         Allowed Disruptions:integer=number disruptionsAllowed,Age",
    ),
    ("Role", "Created At=.metadata.creationTimestamp"),
    ("ClusterRole", "Created At=.metadata.creationTimestamp"),
    ("RoleBinding", "Role=role,Age"),
    ("ClusterRoleBinding", "Role=role,Age"),
    (
        "Ingress",
        "Class=.spec.ingressClassName,Hosts=hosts,Address=load balancer addresses,Ports=tls,Age",
    ),
    ("IngressClass", "Controller=.spec.controller,Age"),
    ("NetworkPolicy", "Pod-Selector=pod selector,Age"),
    (
        "StorageClass",
        "Provisioner=.provisioner,ReclaimPolicy=.reclaimPolicy,\
         VolumeBindingMode=.volumeBindingMode,AllowVolumeExpansion=.allowVolumeExpansion,Age",
    ),
    ("CSIDriver", "AttachRequired=.spec.attachRequired,PodInfoOnMount=.spec.podInfoOnMount,Age"),
    ("CSINode", "Drivers:integer=count drivers,Age"),
    (
        "VolumeAttachment",
        "Attacher=.spec.attacher,PV=.spec.source.persistentVolumeName,Node=.spec.nodeName,\
         Attached=.status.attached,Age",
    ),
    ("ValidatingWebhookConfiguration", "Webhooks:integer=count webhooks,Age"),
    ("MutatingWebhookConfiguration", "Webhooks:integer=count webhooks,Age"),
    ("ValidatingAdmissionPolicyBinding", "PolicyName=.spec.policyName,Age"),
    ("EndpointSlice", "AddressType=.addressType,Ports=slice ports,Endpoints=addresses,Age"),
    (
        "CertificateSigningRequest",
        "Age,SignerName=.spec.signerName,Requestor=.spec.username,Condition=approval",
    ),
    (
        "PriorityClass",
        "Value:integer=.value,Global-Default=.globalDefault,Age,PreemptionPolicy=.preemptionPolicy",
    ),
    ("RuntimeClass", "Handler=.handler,Age"),
    ("APIService", "Service=api service,Available=available,Age"),
];

/// The columns of a kind after its name, and whether the name is a column; `Age` for kinds that
/// have nothing else to show.
pub(super) fn of(kind: &str) -> (Vec<Cell>, bool) {
    let found = TABLE.iter().find(|(known, _)| *known == kind);
    let text = found.map_or("Age", |(_, text)| *text);
    let cells = text.split(',').filter(|word| *word != "!").map(|word| {
        let (head, source) = word.split_once('=').unwrap_or((word, "age"));
        let (name, column_type) = head.split_once(':').unwrap_or((head, "string"));
        let (wide, name) = name.strip_prefix('*').map_or((false, name), |name| (true, name));
        Cell { name, column_type, wide, source }
    });
    (cells.collect(), !text.starts_with('!'))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// `<none>` for nothing, else all of it.
fn joined(parts: impl Iterator<Item = String>) -> Value {
    let all: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    if all.is_empty() { "<none>".into() } else { all.join(",").into() }
}

fn pairs(value: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    joined(fields.map(|(key, value)| format!("{key}={}", text(value))))
}

/// What a cell that is no path shows.
pub(super) fn printed(source: &str, object: &Value) -> Value {
    let (spec, status) = (&object["spec"], &object["status"]);
    let pod = match spec["template"].is_null() {
        true => &object["template"]["spec"],
        false => &spec["template"]["spec"],
    };
    if let Some(field) = source.strip_prefix("number ") {
        return status[field].as_i64().unwrap_or(0).into();
    }
    match source {
        "count data" => {
            let keys = |field: &str| object[field].as_object().map_or(0, Map::len);
            (keys("data") + keys("binaryData")).into()
        }
        "count secrets" => list(&object["secrets"]).len().into(),
        "count active" => list(&status["active"]).len().into(),
        "count drivers" => list(&spec["drivers"]).len().into(),
        "count webhooks" => list(&object["webhooks"]).len().into(),
        "pod ready" => {
            let ready = list(&status["containerStatuses"]).iter();
            let ready = ready.filter(|it| it["ready"] == true).count();
            format!("{ready}/{}", list(&spec["containers"]).len()).into()
        }
        "pod status" => match (&status["reason"], &object["metadata"]["deletionTimestamp"]) {
            (_, Value::String(_)) => "Terminating".into(),
            (Value::String(reason), _) => reason.as_str().into(),
            _ => text(&status["phase"]).into(),
        },
        "restarts" => {
            let restarts = list(&status["containerStatuses"]).iter();
            let restarts = restarts.filter_map(|it| it["restartCount"].as_i64());
            restarts.fold(0, i64::saturating_add).to_string().into()
        }
        "node status" => node_status(spec, status),
        "roles" => joined(roles(&object["metadata"]["labels"]).into_iter()),
        "internal ip" | "external ip" => {
            let wanted = if source == "internal ip" { "InternalIP" } else { "ExternalIP" };
            let found = list(&status["addresses"]).iter().find(|it| it["type"] == wanted);
            joined(found.map(|it| text(&it["address"])).into_iter())
        }
        "load balancer" | "load balancer addresses" => {
            let addresses = list(&status["loadBalancer"]["ingress"]).iter();
            let addresses = addresses.map(|it| text(&it["ip"]) + &text(&it["hostname"]));
            let external = list(&spec["externalIPs"]).iter().map(text);
            let found = joined(addresses.chain(external));
            match (spec["type"] == "LoadBalancer", found == "<none>") {
                (true, true) => "<pending>".into(),
                (_, true) if source == "load balancer addresses" => "".into(),
                _ => found,
            }
        }
        "ports" => joined(list(&spec["ports"]).iter().map(|port| {
            let node = port["nodePort"].as_i64().map(|it| format!(":{it}")).unwrap_or_default();
            format!("{}{node}/{}", text(&port["port"]), text(&port["protocol"]))
        })),
        "selector" if spec["selector"].get("matchLabels").is_some() => {
            pairs(&spec["selector"]["matchLabels"])
        }
        "selector" => pairs(&spec["selector"]),
        "pod selector" => pairs(&spec["podSelector"]["matchLabels"]),
        "node selector" => pairs(&pod["nodeSelector"]),
        "labels" => pairs(&object["template"]["metadata"]["labels"]),
        "containers" => joined(list(&pod["containers"]).iter().map(|it| text(&it["name"]))),
        "images" => joined(list(&pod["containers"]).iter().map(|it| text(&it["image"]))),
        "replicas ready" => {
            let number = |value: &Value| value.as_i64().unwrap_or(0);
            let ready = number(&status["readyReplicas"]);
            format!("{ready}/{}", number(&spec["replicas"])).into()
        }
        "endpoints" => joined(list(&object["subsets"]).iter().flat_map(|subset| {
            let port = list(&subset["ports"]).first().map(|port| text(&port["port"]));
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            list(&subset["addresses"]).iter().map(move |it| text(&it["ip"]) + &port)
        })),
        "addresses" => joined(
            list(&object["endpoints"]).iter().flat_map(|it| list(&it["addresses"])).map(text),
        ),
        "slice ports" => joined(list(&object["ports"]).iter().map(|port| text(&port["port"]))),
        "last seen" => {
            let times = ["lastTimestamp", "eventTime", "deprecatedLastTimestamp"];
            let found = times.into_iter().map(|field| &object[field]).find(|it| it.is_string());
            found.cloned().unwrap_or_default()
        }
        "object" => {
            let about = object.get("involvedObject").unwrap_or(&object["regarding"]);
            format!("{}/{}", text(&about["kind"]).to_lowercase(), text(&about["name"])).into()
        }
        "message" => text(object.get("message").unwrap_or(&object["note"])).trim().into(),
        "access modes" => joined(list(&spec["accessModes"]).iter().map(|mode| {
            let short = [("ReadWriteOncePod", "RWOP"), ("ReadWriteOnce", "RWO")];
            let more = [("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX")];
            let known = short.into_iter().chain(more).find(|(name, _)| *mode == **name);
            known.map_or_else(|| text(mode), |(_, short)| short.to_owned())
        })),
        "claim" => match &spec["claimRef"] {
            Value::Null => "".into(),
            claim => format!("{}/{}", text(&claim["namespace"]), text(&claim["name"])).into(),
        },
        "job status" => {
            let holds = |name: &str| {
                let mut conditions = list(&status["conditions"]).iter();
                conditions.any(|it| it["type"] == name && it["status"] == "True")
            };
            let known = ["Complete", "Failed", "Suspended"];
            known.into_iter().find(|name| holds(name)).unwrap_or("Running").into()
        }
        "completions" => {
            let wanted = spec["completions"].as_i64().unwrap_or(1);
            format!("{}/{wanted}", status["succeeded"].as_i64().unwrap_or(0)).into()
        }
        "reference" => {
            let target = &spec["scaleTargetRef"];
            format!("{}/{}", text(&target["kind"]), text(&target["name"])).into()
        }
        "role" => {
            let role = &object["roleRef"];
            format!("{}/{}", text(&role["kind"]), text(&role["name"])).into()
        }
        "hosts" => match joined(list(&spec["rules"]).iter().map(|rule| text(&rule["host"]))) {
            none if none == "<none>" => "*".into(),
            hosts => hosts,
        },
        "tls" => if spec["tls"].is_array() { "80, 443" } else { "80" }.into(),
        "approval" => {
            let conditions = list(&status["conditions"]).iter().map(|it| text(&it["type"]));
            match joined(conditions) {
                none if none == "<none>" => "Pending".into(),
                found => found,
            }
        }
        "api service" => match &spec["service"] {
            Value::Null => "Local".into(),
            service => format!("{}/{}", text(&service["namespace"]), text(&service["name"])).into(),
        },
        "available" => {
            let found = list(&status["conditions"]).iter().find(|it| it["type"] == "Available");
            found.map_or_else(|| "Unknown".to_owned(), |it| text(&it["status"])).into()
        }
        _ => Value::Null,
    }
}

fn node_status(spec: &Value, status: &Value) -> Value {
    let ready = list(&status["conditions"]).iter().find(|it| it["type"] == "Ready");
    let mut shown = match ready.map(|it| text(&it["status"])).as_deref() {
        Some("True") => String::from("Ready"),
        Some(_) => String::from("NotReady"),
        None => String::from("Unknown"),
    };
    if spec["unschedulable"] == true {
        shown += ",SchedulingDisabled";
    }
    shown.into()
}

fn roles(labels: &Value) -> Vec<String> {
    let labels = labels.as_object().into_iter().flatten();
    let roles = labels.filter_map(|(label, value)| match label.as_str() {
        "kubernetes.io/role" => Some(text(value)),
        label => label.strip_prefix("node-role.kubernetes.io/").map(str::to_owned),
    });
    roles.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A misspelt word would silently show nothing.
    #[test]
    fn every_source_is_a_path_or_known() {
        for (kind, _) in TABLE {
            for cell in of(kind).0 {
                let odd = ["last seen", "age"].contains(&cell.source);
                let known = cell.source.starts_with('.') || odd;
                assert!(known || !printed(cell.source, &json!({})).is_null(), "{}", cell.source);
            }
        }
    }

    #[test]
    fn cells_are_what_kubectl_prints() {
        let labels = json!({ "node-role.kubernetes.io/control-plane": "" });
        let node = json!({ "metadata": { "labels": labels },
            "spec": { "unschedulable": true },
            "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
        assert_eq!(printed("node status", &node), "Ready,SchedulingDisabled");
        assert_eq!(printed("roles", &node), "control-plane");
        let service = json!({ "spec": { "type": "LoadBalancer", "selector": { "a": "b" },
            "ports": [{ "port": 80, "nodePort": 30_001, "protocol": "TCP" }] } });
        assert_eq!(printed("ports", &service), "80:30001/TCP");
        assert_eq!(printed("load balancer", &service), "<pending>");
        assert_eq!(printed("selector", &service), "a=b");
    }
}
