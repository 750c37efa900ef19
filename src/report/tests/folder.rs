use super::arbitrary::events;
use super::fold::folded;
use super::story::weather;
use crate::event::{Event, Names, RunId, Sink, line};
use crate::report::{FindError, FolderError, Report, RunFolder, RunRecord, Writer, find, is_folder_name, list, runs_table};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

fn written(folder: &RunFolder, events: &[Event]) {
    let mut writer = Writer::start(folder, RunId(0)).unwrap();
    events.iter().for_each(|e| writer.take(e));
    writer.finish().unwrap();
}
fn log(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

proptest! {
    #[test]
    fn what_is_written_is_read(events in events()) {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path(), "r").unwrap();
        written(&folder, &events);
        let (report, back) = Report::read(&folder.events()).unwrap();
        prop_assert_eq!(&back, &events);
        prop_assert_eq!(report.tally(), folded(&events).tally());
    }

    #[test]
    fn no_name_leaves_the_root(name in r"([a-z./\\~-]|\.\.|\PC){0,9}", attempt in any::<u32>()) {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("runs");
        match RunFolder::create(&inside, &name) {
            Ok(folder) => prop_assert_eq!(folder.path().parent(), Some(&*inside)),
            Err(e) => {
                prop_assert!(matches!(e, FolderError::Name { .. }), "{}", e);
                prop_assert!(!e.to_string().chars().any(char::is_control));
            }
        }
        let _ = find(&inside, &name);
        prop_assert!(std::fs::read_dir(root.path()).unwrap().all(|e| e.unwrap().file_name() == "runs"));
        // A task's log lies in the folder, whatever the task is called, and can be made there.
        let folder = RunFolder::create(&inside, "ok").unwrap();
        let file = folder.log(&name, attempt);
        prop_assert_eq!(file.parent(), Some(&*folder.logs()));
        prop_assert!(is_folder_name(file.file_name().unwrap().to_str().unwrap()));
        std::fs::write(file, "x").unwrap();
    }

    #[test]
    fn a_log_cut_anywhere_is_read_up_to_there(cut in 0usize..6_000) {
        let mut names = Names::default();
        let text: String = weather().iter().map(|e| { names.take(e); line(e, &names) + "\n" }).collect();
        let cut = cut.min(text.len());
        let (report, events) = Report::read(log(&text.as_bytes()[..cut]).path()).unwrap();
        let whole = text.as_bytes()[..cut].iter().filter(|b| **b == b'\n').count();
        prop_assert!(events.len() == whole || events.len() == whole + 1);
        prop_assert_eq!(&events, &weather()[..events.len()]);
        prop_assert!(report.remarks().len() <= 1);
    }
}

#[test]
fn a_cut_is_remarked_and_a_broken_line_is_named() {
    let (report, events) = Report::read(log(b"\n{\"at_ns\":").path()).unwrap();
    assert_eq!((events.len(), report.remarks().len()), (0, 1));
    assert_eq!(report.remarks()[0], "line 2, the last of the log, was cut off and is left out");
    for (text, reason) in [
        ("\n{]\n", ":2: not an event: key must be a string"),
        ("{\"event\":\"danced\\u001b\"}\n", ":1: not an event: `danced\\x1b` is no event"),
        ("{\"event\":\"started\",\"task_n\":1}\n", ":1: not an event: `started` is no event, or a part of it is missing"),
        ("{\"event\":\"\u{0}\"}\n", ":1: not an event: control character"),
    ] {
        let Err(error) = Report::read(log(text.as_bytes()).path()) else { panic!("{text} was read") };
        assert!(error.to_string().contains(reason), "{error}");
    }
    let missing = Report::read(Path::new("no/such.ndjson")).err().unwrap().to_string();
    assert!(missing.starts_with("can't read no/such.ndjson: "), "{missing}");
    // Bytes that are no text are an error, not a panic.
    assert!(Report::read(log(b"\xff\xfe\n").path()).is_err());
}

#[test]
fn only_the_runs_own_events_and_the_societys_are_written() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(root.path(), "r").unwrap();
    let events = weather();
    let others = events.iter().filter(|e| e.run.is_run()).map(|e| Event { run: RunId(7), ..e.clone() });
    let mixed: Vec<Event> = events.iter().cloned().chain(others).collect();
    written(&folder, &mixed);
    assert_eq!(Report::read(&folder.events()).unwrap().1, events);
}

#[test]
fn many_batches_arrive_in_order() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(root.path(), "r").unwrap();
    let many: Vec<Event> =
        weather().into_iter().cycle().take(5_000).enumerate().map(|(n, e)| Event { seq: n as u64, ..e }).collect();
    written(&folder, &many);
    let text = std::fs::read_to_string(folder.events()).unwrap();
    let order = text.lines().map(|l| serde_json::from_str::<crate::event::Line>(l).unwrap().seq);
    assert!(order.eq(0..5_000));
}

/// Takes some bytes; then the disk is full.
struct Full(usize);
impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported_and_does_not_hold_up_the_run() {
    for room in [0, 10_000, 200_000] {
        let mut writer = Writer::onto(Full(room), RunId(0)).unwrap();
        let kept = writer.clone();
        // Far more than may wait.
        for event in weather().iter().cycle().take(100_000) {
            writer.take(event);
        }
        assert_eq!(kept.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(kept.finish().is_ok()); // said once
        writer.take(&weather()[0]); // and nothing happens any more
    }
}

#[test]
fn a_writer_that_is_dropped_still_writes() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(root.path(), "r").unwrap();
    let mut writer = Writer::start(&folder, RunId(0)).unwrap();
    weather().iter().for_each(|e| writer.take(e));
    drop(writer);
    assert_eq!(Report::read(&folder.events()).unwrap().1.len(), weather().len());
    assert!(Writer::start(&folder, RunId(0)).is_err(), "an existing log is never overwritten");
}

#[test]
fn a_folder_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let folders: Vec<RunFolder> = (0..5).map(|_| RunFolder::create(root.path(), "brave-otter").unwrap()).collect();
    assert_eq!(folders.iter().map(|f| f.path().to_path_buf()).collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(folders[4].name(), "brave-otter-5");
    // Also a file of that name stays.
    std::fs::write(root.path().join("note"), "mine").unwrap();
    assert_eq!(RunFolder::create(root.path(), "note").unwrap().name(), "note-2");
    assert_eq!(std::fs::read_to_string(root.path().join("note")).unwrap(), "mine");
}

#[test]
fn threads_that_create_at_once_get_folders_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let names: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..8).map(|_| scope.spawn(|| RunFolder::create(root.path(), "r").unwrap().name().to_string())).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), 8);
}

#[test]
fn a_root_that_cannot_be_is_named_with_a_remedy() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = RunFolder::create(&file.join("runs"), "r").unwrap_err().to_string();
    assert!(error.starts_with("can't create ") && error.contains("make it writable or choose another directory"), "{error}");
    let error = RunFolder::create(root.path(), "last").unwrap_err().to_string();
    assert!(error.contains("and is not \"last\""), "{error}");
}

#[test]
fn runs_are_listed_newest_first_and_broken_ones_with_their_reason() {
    let root = tempfile::tempdir().unwrap();
    assert!(list(&root.path().join("none")).unwrap().is_empty());
    for (name, started) in
        [("calm-fox", "2026-11-20T09:00:00Z"), ("brave-otter", "2026-11-21T09:00:00Z"), ("brave-owl", "2026-11-19T00:00:00Z")]
    {
        let folder = RunFolder::create(root.path(), name).unwrap();
        let record =
            RunRecord { name: name.into(), started_at: started.into(), status: "completed".into(), ..RunRecord::default() };
        folder.write_record(&record).unwrap();
        assert_eq!(folder.read_record().unwrap(), record);
    }
    let empty = RunFolder::create(root.path(), "empty").unwrap();
    std::fs::write(RunFolder::create(root.path(), "torn").unwrap().record_file(), "{\"name\": ").unwrap();
    let runs = list(root.path()).unwrap();
    let names: Vec<&str> = runs.iter().map(|r| r.folder.name()).collect();
    assert_eq!(names, ["brave-otter", "calm-fox", "brave-owl", "torn", "empty"]);
    let reason = |n: usize| runs[n].record.as_ref().unwrap_err().to_string();
    assert!(reason(3).contains("torn/run.json is not a record of a run: EOF"), "{}", reason(3));
    assert!(reason(4).contains("the run ended before it was written"), "{}", reason(4));
    let table = runs_table(&runs);
    assert!(table.contains("\n brave-otter  ") && table.contains("\n torn: ") && table.contains("EOF"), "{table}");
    assert_eq!(table.lines().count(), 1 + 5 + 2, "{table}");
    assert_eq!(find(root.path(), "last").unwrap().name(), "brave-otter");
    assert_eq!(find(root.path(), "e").unwrap(), empty);
    let say = |asked: &str| find(root.path(), asked).unwrap_err().to_string();
    assert_eq!(say("brave"), "no run is called \"brave\"; did you mean brave-otter or brave-owl?");
    assert_eq!(say("calm-fix"), "no run is called \"calm-fix\"; did you mean calm-fox?");
    assert_eq!(say("zz\u{1b}"), "no run is called \"zz\\x1b\", nor anything like it (5 in all)");
    assert!(matches!(find(root.path(), "../brave-otter"), Err(FindError::NotFound(_))));
}

#[test]
fn a_record_begins_and_ends() {
    let report = folded(&weather());
    let record = RunRecord::begun("brave-otter", report.head().unwrap(), "2026-11-21T09:00:00Z", "polity run w.yaml --seed 8731");
    assert_eq!((record.status.as_str(), record.seed, record.strategy.as_str()), ("running", 8731, "market"));
    let record = record.ended(report.tail().unwrap(), report.makespan());
    assert_eq!((record.status.as_str(), record.tally.completed, record.makespan), ("completed", 5, 1.253));
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record);
}

#[test]
fn a_record_from_elsewhere_does_no_harm_in_the_table() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(root.path(), "r").unwrap();
    let bad = "\u{1b}[2J\n".to_string();
    let (workflow, strategy, status, started_at) = (bad.clone(), bad.clone(), bad.clone(), bad);
    folder.write_record(&RunRecord { workflow, strategy, status, started_at, ..RunRecord::default() }).unwrap();
    let table = runs_table(&list(root.path()).unwrap());
    assert!(table.contains("\\x1b[2J") && !table.chars().any(|c| c.is_control() && c != '\n'), "{table}");
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn names_that_mean_something_to_a_file_system_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let long = "x".repeat(129);
    for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "/etc", "a b", "c:", "\u{e4}", "a\0", &long] {
        assert!(!is_folder_name(name), "{name:?}");
        assert!(matches!(RunFolder::create(root.path(), name), Err(FolderError::Name { .. })), "{name:?}");
    }
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    assert!(["a", "a.b", "A-1_2", &long[1..]].into_iter().all(is_folder_name));
}

#[test]
fn different_tasks_have_different_logs() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(root.path(), "r").unwrap();
    let long = "x".repeat(300);
    let longer = "x".repeat(301);
    let tasks = ["a[1]", "a[2]", "a/1", "a_1", "a", "..", ".", "", "\u{1b}", "\u{7}", &long, &longer];
    let logs: BTreeSet<_> = tasks.iter().map(|t| folder.log(t, 1)).collect();
    assert_eq!(logs.len(), tasks.len());
    assert!(logs.iter().all(|l| l.file_name().unwrap().len() < 100));
}

/// Readers may follow a run: when it is idle, what it has told is in the file.
#[test]
fn an_idle_run_can_be_followed() {
    struct Told(crossbeam_channel::Sender<usize>, usize);
    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += bytes.iter().filter(|b| **b == b'\n').count();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.send(self.1).map_err(io::Error::other)
        }
    }
    let (send, flushed) = crossbeam_channel::unbounded();
    let mut writer = Writer::onto(Told(send, 0), RunId(0)).unwrap();
    weather().iter().for_each(|e| writer.take(e));
    assert!(flushed.is_empty(), "a batch that is not full waits");
    writer.flush();
    let lines = flushed.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
    assert_eq!(lines, weather().len());
    // Who must know that it is written waits for it.
    weather().iter().for_each(|e| writer.take(e));
    writer.sync();
    assert_eq!(flushed.try_iter().last(), Some(2 * weather().len()));
    writer.finish().unwrap();
    writer.sync();
}

/// A log with a hole in it would be worse than one that stops.
#[test]
fn after_an_error_nothing_more_is_written() {
    struct Once(bool, std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl Write for Once {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.0, true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.fetch_add(bytes.len(), std::sync::atomic::Ordering::SeqCst);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let after = std::sync::Arc::default();
    let mut writer = Writer::onto(Once(false, std::sync::Arc::clone(&after)), RunId(0)).unwrap();
    weather().iter().cycle().take(5_000).for_each(|e| writer.take(e));
    assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(after.load(std::sync::atomic::Ordering::SeqCst), 0);
}
