//! The words of the museum that are not computed: what was seen, and what to ask of one's own code.
//!
//! A symptom is what the model shows, in the words of a person who operates it.

/// What a symptom is like: how a person who has seen one finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// What was there before is there again.
    Back,
    /// What should be there is not.
    Gone,
    /// More than one, where one was wanted.
    Twice,
    /// It waits, or writes, without an end.
    Stuck,
    /// Two things that cannot both be true.
    Misfit,
}

/// The signs, as the entrance asks for them.
pub(super) const SIGNS: &[(Sign, &str)] = &[
    (Sign::Back, "Something old came back"),
    (Sign::Gone, "Something is gone"),
    (Sign::Twice, "There are two where one was wanted"),
    (Sign::Stuck, "It does not end, or does not come to rest"),
    (Sign::Misfit, "Two things are true that cannot be"),
];

/// What was seen, by the title of the exhibit.
const SYMPTOMS: &[(&str, Sign, &str)] = &[
    ("A list of conditions is replaced", Sign::Back, "The condition that came and went"),
    ("A taint is put back", Sign::Back, "A taint that was removed returns"),
    ("Finalizers of others", Sign::Gone, "The finalizer of another controller is gone"),
    ("A finalizer by its index", Sign::Gone, "The wrong finalizer is gone"),
    ("The parents of a route", Sign::Gone, "A route has lost one of its parents"),
    ("A retry that never retries", Sign::Gone, "The result of one node is missing in the report"),
    ("From PUT to patch to a locked patch", Sign::Gone, "A hold that was placed is not there"),
    ("Whole data, one key", Sign::Gone, "A key of a Secret has disappeared"),
    ("Fresh read, stale values", Sign::Back, "A status shows values from before"),
    ("A patch that cannot conflict", Sign::Misfit, "The reason does not fit the result"),
    ("An id that was given up", Sign::Back, "A broker that was decommissioned has its id again"),
    ("Computed from another object", Sign::Back, "A revoked image is trusted again"),
    ("A conflict that is swallowed", Sign::Stuck, "An object is Terminating for ever"),
    (
        "An id from the cloud",
        Sign::Gone,
        "A cloud resource exists, and the object does not know its id",
    ),
    ("A patch with an id meets a conflict", Sign::Twice, "The same cloud resource is made twice"),
    ("A retry that reads the cache", Sign::Gone, "The id of a remote resource was never stored"),
    ("A lock on a snapshot of everything", Sign::Stuck, "A pass over all objects does not end"),
    ("A retry with a budget and a deadline", Sign::Stuck, "A Node keeps its startup taint"),
    ("A status after a create", Sign::Stuck, "A new object never reports that it is installed"),
    ("A cache written back", Sign::Stuck, "A controller and its cache do not come to rest"),
    ("Two Secrets for one certificate", Sign::Gone, "The Secret in use was deleted"),
    ("A cache that does not show it yet", Sign::Twice, "Two were made where one was wanted"),
    ("Its own status, read too early", Sign::Twice, "A job was started twice"),
    ("A quorum that counts the dead", Sign::Gone, "One Pod too many was deleted"),
    ("Two decisions", Sign::Misfit, "A Node is complete and tainted at once"),
    ("A guard that another has met", Sign::Stuck, "A migration ended and was never Failed"),
    ("Whose replicas", Sign::Back, "The replicas jump back"),
    ("A taint that was removed once", Sign::Stuck, "A Node never becomes ready"),
    ("An annotation, for ever", Sign::Stuck, "An annotation flaps"),
    ("Two leaders", Sign::Twice, "Two replicas lead at once"),
    ("A former leader", Sign::Twice, "A replica that no longer leads still writes"),
    (
        "Patches of a replica that does not lead",
        Sign::Back,
        "An old route comes back after a failover",
    ),
    ("A standby that does not wait", Sign::Twice, "A standby replica acts beside the leader"),
];

/// The tour: five exhibits, each with a mechanism that the others do not have.
pub(super) const TOUR: [&str; 5] = [
    "Whole data, one key",
    "A list of conditions is replaced",
    "Fresh read, stale values",
    "A cache that does not show it yet",
    "Two leaders",
];

/// Three questions with yes or no, by mechanism: with a yes, the scenario is worth an hour.
const QUESTIONS: &[(&str, [&str; 3])] = &[
    (
        "A list is replaced whole",
        [
            "Do several controllers own entries of one list (conditions, taints, finalizers)?",
            "Does one of them send the list as it read it, by PUT, merge patch or index?",
            "Is that request without the resourceVersion that was read?",
        ],
    ),
    (
        "More is written than was meant",
        [
            "Do two controllers write fields of the same map or the same status?",
            "Does one of them send more than the fields that it owns?",
            "Was what it sends read, or computed, before its last GET?",
        ],
    ),
    (
        "A patch from a stale read passes",
        [
            "Was an update replaced by a patch to get rid of conflicts?",
            "Does the value of the patch depend on what was read?",
            "Does the patch carry no resourceVersion?",
        ],
    ),
    (
        "A conflict is handled wrongly",
        [
            "Is an IsConflict error ignored, logged, or retried with what was read before?",
            "Would the work queue not run this reconcile again by itself?",
            "Does an outside effect (a cloud resource, a job) come before the write?",
        ],
    ),
    (
        "A decision from a stale read",
        [
            "Does the controller decide from a list or a field whether to create or to delete?",
            "Does it read that from its cache, or long before it acts?",
            "May two reconciles, or two replicas, decide at once?",
        ],
    ),
    (
        "Two owners of one field",
        [
            "Do two controllers, or a person and a controller, set the same field?",
            "Does one of them write it at every reconcile, whatever is there?",
            "Does one of them use apply with force?",
        ],
    ),
    (
        "Leaders and replicas",
        [
            "May a second replica run for a moment, as in every rolling update?",
            "Does the process go on when it has lost the Lease?",
            "Do its writes carry no version that a later leader would have changed?",
        ],
    ),
];

/// What was seen.
pub(super) fn symptom(title: &str) -> &'static str {
    SYMPTOMS.iter().find(|(known, ..)| *known == title).map_or("", |(.., symptom)| symptom)
}

/// What the symptom is like.
pub(super) fn sign(title: &str) -> Option<Sign> {
    Some(SYMPTOMS.iter().find(|(known, ..)| *known == title)?.1)
}

/// What to ask of one's own code.
pub(super) fn questions(mechanism: &str) -> [&'static str; 3] {
    QUESTIONS.iter().find(|(known, _)| *known == mechanism).map_or([""; 3], |(_, asked)| *asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn each_exhibit_has_a_symptom_and_each_mechanism_its_questions() {
        let titles: Vec<&str> = Scenario::museum().into_iter().map(|(title, _)| title).collect();
        for title in &titles {
            assert!(!symptom(title).is_empty(), "{title} has no symptom");
            let mechanism = Scenario::mechanism(title).expect("it stands in a room");
            assert!(!questions(mechanism)[2].is_empty(), "{mechanism} has no questions");
        }
        assert_eq!(titles.len(), SYMPTOMS.len(), "a symptom of no exhibit");
        for (sign, heading) in SIGNS {
            assert!(SYMPTOMS.iter().any(|(_, of, _)| of == sign), "{heading}: none");
        }
        assert!(TOUR.iter().all(|stop| titles.contains(stop)), "a stop without an exhibit");
    }
}
