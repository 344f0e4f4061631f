//! What is a choice of the scheduler, and what is simply done.
//!
//! A choice: every read and write of an object, and every delivery on a watch. Done at once, since
//! no other worker sees it: discovery, opening a watch, Events, SelfSubjectAccessReviews, the lists
//! with which informers begin before the first step, and Leases unless they are to be raced for.
//! Next to read: `lot.rs`.

use super::mask::Mask;
use crate::apiserver::{Resource, Verb};
use crate::rest::{Aim, HttpRequest, HttpResponse};

/// How watch events are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Deliveries {
    /// A stream is told all that is on the way, in one move.
    #[default]
    CatchUp,
    /// Each event is a move of its own.
    Single,
}

/// The rules of one simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How watch events are delivered.
    pub deliveries: Deliveries,
    /// Whether requests about Leases are choices. Otherwise the first candidate gets it.
    pub leases_race: bool,
    /// What is not compared between executions.
    pub ignore: Vec<Mask>,
    /// Requests whose answers may be lost.
    pub lost_answers: u32,
    /// Watches that may break.
    pub watch_gaps: u32,
    /// Workers that may be restarted.
    pub crashes: u32,
    /// Leases that may go to another holder.
    pub leases_lost: u32,
    /// Workers have clocks of their own: the times in Leases differ in every execution, and so does
    /// how often one is renewed.
    pub real_time: bool,
}

impl Rules {
    /// Whether what becomes of such objects is compared between executions: not of Leases whose
    /// requests are no choices, where workers have clocks.
    pub(super) fn compares(&self, resource: &Resource) -> bool {
        let lease = resource.group == "coordination.k8s.io" && resource.plural == "leases";
        !lease || !self.real_time || self.leases_race
    }

    /// Whether a request is simply answered.
    pub(super) fn at_once(&self, http: &HttpRequest, aim: Option<&Aim>, begun: bool) -> bool {
        let Some(aim) = aim else { return true };
        let group = aim.kind.resource.group.as_str();
        let plural = aim.kind.resource.plural.as_str();
        match (group, plural) {
            ("coordination.k8s.io", "leases") if !self.leases_race => true,
            ("" | "events.k8s.io", "events") => true,
            ("authorization.k8s.io" | "authentication.k8s.io", _) => true,
            _ => match aim.verb {
                Verb::Watch => true,
                Verb::List => !begun,
                _ => http.query.contains("dryRun=All"),
            },
        }
    }
}

/// What is answered though the server does not serve it: an Event is accepted and forgotten,
/// whoever asks whether it may is told yes.
pub(super) fn courtesy(http: &HttpRequest) -> Option<HttpResponse> {
    let last = http.path.rsplit('/').next().unwrap_or_default();
    let events = http.path.split('/').any(|part| part == "events");
    let mut body: serde_json::Value = serde_json::from_slice(&http.body).unwrap_or_default();
    match (http.method.as_str(), last) {
        ("POST", "selfsubjectaccessreviews" | "subjectaccessreviews") => {
            body["status"] = serde_json::json!({ "allowed": true });
        }
        ("POST" | "PATCH" | "PUT", _) if events => {}
        _ => return None,
    }
    let code = if http.method == "POST" { 201 } else { 200 };
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Some(HttpResponse { code, headers, body: body.to_string().into_bytes() })
}
