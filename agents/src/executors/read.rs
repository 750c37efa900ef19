//! What a program printed, as the value that the task promised.

use crate::failure::{Failure, FailureKind};
use crate::job::OutputFormat;
use serde_json::Value;

/// Characters of an output that are quoted in a message.
const QUOTED: usize = 60;

/// Reads output as its format: the value, and how many bytes of it are in the value. `whole` is false if `bytes` were cut at a limit:
/// then text ends at a whole character and lines at a whole line.
///
/// # Errors
/// [`FailureKind::BadOutput`], saying what is wrong and where.
pub(super) fn read(format: OutputFormat, bytes: &[u8], whole: bool) -> Result<(Value, usize), Failure> {
    let text = text(bytes, whole)?;
    match format {
        OutputFormat::Text => Ok((Value::from(text.strip_suffix('\n').filter(|_| whole).unwrap_or(text)), text.len())),
        OutputFormat::Lines => {
            let text = if whole { text } else { &text[..text.rfind('\n').map_or(0, |at| at + 1)] };
            Ok((text.lines().collect(), text.len()))
        }
        OutputFormat::Json => json(text).map(|value| (value, text.len())),
    }
}

fn text(bytes: &[u8], whole: bool) -> Result<&str, Failure> {
    let error = match core::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    if error.error_len().is_none() && !whole {
        // The limit cut a character in two.
        return Ok(core::str::from_utf8(&bytes[..at]).unwrap_or_default());
    }
    let message = format!(
        "its output is not UTF-8: byte 0x{:02x} at offset {at}; convert it (iconv, base64), or write it to a file and print the path",
        bytes[at]
    );
    Err(Failure::new(FailureKind::BadOutput, message))
}

fn json(text: &str) -> Result<Value, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new(FailureKind::BadOutput, "it should print JSON (`output: json`), but printed nothing"));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("its output is not JSON: {error}; it begins {}", quoted(text));
        Failure::new(FailureKind::BadOutput, message)
    })
}

/// The beginning of a text, quoted, on one line.
pub(super) fn quoted(text: &str) -> String {
    let beginning: String = text.chars().take(QUOTED).collect();
    if beginning.len() < text.len() { format!("{:?}…", beginning) } else { format!("{beginning:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn bad(format: OutputFormat, bytes: &[u8]) -> String {
        let failure = read(format, bytes, true).expect_err("bad output");
        assert_eq!(failure.kind, FailureKind::BadOutput);
        failure.message
    }

    #[test]
    fn formats() {
        assert_eq!(read(OutputFormat::Text, b"a\nb\n", true), Ok((json!("a\nb"), 4)));
        assert_eq!(read(OutputFormat::Text, b"a\n\n", true), Ok((json!("a\n"), 3)));
        assert_eq!(read(OutputFormat::Lines, b"a\r\n\nb", true), Ok((json!(["a", "", "b"]), 5)));
        assert_eq!(read(OutputFormat::Lines, b"", true), Ok((json!([]), 0)));
        assert_eq!(read(OutputFormat::Json, b" {\"a\": [1]}\n", true).map(|r| r.0), Ok(json!({"a": [1]})));
    }

    #[test]
    fn bad_output_says_where() {
        let message = bad(OutputFormat::Json, b"{\"a\": 1,\n oops}");
        assert!(message.contains("line 2 column 2") && message.contains("it begins \"{\\\"a\\\": 1,"), "{message}");
        assert!(bad(OutputFormat::Json, b" \n").contains("printed nothing"));
        assert!(bad(OutputFormat::Json, "x".repeat(500).as_bytes()).len() < 250);
        assert!(bad(OutputFormat::Text, b"abc\xff").contains("byte 0xff at offset 3"));
        assert!(bad(OutputFormat::Lines, b"abc\xe2\x82").contains("offset 3"), "a torn end is only pardoned at a limit");
    }

    proptest! {
        #[test]
        fn a_cut_is_at_a_whole_character_or_line(text in "[aä€𝄞\n]{0,80}", limit in 0..200usize) {
            let cut = &text.as_bytes()[..text.len().min(limit)];
            let whole = cut.len() == text.len();
            let (value, kept) = read(OutputFormat::Text, cut, whole).expect("text");
            prop_assert!(text.starts_with(value.as_str().expect("a string")));
            prop_assert!(kept + 3 >= cut.len() && kept <= cut.len());
            let (value, kept) = read(OutputFormat::Lines, cut, whole).expect("lines");
            let lines: Vec<&str> = text.lines().collect();
            let given: Vec<&str> = value.as_array().expect("a list").iter().map(|l| l.as_str().expect("a string")).collect();
            prop_assert_eq!(&given[..], &lines[..given.len()]);
            prop_assert!(whole || given.len() == text.as_bytes()[..kept].iter().filter(|b| **b == b'\n').count());
        }
    }
}
