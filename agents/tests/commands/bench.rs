//! What the tests of commands share.

use polity_agents::{
    CancelToken, Command, Context, Executed, Executors, Failure, Functions, Job, OutputFormat, RealClock, Work, Workplace,
};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A command of this script and format.
pub fn script(script: impl Into<String>, output: OutputFormat) -> Command {
    Command { script: script.into(), output, ..Command::default() }
}
/// A command whose output is text.
pub fn sh(text: impl Into<String>) -> Command {
    script(text, OutputFormat::Text)
}

pub async fn perform_at(place: Workplace, command: Command, token: CancelToken) -> Executed {
    let context = Context::new(Rc::new(RealClock::new()), 1);
    let job = Job::new("try[a b]", Work::Command(Arc::new(command)));
    Executors::new(Functions::new(), place).perform(job, None, context, token).await
}
pub async fn perform(command: Command) -> Executed {
    perform_at(Workplace::new(std::env::temp_dir()), command, CancelToken::new()).await
}
pub async fn answer(command: Command) -> Value {
    let executed = perform(command).await;
    assert!(executed.notes.is_empty(), "{:?}", executed.notes);
    executed.answer.expect("it succeeds")
}
pub async fn failure(command: Command) -> Failure {
    perform(command).await.answer.expect_err("it fails")
}

/// A pipe with a name, by which a script tells the test something.
pub struct Fifo(pub PathBuf);
impl Fifo {
    pub fn new(folder: &Path) -> Fifo {
        let path = folder.join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        Fifo(path)
    }
    /// Waits until the script has written to it, and closed it.
    pub async fn hear(&self) -> String {
        let told = tokio::fs::read_to_string(&self.0).await.expect("the script writes");
        told.trim().to_owned()
    }
}

/// The living processes of a group, as (id, name).
pub fn members(group: &str) -> Vec<(String, String)> {
    let stat = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = text.split_once('(')?.1.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        // After the name: state, parent, group. A zombie is dead; who has to bury it is not our matter.
        (fields[2] == group && fields[0] != "Z" && fields[0] != "X")
            .then(|| (entry.file_name().to_string_lossy().into_owned(), name.to_owned()))
    };
    std::fs::read_dir("/proc").expect("Linux").filter_map(|entry| stat(entry.ok()?)).collect()
}
/// A kill is carried out a moment after it is sent: looks again until nothing of the group is left, for 10 s at most.
pub async fn is_gone(group: &str) -> bool {
    assert!(group.parse::<u32>().is_ok(), "not a process group: {group:?}");
    let start = Instant::now();
    while !members(group).is_empty() {
        if start.elapsed() > Duration::from_secs(10) {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}
