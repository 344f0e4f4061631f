//! What is left out when two executions are compared: `status.conditions[*].lastTransitionTime`.
//!
//! A mask never changes what is sent or stored. Next to read: `names.rs`.

use serde_json::Value;

/// A path whose value is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Vec<String>);

impl Mask {
    /// Reads `a.b[*].c`; `*` stands for every key or item.
    pub fn new(text: &str) -> Mask {
        let spaced = text.replace("[*]", ".*").replace('[', ".").replace(']', "");
        let parts = spaced.split('.').map(|part| part.trim_matches(['"', '\'']).to_owned());
        Mask(parts.filter(|part| !part.is_empty()).collect())
    }

    /// Covers what is masked: of an object, of a list of objects, of a watch event, of a JSON
    /// patch.
    pub(crate) fn cover(&self, value: &mut Value) {
        let parts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        if let Value::Array(operations) = value {
            operations.iter_mut().for_each(|operation| cover_operation(&parts, operation));
            return;
        }
        blank(&parts, value);
        if let Some(object) = value.get_mut("object") {
            blank(&parts, object);
        }
        if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
            items.iter_mut().for_each(|item| blank(&parts, item));
        }
    }
}

fn blank(parts: &[&str], value: &mut Value) {
    let Some((first, rest)) = parts.split_first() else {
        *value = Value::String("(not compared)".to_owned());
        return;
    };
    match value {
        Value::Object(map) if *first == "*" => {
            map.values_mut().for_each(|inner| blank(rest, inner));
        }
        Value::Object(map) => {
            if let Some(inner) = map.get_mut(*first) {
                blank(rest, inner);
            }
        }
        Value::Array(items) if *first == "*" => {
            items.iter_mut().for_each(|item| blank(rest, item));
        }
        Value::Array(items) => {
            if let Some(item) = first.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                blank(rest, item);
            }
        }
        _ => {}
    }
}

/// `{op, path, value}`: the part of the mask that goes on below the path covers the value.
fn cover_operation(parts: &[&str], operation: &mut Value) {
    let path = operation["path"].as_str().unwrap_or_default().to_owned();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let agrees = |(part, step): (&&str, &&str)| *part == "*" || part == step;
    let covered = steps.len() <= parts.len() && parts.iter().zip(&steps).all(agrees);
    if let Some(value) = operation.get_mut("value").filter(|_| covered) {
        blank(&parts[steps.len()..], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn covers_objects_lists_events_and_patches() {
        let mask = Mask::new("status.conditions[*].lastTransitionTime");
        let object = |time: &str| {
            let condition = json!({ "type": "Ready", "lastTransitionTime": time });
            json!({ "status": { "conditions": [condition] } })
        };
        let shapes: [&dyn Fn(&str) -> Value; 5] = [
            &|time| object(time),
            &|time| json!({ "items": [object(time)] }),
            &|time| json!({ "type": "MODIFIED", "object": object(time) }),
            &|time| {
                let path = "/status/conditions/0/lastTransitionTime";
                json!([{ "op": "replace", "path": path, "value": time }])
            },
            &|time| json!([{ "op": "add", "path": "/status", "value": object(time)["status"] }]),
        ];
        for shape in shapes {
            let (mut one, mut other) = (shape("1"), shape("2"));
            assert_ne!(one, other);
            mask.cover(&mut one);
            mask.cover(&mut other);
            assert_eq!(one, other);
        }
    }
}
