//! Who asks: a user by bearer token, and the user that it acts as.
//!
//! A token file is what kube-apiserver reads with `--token-auth-file`: for each user a line
//! `token,user,uid,"groups"`. A file whose first line has no comma is one token, of the user
//! `lostwrite`.
//! There is no RBAC: each client that is let in may do everything, and act as every user.
//! Next to read: `record.rs`.

use serde_json::{Map, Value, json};

use crate::rest::HttpRequest;

/// A user, as audit events have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// An identity that outlives the name; may be empty.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
    /// What else is known of it.
    pub extra: Vec<(String, Vec<String>)>,
}

/// Which users there are, by token. With none, every client that reaches the server is let in.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<(String, User)>);

const AUTHENTICATED: &str = "system:authenticated";

impl User {
    /// Who is let in without a token, or with the only one.
    pub fn only() -> User {
        User::new("lostwrite", "", vec!["system:masters".into()])
    }

    /// Who asks for the health of the server without a token.
    pub fn anonymous() -> User {
        User::new("system:anonymous", "", vec!["system:unauthenticated".into()])
    }

    fn new(name: &str, uid: &str, mut groups: Vec<String>) -> User {
        if let Some(account) = name.strip_prefix("system:serviceaccount:") {
            let namespace = account.split(':').next().unwrap_or_default();
            groups.push("system:serviceaccounts".into());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        if name != "system:anonymous" {
            groups.push(AUTHENTICATED.into());
        }
        let mut seen = Vec::new();
        groups.retain(|group| {
            !group.is_empty() && !seen.contains(group) && {
                seen.push(group.clone());
                true
            }
        });
        User { name: name.into(), uid: uid.into(), groups, extra: Vec::new() }
    }

    /// As an audit event has it.
    pub fn to_json(&self) -> Value {
        let mut user = json!({ "username": self.name, "groups": self.groups });
        if !self.uid.is_empty() {
            user["uid"] = self.uid.clone().into();
        }
        if !self.extra.is_empty() {
            let extra = self.extra.iter().map(|(key, values)| (key.clone(), json!(values)));
            user["extra"] = Value::Object(extra.collect::<Map<_, _>>());
        }
        user
    }
}

impl Tokens {
    /// One token, of the user `lostwrite`.
    pub fn one(token: &str) -> Result<Tokens, String> {
        let mut tokens = Tokens::default();
        tokens.add(token.trim(), User::only())?;
        Ok(tokens)
    }

    /// The text of a token file; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Tokens, String> {
        let first = text.lines().next().unwrap_or_default();
        if !first.contains(',') {
            return Tokens::one(first);
        }
        let mut tokens = Tokens::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let number = at + 1;
            let fields =
                fields(line).ok_or(format!("line {number} has a quote that never ends"))?;
            let field = |at: usize| fields.get(at).map(|it| it.trim()).unwrap_or_default();
            if fields.len() < 2 || field(1).is_empty() {
                return Err(format!("line {number} is not token,user,uid,\"group1,group2\""));
            }
            let groups = field(3).split(',').map(|group| group.trim().to_owned());
            let user = User::new(field(1), field(2), groups.collect());
            tokens.add(field(0), user).map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(tokens)
    }

    fn add(&mut self, token: &str, user: User) -> Result<(), String> {
        if token.is_empty() {
            return Err("an empty token lets every client in".into());
        }
        if self.0.iter().any(|(known, _)| known == token) {
            return Err("this token is another user's already".into());
        }
        self.0.push((token.to_owned(), user));
        Ok(())
    }

    /// Whether every client is let in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first token, for a kubeconfig.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|(token, _)| token.as_str())
    }

    /// Whose token this is. All of them are compared, each in a time that does not tell where they
    /// differ.
    pub fn user(&self, given: &str) -> Option<&User> {
        self.0.iter().fold(None, |found, (token, user)| match same(given, token) {
            true => Some(user),
            false => found,
        })
    }
}

/// Equality in a time that does not tell where the two differ.
fn same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differences == 0
}

/// The fields of a line of CSV; `None` if a quote is left open.
fn fields(line: &str) -> Option<Vec<String>> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut()?.push(c),
        }
    }
    (!quoted).then_some(fields)
}

/// Whom a request acts as, if it says so; the error is a sentence for its author.
pub fn impersonated(http: &HttpRequest) -> Result<Option<User>, &'static str> {
    let mut name = None;
    let (mut uid, mut groups) = (String::new(), Vec::new());
    let mut extra: Vec<(String, Vec<String>)> = Vec::new();
    let mut more = false;
    for (header, value) in &http.headers {
        let header = header.to_ascii_lowercase();
        let Some(what) = header.strip_prefix("impersonate-") else { continue };
        more |= what != "user";
        match what {
            "user" => name = name.or(Some(value.clone())).filter(|name| !name.is_empty()),
            "uid" => uid.clone_from(value),
            "group" => groups.push(value.clone()),
            _ => {
                let Some(key) = what.strip_prefix("extra-") else { continue };
                let key = crate::rest::decoded(key).unwrap_or_else(|| key.to_owned());
                match extra.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, values)) => values.push(value.clone()),
                    None => extra.push((key, vec![value.clone()])),
                }
            }
        }
    }
    match name {
        Some(name) => Ok(Some(User { extra, ..User::new(&name, &uid, groups) })),
        None if more => Err("groups, a uid or extra cannot be impersonated without a user"),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_names_users_and_their_groups() {
        let tokens = Tokens::parse(
            "t1,system:serviceaccount:ops:sync,u-1,\"a,b\"\n\nt2,alice,,\nt3,\"bob, the second\"\n",
        )
        .unwrap();
        let user = tokens.user("t1").unwrap();
        let all = ["a", "b", "system:serviceaccounts", "system:serviceaccounts:ops", AUTHENTICATED];
        assert_eq!(
            (user.name.as_str(), user.uid.as_str()),
            ("system:serviceaccount:ops:sync", "u-1")
        );
        assert_eq!(user.groups, all);
        assert_eq!(tokens.user("t2").unwrap().groups, [AUTHENTICATED]);
        assert_eq!(tokens.user("t3").unwrap().name, "bob, the second");
        assert!(tokens.user("t").is_none() && tokens.user("t1,").is_none());
        assert_eq!(tokens.first(), Some("t1"));
    }

    #[test]
    fn a_file_of_one_token_has_one_token_whatever_follows() {
        let tokens = Tokens::parse("sesame\nsecond\n").unwrap();
        assert_eq!(tokens.user("sesame").unwrap().name, "lostwrite");
        assert!(tokens.user("second").is_none());
    }

    #[test]
    fn what_is_wrong_with_a_token_file_is_said() {
        for (text, why) in [
            ("", "empty token"),
            (",alice", "line 1: an empty token"),
            ("a,\n", "line 1 is not token,user"),
            ("a,b\na,c\n", "line 2: this token"),
            ("a,b\nc,\"d\n", "line 2 has a quote"),
        ] {
            let said = Tokens::parse(text).unwrap_err();
            assert!(said.contains(why), "{text:?}: {said}");
        }
    }
}
