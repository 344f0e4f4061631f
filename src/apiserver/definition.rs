//! What is wrong with a CustomResourceDefinition.
//!
//! The checks and texts of `apiextensions-apiserver`, in its order. It looks at a definition in its
//! internal form, in which what all versions have in common stands once, above them: so errors
//! name `spec.validation` where the definition says `spec.versions[0].schema`. Not checked: the
//! selectable fields, the webhook of a conversion, and the schemas' defaults.
//! Next to read: `definition/version.rs`, `crd.rs`, `schema/parse.rs`.

mod version;

use serde_json::{Value, json};

use super::metadata::Meta;
use super::schema::FieldError;
use super::{crd, names};
use version::{columns, deprecation, scale};

/// The annotation that is needed to define kinds in a group of Kubernetes.
const APPROVED: &str = "api-approved.kubernetes.io";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// All that is wrong with a definition, as a create (`old` is `None`) or as an update.
pub(crate) fn validate(crd: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = &crd["spec"];
    let mut errors = Vec::new();
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    let name = crd.meta_str("name");
    if old.is_none() && name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", &name.into(), why));
    }
    group_and_scope(spec, &mut errors);
    versions(crd, &mut errors);
    names_of(&spec["names"], "spec.names", true, &mut errors);
    conversion(&spec["conversion"], &mut errors);
    if let Some(old) = old {
        let fixed = ["scope", "names.kind", "group", "names.plural"];
        for field in fixed {
            let at = |crd: &Value| {
                crd["spec"].pointer(&format!("/{}", field.replace('.', "/"))).cloned()
            };
            let (new, old) = (at(crd).unwrap_or_default(), at(old).unwrap_or_default());
            if new != old {
                let path = format!("spec.{field}");
                errors.push(FieldError::invalid(&path, &new, "field is immutable"));
            }
        }
    }
    names_of(&crd["status"]["acceptedNames"], "status.acceptedNames", false, &mut errors);
    stored_versions(crd, &mut errors);
    approval(crd, old, &mut errors);
    if spec["preserveUnknownFields"] == true {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
                   spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", &true.into(), why));
    }
    errors
}

fn group_and_scope(spec: &Value, errors: &mut Vec<FieldError>) {
    let group = text(&spec["group"]);
    let wrong = names::subdomain(group);
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else if !wrong.is_empty() {
        errors.push(FieldError::invalid("spec.group", &group.into(), &wrong.join(",")));
    } else if !group.contains('.') {
        let why = "should be a domain with at least one dot";
        errors.push(FieldError::invalid("spec.group", &group.into(), why));
    }
    match text(&spec["scope"]) {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => {
            let known = ["Cluster", "Namespaced"];
            errors.push(FieldError::not_supported("spec.scope", &other.into(), &known));
        }
    }
}

/// A label as DNS had it first: a digit may not begin it.
fn label(path: &str, value: &str, prefix: &str, shown: &str, errors: &mut Vec<FieldError>) {
    let wrong = names::dns_1035_label(value);
    if !wrong.is_empty() {
        let why = format!("{prefix}{}", wrong.join(","));
        errors.push(FieldError::invalid(path, &shown.into(), &why));
    }
}

fn versions(crd: &Value, errors: &mut Vec<FieldError>) {
    let spec = &crd["spec"];
    let none = Vec::new();
    let all = spec["versions"].as_array().unwrap_or(&none);
    let alike = |field: &str| all.windows(2).all(|two| two[0].get(field) == two[1].get(field));
    for (index, version) in all.iter().enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
            errors.push(FieldError::required(&path, ""));
        }
    }
    let schemas = crd::kinds(crd).err().unwrap_or_default();
    let mut above = Vec::new();
    for (index, version) in all.iter().enumerate() {
        let path = format!("spec.versions[{index}]");
        let name = text(&version["name"]);
        label(&format!("{path}.name"), name, "", name, errors);
        deprecation(version, &path, errors);
        // What all versions have in common is looked at once, at the end.
        let place = |field: &str, inner: &str| match alike(field) {
            true => format!("spec.{inner}"),
            false => format!("{path}.{field}"),
        };
        let mine = |field: &str| !alike(field) || index == 0;
        if mine("schema") {
            let own = format!("{path}.schema.");
            let shown = format!("{}.", place("schema", "validation"));
            let found = schemas.iter().filter(|error| error.field.starts_with(&own));
            let moved = found.map(|error| FieldError {
                field: error.field.replacen(&own, &shown, 1),
                message: error.message.replace(&own, &shown),
                reason: error.reason,
            });
            if alike("schema") { above.extend(moved) } else { errors.extend(moved) }
        }
        let mut rest = Vec::new();
        if mine("subresources") {
            scale(
                &version["subresources"]["scale"],
                &place("subresources", "subresources"),
                &mut rest,
            );
        }
        if mine("additionalPrinterColumns") {
            let at = place("additionalPrinterColumns", "additionalPrinterColumns");
            columns(&version["additionalPrinterColumns"], &at, &mut rest);
        }
        if alike("subresources") { above.extend(rest) } else { errors.extend(rest) }
    }
    let shown = Value::Array(all.iter().map(internal).collect());
    let twice = all
        .iter()
        .enumerate()
        .any(|(index, version)| all[..index].iter().any(|other| other["name"] == version["name"]));
    let mut wrong = |why: &str| {
        errors.push(FieldError::printed("spec.versions", &internal_text(&shown), why));
    };
    if twice {
        wrong("must contain unique version names");
    }
    if all.iter().filter(|version| version["storage"] == true).count() != 1 {
        wrong("must have exactly one version marked as storage version");
    }
    if let Some(first) = all.first() {
        let name = text(&first["name"]);
        label("spec.version", name, "", name, errors);
    }
    errors.append(&mut above);
}

/// A version as Go prints its internal type, without what may be above it.
fn internal(version: &Value) -> Value {
    json!([
        version["name"],
        version["served"] == true,
        version["storage"] == true,
        version["deprecated"] == true,
        version["deprecationWarning"],
    ])
}

fn internal_text(versions: &Value) -> String {
    let one = |version: &Value| {
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\
             \"DeprecationWarning\":{},\"Schema\":null,\"Subresources\":null,\
             \"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
            version[0], version[1], version[2], version[3], version[4]
        )
    };
    let all = versions.as_array().into_iter().flatten().map(one);
    format!("[{}]", all.collect::<Vec<_>>().join(","))
}

fn names_of(names: &Value, path: &str, complete: bool, errors: &mut Vec<FieldError>) {
    let of = |field: &str| text(&names[field]);
    for field in ["plural", "singular", "kind", "listKind"] {
        if complete && of(field).is_empty() {
            errors.push(FieldError::required(&format!("{path}.{field}"), ""));
        }
    }
    for field in ["plural", "singular"] {
        if !of(field).is_empty() {
            label(&format!("{path}.{field}"), of(field), "", of(field), errors);
        }
    }
    for field in ["kind", "listKind"] {
        if !of(field).is_empty() {
            let prefix = "may have mixed case, but should otherwise match: ";
            let lower = of(field).to_lowercase();
            label(&format!("{path}.{field}"), &lower, prefix, of(field), errors);
        }
    }
    let mut each = |field: &str| {
        for (index, name) in names[field].as_array().into_iter().flatten().enumerate() {
            label(&format!("{path}.{field}[{index}]"), text(name), "", text(name), errors);
        }
    };
    each("shortNames");
    let same = !of("kind").is_empty() && of("kind") == of("listKind");
    each("categories");
    if same {
        let why = "kind and listKind may not be the same";
        errors.push(FieldError::invalid(&format!("{path}.listKind"), &of("listKind").into(), why));
    }
}

fn conversion(conversion: &Value, errors: &mut Vec<FieldError>) {
    if !conversion.is_object() {
        return;
    }
    let webhook = &conversion["webhook"];
    match text(&conversion["strategy"]) {
        "" => errors.push(FieldError::required("spec.conversion.strategy", "")),
        "Webhook" => {
            if !webhook["clientConfig"].is_object() {
                let why = "required when strategy is set to Webhook";
                errors.push(FieldError::required("spec.conversion.webhookClientConfig", why));
            }
            let path = "spec.conversion.conversionReviewVersions";
            let none = Vec::new();
            let known = webhook["conversionReviewVersions"].as_array().unwrap_or(&none);
            if known.is_empty() {
                errors.push(FieldError::required(path, ""));
            } else if !known.iter().any(|it| it == "v1" || it == "v1beta1") {
                let why = "must include at least one of v1, v1beta1";
                errors.push(FieldError::invalid(path, &webhook["conversionReviewVersions"], why));
            }
        }
        "None" => {
            let why = "should not be set when strategy is not set to Webhook";
            if webhook["clientConfig"].is_object() {
                errors.push(FieldError::forbidden("spec.conversion.webhookClientConfig", why));
            }
            if webhook["conversionReviewVersions"].as_array().is_some_and(|it| !it.is_empty()) {
                let path = "spec.conversion.conversionReviewVersions";
                errors.push(FieldError::forbidden(path, why));
            }
        }
        other => {
            let (path, known) = ("spec.conversion.strategy", ["None", "Webhook"]);
            errors.push(FieldError::not_supported(path, &other.into(), &known));
        }
    }
}

fn stored_versions(crd: &Value, errors: &mut Vec<FieldError>) {
    let path = "status.storedVersions";
    let stored = &crd["status"]["storedVersions"];
    let none = Vec::new();
    let list = stored.as_array().unwrap_or(&none);
    if list.is_empty() {
        let why = "must have at least one stored version";
        errors.push(FieldError::invalid(path, &Value::Null, why));
        return;
    }
    let versions = crd["spec"]["versions"].as_array().unwrap_or(&none);
    for version in versions.iter().filter(|version| version["storage"] == true) {
        if !list.contains(&version["name"]) {
            let why = format!("must have the storage version {}", text(&version["name"]));
            errors.push(FieldError::invalid(path, stored, &why));
        }
    }
    for (index, name) in list.iter().enumerate() {
        if !versions.iter().any(|version| version["name"] == *name) {
            let shown = text(name);
            let why = format!(
                "missing from spec.versions; {shown} was previously a storage version, and must \
                 remain in spec.versions until a storage migration ensures no data remains \
                 persisted in {shown} and removes {shown} from status.storedVersions"
            );
            errors.push(FieldError::invalid(&format!("{path}[{index}]"), name, &why));
        }
    }
}

/// Groups of Kubernetes' own need an approval, or a word that there is none.
fn approval(crd: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let group = text(&crd["spec"]["group"]);
    let own = ["k8s.io", "kubernetes.io"];
    if !own.iter().any(|own| group == *own || group.ends_with(&format!(".{own}"))) {
        return;
    }
    let annotation = |crd: &Value| {
        crd.meta("annotations").and_then(|all| all[APPROVED].as_str()).map(str::to_owned)
    };
    let state = |annotation: Option<&str>| match annotation.unwrap_or_default() {
        "" => 0,
        text if text.starts_with("unapproved") => 1,
        text if text.split_once("://").is_some_and(|(scheme, rest)| {
            !scheme.is_empty() && !rest.is_empty() && !rest.starts_with('/')
        }) =>
        {
            2
        }
        _ => 3,
    };
    let now = annotation(crd);
    let new = state(now.as_deref());
    if old.is_some_and(|old| state(annotation(old).as_deref()) == new) {
        return;
    }
    let path = format!("metadata.annotations[{APPROVED}]");
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let must = format!("protected groups must have approval annotation \"{APPROVED}\"");
    match new {
        0 => errors.push(FieldError::required(&path, &format!("{must}, {see}"))),
        3 => {
            let why =
                format!("{must} with either a URL or a reason starting with \"unapproved\", {see}");
            errors.push(FieldError::invalid(&path, &now.unwrap_or_default().into(), &why));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
