//! "Did you mean": the name that was probably wanted.
//!
//! Edit distance, as rustc measures it, after folding case and `_` to `-`: a third of the name may
//! differ. Next to read: `diagnostic.rs`.

/// Names longer than this are no typing mistake, and not worth the time.
const LONGEST: usize = 80;

/// Other names of the same thing: of Kubernetes' documentation, client-go and kubectl.
const SYNONYMS: &[(&str, &str)] = &[
    ("client", "live"),
    ("conditional-update", "update"),
    ("direct", "live"),
    ("field-manager", "fieldManager"),
    ("get", "live"),
    ("informer", "cache"),
    ("dict", "merge-patch-literal"),
    ("json", "json-patch"),
    ("kubectl-apply", "apply"),
    ("kubectl-patch", "merge-patch-literal"),
    ("lister", "cache"),
    ("literal", "merge-patch-literal"),
    ("merge", "merge-patch"),
    ("merge-from", "merge-patch"),
    ("merge-from-with-optimistic-lock", "merge-patch-locked"),
    ("optimistic-lock", "merge-patch-locked"),
    ("overwrite", "update-unconditional"),
    ("patch", "merge-patch"),
    ("patch::merge", "merge-patch-literal"),
    ("put", "update"),
    ("replace", "update"),
    ("restamp", "update-restamp"),
    ("retry", "update-retry"),
    ("retry-on-conflict", "update-retry"),
    ("server-side-apply", "apply"),
    ("same-body", "none"),
    ("smp", "strategic-merge-patch"),
    ("ssa", "apply"),
    ("status-update", "update"),
    ("strategic", "strategic-merge-patch"),
    ("update-status", "update"),
    ("watch-cache", "cache"),
];

/// The candidate that `name` was probably meant to be.
pub fn closest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let folded = fold(name);
    let mut candidates = candidates.into_iter().collect::<Vec<_>>();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == folded);
    if let Some(at) = synonym.and_then(|(_, meant)| candidates.iter().position(|c| c == meant)) {
        return Some(candidates.swap_remove(at));
    }
    let allowed = folded.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= LONGEST)
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A help line: the closest candidate if there is one.
pub fn did_you_mean<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    closest(name, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// `a`, `b` and `c`.
pub fn listed<S: AsRef<str>>(names: &[S], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// Names that stand in the other's words (`patch` for `merge-patch`) count as near.
fn distance(name: &str, candidate: &str) -> usize {
    let edits = strsim::damerau_levenshtein(name, candidate);
    let contained = name.len() >= 4 && (candidate.ends_with(name) || candidate.starts_with(name));
    if contained { edits.min(1) } else { edits }
}

/// In lower case, its words joined by `-`.
fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut before_was_small = false;
    for c in name.chars() {
        if c.is_uppercase() && before_was_small {
            folded.push('-');
        }
        before_was_small = c.is_lowercase();
        folded.extend(c.to_lowercase());
    }
    folded.replace(['_', ' '], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let writes = ["update", "update-retry", "merge-patch", "merge-patch-locked", "apply"];
        assert_eq!(closest("merge-pach", writes), Some("merge-patch"));
        assert_eq!(closest("merge_patch", writes), Some("merge-patch"));
        assert_eq!(closest("Apply", writes), Some("apply"));
        assert_eq!(closest("patch-locked", writes), Some("merge-patch-locked"));
        assert_eq!(closest("put", writes), Some("update"));
        assert_eq!(closest("ServerSideApply", writes), Some("apply"));
        assert_eq!(closest("server-side-apply", writes), Some("apply"));
        assert_eq!(closest("RetryOnConflict", writes), Some("update-retry"));
        assert_eq!(closest("informer", ["live", "cache"]), Some("cache"));
        assert_eq!(closest("informer", writes), None);
        assert_eq!(closest("", writes), None);
        assert_eq!(closest(&"x".repeat(10_000), writes), None);
    }

    #[test]
    fn lists_names() {
        assert_eq!(listed(&["a"], "and"), "`a`");
        assert_eq!(listed(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
