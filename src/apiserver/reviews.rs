//! Reviews: questions that are asked by creating an object, which is answered and not stored.
//!
//! Nothing is authenticated or authorised here, so everybody may do everything, and says so.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::{Status, Verb, engine, metadata};

/// Whoever asks.
const USER: &str = "lostwrite";
const GROUPS: [&str; 2] = ["system:masters", "system:authenticated"];

/// Answers a review.
pub(crate) fn review(call: &mut Call<'_>) -> Answer {
    if call.request.verb != Verb::Create {
        let verb = format!("{:?}", call.request.verb).to_lowercase();
        return Err(Status::method_not_allowed(&call.kind.resource, &verb));
    }
    let mut object = super::verbs::create::body(call)?;
    call.admit(&mut object)?;
    metadata::wipe(&mut object);
    engine::check_namespace(call, &mut object)?;
    object["status"] = status(&call.kind.kind);
    call.kind.schema.round_trip(&mut object);
    Ok(call.answer(201, std::sync::Arc::new(object)))
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
