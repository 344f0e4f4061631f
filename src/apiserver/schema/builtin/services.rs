//! Services: defaults, the address and ports that the server gives them, validation.
//!
//! Addresses and node ports are drawn from the Service's uid, so the same run gives the same ones.
//! There is no list of what is taken: of very many Services two may get the same.

use serde_json::{Map, Value, json};

use super::defaults::{items, set};
use crate::apiserver::schema::FieldError;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

pub(super) fn default(spec: &mut Map<String, Value>) {
    set(Some(spec), "sessionAffinity", json!("None"));
    set(Some(spec), "type", json!("ClusterIP"));
    if spec["sessionAffinity"] == "ClientIP" {
        let timeout = json!({ "clientIP": { "timeoutSeconds": 10_800 } });
        set(Some(spec), "sessionAffinityConfig", timeout);
    }
    for port in items(spec, "ports") {
        set(Some(port), "protocol", json!("TCP"));
        let target = port.get("targetPort").cloned().unwrap_or_default();
        if target.is_null() || target == 0 || target == "" {
            let number = port.get("port").cloned().unwrap_or(json!(0));
            port.insert("targetPort".into(), number);
        }
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if ["NodePort", "LoadBalancer"].contains(&kind.as_str()) {
        set(Some(spec), "externalTrafficPolicy", json!("Cluster"));
    }
    if kind != "ExternalName" {
        set(Some(spec), "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set(Some(spec), "allocateLoadBalancerNodePorts", json!(true));
    }
}

/// What a new Service is given.
pub(super) fn allocate(service: &mut Value) {
    let uid = text(&service["metadata"], "uid").to_owned();
    // FNV-1a: a number from the uid, the same everywhere.
    let hash = |salt: usize| {
        let bytes = uid.bytes().chain(salt.to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "ExternalName" {
        return;
    }
    // 10.96.0.0/12, as kubeadm has it; without the network's own address.
    let number = 0x0a60_0000 + (hash(0) % 0x000f_fffe) + 1;
    let part = |shift: u32| (number >> shift) & 0xff;
    let address = format!("{}.{}.{}.{}", part(24), part(16), part(8), part(0));
    if spec.get("clusterIP").and_then(Value::as_str).unwrap_or_default().is_empty() {
        spec.insert("clusterIP".into(), address.into());
    }
    let address = spec["clusterIP"].clone();
    set(Some(spec), "clusterIPs", json!([address]));
    set(Some(spec), "ipFamilies", json!(["IPv4"]));
    set(Some(spec), "ipFamilyPolicy", json!("SingleStack"));
    if ["NodePort", "LoadBalancer"].contains(&kind.as_str()) {
        for (index, port) in items(spec, "ports").enumerate() {
            if port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) == 0 {
                port.insert("nodePort".into(), (30_000 + hash(index + 1) % 2768).into());
            }
        }
    }
}

/// A PUT that says nothing of what was given keeps it.
pub(super) fn prepare_update(new: &mut Value, old: &Value) {
    let kind = text(&new["spec"], "type").to_owned();
    let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if kind == "ExternalName" {
        return;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let before = &old["spec"][field];
        if !before.is_null() {
            set(Some(spec), field, before.clone());
        }
    }
    if kind == "ClusterIP" {
        return;
    }
    let before = old["spec"]["ports"].as_array().cloned().unwrap_or_default();
    for port in items(spec, "ports") {
        let same =
            |other: &&Value| port.get("port") == other.get("port") && !other["nodePort"].is_null();
        let found = before.iter().find(same).map(|other| other["nodePort"].clone());
        if let Some(number) = found {
            set(Some(port), "nodePort", number);
        }
    }
    allocate(new);
}

pub(super) fn validate(new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = &new["spec"];
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    let kind = text(spec, "type");
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if ports.is_empty() && text(spec, "clusterIP") != "None" && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if !kinds.contains(&kind) {
        errors.push(FieldError::not_supported("spec.type", &spec["type"], &kinds));
    }
    if kind == "ExternalName" && text(spec, "externalName").is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        if ports.len() > 1 && text(port, "name").is_empty() {
            errors.push(FieldError::required(&format!("{at}.name"), ""));
        }
        if !port["port"].as_i64().is_some_and(|port| (1..=65_535).contains(&port)) {
            let detail = "must be between 1 and 65535, inclusive";
            errors.push(FieldError::invalid(&format!("{at}.port"), &port["port"], detail));
        }
        let protocols = ["SCTP", "TCP", "UDP"];
        if !protocols.contains(&text(port, "protocol")) {
            let field = format!("{at}.protocol");
            errors.push(FieldError::not_supported(&field, &port["protocol"], &protocols));
        }
    }
    let Some(old) = old else { return };
    let before = &old["spec"]["clusterIPs"];
    let stays = text(&old["spec"], "type") != "ExternalName" && kind != "ExternalName";
    if stays && before[0].is_string() && spec["clusterIPs"][0] != before[0] {
        let detail = "may not change once set";
        errors.push(FieldError::invalid("spec.clusterIPs[0]", &spec["clusterIPs"], detail));
    }
}
