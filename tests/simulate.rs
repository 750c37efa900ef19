//! Experiments: whatever the number of threads, and wherever they were killed, their results are the same to the byte.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::laboratory::{Ending, Experiment, Sweep, SweepError};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

const FILES: [&str; 4] = ["runs.csv", "summary.csv", "summary.txt", "report.html"];
const SMALL: &str = "name: small
workload: { shape: 'fork_join(stages 2, width 3)', work: 'uniform(1s, 9s)' }
strategies: [hierarchical, random]
vary: { noise: [0, 0.4] }
repeat: 12
";

fn experiment(text: &str) -> Experiment {
    Experiment::parse(text, None, &Default::default()).unwrap()
}
fn open(text: &str, folder: &Path) -> Result<Sweep, SweepError> {
    Sweep::open(experiment(text), folder)
}
/// To its end.
fn carry_out(text: &str, folder: &Path, threads: usize) {
    assert_eq!(open(text, folder).unwrap().go(threads, |_| ControlFlow::Continue(())).unwrap(), Ending::Complete { well: true });
}
/// Until so many tries are done.
fn stop_after(text: &str, folder: &Path, threads: usize, tries: usize) -> Ending {
    let enough = |done| if done < tries { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    open(text, folder).unwrap().go(threads, |progress| enough(progress.done)).unwrap()
}
fn results(folder: &Path) -> Vec<String> {
    FILES.iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect()
}
fn kept(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

/// A small experiment.
fn small() -> impl Strategy<Value = String> {
    let shapes = ["chain(tasks 4)", "fork_join(stages 2, width 3)", "layered(layers 3, width 3, density 0.4)"];
    let strategies = prop::sample::subsequence(vec!["hierarchical", "market", "random", "{ hierarchical: { span: 2 } }"], 1..=2);
    let noise = prop::sample::subsequence(vec!["0", "0.1", "0.6"], 1..=2);
    let seed = prop::sample::select(vec!["1", "7", "each"]);
    let precision = prop::sample::select(vec!["", "stop: { precision: 0.1 }\n", "stop: { precision: 1/2 }\n"]);
    let together = prop::sample::select(vec!["", "zip: { agents: [2, [0.5, 1, 2]], faults: [none, 'crash=0.01,repair=1s'] }\n"]);
    let measure = prop::sample::select(vec!["", "measure: [cost]\n", "measure: [messages, makespan]\n"]);
    (prop::sample::select(shapes.to_vec()), strategies, noise, seed, precision, together, measure, prop::sample::select(vec![1, 2, 5, 8, 12]), 0..1_000_u64).prop_map(
        |(shape, strategies, noise, seed, precision, together, measure, repeat, first)| {
            format!(
                "name: small\nworkload: {{ shape: '{shape}', work: 'lognormal(mean 10s, sigma 0.5)', seed: {seed} }}\n\
                 strategies: [{}]\nvary: {{ noise: [{}] }}\n{together}{measure}{precision}repeat: {repeat}\nfirst_seed: {first}\n",
                strategies.join(", "),
                noise.join(", ")
            )
        },
    )
}

#[test]
fn results_are_the_same_whatever_the_threads_and_wherever_it_was_killed() {
    let (resumed, cut_within) = (AtomicU32::new(0), AtomicU32::new(0));
    proptest!(ProptestConfig::with_cases(12), |(text in small(), stop in 0.0..1.0_f64, cut in 0.0..1.0_f64)| {
        let root = tempfile::tempdir().unwrap();
        let (alone, many, killed) = (root.path().join("alone"), root.path().join("many"), root.path().join("killed"));
        carry_out(&text, &alone, 1);
        carry_out(&text, &many, 4);
        prop_assert_eq!(results(&alone), results(&many));

        let tries = experiment(&text).tries();
        let ending = stop_after(&text, &killed, 3, (tries as f64 * stop) as usize);
        if let Ending::Stopped { done, of } = ending {
            prop_assert!(done <= of && of == tries);
            // A kill leaves the journal cut off anywhere, and the other files in any state.
            let journal = killed.join("journal.ndjson");
            let bytes = std::fs::read(&journal).unwrap();
            let left = (bytes.len() as f64 * cut) as usize;
            std::fs::write(&journal, &bytes[..left]).unwrap();
            std::fs::write(killed.join("runs.csv"), "half a li").unwrap();
            std::fs::remove_file(killed.join("summary.csv")).unwrap();
            let sweep = open(&text, &killed).unwrap();
            resumed.fetch_add(u32::from(sweep.found() > 0), Ordering::Relaxed);
            cut_within.fetch_add(u32::from(left > 0 && bytes[left - 1] != b'\n'), Ordering::Relaxed);
            prop_assert_eq!(sweep.go(2, |_| ControlFlow::Continue(())).unwrap(), Ending::Complete { well: true });
        }
        prop_assert_eq!(results(&alone), results(&killed));
        prop_assert!(results(&alone)[0].lines().count() as u64 - 1 <= tries);
        prop_assert!(open(&text, &killed).unwrap().is_complete());
    });
    for (what, count) in [("it was resumed", resumed), ("cut within a line", cut_within)] {
        assert!(count.load(Ordering::Relaxed) > 0, "never: {what}");
    }
}

#[test]
fn a_row_is_the_trial_that_it_names() {
    use polity::laboratory::{Subject, Trial, speeds};
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    carry_out(SMALL, &folder, 2);
    let shape: polity::workloads::Shape = "fork_join(stages 2, width 3)".parse().unwrap();
    let graph = shape.graph(&polity::workloads::Draws::new("uniform(1s, 9s)".parse().unwrap(), 1)).unwrap();
    let subject = Subject::of_graph(graph, &speeds(8)).unwrap();
    let runs = std::fs::read_to_string(folder.join("runs.csv")).unwrap();
    let head = "cell,workload,work,graph_seed,agents,noise,faults,bandwidth,latency,arrivals,strategy,seed,well,makespan,over_bound,response,\
                response_p95,cost,paid,messages,messages_per_task,rounds,utilisation,fairness,lost_work,retries,displaced,completed,failed,late";
    assert_eq!(runs.lines().next(), Some(head));
    let mut rows = runs.lines().skip(1);
    for (at, noise) in [0.0, 0.4].into_iter().enumerate() {
        let noisy = subject.clone().with_noise(noise).unwrap();
        for (arm, name) in ["hierarchical", "random"].into_iter().enumerate() {
            for seed in 1..=12 {
                let m = Trial::new(&noisy, name, seed).run().unwrap();
                let cell = at * 2 + arm + 1;
                let begins = format!(
                    "{cell},\"fork_join(stages 2, width 3)\",\"uniform(1s, 9s)\",1,8,{noise},,,,,{name},{seed},true,{},{},{0},{0},{},",
                    m.makespan,
                    m.makespan / noisy.lower_bound_of(seed),
                    m.cost
                );
                let row = rows.next().unwrap();
                assert!(row.starts_with(&begins), "{row}\n{begins}");
            }
        }
    }
    assert_eq!(rows.next(), None);
    let summary = std::fs::read_to_string(folder.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 5);
    assert!(summary.lines().nth(1).unwrap().contains(",hierarchical,12,0,"), "{summary}");
}

#[test]
fn what_is_complete_is_not_done_again_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    carry_out(SMALL, &folder, 1);
    let before = kept(&folder);
    let sweep = open(SMALL, &folder).unwrap();
    assert!(sweep.is_complete());
    assert_eq!(sweep.go(1, |_| panic!("nothing is tried")).unwrap(), Ending::Complete { well: true });
    assert_eq!(before, kept(&folder));
}

#[test]
fn what_asks_for_more_goes_on_with_what_was_tried() {
    let root = tempfile::tempdir().unwrap();
    let (grown, whole) = (root.path().join("grown"), root.path().join("whole"));
    let more = SMALL.replace("repeat: 12", "repeat: 20\nmeasure: [cost, makespan]");
    carry_out(SMALL, &grown, 2);
    assert_eq!(open(SMALL, &grown).unwrap().found(), 48);
    // Killed in between, and on several threads: only what is new is tried, and all is as if it had been tried at once.
    let mut tried = 0;
    assert!(matches!(stop_after(&more, &grown, 2, 55), Ending::Stopped { done: 55.., of: 80 }));
    let sweep = open(&more, &grown).unwrap();
    let found = sweep.found();
    assert!((55..80).contains(&found), "{found}");
    let ending = sweep.go(3, |_| {
        tried += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((ending.unwrap(), tried), (Ending::Complete { well: true }, 80 - found));
    carry_out(&more, &whole, 1);
    let shown = |folder: &Path| {
        ["runs.csv", "summary.csv", "summary.txt", "report.html", "experiment.yaml"]
            .map(|file| std::fs::read_to_string(folder.join(file)).unwrap())
    };
    assert_eq!(shown(&grown), shown(&whole));
    assert!(open(&more, &grown).unwrap().is_complete());
    // And back again: nothing is tried, and nothing that was is forgotten.
    let (few, again) = (SMALL.replace("repeat: 12", "repeat: 5"), root.path().join("few"));
    carry_out(&few, &again, 2);
    let sweep = open(&few, &grown).unwrap();
    assert_eq!(sweep.go(1, |_| panic!("nothing is tried")).unwrap(), Ending::Complete { well: true });
    assert_eq!(shown(&grown), shown(&again));
    assert_eq!(open(&more, &grown).unwrap().found(), 80);
    // A cell that was precise enough is gone on with if it is to be more so.
    let (rough, fine) = (root.path().join("rough"), more.replace("small", "rough"));
    let coarse = format!("{fine}stop: {{ precision: 1 }}\n");
    carry_out(&coarse, &rough, 2);
    let before = open(&coarse, &rough).unwrap();
    assert!(before.is_complete() && std::fs::read_to_string(rough.join("runs.csv")).unwrap().lines().count() == 1 + 40);
    drop(before);
    carry_out(&fine, &rough, 2);
    let runs = |folder: &Path| std::fs::read_to_string(folder.join("runs.csv")).unwrap();
    assert_eq!(runs(&rough), runs(&whole));

    // What was tried can't be taken from anything else.
    std::fs::remove_file(whole.join("journal.ndjson")).unwrap();
    let wrong = open(&more.replace("20", "21"), &whole).map(|_| ()).unwrap_err().to_string();
    assert!(wrong.contains("complete experiment, but its journal.ndjson is gone"), "{wrong}");
    assert!(open(&more, &whole).unwrap().is_complete(), "nothing was changed");
}

#[test]
fn what_is_not_this_experiments_is_left_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    assert!(matches!(stop_after(SMALL, &folder, 1, 3), Ending::Stopped { done: 3.., of: 48 }));
    let mine = root.path().join("mine");
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("thesis.tex"), "ten years of work").unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let before = (kept(&folder), kept(&mine));
    let refused = |text: &str, folder: &Path| {
        let wrong = open(text, folder).map(|_| ()).unwrap_err().to_string();
        wrong.replace(&root.path().display().to_string(), "@")
    };
    assert_eq!(
        refused(&SMALL.replace("repeat: 12", "repeat: 12\nfirst_seed: 2"), &folder),
        "@/small holds the results of another experiment: its text, which experiment.yaml there holds, is another; give this one another name or \
         another folder (--out), or remove that folder; nothing was changed"
    );
    let other = refused(&SMALL.replace("name: small", "name: other"), &folder);
    assert!(other.starts_with("@/small holds the results of another experiment: it is called \"small\"; "), "{other}");
    assert_eq!(
        refused(SMALL, &mine),
        "@/mine is no folder of an experiment's results: it holds thesis.tex; choose a folder that is empty or not there (--out); nothing was changed"
    );
    let file = refused(SMALL, &root.path().join("file"));
    assert!(file.starts_with("@/file is no folder of an experiment's results"), "{file}");
    assert_eq!(before, (kept(&folder), kept(&mine)));

    let held = open(SMALL, &folder).unwrap();
    assert!(refused(SMALL, &folder).starts_with("@/small is being worked on by another process; wait"));
    drop(held);
    assert!(open(SMALL, &folder).is_ok());

    let record = folder.join("experiment.json");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace(env!("CARGO_PKG_VERSION"), "0.0.1")).unwrap();
    assert!(refused(SMALL, &folder).contains("it was made by polity 0.0.1, and this is "));
}

#[test]
fn a_journal_that_somebody_has_written_into_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    stop_after(SMALL, &folder, 1, 3);
    let journal = folder.join("journal.ndjson");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("hello\n{text}")).unwrap();
    let wrong = open(SMALL, &folder).map(|_| ()).unwrap_err().to_string();
    assert!(wrong.contains("journal.ndjson:1 is no entry of the journal: "), "{wrong}");
    assert!(
        wrong.ends_with("; remove that line to have its try made again, or the folder to begin from the beginning"),
        "{wrong}"
    );
    // A byte that is no text costs no try that was made: it is refused as well, and without it all is there.
    std::fs::write(&journal, [b"\xff\n", text.as_bytes()].concat()).unwrap();
    assert!(open(SMALL, &folder).map(|_| ()).unwrap_err().to_string().contains("journal.ndjson:1 is no entry"));
    std::fs::write(&journal, &text).unwrap();
    assert_eq!(open(SMALL, &folder).unwrap().found(), text.lines().count() as u64);
}

#[test]
fn of_a_complete_experiment_nothing_may_be_gone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    assert_eq!(open(SMALL, &folder).unwrap().go(2, |_| ControlFlow::Continue(())).unwrap(), Ending::Complete { well: true });
    assert!(open(SMALL, &folder).unwrap().is_complete());
    std::fs::remove_file(folder.join("runs.csv")).unwrap();
    let wrong = open(SMALL, &folder).map(|_| ()).unwrap_err().to_string();
    assert!(wrong.contains("complete experiment, but its runs.csv is gone"), "{wrong}");
}

#[test]
fn a_workload_that_has_changed_is_another_experiment() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("e.yaml");
    let flow = "name: flow\nagents: [{ id: ann }, { id: bob, speed: 2 }]\ntasks: [{ id: a, run: make, estimate: 3s }, { id: b, run: ls, estimate: 1s }]\n";
    std::fs::write(root.path().join("flow.yaml"), flow).unwrap();
    std::fs::write(&path, "name: e\nworkload: flow.yaml\nstrategies: [market]\nvary: { agents: [2, 4] }\nrepeat: 25\n").unwrap();
    let open = || Sweep::open(Experiment::read(&path, &Default::default()).unwrap(), &root.path().join("e"));
    assert!(matches!(open().unwrap().go(1, |_| ControlFlow::Break(())).unwrap(), Ending::Stopped { .. }));
    assert!(open().unwrap().found() > 0, "what has not changed is gone on with");
    std::fs::write(root.path().join("flow.yaml"), flow.replace("3s", "4s")).unwrap();
    let wrong = open().map(|_| ()).unwrap_err().to_string();
    assert!(wrong.contains("another experiment: flow.yaml has changed since; "), "{wrong}");
}

#[test]
fn the_example_is_an_experiment() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/experiment.polity.yaml");
    let example = Experiment::read(&path, &Default::default()).unwrap();
    assert_eq!((example.cells(), example.tries()), (18, 540));
    assert_eq!(example.after(), Some(std::time::Duration::from_secs(600)));
}

#[test]
fn a_cell_that_is_precise_enough_ends_early_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    let text =
        SMALL.replace("[hierarchical, random]", "[hierarchical]").replace("repeat: 12", "repeat: 35\nstop: { precision: 0.001 }");
    let mut last = 0;
    let sweep = open(&text, &folder).unwrap();
    sweep
        .go(3, |progress| {
            assert!(progress.done >= last && progress.of == 70);
            last = progress.done;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(last, 70, "what is not needed counts as done");
    let summary = std::fs::read_to_string(folder.join("summary.csv")).unwrap();
    let tries: Vec<&str> =
        summary.lines().skip(1).map(|line| line.rsplit(",hierarchical,").next().unwrap().split(',').next().unwrap()).collect();
    assert_eq!(tries, ["10", "35"], "without noise every try is the same: {summary}");
}

#[test]
fn why_runs_did_not_end_well_is_told() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("small");
    carry_out(&SMALL.replace("[hierarchical, random]", "[random, { market: { reserve: 0.001 } }]"), &folder, 2);
    let summary = std::fs::read_to_string(folder.join("summary.txt")).unwrap();
    let said = "12 of 12 runs of cell 2 (market {\"reserve\":0.001}) did not end well; with seed 1: no proposal is within market.reserve";
    assert!(summary.contains(said), "{summary}");
    let rows = std::fs::read_to_string(folder.join("summary.csv")).unwrap();
    assert!(rows.lines().nth(2).unwrap().contains(",12,12,,,,"), "no times of runs that did not end well: {rows}");
    assert!(std::fs::read_to_string(folder.join("report.html")).unwrap().contains("did not end well; with seed 1"));
}
