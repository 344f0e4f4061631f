//! Quantities (`cpu: 1000m`) in canonical form, as Go's `resource.Quantity` is encoded.
//!
//! No fraction, no leading zeros, and the largest suffix that loses nothing: `1000m` is `1`, `1.5`
//! is `1500m`, `1024Ki` is `1Mi`. What is finer than a nano is rounded up. Left out: amounts above
//! 2^63-1, which are cut to it. Next to read: `decode.rs`.

use serde_json::Value;

/// One unit, in the nanos that amounts are counted in.
const UNIT: i128 = 1_000_000_000;
/// The largest amount.
const LARGEST: i128 = i64::MAX as i128 * UNIT;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// How a quantity was written, which decides how it is encoded.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Decimal,
    Exponent,
    Binary,
}

/// The canonical form of a quantity; `None` if it is not one.
pub(super) fn canonical(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (nanos, format) = parse(&text)?;
    Some(match format {
        _ if nanos == 0 => "0".to_owned(),
        Format::Binary if nanos.abs() >= 1024 * UNIT && nanos % UNIT == 0 => binary(nanos / UNIT),
        Format::Exponent => decimal(nanos, Format::Exponent),
        Format::Binary | Format::Decimal => decimal(nanos, Format::Decimal),
    })
}

fn parse(text: &str) -> Option<(i128, Format)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let (factor, power, format) = scale(suffix)?;
    let mut amount: i128 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        amount = amount.saturating_mul(10).saturating_add(i128::from(digit.to_digit(10)?));
    }
    amount = amount.saturating_mul(factor);
    let places = i32::try_from(fraction.len()).ok()?.saturating_sub(power.saturating_add(9));
    for _ in 0..places.clamp(-60, 60).unsigned_abs() {
        match places < 0 {
            true => amount = amount.saturating_mul(10),
            // Rounded up, "under the theory that you want some resources if you got resources".
            false => amount = (amount + 9) / 10,
        }
    }
    let amount = amount.min(LARGEST);
    Some((if negative { -amount } else { amount }, format))
}

/// Factor and power of ten of a suffix.
fn scale(suffix: &str) -> Option<(i128, i32, Format)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((1, *power, Format::Decimal));
    }
    if let Some(at) = BINARY.iter().position(|name| *name == suffix) {
        return Some((1 << (10 * (at + 1)), 0, Format::Binary));
    }
    let power = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((1, power, Format::Exponent))
}

fn binary(mut units: i128) -> String {
    let mut suffix = "";
    for name in BINARY {
        if units % 1024 != 0 {
            break;
        }
        units /= 1024;
        suffix = name;
    }
    format!("{units}{suffix}")
}

fn decimal(mut amount: i128, format: Format) -> String {
    let mut power = -9;
    while amount % 1000 == 0 && power < 18 {
        amount /= 1000;
        power += 3;
    }
    match (power, format) {
        (0, _) => amount.to_string(),
        (_, Format::Exponent) => format!("{amount}e{power}"),
        _ => {
            let suffix = DECIMAL.iter().find(|(_, of)| *of == power).map_or("", |(name, _)| name);
            format!("{amount}{suffix}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_written_as_go_writes_them() {
        for (written, stored) in [
            (json!("1000m"), "1"),
            (json!(1), "1"),
            (json!(0.5), "500m"),
            (json!("1.5"), "1500m"),
            (json!("1500m"), "1500m"),
            (json!("0.1"), "100m"),
            (json!("1000"), "1k"),
            (json!("12345"), "12345"),
            (json!("1e3"), "1e3"),
            (json!("1000e3"), "1e6"),
            (json!("1E"), "1E"),
            (json!("1024Ki"), "1Mi"),
            (json!("1000Ki"), "1000Ki"),
            (json!("1.5Gi"), "1536Mi"),
            (json!("0.5Ki"), "512"),
            (json!("0.1Mi"), "104857600m"),
            (json!("16Gi"), "16Gi"),
            (json!("-1000m"), "-1"),
            (json!("+5"), "5"),
            (json!("0.0000000001"), "1n"),
            (json!("00"), "0"),
            (json!("0Mi"), "0"),
            (json!(".5"), "500m"),
        ] {
            assert_eq!(canonical(&written).as_deref(), Some(stored), "{written}");
        }
    }

    #[test]
    fn what_is_no_quantity_stays() {
        for text in ["", "a", "1x", "1.2.3", "1Kib", "."] {
            assert_eq!(canonical(&json!(text)), None, "{text}");
        }
    }
}
