//! Arguments, commands and places that are not right.

use crate::place::{Place, SHOUT};

/// A workflow of one command, whose output is `o`.
fn command(script: &str, more: &str) -> Place {
    let quoted = script.replace('\'', "''");
    let flow = format!(
        "name: w\nagents: [{{ id: s }}]\ntasks:\n  - id: a\n    run: '{quoted}'\n{more}outputs: [{{ name: o, from: a.output }}]\n"
    );
    Place::new().with("flow.yaml", flow)
}

#[test]
fn usage_is_exit_code_two() {
    let place = Place::new().with("flow.yaml", SHOUT);
    for arguments in [&[][..], &["run"], &["run", "flow.yaml", "--nonsense"], &["fly"], &["run", "flow.yaml", "-i", "words"]] {
        let done = place.run(arguments).coded(2);
        assert!(done.out.is_empty() && !done.err.is_empty(), "{done:?}");
    }
    assert_eq!(place.run(&["--help"]).coded(0).err, "");
    place.run(&["--version"]).coded(0).prints(&["polity "]);
}

#[test]
fn inputs_are_checked_all_at_once() {
    let place = Place::new().with("flow.yaml", SHOUT);
    let done = place.run(&["run", "flow.yaml", "-i", "wrods=[]", "-i", "words=7"]).coded(2);
    done.says(&["no input \"wrods\"; did you mean \"words\"?", "input \"words\" must be a list like [1, 2], but is \"7\""]);
    let required = SHOUT.replace("default: [one, two]", "required: true");
    let place = Place::new().with("flow.yaml", required);
    place.run(&["run", "flow.yaml"]).coded(2).says(&["the input \"words\" is required; give it with -i words=…"]);
    place.run(&["run", "flow.yaml", "-i", "words=[a]", "-i", "words=[b]"]).coded(2).says(&["given twice"]);
    assert!(!place.path(".polity").exists());
}

#[test]
fn a_missing_program_is_explained() {
    let place = command("no_such_program_at_all", "");
    place.run(&["run", "flow.yaml"]).coded(1).says(&[
        "program not found (exit code 127)",
        "no_such_program_at_all",
        "install it",
    ]);
}

#[test]
fn a_command_may_print_more_than_fits_into_memory() {
    // The second task looks at the most memory that polity, its parent, ever had.
    let more = "  - { id: peak, depends_on: [a], run: \"sed -n 's/^VmHWM:[^0-9]*\\\\([0-9]*\\\\) kB/\\\\1/p' /proc/$PPID/status\", output: json }\n";
    let place = command("yes | head -c 67108864", more);
    let flow = std::fs::read_to_string(place.path("flow.yaml")).unwrap().replace("from: a.output", "from: peak.output");
    let place = place.with("flow.yaml", flow);
    let done = place.run(&["run", "flow.yaml", "-v"]).coded(0);
    let done = done.says(&["its output was cut: the first 1048576 of 67108864 bytes are kept"]);
    let printed: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let peak = printed["o"].as_u64().unwrap();
    // Less than was printed, with all that the program is; a loaded machine showed 52 MB.
    assert!((1_000..64_000).contains(&peak), "{peak} kB");
}

#[test]
fn a_command_that_ignores_sigterm_is_killed() {
    let place = command("echo $$ > id; trap \"\" TERM; while :; do sleep 1; done", "    timeout: 200ms\n");
    let done = place.run(&["run", "flow.yaml"]).coded(1);
    done.says(&["timeout", "the limit `timeout.attempt` is 200ms"]);
    let id = std::fs::read_to_string(place.path("id")).unwrap();
    let left = std::fs::read_to_string(format!("/proc/{}/cmdline", id.trim())).unwrap_or_default();
    assert!(!left.contains("sleep 1"), "process {id} was left behind");
}

#[test]
fn output_that_is_not_text_is_explained() {
    command(r"printf '\377\376'", "")
        .run(&["run", "flow.yaml"])
        .coded(1)
        .says(&["its output is not UTF-8: byte 0xff at offset 0"]);
}

#[test]
fn a_place_that_can_t_be_written_is_told_before_anything_is_done() {
    let place = command("echo done > proof", "").with("taken", "a file, where a directory should be");
    for runs in ["taken", "taken/inside"] {
        let done = place.run(&["run", "flow.yaml", "--runs", runs]).coded(2);
        done.says(&["error: can't create taken", "choose another directory"]);
    }
    assert!(!place.path("proof").exists());
    let done = place.run(&["demo", "--runs", "taken"]).coded(0);
    done.says(&["14 completed"]);
}

#[test]
fn names_that_would_leave_the_directory_are_refused() {
    let place = Place::new().with("flow.yaml", SHOUT);
    for name in ["../up", "last", "", "a/b"] {
        place.run(&["run", "flow.yaml", "--name", name]).coded(2).says(&["a run can't be called"]);
    }
    place.run(&["show", "../up"]).coded(2).says(&["no run is called"]);
}

#[test]
fn a_log_that_was_changed_is_told() {
    let place = Place::new().with("flow.yaml", SHOUT);
    place.run(&["run", "flow.yaml", "--name", "mine"]).coded(0);
    let place = place.with(".polity/runs/mine/events.ndjson", "{}\n");
    place.run(&["show", "mine"]).coded(3).says(&["events.ndjson:1: not an event"]);
}

/// A part of what somebody works on would be a wrong one.
#[test]
fn an_output_that_others_work_on_is_whole_or_fails() {
    let flow = "name: n\nagents: [{ id: s }]\ntasks:\n  - { id: a, run: \"yes | head -c 2097152\" }\n  - { id: b, run: wc -c, stdin: \"{{ tasks.a.output }}\" }\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml"]).coded(1).says(&[
        "its output of 2097152 bytes exceeds the 1048576 bytes",
        "write it to a file and print the path",
        "BLOCKED",
    ]);
}

/// What has happened is on disk while the run goes on: so a run can be followed, and a killed one tells what it did.
#[test]
fn the_log_can_be_followed_while_the_run_goes_on() {
    let watch = "log=.polity/runs/followed/events.ndjson; until grep -q '\"event\":\"completed\"' \"$log\"; do sleep 0.02; done";
    let flow = format!(
        "name: n\nagents: [{{ id: s }}]\ntasks:\n  - {{ id: a, run: echo x }}\n  - {{ id: b, depends_on: [a], timeout: 30s, run: '{}' }}\n",
        watch.replace('\'', "''")
    );
    Place::new().with("flow.yaml", flow).run(&["run", "flow.yaml", "--name", "followed"]).coded(0);
}
