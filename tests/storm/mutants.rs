//! Bugs that are planted by hand in a build with the feature `mutations`: each must be found by the storms. What they don't find is a gap in
//! the judge. `scripts/mutations` prints the table.

/// Every bug that is planted in the sources, and what is wrong with it.
pub const BUGS: [(&str, &str); 42] = [
    ("award_in_a_pause", "a task hears nothing of a pause"),
    ("award_twice", "an award is sent twice"),
    ("complete_twice", "a completion that is said twice counts twice"),
    ("count_beats_for_ever", "a job that gives no sign of life is waited for"),
    ("count_no_deaths", "a job may kill any number of agents"),
    ("drop_a_claim", "a job that is lost with its agent says nothing"),
    ("forget_that_it_was_cancelled", "who goes on undoing a cancelled run says that it failed"),
    ("forget_the_epoch", "a coordinator hears what was said to its earlier life"),
    ("forget_the_fence", "what an agent says of an earlier award is taken for one of the present"),
    ("forget_the_second_try", "the other try goes on when one has answered"),
    ("forget_what_a_sub_run_did", "what a sub-run did is not undone with its task"),
    ("forget_what_was_open", "a coordinator's next life does not know what was announced to the last"),
    ("forget_whom_to_avoid", "a retry does not avoid the agents that failed"),
    ("go_on_after_a_failure", "a run that fails fast does not"),
    ("go_on_forwards", "who goes on with a run that was undoing does it anew"),
    ("hedge_with_the_same", "a second try may go to the agent that has the first"),
    ("hold_an_instance_for_ever", "who resumes a task resumes none of its instances"),
    ("ignore_a_dependency", "a task begins before the last one that it waits for has ended"),
    ("ignore_the_team", "a task of a team is given away by the usual coordinator"),
    ("interleave_two", "two of those that are interleaved are done at a time"),
    ("keep_the_door", "what a task used is not there for others when it has ended"),
    ("leak_a_slot", "a simulated job that is cancelled keeps its slot"),
    ("leave_what_is_parked", "what waits for an agent is not announced when it joins"),
    ("let_in_too_many", "one more may use a resource than there is"),
    ("lose_a_cancel", "a task that is being done is not cancelled"),
    ("lose_a_retry", "a task that backs off never wakes"),
    ("lose_an_order", "a cancel that crosses the word of a failure is no cancel"),
    ("miscount_attempts", "a task may be tried once more than it may"),
    ("never_time_out", "the limit of an attempt is no limit"),
    ("charge_no_purse", "what jobs cost is drawn from no budget"),
    ("open_too_many", "any number of tasks is open at a time"),
    ("retry_at_once", "a retry does not wait"),
    ("skip_a_fallback", "the second fallback is left out"),
    ("skip_an_undo", "some completed tasks are not undone"),
    ("stand_in_uninvited", "a stand-in begins though nothing has failed"),
    ("take_the_last_handler", "of several error handlers the last is taken"),
    ("take_a_slot_too_many", "an agent begins what should wait for a slot"),
    ("take_undone_for_done", "a task that was undone is taken for completed by a later run"),
    ("take_what_is_known_late", "what an earlier run did is only known when its turn comes"),
    ("undo_twice", "who goes on undoing undoes again what was undone"),
    ("undo_what_it_stands_on", "what lies upstream of an undo that failed is undone"),
    ("undo_forwards", "what was done first is undone first"),
];

/// The names of the bugs that are planted in a source.
fn planted(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("planted(\"").filter_map(|(at, start)| text[at + start.len()..].split('"').next())
}
fn walk(folder: &std::path::Path, found: &mut std::collections::BTreeSet<String>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(planted(&std::fs::read_to_string(&path).unwrap()).map(str::to_owned));
        }
    }
}

#[test]
fn the_table_names_exactly_what_is_planted() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = std::collections::BTreeSet::new();
    ["src", "agents/src", "protocols/src"].iter().for_each(|folder| walk(&root.join(folder), &mut found));
    let named: std::collections::BTreeSet<String> = BUGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, found);
    assert_eq!(named.len(), BUGS.len(), "a name stands twice");
    assert_eq!(planted("if planted(\"a\") || x && !planted(\"b\")").collect::<Vec<_>>(), ["a", "b"]);
    // None of them is in a usual build.
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let features = manifest.split("[features]").nth(1).unwrap().split("\n[").next().unwrap();
    let usual = features.lines().find(|line| line.starts_with("default"));
    assert_eq!(usual, Some("default = [\"mimalloc\"]"));
}

#[cfg(feature = "mutations")]
mod hunt {
    use super::super::seen::{Gone, Seen};
    use super::super::{again, judge, nested, number, play, purse};
    use super::BUGS;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    /// Storms that a bug may survive at most, where `POLITY_STORM_SEEDS` does not say otherwise.
    const MOST: u64 = 2_000;

    fn verdict(seed: u64) -> Result<(), String> {
        judge::judge(&play::play(seed), &mut Seen::default())?;
        purse::play(seed, &mut purse::Purses::default())?;
        nested::play(seed, &mut nested::Nests::default())?;
        again::play_all(seed..=seed, &mut Gone::default()).into_iter().next().map_or(Ok(()), Err)
    }
    /// The child: plays storms until one finds the bug that the environment names. It says before each which it is, since a storm without
    /// end is ended with the process.
    #[test]
    #[ignore = "a child of `each_planted_bug_is_found`"]
    fn one_planted_bug() {
        std::panic::set_hook(Box::new(|_| {}));
        for seed in 0..number("POLITY_STORM_SEEDS").unwrap_or(MOST) {
            println!("\nstorm {seed}");
            match std::panic::catch_unwind(|| verdict(seed)) {
                Ok(Ok(())) => {}
                Ok(Err(why)) => return println!("\nfound: {}", why.lines().next().unwrap_or_default()),
                Err(panic) => {
                    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                    return println!(
                        "\nfound: a panic: {}",
                        said.and_then(|said| said.lines().next()).unwrap_or("it says nothing")
                    );
                }
            }
        }
        println!("\nsurvived");
    }
    /// After how many storms a bug is found, and why; `Err` if it is not.
    fn hunt(bug: &str) -> Result<(u64, String), u64> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "mutants::hunt::one_planted_bug", "--ignored", "--nocapture"]).env("POLITY_MUTATION", bug);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut storms, mut found) = (0, Some("it goes on without end, or the process died".to_owned()));
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(seed) = line.strip_prefix("storm ") {
                storms = seed.parse::<u64>().unwrap() + 1;
            } else if let Some(why) = line.strip_prefix("found: ") {
                found = Some(why.to_owned());
            } else if line == "survived" {
                found = None;
            }
        }
        child.wait().unwrap();
        found.map(|why| (storms, why)).ok_or(storms)
    }
    #[test]
    #[ignore = "it takes minutes: scripts/mutations"]
    fn each_planted_bug_is_found() {
        let only = std::env::var("POLITY_MUTATION").ok();
        let mut survivors = Vec::new();
        println!("{:30} {:>6}  how it was found", "bug", "storms");
        for (name, _) in BUGS.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name)) {
            match hunt(name) {
                Ok((storms, why)) => println!("{name:30} {storms:>6}  {}", why.chars().take(110).collect::<String>()),
                Err(storms) => {
                    println!("{name:30} {:>6}  SURVIVED", format!(">{storms}"));
                    survivors.push(*name);
                }
            }
        }
        assert!(survivors.is_empty(), "not found, so that the judge has a gap: {survivors:?}");
    }
}
