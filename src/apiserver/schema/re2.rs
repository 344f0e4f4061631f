//! Expressions as Go's `regexp` reads them, for an engine that reads some of them otherwise.
//!
//! In a class of Go a bracket is a bracket and `&&` two characters; a brace that counts nothing is
//! a brace; `\d`, `\w`, `\s` and `\b` are about ASCII. What Go refuses is refused in its words.
//! Next to read: `pattern.rs`.

use std::fmt::Write as _;

/// The same expression as the crate `regex` writes it, or what Go says is wrong.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let reader = Reader { whole: pattern, rest: pattern, out: String::new() };
    reader.run().map_err(|(code, part)| format!("error parsing regexp: {code}: `{part}`"))
}

type Found<T = ()> = Result<T, (&'static str, String)>;

/// Go repeats nothing more often.
const REPEAT_MAX: u32 = 1000;

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
}

impl<'a> Reader<'a> {
    fn run(mut self) -> Found<String> {
        let mut depth = 0;
        // What a `*` here would repeat: nothing, something, or what is repeated already.
        let (mut repeatable, mut repeated) = (false, None::<&str>);
        while let Some(c) = self.rest.chars().next() {
            let here = self.rest;
            if let Some(operator) = self.repetition()? {
                if !repeatable {
                    return Err(("missing argument to repetition operator", operator.into()));
                }
                if let Some(before) = repeated {
                    let both = &before[..before.len() - here.len() + operator.len()];
                    return Err(("invalid nested repetition operator", both.into()));
                }
                self.out.push_str(operator);
                repeated = Some(here);
                continue;
            }
            (repeatable, repeated) = (true, None);
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => {
                    depth += usize::from(self.group()?);
                    repeatable = false;
                }
                ')' if depth == 0 => return Err(("unexpected )", self.whole.into())),
                ')' | '^' | '$' | '.' => {
                    depth -= usize::from(c == ')');
                    self.copy(1);
                }
                '|' => {
                    self.copy(1);
                    repeatable = false;
                }
                _ => {
                    self.rest = &self.rest[c.len_utf8()..];
                    self.put(c);
                }
            }
        }
        match depth {
            0 => Ok(self.out),
            _ => Err(("missing closing )", self.whole.into())),
        }
    }

    /// Takes this number of bytes over as they are.
    fn copy(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.out.push_str(taken);
        self.rest = rest;
    }

    /// Writes a character that stands for itself.
    fn put(&mut self, c: char) {
        match c.is_ascii_alphanumeric() || !c.is_ascii() {
            true => self.out.push(c),
            false => write!(self.out, "\\x{:02X}", u32::from(c)).expect("a string takes it"),
        }
    }

    /// `*`, `+`, `?` or a count in braces, with the `?` that makes it take as little as it can.
    fn repetition(&mut self) -> Found<Option<&'a str>> {
        let text = self.rest;
        let mut length = match text.as_bytes().first() {
            Some(b'*' | b'+' | b'?') => 1,
            Some(b'{') => match braces(text)? {
                Some(length) => length,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        length += usize::from(text[length..].starts_with('?'));
        self.rest = &text[length..];
        Ok(Some(&text[..length]))
    }

    /// The beginning of a group; whether it has an end.
    fn group(&mut self) -> Found<bool> {
        let text = self.rest;
        let unknown = |length: usize| {
            let part = text.chars().take(length).collect::<String>();
            Err(("invalid or unsupported Perl syntax", part))
        };
        let Some(inner) = text.strip_prefix("(?") else {
            self.copy(1);
            return Ok(true);
        };
        let named = inner.strip_prefix("P<").or_else(|| inner.strip_prefix('<'));
        if let Some(name) = named {
            let end = name.find('>').ok_or_else(|| ("invalid named capture", text.into()))?;
            let length = text.len() - name.len() + end + 1;
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if end == 0 || !name[..end].chars().all(word) {
                return Err(("invalid named capture", text[..length].into()));
            }
            self.copy(length);
            return Ok(true);
        }
        for (at, c) in inner.char_indices() {
            match c {
                'i' | 'm' | 's' | 'U' | '-' => {}
                ':' | ')' => {
                    self.copy(2 + at + 1);
                    return Ok(c == ':');
                }
                _ => return unknown(2 + at + 1),
            }
        }
        Err(("missing closing )", self.whole.into()))
    }

    fn escape(&mut self) -> Found {
        let text = self.rest;
        let next = text[1..].chars().next();
        match next {
            Some('A' | 'z') => self.copy(2),
            Some('b') => self.replace(2, r"(?-u:\b)"),
            Some('B') => self.replace(2, r"(?-u:\B)"),
            Some('Q') => {
                let (literal, rest) = text[2..].split_once("\\E").unwrap_or((&text[2..], ""));
                self.rest = rest;
                literal.chars().for_each(|c| self.put(c));
            }
            _ if self.named_class() => {}
            _ => {
                let c = self.character()?;
                self.put(c);
            }
        }
        Ok(())
    }

    fn replace(&mut self, bytes: usize, with: &str) {
        self.rest = &self.rest[bytes..];
        self.out.push_str(with);
    }

    /// `\d` and its like, and the classes of Unicode.
    fn named_class(&mut self) -> bool {
        let text = self.rest;
        let letter = text.strip_prefix('\\').and_then(|rest| rest.bytes().next());
        let ascii = match letter {
            Some(b'd') => "[0-9]",
            Some(b'D') => "[^0-9]",
            Some(b'w') => "[0-9A-Za-z_]",
            Some(b'W') => "[^0-9A-Za-z_]",
            Some(b's') => r"[\t\n\f\r ]",
            Some(b'S') => r"[^\t\n\f\r ]",
            Some(b'p' | b'P') => {
                let inverted = letter == Some(b'P');
                let name = match text[2..].strip_prefix('{') {
                    Some(rest) => rest.find('}').map(|end| (&rest[..end], end + 4)),
                    None => text[2..].chars().next().map(|c| (&text[2..][..c.len_utf8()], 3)),
                };
                let Some((name, length)) = name else { return false };
                let not = name.starts_with('^');
                let word = if inverted != not { 'P' } else { 'p' };
                let class = format!("\\{word}{{{}}}", name.trim_start_matches('^'));
                self.replace(length, &class);
                return true;
            }
            _ => return false,
        };
        self.replace(2, ascii);
        true
    }

    /// A character, as itself or escaped.
    fn character(&mut self) -> Found<char> {
        let text = self.rest;
        let Some(escaped) = text.strip_prefix('\\') else {
            let c = text.chars().next().ok_or(("missing closing ]", String::new()))?;
            self.rest = &text[c.len_utf8()..];
            return Ok(c);
        };
        let Some(c) = escaped.chars().next() else {
            return Err(("trailing backslash at end of expression", String::new()));
        };
        let wrong = || {
            let part = text.chars().take(2).collect::<String>();
            ("invalid escape sequence", part)
        };
        let (value, length) = match c {
            'a' => (7, 1),
            'f' => (12, 1),
            'n' => (10, 1),
            'r' => (13, 1),
            't' => (9, 1),
            'v' => (11, 1),
            '0'..='7' => {
                let digits = escaped.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b));
                let length = digits.count();
                if length < 2 && c != '0' {
                    return Err(wrong());
                }
                (u32::from_str_radix(&escaped[..length], 8).map_err(|_| wrong())?, length)
            }
            'x' => {
                let (digits, length) = match escaped[1..].strip_prefix('{') {
                    Some(rest) => {
                        let end = rest.find('}').ok_or_else(wrong)?;
                        (&rest[..end], end + 3)
                    }
                    None => (escaped.get(1..3).ok_or_else(wrong)?, 3),
                };
                (u32::from_str_radix(digits, 16).map_err(|_| wrong())?, length)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => (u32::from(c), 1),
            _ => return Err(wrong()),
        };
        self.rest = &escaped[length..];
        char::from_u32(value).ok_or_else(wrong)
    }

    fn class(&mut self) -> Found {
        let open = self.rest;
        let mut first = true;
        self.copy(1);
        if self.rest.starts_with('^') {
            self.copy(1);
        }
        while first || !self.rest.starts_with(']') {
            first = false;
            let text = self.rest;
            if text.is_empty() {
                return Err(("missing closing ]", open.into()));
            }
            let posix = text.strip_prefix("[:").and_then(|rest| rest.find(":]"));
            if let Some(end) = posix {
                self.copy(end + 4);
                continue;
            }
            if self.named_class() {
                continue;
            }
            let low = self.class_character(open)?;
            let range = self.rest.strip_prefix('-').filter(|rest| !rest.starts_with(']'));
            let Some(rest) = range.filter(|rest| !rest.is_empty()) else {
                self.put(low);
                continue;
            };
            self.rest = rest;
            let high = self.class_character(open)?;
            if high < low {
                let part = &text[..text.len() - self.rest.len()];
                return Err(("invalid character class range", part.into()));
            }
            self.put(low);
            self.out.push('-');
            self.put(high);
        }
        self.copy(1);
        Ok(())
    }

    fn class_character(&mut self, open: &str) -> Found<char> {
        match self.rest {
            "" => Err(("missing closing ]", open.into())),
            _ => self.character(),
        }
    }
}

/// The length of a count in braces; what is none stands for itself.
fn braces(text: &str) -> Found<Option<usize>> {
    let Some(end) = text.find('}') else { return Ok(None) };
    let inner = &text[1..end];
    let (low, high) = inner.split_once(',').map_or((inner, None), |(low, high)| (low, Some(high)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(low) || high.is_some_and(|high| !high.is_empty() && !digits(high)) {
        return Ok(None);
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let (low, high) = (number(low), high.filter(|high| !high.is_empty()).map(number));
    match low > REPEAT_MAX || high.is_some_and(|high| high > REPEAT_MAX || high < low) {
        true => Err(("invalid repeat count", text[..=end].into())),
        false => Ok(Some(end + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_otherwise_means_what_go_means() {
        let says = |pattern: &str, text: &str| {
            let regex = regex::Regex::new(&translate(pattern).expect(pattern)).expect(pattern);
            regex.is_match(text)
        };
        for (pattern, matches, other) in [
            (r#"^[^()<>@,;:\\"\/[\]?={} \t]+$"#, "abc", "a[c"),
            ("^[[]$", "[", "]"),
            ("^[]a]$", "]", "b"),
            ("^[a&&b]$", "&", "c"),
            ("^[+--]$", ",", "."),
            ("^[a-c-e]$", "-", "d"),
            ("^[~~a]$", "~", "b"),
            ("^{{a}}$", "{{a}}", "a"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^a{2}$", "aa", "a{2}"),
            (r"^\d$", "5", "\u{0665}"),
            (r"^[\d.]$", "5", "\u{0665}"),
            (r"^\w$", "_", "\u{e9}"),
            (r"^\s$", " ", "\u{a0}"),
            (r"^[\D]$", "a", "1"),
            (r"^(\+|-)?[0-9]+([KMGTPE]i|[npud])?$", "-1Ki", "1K"),
            (r"^\_\<\-$", "_<-", "x"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\101\x42\x{43}$", "ABC", "abc"),
            (r"^[[:alpha:]_]$", "_", "1"),
            (r"^\pL\p{^L}$", "a1", "aa"),
            (r"\bfoo\b", "a foo b", "afoob"),
            ("^(?i)a(?P<n>b)$", "AB", "AC"),
            ("^a*?$", "aa", "b"),
            ("^(a|)*$", "aa", "b"),
        ] {
            assert!(says(pattern, matches), "{pattern} on {matches}");
            assert!(!says(pattern, other), "{pattern} on {other}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        for (pattern, why) in [
            ("a(b", "missing closing ): `a(b`"),
            ("a)b", "unexpected ): `a)b`"),
            ("x[a-", "missing closing ]: `[a-`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(|+)", "missing argument to repetition operator: `+`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a+?{2}", "invalid nested repetition operator: `+?{2}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<=a)", "invalid named capture: `(?<=a)`"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"(a)\1", r"invalid escape sequence: `\1`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ] {
            assert_eq!(translate(pattern), Err(format!("error parsing regexp: {why}")));
        }
    }
}
