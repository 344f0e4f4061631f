//! Durations on the command line: `30s`, `500ms`, `2m`.
//!
//! Next to read: `args.rs`.

use std::time::Duration;

/// `30s`, `500ms`, `2m`, `1h`, or seconds.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("a duration reads 30s, 500ms, 2m or 1h".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "a duration reads 30s, 500ms, 2m or 1h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("7"), Ok(Duration::from_secs(7)));
        assert!(parse("soon").is_err());
        assert!(parse("").is_err());
        assert!(parse("9e99h").is_err());
        assert!(parse("99999999999999999999999h").is_err());
    }
}
