//! Text for people: what came from outside is made harmless, and numbers are written the same way everywhere.

use core::time::Duration;
use polity_agents::Failure;
use std::borrow::Cow;
use std::fmt::Write;

/// Text that can't do anything to a terminal: control characters (escape sequences among them), and the marks that turn the direction of
/// writing, are spelled out. Linear.
///
/// ```
/// use polity::report::harmless;
/// assert_eq!(harmless("plain, naïve"), "plain, naïve");
/// assert_eq!(harmless("\u{1b}[31mred\n"), "\\x1b[31mred\\n");
/// ```
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            c if is_harmful(c) && (c as u32) < 0x100 => put(&mut clean, format_args!("\\x{:02x}", c as u32)),
            c if is_harmful(c) => put(&mut clean, format_args!("\\u{{{:x}}}", c as u32)),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// True for what a terminal obeys instead of showing, and for what changes how its neighbours are shown.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}')
}

/// Appends to a string, which can't fail.
pub(super) fn put(to: &mut String, what: core::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("writing to a string does not fail");
}

/// Harmless, and at most `max` characters long: what is cut ends in `…`.
pub(super) fn clipped(text: &str, max: usize) -> String {
    let clean = harmless(text);
    if clean.chars().count() <= max {
        return clean.into_owned();
    }
    clean.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// The last `lines` lines of a text, each harmless and at most 200 characters long.
pub(super) fn tail(text: &str, lines: usize) -> Vec<String> {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| clipped(line, 200)).collect()
}

/// `1 task`, `2 tasks`.
pub(super) fn count(n: u64, of: &str) -> String {
    format!("{n} {of}{}", if n == 1 { "" } else { "s" })
}

/// A duration in seconds with three digits behind the point: `0.021s`.
pub(super) fn seconds(d: Duration) -> String {
    format!("{:.3}s", d.as_secs_f64())
}

/// A share as per cent: two digits that matter, `0.4%`, `38%`.
pub(super) fn percent(share: f64) -> String {
    let p = share * 100.0;
    if p > 0.0 && p < 9.95 { format!("{p:.1}%") } else { format!("{p:.0}%") }
}

/// A score: short, and never in exponents for what people meet.
pub(super) fn score(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return "?".into();
    }
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{x:.1e}");
    }
    if size >= 100.0 { format!("{x:.0}") } else { format!("{x:.2}") }
}

/// `a`, `a and b`, `a, b and c`; what is beyond `max` is counted.
pub(super) fn listed(words: &[String], max: usize) -> String {
    let mut shown: Vec<String> = words.iter().take(max).cloned().collect();
    if words.len() > max {
        shown.push(format!("{} more", words.len() - max));
    }
    match shown.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A failure in one line: `exit 1: no such file`.
pub(super) fn failure_line(failure: &Failure) -> String {
    match failure.exit_code {
        Some(code) if !failure.message.contains("exit") => format!("exit {code}: {}", failure.message),
        _ => failure.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in any::<String>(), max in 1usize..50) {
            prop_assert!(!harmless(&text).chars().any(is_harmful));
            let short = clipped(&text, max);
            prop_assert!(!short.chars().any(is_harmful) && short.chars().count() <= max);
            for line in tail(&text, 3) {
                prop_assert!(!line.chars().any(is_harmful));
            }
        }
        #[test]
        fn what_is_harmless_stays(text in "[ -~äöü→·…]{0,40}") {
            prop_assert_eq!(harmless(&text), text.as_str());
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([percent(0.004), percent(0.381), percent(0.0), percent(1.0)], ["0.4%", "38%", "0%", "100%"]);
        assert_eq!([score(0.4), score(1234.4), score(f64::NAN), score(1e-9)], ["0.40", "1234", "?", "1.0e-9"]);
        let words: Vec<String> = ["a", "b", "c"].map(String::from).into();
        assert_eq!([listed(&words, 9), listed(&words, 1), listed(&words[..1], 9)], ["a, b and c", "a and 2 more", "a"]);
    }
}
