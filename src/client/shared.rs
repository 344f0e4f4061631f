//! An object that several workers of one process hold in memory, and what decoding a response
//! does to it.
//!
//! After Update or Patch, controller-runtime decodes the response *into the passed object*. For a
//! typed object that is Go's JSON decoding over an existing struct: keys that are present
//! overwrite, absent keys keep what was there, maps are merged, lists are overwritten. An
//! unstructured object is replaced. Left out: Go reuses the memory of list entries.
//! Next to read: `reconcilers/methods/update_shared.rs`.

use std::sync::Arc;

use serde_json::Value;

/// The object as modelled clients hold it: without `managedFields` (see `diff.rs`).
pub fn without_managed_fields(object: &Arc<Value>) -> Arc<Value> {
    if object["metadata"].get("managedFields").is_none() {
        return Arc::clone(object);
    }
    let mut object = (**object).clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    Arc::new(object)
}

/// Decodes `response` into `memory`.
pub fn decode_into(memory: &mut Value, response: &Value, replace: bool) {
    match (memory, response) {
        (Value::Object(held), Value::Object(sent)) if !replace => {
            for (key, value) in sent {
                match held.get_mut(key) {
                    Some(place) => decode_into(place, value, false),
                    None => {
                        held.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (memory, response) => *memory = response.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn typed_decoding_overwrites_present_keys_and_keeps_absent_ones() {
        let mut memory = json!({"status": {"ready": "True", "vcpus": 8, "own": 1}});
        decode_into(&mut memory, &json!({"status": {"ready": "False", "vcpus": 4}}), false);
        assert_eq!(memory, json!({"status": {"ready": "False", "vcpus": 4, "own": 1}}));
        decode_into(&mut memory, &json!({"status": {}}), true);
        assert_eq!(memory, json!({"status": {}}));
    }
}
