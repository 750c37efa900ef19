//! Faults on purpose, from the file and by flag.

use crate::place::Place;

const STORMY: &str = "name: stormy
agents: [{ id: ann, can: { dig: 0.9 } }, { id: bob, can: { dig: 0.6 }, replicas: 3 }]
faults:
  crash: { mtbf: 5s, repair: 1s }
  loss: 0.05
  partitions: [{ agents: [ann], at: 2s, lasting: 3s }]
  low_ball: { agents: [bob-1], factor: 0.3 }
tasks: [{ id: dig, type: dig, simulate: 1s, for_each: range(40) }]
";

#[test]
fn a_file_has_faults_and_show_tells_of_them() {
    let place = Place::new().with("w.yaml", STORMY);
    let run = ["run", "w.yaml", "--simulate", "--seed", "3", "--strategy", "market", "--name"];
    let words = |name: &'static str| [&run[..], &[name]].concat();
    place.run(&words("s")).coded(0).says(&["LOST", "crashed on purpose", "partitioned ann: for 3s", "40 completed"]);
    place.run(&["show", "s"]).coded(0).prints(&[
        "faults on purpose:",
        "partitioned ann: for 3s",
        "low balling bob-1",
        "down for 1s",
    ]);
    let events = |name: &str| std::fs::read_to_string(place.path(&format!(".polity/runs/{name}/events.ndjson"))).unwrap();
    let first = events("s");
    place.run(&words("s")).coded(0); // under the same name it is the same to the byte
    assert_eq!(first, events("s-2"));
    assert!(first.contains("\"event\":\"disturbed\"") && first.contains("\"fault\":\"crashed\""));
}

#[test]
fn a_flag_replaces_the_files_faults_and_is_a_part_of_what_runs_it_again() {
    let place = Place::new().with("w.yaml", STORMY);
    place.run(&["run", "w.yaml", "--simulate", "--seed", "3", "--faults", "none", "--name", "calm"]).coded(0);
    let calm = place.run(&["show", "calm"]).coded(0);
    assert!(!calm.out.contains("on purpose"), "{}", calm.out);
    place.run(&["run", "w.yaml", "--simulate", "--seed", "3", "--faults", "slow=1x4", "--name", "slow"]).coded(0);
    let folder = std::fs::read_dir(place.path(".polity/runs/slow")).unwrap();
    let texts = folder.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    assert!(texts.into_iter().any(|text| text.contains("--faults slow=1x4")), "the command that runs it again has them");
}

#[test]
fn what_can_not_be_is_refused() {
    let place = Place::new().with("w.yaml", STORMY).with("bad.yaml", STORMY.replace("loss:", "los:"));
    let simulate = ["run", "w.yaml", "--simulate", "--faults"];
    let refused = |faults: &'static str| place.run(&[&simulate[..], &[faults]].concat()).coded(2);
    refused("los=1").says(&["there is no fault \"los\"; did you mean \"loss\"?"]);
    refused("loss=2").says(&["faults.loss is a probability and must be in 0..=1, but is 2"]);
    refused("partition=an@1s+1s").says(&["the faults name \"an\", which is not an agent; did you mean \"ann\"?"]);
    place.run(&["run", "w.yaml"]).coded(2).says(&["faults.loss can only be in virtual time", "--simulate"]);
    place.run(&["check", "bad.yaml"]).coded(3).says(&["bad.yaml:5:3: `faults` has no key \"los\"; did you mean \"loss\"?"]);
}
