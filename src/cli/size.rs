//! Sizes on the command line: `512MiB`, `8GiB`, as Kubernetes' quantities too: `8Gi`.
//!
//! Next to read: `args.rs`.

/// Bytes: `512MiB`, `8GiB`, `8Gi`, `500MB`, or a number.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || "a size reads 512MiB, 8GiB, 8Gi or 500MB".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.strip_suffix('B').unwrap_or(unit) {
        "" => 1,
        "K" | "k" => 1000,
        "M" => 1000 * 1000,
        "G" => 1000 * 1000 * 1000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(scale).ok_or_else(|| "that is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("8Gi"), Ok(8 << 30));
        assert_eq!(parse("500MB"), Ok(500_000_000));
        assert_eq!(parse("77"), Ok(77));
        for wrong in ["", "GiB", "1.5GiB", "8 GiB", "-1", "99999999999TiB"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
