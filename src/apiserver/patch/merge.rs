//! JSON merge patch, RFC 7386: objects merge, null deletes, everything else replaces.
//!
//! Lists are replaced whole, whatever the schema says of them: that is how a merge patch loses
//! another writer's condition. Next to read: `json.rs`.

use serde_json::{Map, Value};

use super::{PatchError, go_json_type};

/// Applies a merge patch to an object.
///
/// A patch that is not an object is refused, as the server does, with the texts of Go's decoder.
pub fn merge(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    match patch {
        Value::Object(changes) => {
            let mut result = object.clone();
            merge_into(&mut result, changes);
            Ok(result)
        }
        Value::Null => Err(PatchError::Malformed("Invalid JSON Patch".to_owned())),
        other => Err(PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type \
             map[string]interface {{}}",
            go_json_type(other)
        ))),
    }
}

fn merge_into(target: &mut Value, changes: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (key, change) in changes {
        match change {
            Value::Null => {
                fields.remove(key);
            }
            Value::Object(inner) => {
                merge_into(fields.entry(key.clone()).or_insert(Value::Null), inner);
            }
            other => {
                fields.insert(key.clone(), other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The table of RFC 7386, appendix A, as far as both sides are objects.
    #[test]
    fn the_examples_of_the_rfc() {
        for (object, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            assert_eq!(merge(&object, &patch), Ok(result), "{object} + {patch}");
        }
    }

    #[test]
    fn nulls_inside_a_list_stay() {
        let patch = json!({"a": [1, {"n": null}]});
        assert_eq!(merge(&json!({"a": {"b": 1}}), &patch), Ok(patch));
    }

    #[test]
    fn a_patch_that_is_no_object_is_refused() {
        let text = merge(&json!({}), &json!([])).unwrap_err().to_string();
        assert_eq!(
            text,
            "error decoding patch: json: cannot unmarshal array into Go value of type \
             map[string]interface {}"
        );
    }
}
