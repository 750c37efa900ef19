#![allow(clippy::unwrap_used)]

use super::sources::files;
use super::*;
use crate::workflow::parse;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;

const BUILT: [&str; 2] = ["market", "hierarchical"];
fn built() -> Vec<polity_protocols::Name> {
    BUILT.iter().map(|n| (*n).into()).collect()
}
fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}
fn with_files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let paths = texts.iter().enumerate().map(|(at, text)| {
        let path = dir.path().join(format!("{at}.yaml"));
        std::fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (dir, paths)
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let (_dir, files) = with_files(&[
        "strategy: hierarchical\nagents: [{ id: a, can: { x: 0.5 }, slots: 2 }]\ndefaults: { retry: { attempts: 2 } }\nseed: 1\n",
        "agents: [{ id: a, slots: 3 }, { id: b }]\nlimits: { max_open: 5, max_tasks: 9 }\ndefaults: { timeout: 5s }\nruns: there\n",
    ]);
    let workflow = |text: &str, config: &Config| parse(text, None, &config.known()).unwrap().workflow;
    let plain = Sources { files: files.clone(), ..Sources::default() };
    let config = Config::load(&plain, &built()).unwrap();
    assert_eq!((config.agents()[0].slots, config.agents()[0].can.score("x"), config.agents().len()), (3, 0.5, 2));
    let silent = workflow("name: w\ntasks: [{ id: t, run: x }]\n", &config);
    assert_eq!(&*config.strategy(&silent).unwrap().name, "hierarchical");
    assert_eq!((config.limits(&silent).max_open, config.runs(), config.seed), (Some(5), Path::new("there"), Some(1)));
    assert_eq!(silent.tasks[0].retry.as_ref().unwrap().attempts, 2);
    assert_eq!(silent.tasks[0].timeouts.attempt, Some(Duration::from_secs(5)));
    let own = "name: w\nstrategy: market\nlimits: { max_open: 6 }\ntasks: [{ id: t, run: x }]\n";
    let said = workflow(own, &config);
    assert_eq!(&*config.strategy(&said).unwrap().name, "market");
    assert_eq!((config.limits(&said).max_open, config.limits(&said).max_tasks), (Some(6), 9));

    let stronger = Sources {
        env: env(&[("POLITY_STRATEGY", "hierarchical"), ("POLITY_LIMITS__MAX_OPEN", "7"), ("POLITY_SEED", "3")]),
        ..plain
    };
    let config = Config::load(&stronger, &built()).unwrap();
    let said = workflow(own, &config);
    assert_eq!(&*config.strategy(&said).unwrap().name, "hierarchical");
    assert_eq!((config.limits(&said).max_open, config.seed), (Some(7), Some(3)));

    let defaults = "name: w\ndefaults: { timeout: { total: 1h, attempt: 1m }, retry: { attempts: 3, factor: 5 } }\ntasks: [{ id: t, run: x }, { id: u, run: x, retry: { attempts: 4 } }]\n";
    let forced = stronger.clone().flag("defaults.retry.attempts", "8").flag("defaults.timeout.attempt", "9s");
    let w = workflow(defaults, &Config::load(&forced, &built()).unwrap());
    let attempts: Vec<_> = w.tasks.iter().map(|t| t.retry.as_ref().map(|r| (r.attempts, r.factor))).collect();
    assert_eq!(attempts, [Some((8, 5.0)), Some((4, 5.0))]);
    assert_eq!(
        (w.tasks[0].timeouts.attempt, w.tasks[0].timeouts.total),
        (Some(Duration::from_secs(9)), Some(Duration::from_secs(3600)))
    );

    let strongest = stronger.flag("strategy", "{ market: { deadline: 1s } }").flag("limits.max_open", "auto").flag("seed", "4");
    let config = Config::load(&strongest, &built()).unwrap();
    let said = workflow(own, &config);
    assert_eq!(config.strategy(&said).unwrap().settings["deadline"], "1s");
    assert_eq!((config.limits(&said).max_open, config.seed), (None, Some(4)));
    assert_eq!(config.origin("limits.max_open"), Origin::Flag("limits.max_open".into()));
    assert_eq!(config.origin("limits.max_tasks"), Origin::File(files[1].clone()));
    assert_eq!(config.origin("defaults.retry.attempts"), Origin::File(files[0].clone()));
    assert_eq!(config.origin("nothing"), Origin::Default);
    assert_eq!(config.origin("limits.max_open").to_string(), "--limits-max-open");
}

#[test]
fn variables_are_read_by_the_same_grammar() {
    for (name, value, said) in [
        ("POLITY_STRATEGY", "markt", "POLITY_STRATEGY: there is no strategy \"markt\"; did you mean \"market\"?"),
        ("POLITY_STRATEGY", "", "POLITY_STRATEGY: is empty"),
        (
            "POLITY_LIMITS__MAX_OPN",
            "1",
            "POLITY_LIMITS__MAX_OPN: there is no such setting; did you mean POLITY_LIMITS__MAX_OPEN?",
        ),
        ("POLITY_LIMITS__MAX_OPEN", "0", "POLITY_LIMITS__MAX_OPEN: `max_open` must be at least 1, but is the number 0"),
        ("POLITY_DEFAULTS__TIMEOUT", "5", "POLITY_DEFAULTS__TIMEOUT: `timeout`: a duration needs a unit: 5s, 5m or 5ms"),
        ("POLITY_SEED", "x", "POLITY_SEED: `seed` must be a whole number, at least 0, but is the text \"x\""),
        ("POLITY_DATAS", "x", "POLITY_DATAS: there is no such setting"),
    ] {
        let sources = Sources { env: env(&[(name, value)]), ..Sources::default() };
        let errors = Config::load(&sources, &built()).unwrap_err();
        assert_eq!(errors.to_string(), said, "{name}");
    }
    let quiet = env(&[
        ("POLITY_DATA", "x"),
        ("POLITY_LOG", "x"),
        ("POLITY_TASK", "x"),
        ("POLITY_ATTEMPT", "x"),
        ("POLITY_IDEMPOTENCY_KEY", "x"),
        ("PATH", "x"),
    ]);
    assert!(Config::load(&Sources { env: quiet, ..Sources::default() }, &[]).is_ok());
    let good =
        env(&[("POLITY_DEFAULTS__RETRY__ATTEMPTS", "9"), ("POLITY_DEFAULTS__TIMEOUT__QUEUE", "3s"), ("POLITY_RUNS", "2024")]);
    let config = Config::load(&Sources { env: good, ..Sources::default() }, &[]).unwrap();
    let known = config.known();
    assert_eq!(
        (known.defaults.retry.unwrap().attempts, known.defaults.timeouts.unwrap().queue),
        (9, Some(Duration::from_secs(3)))
    );
    assert_eq!(config.runs(), Path::new("2024"));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let (_dir, files) = with_files(&["stratgy: market\nagents: [{ id: a, slots: 0 }]\n", "a: [\n", "", "# nothing\n"]);
    let missing = files[0].with_file_name("no.yaml");
    let sources = Sources { files: [files.clone(), vec![missing]].concat(), env: env(&[("POLITY_SED", "1")]), flags: vec![] };
    let errors = Config::load(&sources, &built()).unwrap_err();
    let said = errors.to_string();
    assert_eq!(errors.problems.len(), 4, "{said}");
    assert!(said.contains(":1:1: a configuration has no key \"stratgy\"; did you mean \"strategy\"?"), "{said}");
    assert!(said.contains("did you mean POLITY_SEED?"), "{said}");
    assert!(errors.with_snippets().contains("  1 | stratgy: market\n    | ^^^^^^^\n"), "{}", errors.with_snippets());
}

#[test]
fn the_usual_files_follow_xdg() {
    let user = |pairs: &[(&str, &str)]| files(&env(pairs))[0].clone();
    assert_eq!(user(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Path::new("/x/polity/config.yaml"));
    assert_eq!(user(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "relative")]), Path::new("/h/.config/polity/config.yaml"));
    assert_eq!(files(&[]), [Path::new("polity.yaml")]);
}

proptest! {
    #[test]
    fn no_variable_makes_it_panic(key in "(LIMITS|AGENTS|STRATEGY|DEFAULTS|[A-Z_]{0,8})(__[A-Z_]{0,8})?", value in ".{0,20}") {
        let sources = Sources { env: vec![(format!("POLITY_{key}"), value)], ..Sources::default() };
        let _ = Config::load(&sources, &built());
    }
}
