//! How much of a request goes into the record: an audit.k8s.io/v1 Policy, or one level for all.
//!
//! The first rule that matches decides; what none matches is not recorded. Unlike kube-apiserver,
//! the record has no RequestReceived stage. Next to read: `record.rs`.

use serde::Deserialize;
use serde_json::Value;

use super::record::About;
use super::users::User;

/// How much of a request is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who asked for what, and how it was answered.
    Metadata,
    /// Also the body of the request.
    Request,
    /// Also the body of the answer.
    RequestResponse,
}

impl Level {
    /// As an audit event has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::None => "None",
            Level::Metadata => "Metadata",
            Level::Request => "Request",
            Level::RequestResponse => "RequestResponse",
        }
    }
}

/// What is recorded of which requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    api_version: String,
    kind: String,
    #[serde(rename = "metadata")]
    _metadata: Value,
    rules: Vec<Rule>,
    omit_stages: Vec<String>,
    omit_managed_fields: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    level: Level,
    users: Vec<String>,
    user_groups: Vec<String>,
    verbs: Vec<String>,
    resources: Vec<Resources>,
    namespaces: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Vec<String>,
    omit_stages: Vec<String>,
    omit_managed_fields: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Resources {
    group: String,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

/// What is recorded of one request.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// How much.
    pub level: Level,
    /// Whether `managedFields` are left out.
    pub bare: bool,
    /// Stages that have no line.
    pub omitted: Vec<String>,
}

impl Policy {
    /// Everything of every request.
    pub fn everything() -> Policy {
        let rules = vec![Rule { level: Level::RequestResponse, ..Rule::default() }];
        Policy { rules, ..Policy::default() }
    }

    /// `Metadata`, `Request` or `RequestResponse`, and `omitManagedFields`, with a comma between;
    /// `None` if the text is something else.
    pub fn of_words(text: &str) -> Option<Policy> {
        let mut policy = Policy::everything();
        for word in text.split(',').map(str::trim) {
            policy.rules[0].level = match word {
                "Metadata" => Level::Metadata,
                "Request" => Level::Request,
                "RequestResponse" => Level::RequestResponse,
                "omitManagedFields" => {
                    policy.omit_managed_fields = true;
                    continue;
                }
                _ => return None,
            };
        }
        Some(policy)
    }

    /// A Policy of audit.k8s.io/v1 in YAML or JSON; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Policy, String> {
        let policy: Policy = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if policy.kind != "Policy" || policy.api_version != "audit.k8s.io/v1" {
            return Err("it is not a Policy of audit.k8s.io/v1".into());
        }
        if policy.rules.is_empty() {
            return Err("it has no rules, so the server would record nothing".into());
        }
        Ok(policy)
    }

    /// What is recorded of a request.
    pub fn of(&self, user: &User, about: &About<'_>, path: &str) -> Recorded {
        let rule = self.rules.iter().find(|rule| rule.matches(user, about, path));
        let Some(rule) = rule else { return Recorded::default() };
        let omitted = self.omit_stages.iter().chain(&rule.omit_stages).cloned();
        Recorded {
            level: rule.level,
            bare: rule.omit_managed_fields.unwrap_or(self.omit_managed_fields),
            omitted: omitted.collect(),
        }
    }
}

fn any(wanted: &[String], is: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|it| it == is)
}

impl Rule {
    fn matches(&self, user: &User, about: &About<'_>, path: &str) -> bool {
        let grouped =
            self.user_groups.is_empty() || self.user_groups.iter().any(|g| user.groups.contains(g));
        if !any(&self.users, &user.name) || !grouped || !any(&self.verbs, &about.verb) {
            return false;
        }
        let is_resource = !about.resource.is_empty();
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return is_resource
                && any(&self.namespaces, about.namespace)
                && (self.resources.is_empty() || self.resources.iter().any(|it| it.match_(about)));
        }
        let url = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == pattern,
        };
        self.non_resource_urls.is_empty() || !is_resource && self.non_resource_urls.iter().any(url)
    }
}

impl Resources {
    fn match_(&self, about: &About<'_>) -> bool {
        let whole = match about.subresource {
            "" => about.resource.to_owned(),
            subresource => format!("{}/{subresource}", about.resource),
        };
        let one = |pattern: &String| {
            *pattern == whole
                || pattern == "*"
                || pattern.strip_prefix("*/").is_some_and(|it| it == about.subresource)
                || pattern.strip_suffix("/*").is_some_and(|it| it == about.resource)
        };
        self.group == about.group
            && (self.resources.is_empty()
                || any(&self.resource_names, about.name) && self.resources.iter().any(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about<'a>(verb: &str, of: [&'a str; 5]) -> About<'a> {
        let [group, namespace, resource, name, subresource] = of;
        let verb = verb.to_owned();
        About { verb, group, version: "v1", namespace, resource, name, subresource }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let policy = Policy::parse(
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\n\
             omitManagedFields: true\nrules:\n\
             - {level: None, users: [loud]}\n\
             - {level: Metadata, resources: [{group: '', resources: [secrets, 'pods/status']}]}\n\
             - {level: Request, verbs: [get], namespaces: [shop], omitManagedFields: false}\n\
             - {level: RequestResponse, userGroups: [ops], resources: [{group: example.com}]}\n\
             - {level: Metadata, nonResourceURLs: ['/healthz*', /version]}\n",
        )
        .unwrap();
        let user = |name: &str, groups: &[&str]| User {
            name: name.into(),
            uid: String::new(),
            groups: groups.iter().map(|it| (*it).to_owned()).collect(),
            extra: Vec::new(),
        };
        let (ann, ops, loud) = (user("ann", &[]), user("x", &["ops"]), user("loud", &["ops"]));
        let level = |user: &User, verb: &str, of: [&str; 5], path: &str| {
            let recorded = policy.of(user, &about(verb, of), path);
            (recorded.level, recorded.bare)
        };
        use Level::{Metadata, None, Request, RequestResponse};
        let widget = ["example.com", "a", "widgets", "w", "status"];
        assert_eq!(level(&loud, "update", widget, "").0, None);
        assert_eq!(level(&ops, "update", widget, ""), (RequestResponse, true));
        assert_eq!(level(&ann, "update", widget, "").0, None);
        assert_eq!(level(&ann, "get", ["", "shop", "secrets", "s", ""], "").0, Metadata);
        assert_eq!(level(&ann, "get", ["", "shop", "pods", "p", "status"], "").0, Metadata);
        assert_eq!(level(&ann, "get", ["", "shop", "pods", "p", ""], ""), (Request, false));
        assert_eq!(level(&ann, "get", ["", "", "", "", ""], "/healthz/x").0, Metadata);
        assert_eq!(level(&ann, "get", ["", "", "", "", ""], "/api").0, None);
    }

    #[test]
    fn words_and_what_is_wrong() {
        let words = Policy::of_words("Request,omitManagedFields").unwrap();
        let recorded = words.of(&User::only(), &About::default(), "/");
        assert!(recorded.level == Level::Request && recorded.bare);
        assert!(Policy::of_words("policy.yaml").is_none());
        for (text, why) in [
            ("kind: Policy", "not a Policy of"),
            ("apiVersion: audit.k8s.io/v1\nkind: Policy", "no rules"),
            ("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]", "All"),
            ("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{levels: None}]", "levels"),
        ] {
            let said = Policy::parse(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
