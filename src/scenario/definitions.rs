//! The CustomResourceDefinitions of a scenario, and their JSON, which is written once.
//!
//! A published definition may have more than a megabyte, and a comparison asks for the fingerprint
//! of a scenario for each write method. Next to read: `fingerprint.rs`.

use std::ops::Deref;
use std::sync::OnceLock;

use serde_json::Value;

/// CustomResourceDefinitions, as objects.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    all: Vec<Value>,
    json: OnceLock<String>,
}

impl Definitions {
    /// As one JSON array, compact.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(&self.all).unwrap_or_default())
    }

    /// The definitions, to be changed.
    pub fn edit(&mut self) -> &mut [Value] {
        self.json = OnceLock::new();
        &mut self.all
    }
}

impl Deref for Definitions {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.all
    }
}

impl FromIterator<Value> for Definitions {
    fn from_iter<I: IntoIterator<Item = Value>>(all: I) -> Definitions {
        Definitions { all: all.into_iter().collect(), json: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::Definitions;
    use serde_json::json;

    #[test]
    fn their_json_is_of_what_they_are_now() {
        let mut definitions: Definitions = [json!({ "kind": "A" })].into_iter().collect();
        assert_eq!(definitions.json(), r#"[{"kind":"A"}]"#);
        definitions.edit()[0]["kind"] = json!("B");
        assert_eq!(definitions.json(), r#"[{"kind":"B"}]"#);
    }
}
