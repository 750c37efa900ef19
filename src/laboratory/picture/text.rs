//! Text in pictures: it stays text, and it fits.

use std::fmt::Write;

/// Appends to a string, which can't fail.
pub(super) fn put(to: &mut String, what: core::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("writing to a string does not fail");
}

/// Text for HTML and XML, as content or as an attribute's value. What XML can't hold, and marks that turn the direction of writing for what
/// follows, become `�`; line breaks and tabs stay. Linear.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            '\r' => {}
            c if c.is_control() || is_turning(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
fn is_turning(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How wide a text is, about, at one pixel of size; rather too wide than too narrow, since the reader's font isn't known.
fn width_of(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'I' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | '(' | ')' | '[' | ']' | ' ' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '→' | '—' => 0.95,
        'A'..='Z' => 0.7,
        '\0'..='\u{10ff}' => 0.61,
        _ => 1.05,
    }
}
/// How wide a text is at a size, in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(width_of).sum::<f64>() * size
}
/// A text on one line that is no wider than `most` pixels: what is cut ends in `…`.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    let line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if width(&line, size) <= most {
        return line;
    }
    let mut left = most - width("…", size);
    let fits = |c: &char| {
        left -= width_of(*c) * size;
        left >= 0.0
    };
    let cut: String = line.chars().take_while(fits).collect();
    format!("{}…", cut.trim_end())
}

/// `1 job`, `2 jobs`, `12,000 jobs`.
pub(super) fn count(n: usize, of: &str) -> String {
    format!("{} {of}{}", grouped(&n.to_string()), if n == 1 { "" } else { "s" })
}
/// Digits in groups of three: `12,000`. What follows a point stays.
pub(super) fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("−", rest));
    let (whole, part) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let mut out = String::from(sign);
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + part
}
