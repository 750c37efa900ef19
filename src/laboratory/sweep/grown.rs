//! Whether an experiment is an earlier one that asks for more, or for less: then what was tried is of use to it.

/// Keys that don't change what a try comes to: how many there are, when it is enough, and what is shown of them.
const FREE: [&str; 3] = ["repeat", "stop", "measure"];

/// Why tries that were made for `before` are not of use to `now`; none if they all are, or as many of them as are asked for.
///
/// Told by the lines of the texts: but for [`FREE`] keys at their beginning, comments and empty lines, they must be the same.
pub(super) fn differs(before: &str, now: &str) -> Option<String> {
    (essence(before) != essence(now)).then(|| "its text, which experiment.yaml there holds, is another".into())
}

/// What an experiment's text says, without what is free.
fn essence(text: &str) -> Vec<&str> {
    // In a block of text a line that looks like a comment is none.
    let has_blocks = text.lines().any(|line| line.trim_end().ends_with(['|', '>']));
    let mut is_free = false;
    let is_said = |line: &&str| {
        if !has_blocks && (line.is_empty() || line.trim_start().starts_with('#')) {
            return false;
        }
        if !line.starts_with([' ', '-']) {
            is_free = line.split_once(':').is_some_and(|(key, _)| FREE.contains(&key));
        }
        !is_free
    };
    text.lines().map(str::trim_end).filter(is_said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: e\nworkload: { shape: 'chain(tasks 3)', work: 10s }\nstrategies:\n- market\n- hierarchical\nvary: { noise: [0, 1] }\nrepeat: 12 # a dozen\nstop:\n  after: 1h\n";

    #[test]
    fn more_tries_or_fewer_and_other_columns_are_the_same_experiment() {
        for now in [
            TEXT.to_owned(),
            TEXT.replace("12", "13"),
            TEXT.replace("12", "6"),
            TEXT.replace("repeat: 12 # a dozen", "repeat:\n  12"),
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
        ] {
            assert!(differs(TEXT, &now).is_some_and(|why| why.contains("is another")), "{now}");
        }
    }
}
