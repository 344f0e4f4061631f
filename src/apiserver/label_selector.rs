//! Label selectors: the server's scanner and parser, and its texts for those who break the grammar.
//!
//! Next to read: `selector.rs`.

use serde_json::Value;

use super::names;
use super::schema::{FieldError, quoted};

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Requirement {
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

impl Requirement {
    fn new(key: String, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let shown: Vec<_> = values.iter().map(|value| quoted(value)).collect();
        let shown = format!("[{}]", shown.join(","));
        let field = |detail: &str| format!("values: Invalid value: {shown}: {detail}");
        match operator {
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
            let wrong = names::label_value(value);
            if !wrong.is_empty() {
                let path = format!("values[{index}][{key}]");
                let value = Value::String(value.clone());
                return Err(FieldError::invalid(&path, &value, &wrong.join("; ")).text());
            }
        }
        Ok(Requirement { key, operator, values })
    }

    /// The label that it is about.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether an object with this label, or without, is selected.
    pub fn matches(&self, label: Option<&str>) -> bool {
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

/// Parses a label selector.
pub(crate) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    Parser::new(text).parse()
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
        let wrong = names::qualified_name(&key);
        if !wrong.is_empty() {
            let error = FieldError::invalid("<nil>", &Value::String(key), &wrong.join("; "));
            return Err(error.text());
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
            // An empty list has one value, the empty one.
            (Token::ClosedPar, _) => {
                self.at += 1;
                Ok(vec![String::new()])
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

    fn selects(text: &str, labels: &[(&str, &str)]) -> bool {
        let label = |key: &str| labels.iter().find(|(known, _)| *known == key).map(|it| it.1);
        parse(text).unwrap().iter().all(|it| it.matches(label(it.key())))
    }

    #[test]
    fn every_operator_selects() {
        let labels = [("app", "x"), ("n", "5"), ("empty", "")];
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
            assert!(selects(yes, &labels), "{yes}");
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
            assert!(!selects(no, &labels), "{no}");
        }
    }

    #[test]
    fn errors_are_the_servers() {
        let error = |text: &str| parse(text).unwrap_err();
        assert_eq!(error("a===b"), "unable to parse requirement: found '=', expected: identifier");
        assert_eq!(error("a,"), "found '', expected: identifier after ','");
        assert_eq!(error("=a"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(
            error("a b"),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
        assert_eq!(error("a in x"), "unable to parse requirement: found 'x' expected: '('");
    }
}
