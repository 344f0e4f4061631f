//! JSON as Go reads it: its error texts, and which keys come twice.
//!
//! A real server answers 400 with the text of Go's decoder, and warns of duplicate keys (the last
//! one wins). Both are lost in an ordinary parse, so this is one. Nesting is limited, which Go
//! does at 10,000 levels and we do much earlier. Next to read: `body.rs`.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

/// Deeper nesting is refused.
pub(crate) const DEPTH_MAX: usize = 200;
/// The error of a document that nests deeper.
pub(crate) const TOO_DEEP: &str = "exceeded max depth";
/// The maximum of keys that come twice that are told.
const DUPLICATES_MAX: usize = 100;

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document {
    /// The value.
    pub value: Value,
    /// The keys that were there twice.
    pub duplicates: Vec<Duplicate>,
}

/// A value in which nothing stands twice.
impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Document { value, duplicates: Vec::new() }
    }
}

/// A key that an object has had already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// Where it is, such as `spec.replicas`.
    pub path: String,
    /// The key itself.
    pub key: String,
    /// The line of its last occurrence, from 1.
    pub line: usize,
}

/// Parses one JSON value; the error is Go's.
pub(crate) fn parse(bytes: &[u8]) -> Result<Document, String> {
    let mut parser =
        Parser { bytes, at: 0, path: Vec::new(), duplicates: Vec::new(), told: BTreeSet::new() };
    parser.skip_space();
    let value = parser.value("looking for beginning of value")?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(Document { value, duplicates: parser.duplicates }),
        Some(_) => Err(parser.unexpected("after top-level value")),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<String>,
    duplicates: Vec<Duplicate>,
    told: BTreeSet<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Go's error for the byte under the cursor, or for the end of the input.
    fn unexpected(&self, context: &str) -> String {
        match self.peek() {
            None => String::from("unexpected end of JSON input"),
            Some(byte) => format!("invalid character {} {context}", quoted_byte(byte)),
        }
    }

    fn value(&mut self, context: &str) -> Result<Value, String> {
        if self.path.len() > DEPTH_MAX {
            return Err(String::from(TOO_DEEP));
        }
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected(context)),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut object = Map::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(object));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let line = self.at;
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.skip_space();
            let dot = if self.path.is_empty() { "" } else { "." };
            self.path.push(format!("{dot}{key}"));
            let value = self.value("looking for beginning of value")?;
            if object.insert(key.clone(), value).is_some() {
                self.twice(key, line);
            }
            self.path.pop();
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(object));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    /// A key that the object under the cursor has had already; its last place is at `at`.
    fn twice(&mut self, key: String, at: usize) {
        if self.duplicates.len() == DUPLICATES_MAX {
            return;
        }
        let path = self.path.concat();
        if self.told.insert(path.clone()) {
            let lines = self.bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            self.duplicates.push(Duplicate { path, key, line: lines + 1 });
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut array = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(array));
        }
        loop {
            self.skip_space();
            self.path.push(format!("[{}]", array.len()));
            array.push(self.value("looking for beginning of value")?);
            self.path.pop();
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(array));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let expected = expected as char;
                return Err(self.unexpected(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
            self.digits();
        }
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
        number(&text)
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&out).into_owned());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                Some(byte) if byte >= 0x20 => {
                    out.push(byte);
                    self.at += 1;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x8,
            Some(b'f') => 0xc,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let mut code = self.hex4()?;
                if (0xd800..0xdc00).contains(&code) && self.bytes[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex4()?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        self.at = back;
                    }
                }
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        out.push(byte);
        self.at += 1;
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| (byte as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// An integer if it is one, as the server's decoder keeps it; otherwise a float.
fn number(text: &str) -> Result<Value, String> {
    if let Ok(integer) = text.parse::<i64>() {
        return Ok(Value::Number(integer.into()));
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(float) => Ok(Value::Number(float)),
        None => Err(format!("json: cannot unmarshal number {text} into Go value of type float64")),
    }
}

/// A byte as Go's JSON errors quote it.
fn quoted_byte(byte: u8) -> String {
    match byte {
        b'\'' => String::from("'\\''"),
        b'"' => String::from("'\"'"),
        b'\n' => String::from("'\\n'"),
        b'\r' => String::from("'\\r'"),
        b'\t' => String::from("'\\t'"),
        b'\\' => String::from("'\\\\'"),
        0x20..=0x7e => format!("'{}'", byte as char),
        0xa1..=0xff if byte != 0xad => format!("'{}'", byte as char),
        0x80..=0xff => format!("'\\u00{byte:02x}'"),
        _ => format!("'\\x{byte:02x}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        let text = r#" {"a":[1,-2,3.5,1e3,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{}} "#;
        assert_eq!(
            parse(text.as_bytes()).unwrap().value,
            serde_json::from_str::<Value>(text).unwrap()
        );
    }

    #[test]
    fn errors_are_gos() {
        assert_eq!(error(""), "unexpected end of JSON input");
        assert_eq!(error("{"), "unexpected end of JSON input");
        assert_eq!(error("{a"), "invalid character 'a' looking for beginning of object key string");
        assert_eq!(error("{\"a\" 1}"), "invalid character '1' after object key");
        assert_eq!(error("[1 2]"), "invalid character '2' after array element");
        assert_eq!(error("{\"a\":1 2}"), "invalid character '2' after object key:value pair");
        assert_eq!(error("1 x"), "invalid character 'x' after top-level value");
        assert_eq!(error("trux"), "invalid character 'x' in literal true (expecting 'e')");
    }

    #[test]
    fn duplicate_keys_are_named_and_the_last_wins() {
        let document = parse(br#"{"spec":{"a":1,"l":[{"x":1,"x":2}],"a":2}}"#).unwrap();
        assert_eq!(document.value, json!({"spec": {"a": 2, "l": [{"x": 2}]}}));
        let paths: Vec<_> = document.duplicates.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["spec.l[0].x", "spec.a"]);
    }

    #[test]
    fn a_hundred_duplicates_are_told_and_a_hundred_thousand_cost_no_more() {
        let keys = |n: usize| format!("\"k{}\":{n}", n % 50_000);
        let text: Vec<_> = (0..200_000).map(keys).collect();
        let document = parse(format!("{{{}}}", text.join(",\n")).as_bytes()).unwrap();
        assert_eq!(document.value.as_object().map(Map::len), Some(50_000));
        assert_eq!(document.value["k7"], 150_007);
        assert_eq!(document.duplicates.len(), 100);
        assert_eq!(
            (document.duplicates[0].path.as_str(), document.duplicates[0].line),
            ("k0", 50_001)
        );
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(error(&"[".repeat(100_000)), "exceeded max depth");
    }
}
