//! The query string: percent-decoding, and Go's rules for booleans and numbers.

use crate::apiserver::Status;

/// The parameters of a query, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; pairs that cannot be decoded are left out, as Go leaves them out.
    pub fn parse(text: &str) -> Query {
        let pairs = text.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        let decoded = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((lossy(&name.replace('+', " "))?, lossy(&value.replace('+', " "))?))
        });
        Query(decoded.collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(String::from)
    }

    /// A boolean as the server's conversion reads it: anything but `false` and `0` is true.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        Some(!matches!(value.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// An integer, if the parameter is there; empty is no integer.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Box<Status>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                let why = if numeric { "value out of range" } else { "invalid syntax" };
                let text = format!("strconv.ParseInt: parsing {text:?}: {why}");
                Err(Status::bad_request(text))
            }
        }
    }
}

/// The same for a query, where bytes that are no UTF-8 stay as something that matches nothing: a
/// selector that cannot be read must not select everything.
fn lossy(text: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&bytes(text)?).into_owned())
}

/// Undoes percent-encoding; `None` if it is broken or not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    String::from_utf8(bytes(text)?).ok()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digit = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
            out.push((digit(at + 1)? * 16 + digit(at + 2)?) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_plus_are_undone_and_broken_pairs_left_out() {
        let query = Query::parse("a=x%20y+z&b=%zz&limit=7&n=x&e=");
        assert_eq!(query.get("a"), Some("x y z"));
        assert_eq!(query.get("b"), None);
        assert_eq!(query.integer("limit"), Ok(Some(7)));
        assert_eq!(query.integer("absent"), Ok(None));
        assert!(query.integer("e").is_err());
        let error = query.integer("n").unwrap_err();
        let text = "strconv.ParseInt: parsing \"x\": invalid syntax";
        assert_eq!(error.message.as_deref(), Some(text));
    }
}
