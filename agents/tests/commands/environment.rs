//! What scripts see.

use crate::bench::{answer, script, sh};
use polity_agents::{Command, OutputFormat};
use serde_json::json;

#[tokio::test]
async fn only_a_clean_environment_is_seen() {
    // Cargo gives its tests variables like this one: they stand for the secrets of a parent.
    assert!(std::env::var("CARGO_PKG_NAME").is_ok() && std::env::var("PATH").is_ok());
    let command = Command {
        env: vec![("GIVEN".into(), "it's $HOME\n\"x\"".into())],
        ..script("env -0 | tr '\\n\\0' '~\\n'", OutputFormat::Lines)
    };
    let lines = answer(command).await;
    let names: Vec<&str> =
        lines.as_array().expect("a list").iter().filter_map(|l| Some(l.as_str()?.split_once('=')?.0)).collect();
    let expected = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
    let ours = ["GIVEN", "POLITY_TASK", "POLITY_ATTEMPT", "POLITY_IDEMPOTENCY_KEY"];
    // The shell adds these of its own.
    let shells = ["PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|n| expected.contains(n) || ours.contains(n) || shells.contains(n)), "{names:?}");
    assert!(ours.iter().all(|n| names.contains(n)), "{names:?}");
    assert!(lines.as_array().expect("a list").contains(&json!("GIVEN=it's $HOME~\"x\"")), "a value is given as it is: {lines}");
}

#[tokio::test]
async fn a_job_knows_who_it_is() {
    let told = answer(sh("echo \"$POLITY_TASK|$POLITY_ATTEMPT|$POLITY_IDEMPOTENCY_KEY\"")).await;
    assert_eq!(told, "try[a b]|1|0:try[a b]");
    let forged = Command { env: vec![("POLITY_ATTEMPT".into(), "9".into())], ..sh("echo $POLITY_ATTEMPT") };
    assert_eq!(answer(forged).await, "1");
}

#[tokio::test]
async fn it_runs_where_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("a path");
    assert_eq!(answer(Command { cwd: Some(path.clone()), ..sh("pwd -P") }).await, path.to_string_lossy().as_ref());
}

#[tokio::test]
async fn the_path_may_be_set() {
    let command = Command { env: vec![("PATH".into(), "/nowhere".into())], ..sh("echo $PATH") };
    assert_eq!(answer(command).await, "/nowhere");
}

#[tokio::test]
async fn without_stdin_there_is_nothing_to_read() {
    assert_eq!(answer(sh("cat; echo done")).await, "done");
}
