//! Runs to look at: told by hand, so that expected texts can be.

use crate::event::{Counts, Event, Names, RunHead, RunId, RunStatus, RunTail, What};
use core::time::Duration;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Candidate, Decision, Measure, Name, TaskId, Time};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn names(words: &[&str]) -> Arc<[Name]> {
    words.iter().map(|w| Name::from(*w)).collect()
}
pub fn names_of(events: &[Event]) -> Names {
    let mut names = Names::default();
    events.iter().for_each(|e| names.take(e));
    names
}

/// Records events of run 0 at given milliseconds.
#[derive(Default)]
pub struct Teller {
    pub events: Vec<Event>,
    tally: Counts,
}
pub fn task(n: u32) -> TaskId {
    TaskId::new(0, n)
}
impl Teller {
    pub fn at(&mut self, ms: u64, what: What) -> &mut Self {
        let society = matches!(
            what,
            What::AgentJoined { .. }
                | What::AgentLost { .. }
                | What::AgentGivenUp { .. }
                | What::CoordinatorLost { .. }
                | What::SupervisorLost { .. }
                | What::PoolResized { .. }
                | What::Disturbed { .. }
                | What::Escalated { .. }
                | What::Undelivered { .. }
        );
        match what {
            What::Completed { .. } | What::Recalled { .. } => self.tally.completed += 1,
            What::Failed { .. } => self.tally.failed += 1,
            What::Skipped { .. } => self.tally.skipped += 1,
            What::Blocked { .. } => self.tally.blocked += 1,
            What::Cancelled { .. } => self.tally.cancelled += 1,
            _ => {}
        }
        let run = if society { RunId::SOCIETY } else { RunId(0) };
        let seq = self.events.len() as u64;
        self.events.push(Event { at: Time::from_nanos(ms * 1_000_000), seq, run, what });
        self
    }
    pub fn begin(&mut self, tasks: &[&str], dependencies: &[&[u32]], agents: &[&str]) -> &mut Self {
        let head = RunHead {
            name: "brave-otter".into(),
            workflow: "weather-report".into(),
            hash: "00".into(),
            strategy: "market".into(),
            settings: json!({}),
            offices: Vec::new(),
            salt: None,
            parent: None,
            resumes: None,
            compensates: false,
            undoes: Vec::new(),
            memory: None,
            seed: 8731,
            simulated: false,
            tasks: names(tasks),
            kinds: tasks.iter().map(|_| Name::from("work")).collect(),
            dependencies: dependencies.iter().map(|d| d.to_vec()).collect(),
            joins: Vec::new(),
            agents: names(agents),
            slots: agents.iter().map(|_| 1).collect(),
            inputs: json!({}),
        };
        for (n, name) in agents.iter().enumerate() {
            self.at(0, What::AgentJoined { agent: AgentId(n as u32), name: Name::from(*name), incarnation: 1 });
        }
        self.at(0, What::RunStarted(Arc::new(head)))
    }
    /// Announced, awarded 1 ms later, begun 1 ms after that.
    pub fn launch(&mut self, ms: u64, n: u32, agent: u32, attempt: u32, decision: Decision) -> &mut Self {
        let before = |e: &&Event| matches!(&e.what, What::Assigned { task, .. } if task.instance() == n);
        let launch = 1 + self.events.iter().filter(before).count() as u32;
        let (task, agent) = (task(n), AgentId(agent));
        self.at(ms, What::Announced { task, attempt });
        self.at(ms + 1, What::Assigned { task, agent, attempt, launch, decision: Arc::new(decision) });
        self.at(ms + 2, What::Started { task, agent, launch })
    }
    pub fn complete(&mut self, ms: u64, n: u32, agent: u32, attempts: u32, took: u64, output: Value) -> &mut Self {
        let (agent, took, output) = (AgentId(agent), Duration::from_millis(took), Arc::new(output));
        self.at(ms, What::Completed { task: task(n), agent, attempts, took, output })
    }
    pub fn end(&mut self, ms: u64, status: RunStatus, problems: &[&str]) -> Vec<Event> {
        let problems = problems.iter().map(|p| p.to_string()).collect();
        let tail = RunTail {
            status,
            tally: self.tally,
            outputs: json!({"report": "ok"}),
            problems,
            compensated: 0,
            left: Vec::new(),
            ignored: 0,
        };
        self.at(ms, What::RunEnded(Arc::new(tail)));
        std::mem::take(&mut self.events)
    }
}

pub fn market(bids: &[(u32, f64)], paid: f64) -> Decision {
    let all = bids.iter().map(|(who, price)| Candidate::new(AgentId(*who), *price));
    Decision::new("market", Measure::Bid)
        .candidates(all)
        .because("its bid was the lowest")
        .cost(8, 1, Duration::from_millis(1))
        .price(paid)
}
pub fn exit(code: i32, stderr: &str) -> Failure {
    Failure { exit_code: Some(code), stderr: stderr.into(), ..Failure::new(FailureKind::Error, "the command failed") }
}

/// The run of UX.md: six tasks, a retry, a skip.
pub fn weather() -> Vec<Event> {
    let mut tell = Teller::default();
    tell.begin(
        &["extract", "clean", "analyse", "alert", "publish"],
        &[&[], &[0], &[1], &[2], &[2]],
        &["shell-1", "shell-2", "shell-3", "analyst"],
    );
    tell.launch(0, 0, 1, 1, market(&[(1, 0.41), (0, 0.55), (2, 0.6)], 0.55)).complete(23, 0, 1, 1, 21, json!("raw"));
    tell.launch(23, 1, 0, 1, market(&[(0, 0.4), (2, 0.5)], 0.5));
    let (agent, failure) = (AgentId(0), Arc::new(exit(1, "no such file\n")));
    tell.at(335, What::Retried { task: task(1), agent, attempt: 1, failure, at: Time::from_nanos(1_135_000_000) });
    tell.launch(1_135, 1, 2, 2, market(&[(2, 0.5)], 0.5)).complete(1_149, 1, 2, 2, 12, json!("clean"));
    tell.at(1_149, What::Expanded { task: task(2), first: 5, labels: names(&["2012", "2013"]) });
    for (n, year, ms) in [(5, 2012, 1_150), (6, 2013, 1_200)] {
        tell.launch(ms, n, 3, 1, market(&[(3, 0.9)], 0.9)).complete(ms + 42, n, 3, 1, 40, json!({"year": year}));
    }
    tell.at(1_242, What::Joined { task: task(2), succeeded: true });
    tell.at(1_242, What::Skipped { task: task(3), reason: "`when` is false: storms > 10".into() });
    tell.launch(1_242, 4, 1, 1, market(&[(1, 0.4)], 0.4)).complete(1_253, 4, 1, 1, 9, json!("done"));
    tell.end(1_253, RunStatus::Completed, &[])
}

/// A run in which much goes wrong; whose names and texts are as bad as they can be.
pub fn hostile() -> Vec<Event> {
    let mut tell = Teller::default();
    let bad = "a\u{1b}[2J\u{7}b\n| c";
    tell.begin(&[bad, "after", "last", "rest"], &[&[], &[0], &[1], &[]], &["x\u{1b}]0;owned\u{7}", "y"]);
    let decision = Decision::new("p\u{1b}", Measure::Trail)
        .candidates([Candidate::new(AgentId(0), 0.7).note("n\u{202e}\u{9b}31m"), Candidate::new(AgentId(1), 0.3)])
        .because("r\u{1b}[31m");
    tell.launch(0, 0, 0, 1, decision.clone());
    tell.at(5, What::AgentLost { agent: AgentId(0), incarnation: 1, reason: "panic\u{1b}c".into() });
    tell.at(5, What::Displaced { task: task(0), agent: AgentId(0), launch: 1 });
    tell.at(6, What::AgentJoined { agent: AgentId(0), name: "x\u{1b}]0;owned\u{7}".into(), incarnation: 2 });
    tell.at(7, What::Announced { task: task(0), attempt: 1 });
    tell.at(8, What::Assigned { task: task(0), agent: AgentId(1), attempt: 1, launch: 2, decision: Arc::new(decision.clone()) });
    tell.at(9, What::Refused { task: task(0), agent: AgentId(1), launch: 2 });
    tell.launch(10, 0, 0, 1, decision);
    tell.at(13, What::Noted { task: task(0), note: "cut\u{1b}[0m".into() });
    let failure = Failure { stderr: "e1\u{1b}[31m\ne2\n".into(), ..Failure::error("m\u{1b}[31m\nx") };
    tell.at(20, What::Failed { task: task(0), agent: Some(AgentId(0)), attempts: 1, failure: Arc::new(failure) });
    tell.at(20, What::Blocked { task: task(1), causes: Arc::new([0]) });
    tell.at(20, What::Blocked { task: task(2), causes: Arc::new([1, 0]) });
    tell.at(20, What::CoordinatorLost { strategy: "s\u{1b}".into(), epoch: 1, reason: "r\u{1b}".into() });
    tell.at(20, What::Cancelled { task: task(3) });
    tell.at(21, What::Escalated { reason: "too many\u{1b}".into() });
    tell.end(21, RunStatus::Escalated, &["output \u{1b}[1m"])
}
