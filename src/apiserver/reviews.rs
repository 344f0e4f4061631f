//! Reviews: questions that are asked by creating an object, which is answered and not stored.
//!
//! Nothing is authenticated or authorised here, so every user may do everything, and the answer
//! says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::call::{ApiResult, RequestScope};
use super::{Status, Verb, engine, metadata};

/// Whoever asks.
const USER: &str = "lostwrite";
const GROUPS: [&str; 2] = ["system:masters", "system:authenticated"];

/// Answers a review.
pub(crate) fn review(call: &mut RequestScope<'_>) -> ApiResult {
    if call.request.verb != Verb::Create {
        let verb = call.request.verb.name();
        return Err(Status::method_not_allowed(&call.kind.resource, verb));
    }
    let mut object = super::verbs::create::body(call)?;
    call.admit(&mut object)?;
    metadata::wipe(&mut object);
    engine::check_namespace(call, &mut object)?;
    object["status"] = status(&call.kind.kind);
    if let Some(found) = account(&object["spec"]).filter(|_| call.kind.kind == "TokenReview") {
        object["status"] = found;
    }
    call.kind.schema.round_trip(&mut object);
    Ok(call.answer(201, std::sync::Arc::new(object)))
}

/// Whose token it is, if it is one that this server made for a service account.
fn account(spec: &Value) -> Option<Value> {
    let claims = spec["token"].as_str()?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let name = claims["sub"].as_str().filter(|it| it.starts_with("system:serviceaccount:"))?;
    let asked = spec["audiences"].as_array().filter(|all| !all.is_empty());
    let held = claims["aud"].as_array()?;
    let shared: Vec<&Value> = match asked {
        Some(asked) => held.iter().filter(|it| asked.contains(it)).collect(),
        None => held.iter().collect(),
    };
    if shared.is_empty() {
        let why = "token audiences do not match any of those that are asked for";
        return Some(json!({ "authenticated": false, "error": why, "user": {} }));
    }
    let inside = &claims["kubernetes.io"];
    let namespace = inside["namespace"].as_str().unwrap_or_default();
    let groups = [
        "system:serviceaccounts",
        &format!("system:serviceaccounts:{namespace}"),
        "system:authenticated",
    ]
    .map(String::from);
    let user = json!({ "username": name, "uid": inside["serviceaccount"]["uid"],
        "groups": groups });
    Some(json!({ "authenticated": true, "user": user, "audiences": shared }))
}

fn status(kind: &str) -> Value {
    let user = json!({ "username": USER, "groups": GROUPS });
    match kind {
        "SelfSubjectReview" => json!({ "userInfo": user }),
        "TokenReview" => json!({ "authenticated": true, "user": user }),
        "SelfSubjectRulesReview" => json!({
            "resourceRules": [{ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }],
            "nonResourceRules": [{ "verbs": ["*"], "nonResourceURLs": ["*"] }],
            "incomplete": false,
        }),
        _ => json!({ "allowed": true, "reason": "nothing is authorised here" }),
    }
}
