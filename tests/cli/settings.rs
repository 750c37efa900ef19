//! Which setting wins, and who said it.

use crate::place::{Place, SHOUT, done};

#[test]
fn defaults_then_files_then_the_workflow_then_the_environment_then_flags() {
    let strategy = |place: &Place, variable: Option<&str>, flags: &[&str]| {
        let mut command = place.polity(&[&["run", "flow.yaml"], flags].concat());
        if let Some(value) = variable {
            command.env("POLITY_STRATEGY", value);
        }
        done(&mut command).coded(0);
        place.record()["strategy"].as_str().unwrap().to_owned()
    };
    let place = Place::new().with("flow.yaml", SHOUT);
    assert_eq!(strategy(&place, None, &[]), "hierarchical");
    let place = place.with(".config/polity/config.yaml", "strategy: min_completion\n");
    assert_eq!(strategy(&place, None, &[]), "min_completion");
    let place = place.with("polity.yaml", "strategy: random\n");
    assert_eq!(strategy(&place, None, &[]), "random");
    let place = place.with("flow.yaml", SHOUT.replace("name: shout\n", "name: shout\nstrategy: round_robin\n"));
    assert_eq!(strategy(&place, None, &[]), "round_robin");
    assert_eq!(strategy(&place, Some("fifo_fastest_idle"), &[]), "fifo_fastest_idle");
    assert_eq!(strategy(&place, Some("fifo_fastest_idle"), &["--strategy", "hierarchical"]), "hierarchical");
}

#[test]
fn the_origin_of_a_setting_is_told() {
    let place = Place::new().with("polity.yaml", "seed: 3\nlimits: { max_open: 9 }\n");
    let mut command = place.polity(&["config", "--origin", "--strategy", "random"]);
    let done = done(command.env("POLITY_LIMITS__MAX_OPEN", "7")).coded(0);
    let row = |key: &str| {
        let line = done.out.lines().find(|line| line.trim_start().starts_with(key)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("seed"), "3 polity.yaml");
    assert_eq!(row("limits.max_open"), "7 POLITY_LIMITS__MAX_OPEN");
    assert_eq!(row("strategy"), "random --strategy");
    assert_eq!(row("runs"), ".polity/runs default");
}

#[test]
fn the_replay_command_gives_the_same_government() {
    let flow = SHOUT.replace("name: shout\n", "name: shout\nstrategy: { hierarchical: { span: 3 } }\n");
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--seed", "5", "-i", "words=[it's, b c]", "--simulate"]).coded(0);
    let (first, replay) = (place.record(), place.record()["replay"].as_str().unwrap().to_owned());
    assert!(replay.starts_with("polity run flow.yaml -i ") && replay.ends_with("--simulate --seed 5"), "{replay}");
    let script = replay.replacen("polity", &format!("'{}'", env!("CARGO_BIN_EXE_polity")), 1);
    done(&mut place.shell(&script)).coded(0);
    let second = place.record();
    assert_ne!(first["started_at"], second["started_at"]);
    assert_eq!((&first["settings"], &first["makespan"], 3), (&second["settings"], &second["makespan"], 3));
    assert_eq!(second["settings"]["span"], 3);
}

#[test]
fn a_wrong_word_is_usage_and_a_wrong_file_is_invalid() {
    let place = Place::new().with("flow.yaml", SHOUT);
    place
        .run(&["run", "flow.yaml", "--strategy", "hierarchcal"])
        .coded(2)
        .says(&["--strategy: ", "did you mean \"hierarchical\"?"]);
    place.run(&["run", "flow.yaml", "--strategy", "{ hierarchical: { span: 1 } }"]).coded(2).says(&["--strategy: ", "span"]);
    place.run(&["run", "flow.yaml", "--seed", "many"]).coded(2).says(&["--seed"]);
    done(place.polity(&["check", "flow.yaml"]).env("POLITY_STRATGY", "random")).coded(2).says(&["POLITY_STRATEGY"]);
    let place = place.with("polity.yaml", "strategi: random\n");
    place.run(&["check", "flow.yaml"]).coded(3).says(&["polity.yaml:1:1: ", "did you mean \"strategy\"?"]);
    let place = place.with("polity.yaml", "strategy: { hierarchical: { span: 1 } }\n");
    place.run(&["check", "flow.yaml"]).coded(3).says(&["polity.yaml: ", "span"]);
}
