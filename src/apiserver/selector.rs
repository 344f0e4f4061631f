//! Label and field selectors: which objects of a collection a request means.
//!
//! The grammar, and the texts for those who break it, are the server's: a scanner and a parser of
//! requirements for labels, `=` and `!=` on a few known fields for fields.
//! Next to read: `verbs/list.rs`.

use serde_json::Value;

use super::metadata::Meta;
use super::schema::{FieldError, quoted};
use super::{Kind, Options, Status, names};

/// Both selectors of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<FieldRequirement>,
}

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    Exists,
    DoesNotExist,
    In,
    NotIn,
    GreaterThan,
    LessThan,
}

/// One requirement on a field: `metadata.name=a`, or `!=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FieldRequirement {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// The selectors of a request for objects of a kind, or 400.
    pub fn parse(options: &Options, kind: &Kind) -> Result<Selector, Box<Status>> {
        let labels = match options.label_selector.as_deref() {
            Some(text) => Parser::new(text).parse().map_err(Status::bad_request)?,
            None => Vec::new(),
        };
        let fields = match options.field_selector.as_deref() {
            Some(text) => parse_fields(text).map_err(Status::bad_request)?,
            None => Vec::new(),
        };
        for field in &fields {
            kind.check_field_label(&field.path).map_err(Status::bad_request)?;
        }
        Ok(Selector { labels, fields })
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.meta("labels");
        self.labels.iter().all(|requirement| {
            let label = labels.and_then(|labels| labels.get(&requirement.key)?.as_str());
            requirement.matches(label)
        }) && self.fields.iter().all(|requirement| requirement.matches(object))
    }
}

impl Requirement {
    fn new(key: String, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let shown: Vec<_> = values.iter().map(|value| quoted(value)).collect();
        let shown = format!("[{}]", shown.join(","));
        let field = |detail: &str| format!("values: Invalid value: {shown}: {detail}");
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                return Err(field("for 'in', 'notin' operators, values set can't be empty"));
            }
            Operator::GreaterThan | Operator::LessThan => {
                if values.len() != 1 {
                    return Err(field("for 'Gt', 'Lt' operators, exactly one value is required"));
                }
                if values[0].parse::<i64>().is_err() {
                    let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                    let value = Value::String(values[0].clone());
                    return Err(FieldError::invalid("values[0]", &value, detail).text());
                }
            }
            _ => {}
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(why) = names::label_value(value).first() {
                let path = format!("values[{index}][{key}]");
                let value = Value::String(value.clone());
                return Err(FieldError::invalid(&path, &value, why).text());
            }
        }
        Ok(Requirement { key, operator, values })
    }

    fn matches(&self, label: Option<&str>) -> bool {
        let listed = |label: &str| self.values.iter().any(|value| value == label);
        let number = |text: &str| text.parse::<i64>().ok();
        let compare = |label: &str, wanted: std::cmp::Ordering| {
            let bound = self.values.first().and_then(|value| number(value));
            number(label).zip(bound).is_some_and(|(have, bound)| have.cmp(&bound) == wanted)
        };
        match (self.operator, label) {
            (Operator::Exists, label) => label.is_some(),
            (Operator::DoesNotExist, label) => label.is_none(),
            (Operator::In, label) => label.is_some_and(listed),
            (Operator::NotIn, label) => !label.is_some_and(listed),
            (Operator::GreaterThan, label) => {
                label.is_some_and(|label| compare(label, std::cmp::Ordering::Greater))
            }
            (Operator::LessThan, label) => {
                label.is_some_and(|label| compare(label, std::cmp::Ordering::Less))
            }
        }
    }
}

impl FieldRequirement {
    fn matches(&self, object: &Value) -> bool {
        let found = self.path.split('.').try_fold(object, |value, step| value.get(step));
        let found = match found {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        (found == self.value) == self.equal
    }
}

fn parse_fields(text: &str) -> Result<Vec<FieldRequirement>, String> {
    let mut fields = Vec::new();
    for term in split_terms(text).iter().filter(|term| !term.is_empty()) {
        let (path, value, equal) = split_term(term)
            .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
        fields.push(FieldRequirement { path: path.into(), value: unescape(value)?, equal });
    }
    Ok(fields)
}

/// Splits at commas that no backslash protects.
fn split_terms(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            terms.push(String::new());
        } else if let Some(last) = terms.last_mut() {
            last.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    terms
}

fn split_term(term: &str) -> Option<(&str, &str, bool)> {
    let at = term.char_indices().find_map(|(at, _)| {
        let rest = &term[at..];
        let operators = [("!=", false), ("==", true), ("=", true)];
        let (operator, equal) = operators.into_iter().find(|(text, _)| rest.starts_with(text))?;
        Some((at, operator.len(), equal))
    });
    let (at, length, equal) = at?;
    Some((&term[..at], &term[at + length..], equal))
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                Some(c) => {
                    return Err(format!("invalid field selector: invalid escape sequence: \\{c}"));
                }
                None => {
                    return Err(String::from(
                        "invalid field selector: invalid escape sequence: \\",
                    ));
                }
            },
            ',' | '=' => {
                return Err(format!("invalid field selector: unescaped character in value: {c}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    ClosedPar,
    Comma,
    DoesNotExist,
    DoubleEquals,
    Equals,
    GreaterThan,
    Identifier,
    In,
    LessThan,
    NotEquals,
    NotIn,
    OpenPar,
    End,
    Error,
}

const TOKENS: &[(&str, Token)] = &[
    (")", Token::ClosedPar),
    (",", Token::Comma),
    ("!", Token::DoesNotExist),
    ("==", Token::DoubleEquals),
    ("=", Token::Equals),
    (">", Token::GreaterThan),
    ("in", Token::In),
    ("<", Token::LessThan),
    ("!=", Token::NotEquals),
    ("notin", Token::NotIn),
    ("(", Token::OpenPar),
];

fn token(text: &str) -> Option<Token> {
    TOKENS.iter().find(|(known, _)| *known == text).map(|(_, token)| *token)
}

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn scan(text: &str) -> Vec<(Token, String)> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        while at < chars.len() && matches!(chars[at], ' ' | '\t' | '\r' | '\n') {
            at += 1;
        }
        let Some(first) = chars.get(at) else {
            tokens.push((Token::End, String::new()));
            return tokens;
        };
        let mut word = String::new();
        if is_special(*first) {
            let mut found = None;
            while at < chars.len() && is_special(chars[at]) {
                word.push(chars[at]);
                match token(&word) {
                    Some(token) => found = Some(token),
                    None if found.is_some() => {
                        word.pop();
                        break;
                    }
                    None => {}
                }
                at += 1;
            }
            tokens.push((found.unwrap_or(Token::Error), word));
        } else {
            while at < chars.len() && !is_special(chars[at]) && !chars[at].is_whitespace() {
                word.push(chars[at]);
                at += 1;
            }
            tokens.push((token(&word).unwrap_or(Token::Identifier), word));
        }
    }
}

/// The parser of label selectors. `in` and `notin` are operators only where one may stand.
struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    fn new(text: &str) -> Self {
        Parser { tokens: scan(text), at: 0 }
    }

    fn look(&self, operators: bool) -> (Token, String) {
        let end = || (Token::End, String::new());
        let (token, text) = self.tokens.get(self.at).cloned().unwrap_or_else(end);
        match token {
            Token::In | Token::NotIn if !operators => (Token::Identifier, text),
            token => (token, text),
        }
    }

    fn take(&mut self, operators: bool) -> (Token, String) {
        let found = self.look(operators);
        self.at += 1;
        found
    }

    fn parse(mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            let (token, text) = self.look(false);
            match token {
                Token::Identifier | Token::DoesNotExist => {}
                Token::End => return Ok(requirements),
                _ => {
                    return Err(format!(
                        "found '{text}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            let requirement = self.requirement();
            let wrap = |error| format!("unable to parse requirement: {error}");
            requirements.push(requirement.map_err(wrap)?);
            match self.take(false) {
                (Token::End, _) => return Ok(requirements),
                (Token::Comma, _) => match self.look(false) {
                    (Token::Identifier | Token::DoesNotExist, _) => {}
                    (_, text) => {
                        return Err(format!("found '{text}', expected: identifier after ','"));
                    }
                },
                (_, text) => {
                    return Err(format!("found '{text}', expected: ',' or 'end of string'"));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut found, mut key) = self.take(false);
        let mut operator = None;
        if found == Token::DoesNotExist {
            operator = Some(Operator::DoesNotExist);
            (found, key) = self.take(false);
        }
        if found != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        if let Some(why) = names::qualified_name(&key).first() {
            return Err(FieldError::invalid("key", &Value::String(key), why).text());
        }
        if matches!(self.look(false).0, Token::End | Token::Comma) && operator.is_none() {
            operator = Some(Operator::Exists);
        }
        if let Some(operator) = operator {
            return Requirement::new(key, operator, Vec::new());
        }
        let (found, text) = self.take(true);
        let (operator, list) = match found {
            Token::In => (Operator::In, true),
            Token::NotIn => (Operator::NotIn, true),
            Token::Equals | Token::DoubleEquals => (Operator::In, false),
            Token::NotEquals => (Operator::NotIn, false),
            Token::GreaterThan => (Operator::GreaterThan, false),
            Token::LessThan => (Operator::LessThan, false),
            _ => {
                let known = "in, notin, =, ==, !=, gt, lt";
                return Err(format!("found '{text}', expected: {known}"));
            }
        };
        let mut values = if list { self.values()? } else { self.exact_value()? };
        values.sort();
        values.dedup();
        Requirement::new(key, operator, values)
    }

    fn exact_value(&mut self) -> Result<Vec<String>, String> {
        if matches!(self.look(false).0, Token::End | Token::Comma) {
            return Ok(vec![String::new()]);
        }
        match self.take(false) {
            (Token::Identifier, text) => Ok(vec![text]),
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (open, text) = self.take(false);
        if open != Token::OpenPar {
            return Err(format!("found '{text}' expected: '('"));
        }
        match self.look(false) {
            (Token::Identifier | Token::Comma, _) => {
                let values = self.identifiers()?;
                match self.take(false) {
                    (Token::ClosedPar, _) => Ok(values),
                    (_, text) => Err(format!("found '{text}', expected: ')'")),
                }
            }
            (Token::ClosedPar, _) => {
                self.at += 1;
                Ok(Vec::new())
            }
            (_, text) => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }

    fn identifiers(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            match self.take(false) {
                (Token::Identifier, text) => {
                    values.push(text);
                    match self.look(false) {
                        (Token::Comma, _) => {}
                        (Token::ClosedPar, _) => return Ok(values),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.push(String::new());
                    }
                    match self.look(false).0 {
                        Token::ClosedPar => {
                            values.push(String::new());
                            return Ok(values);
                        }
                        Token::Comma => {
                            self.at += 1;
                            values.push(String::new());
                        }
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn selects(text: &str, labels: Value) -> bool {
        let labels = json!({ "metadata": { "labels": labels } });
        let parsed = Parser::new(text).parse().unwrap();
        Selector { labels: parsed, fields: Vec::new() }.matches(&labels)
    }

    #[test]
    fn every_operator_selects() {
        let labels = json!({ "app": "x", "n": "5", "empty": "" });
        for yes in [
            "app=x",
            "app==x",
            "app!=y",
            "app in (x,y)",
            "app notin (y)",
            "app",
            "!b",
            "",
            "n>4",
            "n<6",
            "empty=",
            "b!=x",
            "b notin (x)",
            "app=x,n>4",
            "in!=x",
            "app in (,x)",
        ] {
            assert!(selects(yes, labels.clone()), "{yes}");
        }
        for no in [
            "app=y",
            "app!=x",
            "app in (y)",
            "app notin (x)",
            "!app",
            "b",
            "n>5",
            "app>1",
            "b=",
            "b in (x)",
            "app=x,b",
        ] {
            assert!(!selects(no, labels.clone()), "{no}");
        }
    }

    #[test]
    fn errors_are_the_servers() {
        let error = |text: &str| Parser::new(text).parse().unwrap_err();
        assert_eq!(error("a===b"), "unable to parse requirement: found '=', expected: identifier");
        assert_eq!(error("a,"), "found '', expected: identifier after ','");
        assert_eq!(error("=a"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(
            error("a b"),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
        assert_eq!(error("a in x"), "unable to parse requirement: found 'x' expected: '('");
    }

    #[test]
    fn fields_split_and_unescape() {
        let fields = parse_fields("metadata.name=a\\,b,x!=1,y==2").unwrap();
        let shown: Vec<_> = fields.iter().map(|f| (&*f.path, &*f.value, f.equal)).collect();
        assert_eq!(shown, [("metadata.name", "a,b", true), ("x", "1", false), ("y", "2", true)]);
        assert_eq!(parse_fields("x").unwrap_err(), "invalid selector: 'x'; can't understand 'x'");
    }
}
