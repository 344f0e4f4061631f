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
const PATTERNS: [(&str, &str); 11] = [
    ("uuid", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid3", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid4", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("uuid5", "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("mac", r"(?i)^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$"),
    ("email", r"^[^@\s<>]+@[^@\s<>]+$"),
    ("hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    ("rgbcolor", r"^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$"),
    ("ssn", r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"),
    ("creditcard", r"^\D*(\d\D*){13,19}$"),
    (
        "duration",
        r"(?ix)^0$ | ^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$ | ^\d+(\.\d*)?\s*
          (ns|nanos?|us|micros?|millis?|secs?|seconds?|mins?|minutes?
          |hrs?|hours?|d|days?|w|weeks?)$",
    ),
];

static COMPILED: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compile = |(name, text): (_, &str)| Regex::new(text).ok().map(|regex| (name, regex));
    PATTERNS.into_iter().filter_map(compile).collect()
});

/// Whether a string has a format.
///
/// Not checked, and so always true: passwords, ISBNs and bson object ids.
pub(super) fn validates(format: &str, data: &str) -> bool {
    let bare = format.replace('-', "");
    if let Some((_, regex)) = COMPILED.iter().find(|(name, _)| *name == bare) {
        return regex.is_match(data);
    }
    match bare.as_str() {
        "ipv4" => data.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => data.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(data),
        "hostname" => data.len() <= 255 && data.split('.').all(is_label),
        "uri" => is_uri(data),
        "date" => data.len() == 10 && data.parse::<jiff::civil::Date>().is_ok(),
        "datetime" => is_datetime(data),
        "byte" => base64::engine::general_purpose::STANDARD.decode(data).is_ok(),
        "k8sshortname" => data.len() <= 63 && is_dns_label(data),
        "k8slongname" => data.len() <= 253 && data.split('.').all(is_dns_label),
        _ => true,
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

fn is_dns_label(label: &str) -> bool {
    is_label(label)
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_cidr(data: &str) -> bool {
    let Some((address, bits)) = data.split_once('/') else {
        return false;
    };
    let Ok(bits) = bits.parse::<u8>() else {
        return false;
    };
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

fn is_datetime(data: &str) -> bool {
    let Some((date, time)) = data.split_once(['T', 't', ' ']) else {
        return false;
    };
    let zoneless = time.trim_end_matches(['Z', 'z']);
    let clock = zoneless.split(['+', '-']).next().unwrap_or_default();
    date.parse::<jiff::civil::Date>().is_ok() && clock.parse::<jiff::civil::Time>().is_ok()
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
        ] {
            assert!(is_known(format), "{format}");
            assert!(validates(format, right), "{format} {right}");
            assert!(!validates(format, wrong), "{format} {wrong}");
        }
    }
}
