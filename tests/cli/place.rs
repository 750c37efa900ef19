//! An empty directory to be in, and the binary in it.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A workflow that does something real, and gives one text.
pub const SHOUT: &str = r#"version: "2.0"
name: shout
inputs:
  - { name: words, type: list, default: [one, two] }
agents:
  - { id: shell, replicas: 2, can: { text: 0.9 }, speed: 2, cost: 0.5 }
tasks:
  - id: greet
    type: text
    run: echo hello
    estimate: 2s
  - id: say
    type: text
    for_each: inputs.words
    run: echo {{ item }}
  - id: shout
    type: text
    depends_on: [say]
    run: tr a-z A-Z
    stdin: "{{ tasks.greet.output }}"
outputs:
  - { name: loud, from: shout.output }
"#;

/// What the binary did.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}
impl Done {
    /// The same, once it is known that it ended so.
    #[track_caller]
    pub fn coded(self, code: i32) -> Done {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked at") && !self.err.contains("RUST_BACKTRACE"), "{}", self.err);
        self
    }
    /// The same, once it is known that error output has all of these.
    #[track_caller]
    pub fn says(self, all: &[&str]) -> Done {
        all.iter().for_each(|text| assert!(self.err.contains(text), "no {text:?} in {}", self.err));
        self
    }
    /// The same, once it is known that standard output has all of these.
    #[track_caller]
    pub fn prints(self, all: &[&str]) -> Done {
        all.iter().for_each(|text| assert!(self.out.contains(text), "no {text:?} in {}", self.out));
        self
    }
}

/// A directory of one's own, which is home and working directory at once.
pub struct Place(tempfile::TempDir);
impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }
    /// With this file in it.
    pub fn with(self, name: &str, text: impl AsRef<[u8]>) -> Place {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    pub fn root(&self) -> &Path {
        self.0.path()
    }
    /// The binary, with nothing of the environment that could change what it does.
    pub fn polity(&self, arguments: &[&str]) -> Command {
        self.furnished(Command::new(env!("CARGO_BIN_EXE_polity")), arguments)
    }
    /// The shell, in the same surroundings.
    pub fn shell(&self, script: &str) -> Command {
        self.furnished(Command::new("sh"), &["-c", script])
    }
    fn furnished(&self, mut command: Command, arguments: &[&str]) -> Command {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POLITY_")) {
            command.env_remove(name);
        }
        command
            .current_dir(self.root())
            .env("HOME", self.root())
            .env("TMPDIR", self.root())
            .env_remove("XDG_CONFIG_HOME")
            .args(arguments);
        command.timeout(Duration::from_secs(60));
        command
    }
    /// Runs it.
    pub fn run(&self, arguments: &[&str]) -> Done {
        done(&mut self.polity(arguments))
    }
    /// The record of the only run, or of the last.
    pub fn record(&self) -> serde_json::Value {
        let runs = std::fs::read_dir(self.path(".polity/runs")).unwrap().map(|entry| entry.unwrap().path());
        let records = runs.map(|run| std::fs::read_to_string(run.join("run.json")).unwrap());
        let records = records.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
        records.max_by_key(|record| record["started_at"].to_string()).unwrap()
    }
}

/// Runs a command to its end.
pub fn done(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}
