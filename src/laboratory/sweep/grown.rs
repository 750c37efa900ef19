//! Whether an experiment is an earlier one that asks for more: then what was tried is of use to it.

/// Keys that don't change what a try comes to: how many there are, when it is enough, and what is shown of them.
const FREE: [&str; 3] = ["repeat", "stop", "measure"];
/// Tries of a cell where nothing is said.
const REPEAT: u32 = 30;

/// Why tries that were made for `before` are not of use to `now`; none if they all are.
///
/// Told by the lines of the texts: but for [`FREE`] keys at their beginning, comments and empty lines, they must be the same.
pub(super) fn differs(before: &str, now: &str) -> Option<String> {
    let (before, now) = (Essence::of(before), Essence::of(now));
    if before.lines != now.lines {
        return Some("its text, which experiment.yaml there holds, is another".into());
    }
    match (before.repeat, now.repeat) {
        (Some(before), Some(now)) if now >= before => None,
        (Some(before), Some(now)) => Some(format!("it has {before} tries of each cell, and this asks for {now} only")),
        _ => Some("its text, which experiment.yaml there holds, is another".into()),
    }
}

/// What an experiment's text says, without what is free.
struct Essence<'a> {
    lines: Vec<&'a str>,
    /// None if that is no number on one line.
    repeat: Option<u32>,
}

impl<'a> Essence<'a> {
    fn of(text: &'a str) -> Essence<'a> {
        // In a block of text a line that looks like a comment is none.
        let has_blocks = text.lines().any(|line| line.trim_end().ends_with(['|', '>']));
        let (mut lines, mut repeat, mut is_free) = (Vec::new(), Some(REPEAT), false);
        for line in text.lines().map(str::trim_end) {
            if !has_blocks && (line.is_empty() || line.trim_start().starts_with('#')) {
                continue;
            }
            let goes_on = line.starts_with([' ', '-']);
            if !goes_on {
                let key = line.split_once(':').map(|(key, value)| (key, value.split(" #").next().unwrap_or_default().trim()));
                is_free = key.is_some_and(|(key, _)| FREE.contains(&key));
                if let Some((_, value)) = key.filter(|(key, _)| *key == "repeat") {
                    repeat = value.parse().ok();
                }
            }
            if !is_free {
                lines.push(line);
            }
        }
        Essence { lines, repeat }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: e\nworkload: { shape: 'chain(tasks 3)', work: 10s }\nstrategies:\n- market\n- hierarchical\nvary: { noise: [0, 1] }\nrepeat: 12 # a dozen\nstop:\n  after: 1h\n";

    #[test]
    fn more_tries_and_other_columns_are_the_same_experiment() {
        for now in [
            TEXT.to_owned(),
            TEXT.replace("12", "13"),
            TEXT.replace("repeat: 12 # a dozen\n", ""),
            TEXT.replace("stop:\n  after: 1h\n", "measure:\n- makespan\n- cost\n"),
            TEXT.replace("after: 1h", "precision: 0.01"),
            format!("# Why: I wonder.\n\n{TEXT}"),
        ] {
            assert_eq!(differs(TEXT, &now), None, "{now}");
        }
    }
    #[test]
    fn anything_else_is_another_one() {
        for now in [
            TEXT.replace("10s", "11s"),
            TEXT.replace("- market\n", ""),
            TEXT.replace("[0, 1]", "[1, 0]"),
            TEXT.replace("name: e", "first_seed: 2\nname: e"),
            TEXT.replace("repeat: 12 # a dozen", "repeat:\n  12"),
        ] {
            assert!(differs(TEXT, &now).is_some_and(|why| why.contains("is another")), "{now}");
        }
        assert_eq!(
            differs(TEXT, &TEXT.replace("12", "6")).unwrap_or_default(),
            "it has 12 tries of each cell, and this asks for 6 only"
        );
    }
}
