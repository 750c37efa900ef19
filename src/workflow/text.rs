//! Words that people write: durations, and words that a shell reads.

use core::time::Duration;

/// A duration as people write it: `200ms`, `5m`, `1h30m`, `0.5s`. Units: `ns us ms s m h d`.
///
/// ```
/// use std::time::Duration;
/// use polity::workflow::parse_duration;
/// assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(parse_duration("5").unwrap_err(), "a duration needs a unit: 5s, 5m or 5ms");
/// ```
///
/// # Errors
/// A sentence that says what is wrong and how to write it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(format!("a duration can't be negative, but is {text}"));
    }
    if text.parse::<f64>().is_ok() {
        return Err(format!("a duration needs a unit: {text}s, {text}m or {text}ms"));
    }
    let mut rest = text;
    let mut total = 0.0_f64;
    let mut exact = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let nanos = nanos_of(unit).ok_or_else(|| bad_duration(text))?;
        let value = number.parse::<f64>().map_err(|_| bad_duration(text))?;
        total += value * nanos as f64;
        let part = match number.parse::<u64>() {
            Ok(whole) => whole.checked_mul(nanos).map(Duration::from_nanos),
            Err(_) => Some(polity_protocols::seconds_to_duration(value * nanos as f64 / 1e9)),
        };
        exact = part.and_then(|p| exact.checked_add(p)).ok_or_else(|| format!("the duration {text} is too long"))?;
        rest = next.trim_start();
    }
    if text.is_empty() || total > u64::MAX as f64 {
        return Err(bad_duration(text));
    }
    Ok(exact)
}

fn nanos_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

fn bad_duration(text: &str) -> String {
    format!("\"{text}\" is not a duration; write it like 200ms, 5m or 1h30m")
}

/// A text as one word of a POSIX shell, whatever is in it.
///
/// ```
/// use polity::workflow::shell_quote;
/// assert_eq!(shell_quote("plain.txt"), "plain.txt");
/// assert_eq!(shell_quote("it's; rm -rf /"), r"'it'\''s; rm -rf /'");
/// ```
pub fn shell_quote(text: &str) -> String {
    // A word of these bytes only means itself. A leading `-` or `~` is the command's affair or the shell's, so `~` is not among them.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b',' | b'+' | b'@' | b'%');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The word of `known` that is nearest to `given`, if one is near.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    known
        .into_iter()
        .map(|word| {
            let contained = word.len() >= 4 && given.len() >= 4 && (word.starts_with(&lower) || lower.starts_with(word));
            let distance = strsim::damerau_levenshtein(&lower, &word.to_lowercase());
            (if contained { distance.min(2) } else { distance }, word)
        })
        .filter(|(distance, word)| *distance <= 1.max(given.chars().count().max(word.chars().count()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
