//! What is stopped is really stopped: a command's whole process group, a future at its next await, a blocking function as far as the
//! runtime is concerned.

use super::stage::{BOTH, Log, Where, ended, nap, worker};
use polity::event::What;
use polity::prelude::*;
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

/// Living processes of a process group. A zombie does not live.
fn members(group: u32) -> Vec<String> {
    let stat = |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok();
    let all = std::fs::read_dir("/proc").unwrap().filter_map(stat);
    let is_member = |stat: &String| {
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        fields.first() != Some(&"Z") && fields.get(2) == Some(&group.to_string().as_str())
    };
    all.filter(is_member).collect()
}
fn group_in(file: &Path) -> u32 {
    std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_took_too_long_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("group");
    let script = format!("echo $$ > {}; sleep 1000 & (sleep 1000; true) & wait", file.display());
    let result = Where::Live.play(async {
        let society = Polity::builder().agent_spec(worker("shell")).start().unwrap();
        let flow = Workflow::new("w").task("long", command(&script).timeout(Duration::from_millis(400)).kind("work"));
        let result = ended(society.run(flow).await);
        assert!(!members(std::process::id()).is_empty(), "this test sees processes");
        result
    });
    assert_eq!(result.failures()[0].1.kind, FailureKind::Timeout);
    assert_eq!(members(group_in(&file)), [] as [&str; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_cancelled_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("group");
    let (file_name, fifo) = (file.display(), folder.path().join("fifo"));
    // The reader of the fifo knows that the command has begun.
    let script = format!("mkfifo {0}; echo $$ > {file_name}; echo begun > {0}; sleep 1000 & wait", fifo.display());
    let result = Where::Live.play(async {
        let society = Polity::builder().agent_spec(worker("shell")).start().unwrap();
        let handle =
            society.launch(Workflow::new("w").task("long", command(&script).kind("work")), RunOptions::default()).unwrap();
        while !fifo.exists() {
            tokio::task::yield_now().await;
        }
        let (reader, path) = (tokio::task::spawn_blocking, fifo.clone());
        assert_eq!(reader(move || std::fs::read_to_string(path).unwrap()).await.unwrap(), "begun\n");
        assert!(!members(group_in(&file)).is_empty(), "it runs");
        handle.cancel();
        handle.join().await.unwrap()
    });
    assert_eq!(result.status(), RunStatus::Cancelled);
    assert_eq!(members(group_in(&file)), [] as [&str; 0]);
}

/// Notes that it was dropped.
struct Trace(Rc<Cell<u32>>);
impl Drop for Trace {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn a_future_that_took_too_long_is_dropped_at_its_next_await() {
    for world in BOTH {
        let (log, dropped, passed) = (Log::default(), Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (of_job, passed_job) = (dropped.clone(), passed.clone());
        let result = world.play(async {
            let society = Polity::builder()
                .sink(log.sink())
                .function("long", move |_, context: Context| {
                    let (trace, passed) = (Trace(of_job.clone()), passed_job.clone());
                    async move {
                        context.sleep(Duration::from_secs(100_000)).await;
                        passed.set(passed.get() + 1);
                        drop(trace);
                        Ok(Value::Null)
                    }
                })
                .agent_spec(worker("patient"))
                .start()
                .unwrap();
            let retry = RetryPolicy { attempts: 2, initial: Duration::ZERO, ..RetryPolicy::default() };
            let long = function("long").kind("work").timeout(Duration::from_millis(20)).retry(retry);
            // The next one needs the same slot: the timed-out job has really left it.
            let flow = Workflow::new("w").task("long", long).task("next", nap(0.01).depends_optionally_on("long"));
            let result = ended(society.run(flow).await);
            assert_eq!(dropped.get(), 2, "{world:?}: both attempts' futures are gone before the run is over");
            result
        });
        assert_eq!(passed.get(), 0);
        assert_eq!(result.failures()[0].1.kind, FailureKind::Timeout, "{world:?}");
        assert_eq!(result.tally().completed, 1, "{world:?}\n{}", log.words());
        assert_eq!(log.count(|what| matches!(what, What::Retried { .. })), 1, "{world:?}");
    }
}

#[test]
fn a_blocking_function_that_took_too_long_is_abandoned() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (result, abandoned) = Where::Live.play(async {
        let society = Polity::builder()
            .blocking_function("block", move |_| {
                let _released = wait.lock().unwrap().recv();
                Ok(Value::Null)
            })
            .agent_spec(worker("patient"))
            .start()
            .unwrap();
        let flow = Workflow::new("w")
            .task("block", function("block").kind("work").timeout(Duration::from_millis(20)))
            .task("next", nap(0.01).depends_optionally_on("block"));
        let result = ended(society.run(flow).await);
        drop(release);
        (result, society.abandoned())
    });
    assert_eq!(result.failures()[0].1.kind, FailureKind::Timeout);
    assert_eq!((result.tally().completed, abandoned), (1, 1));
}

/// The thread of a function that never ends can't be stopped; the program ends all the same.
#[test]
fn a_blocking_function_that_never_ends_does_not_keep_the_program() {
    let result = Where::Live.play(async {
        let forever = |_| loop {
            std::thread::park();
        };
        let society = Polity::builder().blocking_function("forever", forever).agent_spec(worker("patient")).start().unwrap();
        let flow = Workflow::new("w").task("t", function("forever").kind("work").timeout(Duration::from_millis(20)));
        ended(society.run(flow).await)
    });
    assert_eq!(result.failures()[0].1.kind, FailureKind::Timeout);
}
