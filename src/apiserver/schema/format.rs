//! The string formats that a structural schema can demand.
//!
//! The server ignores formats that it does not know, and so do we. Some that it knows we let pass
//! unchecked, as said at [`validates`]. Next to read: `validate.rs`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use base64::Engine as _;
use regex::Regex;

/// The formats a v1.36 server enforces, without their dashes.
const KNOWN: [&str; 25] = [
    "bsonobjectid",
    "uri",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "byte",
    "password",
    "date",
    "duration",
    "datetime",
    "k8sshortname",
];

/// Whether the server enforces a format at all.
pub(super) fn is_known(format: &str) -> bool {
    let bare = format.replace('-', "");
    KNOWN.contains(&bare.as_str()) || bare == "k8slongname"
}

/// Formats that are nothing but a pattern.
const PATTERNS: [(&str, &str); 9] = [
    ("uuid", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid3", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid4", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("uuid5", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("mac", r"(?i)^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$"),
    ("email", r"^([^<>]*<)?[\w!#$%&'*+/=?^`{|}~.-]+@[^@\s<>]+>?$"),
    ("hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    ("ssn", r"^\d{3}[- ]\d{2}[- ]\d{4}$"),
    (
        "duration",
        r"(?ix)^0$ | ^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$ | ^\d+(\.\d*)?\s*
          (ns|nanos?|us|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?
          |h|hrs?|hours?|d|days?|w|weeks?)$",
    ),
];

static COMPILED: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compile = |(name, text): (_, &str)| Regex::new(text).ok().map(|regex| (name, regex));
    PATTERNS.into_iter().filter_map(compile).collect()
});

/// Whether a string has a format.
///
/// Not checked, and so always true: passwords and bson object ids.
pub(super) fn validates(format: &str, data: &str) -> bool {
    let bare = format.replace('-', "");
    if let Some((_, regex)) = COMPILED.iter().find(|(name, _)| *name == bare) {
        return regex.is_match(data);
    }
    match bare.as_str() {
        "ipv4" => is_ipv4(data),
        "ipv6" => data.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(data),
        "hostname" => is_hostname(data),
        "uri" => is_uri(data),
        "date" => data.len() == 10 && data.parse::<jiff::civil::Date>().is_ok(),
        "datetime" => is_datetime(data),
        "byte" => {
            !data.is_empty() && base64::engine::general_purpose::STANDARD.decode(data).is_ok()
        }
        "rgbcolor" => is_rgb(data),
        "creditcard" => is_credit_card(data),
        "isbn" => is_isbn(data, 10) || is_isbn(data, 13),
        "isbn10" => is_isbn(data, 10),
        "isbn13" => is_isbn(data, 13),
        "k8sshortname" => data.len() <= 63 && is_dns_label(data),
        "k8slongname" => data.len() <= 253 && data.split('.').all(is_dns_label),
        _ => true,
    }
}

fn is_dns_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(inner)
}

/// A name of several labels ends in letters; a single label has one hyphen at most, after its
/// first character.
fn is_hostname(data: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || "$+<=>^`|~".contains(c);
    let labels = data.split('.').collect::<Vec<_>>();
    let short = |label: &&str| (1..=63).contains(&label.len());
    if data.len() > 255 || !labels.iter().all(short) {
        return false;
    }
    if let [label] = labels.as_slice() {
        let mut chars = label.chars();
        let first = chars.next().is_some_and(word);
        let rest = chars.as_str();
        return first && rest.strip_prefix('-').unwrap_or(rest).chars().all(word);
    }
    let last = labels[labels.len() - 1];
    let inner = |label: &&str| {
        label.starts_with(word)
            && label.ends_with(word)
            && label.chars().all(|c| word(c) || c == '-')
    };
    last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && labels[..labels.len() - 1].iter().all(inner)
}

/// Dotted decimals, leading zeros allowed; also an IPv6 address that ends in them.
fn is_ipv4(data: &str) -> bool {
    let part = |part: &str| {
        part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u16>().is_ok_and(|n| n <= 255)
    };
    let parts = data.split('.').collect::<Vec<_>>();
    (parts.len() == 4 && parts.into_iter().all(part))
        || (data.contains('.') && data.parse::<Ipv6Addr>().is_ok())
}

fn is_cidr(data: &str) -> bool {
    let Some((address, bits)) = data.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    (address.parse::<Ipv4Addr>().is_ok() && bits <= 32)
        || (address.parse::<Ipv6Addr>().is_ok() && bits <= 128)
}

/// A request URI: absolute, or an absolute path.
fn is_uri(data: &str) -> bool {
    if data.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return false;
    }
    let scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    data.starts_with('/') || data.split_once(':').is_some_and(|(before, _)| scheme(before))
}

/// RFC 3339, with a time zone.
fn is_datetime(data: &str) -> bool {
    let Some((date, time)) = data.split_once(['T', 't']) else { return false };
    let bare = time.strip_suffix(['Z', 'z']);
    let clock = bare.or_else(|| {
        let (clock, offset) = time.split_once(['+', '-'])?;
        let fits = |c: (usize, char)| if c.0 == 2 { c.1 == ':' } else { c.1.is_ascii_digit() };
        (offset.len() == 5 && offset.chars().enumerate().all(fits)).then_some(clock)
    });
    date.parse::<jiff::civil::Date>().is_ok()
        && clock.is_some_and(|clock| clock.len() >= 8 && clock.parse::<jiff::civil::Time>().is_ok())
}

fn is_rgb(data: &str) -> bool {
    let inner = data.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(|inner| {
        let parts = inner.split(',').map(|part| part.trim().parse::<u16>());
        let parts = parts.collect::<Vec<_>>();
        parts.len() == 3 && parts.into_iter().all(|part| part.is_ok_and(|part| part <= 255))
    })
}

fn digits(data: &str) -> Vec<u32> {
    data.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// 13 to 16 digits with a right check digit.
fn is_credit_card(data: &str) -> bool {
    let digits = digits(data);
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    let first = digits.first().is_some_and(|digit| (1..=6).contains(digit));
    first && (13..=16).contains(&digits.len()) && weighed.sum::<u32>() % 10 == 0
}

/// Ten or thirteen digits, with spaces or hyphens between, and a right check digit.
fn is_isbn(data: &str, length: usize) -> bool {
    let bare = data.replace([' ', '-'], "");
    let mut digits = digits(&bare);
    if length == 10 && bare.ends_with('X') {
        digits.push(10);
    }
    if digits.len() != length || bare.chars().count() != length {
        return false;
    }
    let weighed = digits.iter().zip(1_u32..).map(|(digit, place)| match length {
        10 => digit * place,
        _ => digit * if place % 2 == 0 { 3 } else { 1 },
    });
    weighed.sum::<u32>() % if length == 10 { 11 } else { 10 } == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_compile() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn right_and_wrong_examples() {
        for (format, right, wrong) in [
            ("date", "2026-02-28", "2026-02-30"),
            ("date-time", "2026-01-01T10:00:00Z", "2026-01-01"),
            ("date-time", "2026-01-01T10:00:00.5+02:00", "2026-01-01T99:00:00Z"),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
            ("duration", "1h30m", "1x"),
            ("uri", "https://example.com/a", "no uri"),
            ("byte", "YQ==", "?"),
            ("hostname", "a.example.com", "-a"),
            ("email", "a@b.c", "a"),
            ("isbn", "978-0321751041", "978-0321751042"),
            ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("rgbcolor", "rgb(1, 2, 255)", "rgb(1, 2, 256)"),
        ] {
            assert!(is_known(format), "{format}");
            assert!(validates(format, right), "{format} {right}");
            assert!(!validates(format, wrong), "{format} {wrong}");
        }
    }
}
