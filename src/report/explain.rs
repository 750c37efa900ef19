//! One task's whole life, in sentences.

use super::fold::Report;
use super::record::{State, Step, TaskRecord};
use super::runs::NotFound;
use super::sentence::with_unit;
use super::tables::{self, Say};
use super::text::{clipped, count, failure_line, harmless, listed, put, score, seconds};
use crate::event::Names;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Decision, Time};

/// Upstream tasks, and blocking causes, that are named.
const NAMED: usize = 6;
/// Characters of a result or a failure that are shown.
const SHOWN: usize = 400;

/// Tells why a task ran or did not, who got it and why, what went wrong, and what came of it. Takes an instance (`analyse[2013]`) or a task;
/// of a `for_each` task it lists the instances. The report must keep decisions ([`Report::read`] does). O(tasks).
///
/// # Errors
/// If no task is called so: with the nearest names.
///
/// ```
/// use polity::event::Names;
/// use polity::report::{Report, explain};
/// let miss = explain(&Report::default(), &Names::default(), "clean").unwrap_err();
/// assert_eq!(miss.to_string(), "no task is called \"clean\"; there are none");
/// ```
pub fn explain(report: &Report, names: &Names, task: &str) -> Result<String, NotFound> {
    let say = Say { report, names };
    let all: Vec<String> = report.tasks().map(|(n, _)| say.raw_task(n)).collect();
    let copy = || report.copies().map(|(n, _)| n).find(|n| say.raw_task(*n) == task);
    let found = all.iter().position(|name| name == task).map(|n| n as u32).or_else(copy);
    let Some(n) = found else { return Err(NotFound::among("task", task, all.iter().map(String::as_str))) };
    Ok(match report.family(n) {
        Some((first, instances)) => family(say, n, first, instances),
        None => Life { say, n, text: String::new() }.told(),
    })
}

fn family(say: Say<'_>, n: u32, first: u32, instances: u32) -> String {
    let members = first..first.saturating_add(instances);
    let state = say.report.task(n).map_or("unknown", |t| t.state.word());
    let head = format!("{} is a `for_each` task ({state}); it became {}", say.task(n), count(instances.into(), "instance"));
    if instances == 0 {
        return format!("{head}: its list was empty.\n");
    }
    let (table, left) = tables::tasks(say, members);
    let more = if left > 0 { format!("and {left} more\n") } else { String::new() };
    format!("{head}:\n{}\n{more}To see why, explain one of them: {}\n", table.trim_fmt(), say.task(first))
}

struct Life<'a> {
    say: Say<'a>,
    n: u32,
    text: String,
}
impl Life<'_> {
    fn told(mut self) -> String {
        let Some(task) = self.say.report.task(self.n) else { return self.text };
        self.headline(task);
        self.upstream(task);
        if task.launches > 0 && !self.say.report.keeps_decisions() {
            self.text.push_str("Its awards were not kept; only what was unusual is told.\n");
        }
        for (at, step) in task.steps() {
            self.step(*at, step);
        }
        if task.dropped_steps() > 0 {
            put(
                &mut self.text,
                format_args!("          … and {} that were not kept.\n", count(task.dropped_steps(), "more step")),
            );
        }
        self.end(task);
        self.text
    }
    /// `clean (transformation): completed by shell-3, after 2 attempts.`
    fn headline(&mut self, task: &TaskRecord) {
        let kind = self.say.report.head().and_then(|h| h.kinds.get(self.say.report.node(self.n) as usize));
        let kind = kind.filter(|k| !k.is_empty()).map(|k| format!(" ({})", clipped(k, 40))).unwrap_or_default();
        let by = task
            .agent
            .map(|a| format!(" by {}", self.say.agent(a)))
            .filter(|_| matches!(task.state, State::Completed | State::Compensated))
            .unwrap_or_default();
        let attempts = if task.attempts > 0 { format!(", {}", count(task.attempts.into(), "attempt")) } else { String::new() };
        put(&mut self.text, format_args!("{}{kind}: {}{by}{attempts}.\n\n", self.say.task(self.n), task.state.word()));
    }
    fn upstream(&mut self, task: &TaskRecord) {
        let report = self.say.report;
        let late: Vec<u32> = report.not_waited_for(self.n).collect();
        let on: Vec<String> = report.upstream(self.n).filter(|up| !late.contains(up)).map(|up| self.say.became(up)).collect();
        let verb = if task.began_at().is_some() { "It could start because of" } else { "It depends on" };
        let join = report.join(self.n).map(|join| format!(", by `join: {join}`")).unwrap_or_default();
        match on.len() {
            0 if late.is_empty() => self.text.push_str("It waits for no other task.\n"),
            _ => put(&mut self.text, format_args!("{verb} {}{join}.\n", listed(&on, NAMED))),
        }
        if !late.is_empty() {
            let late: Vec<String> = late.into_iter().map(|up| self.say.became(up)).collect();
            put(&mut self.text, format_args!("It did not wait for {}.\n", listed(&late, NAMED)));
        }
    }
    /// A line that begins with its moment.
    fn line(&mut self, at: Time, what: &str) {
        put(&mut self.text, format_args!("{:>9}  {what}\n", self.say.at(at)));
    }
    fn step(&mut self, at: Time, step: &Step) {
        let who = |agent: &AgentId| self.say.agent(*agent);
        let text = match step {
            Step::Announced { attempt } => format!("It was announced, for attempt {attempt}."),
            Step::Awarded { agent, attempt, launch, decision } => {
                let (who, why) = (who(agent), clipped(&decision.reason, 200));
                let text = format!("{who} got it for attempt {attempt} (launch {launch}), because {why}.");
                self.line(at, &text);
                return self.decision(decision, *agent);
            }
            Step::Refused { agent } => format!("{} did not take it; it is announced again.", who(agent)),
            Step::Started { agent } => format!("{} began to work on it.", who(agent)),
            Step::Displaced { agent } => {
                format!("{} was lost under it; it is announced again, which is no attempt of its own.", who(agent))
            }
            Step::Retried { agent, attempt, failure, again } => {
                let next = attempt.saturating_add(1);
                let (who, why, again) = (who(agent), failed(failure), self.say.at(*again));
                format!("Attempt {attempt} failed with {who}: {why}; attempt {next} follows at {again}.")
            }
            Step::Voted { agree, differ, reason } => {
                let all = |agents: &[AgentId]| {
                    let named: Vec<String> = agents.iter().map(|agent| self.say.agent(*agent)).collect();
                    if named.is_empty() { "nobody".into() } else { listed(&named, NAMED) }
                };
                let (copies, why) = (self.copies(), clipped(reason, SHOWN));
                format!("Its copies voted by their results. For it: {}; for another: {}; {why}.{copies}", all(agree), all(differ))
            }
            Step::CalledOff { by } => {
                format!("It was called off: what {} waited for was there, and nothing else needed it.", self.say.task(*by))
            }
            Step::Handled { handler, does, reason } => {
                let (what, why) = (super::sentence::handled(*handler, does), clipped(reason, SHOWN));
                format!("Of its error handlers, {what}: {why}.")
            }
            Step::Noted(note) => format!("Note: {}", clipped(note, SHOWN)),
        };
        self.line(at, &text);
    }
    /// Where its copies are told of.
    fn copies(&self) -> String {
        let first = format!("{}/1", self.say.raw_task(self.n));
        let has = self.say.report.copies().any(|(n, _)| self.say.raw_task(n) == first);
        if has { format!(" Each can be explained: {}", harmless(&first)) } else { String::new() }
    }
    fn decision(&mut self, decision: &Decision, winner: AgentId) {
        let paid = decision.price.map(|p| format!("; the winner is paid {}", score(p))).unwrap_or_default();
        put(
            &mut self.text,
            format_args!(
                "           The {} protocol considered {}, with {} in {}; it took {}{paid}.\n",
                harmless(&decision.protocol),
                count(decision.considered.into(), "agent"),
                count(decision.messages.into(), "message"),
                count(decision.rounds.into(), "round"),
                seconds(decision.latency),
            ),
        );
        if decision.candidates.is_empty() {
            return;
        }
        let mut table = tables::empty(&["", "agent", decision.measure.title(), "note"]);
        for candidate in &decision.candidates {
            let mark = if candidate.agent == winner { "→" } else { "" };
            let note = clipped(&candidate.note, 80);
            table.add_row([mark.into(), self.say.agent(candidate.agent), with_unit(candidate.score, decision.measure), note]);
        }
        for line in table.lines() {
            put(&mut self.text, format_args!("           {}\n", line.trim_end()));
        }
        let beyond = u64::from(decision.considered).saturating_sub(decision.candidates.len() as u64);
        if beyond > 0 {
            put(&mut self.text, format_args!("           and {} that stood behind these\n", count(beyond, "candidate")));
        }
    }

    fn end(&mut self, task: &TaskRecord) {
        let sentence = match task.state {
            State::Completed | State::Compensated => format!("It completed; the last attempt took {}.", seconds(task.took())),
            State::Failed => {
                let why = task.failure.as_ref().map(|f| failed(f)).unwrap_or_default();
                format!("It failed for good: {why}.")
            }
            State::Skipped => {
                format!("It was skipped: {}.", task.reason.as_ref().map(|r| clipped(r, SHOWN)).unwrap_or_default())
            }
            State::Blocked => format!("It can never start: {}.", self.chain(task.causes())),
            State::Cancelled => "It was cancelled.".into(),
            state => format!("It has not ended: it is {}.", state.word()),
        };
        self.line(task.ended_at().unwrap_or(self.say.report.now()), &sentence);
        for line in task.failure.iter().flat_map(|f| super::text::tail(&f.stderr, 20)) {
            put(&mut self.text, format_args!("           | {line}\n"));
        }
        if task.ready_at().is_some() {
            let waited = seconds(task.waited(self.say.report.now()));
            let (worked, deciding) = (seconds(task.worked()), seconds(task.deciding()));
            put(
                &mut self.text,
                format_args!("\nIt was worked on for {worked} and waited {waited}, {deciding} of that for an award.\n"),
            );
        }
        if let Some(output) = task.output() {
            put(&mut self.text, format_args!("Its result: {}\n", clipped(&output.to_string(), SHOWN)));
        }
    }
    /// `it needs b, which was blocked; b needs c, which failed: exit 1`
    fn chain(&self, causes: &[u32]) -> String {
        let mut needs = "it".to_string();
        let mut links = Vec::new();
        for (place, n) in causes.iter().enumerate() {
            if place + 1 < causes.len() && place + 1 >= NAMED {
                continue; // the middle of a long chain
            }
            let task = self.say.report.task(*n);
            let became = task.map_or("is unknown".to_string(), |t| format!("{} {}", verb(t.state), t.state.word()));
            let why = task.and_then(|t| t.failure.as_ref()).map(|f| format!(": {}", failed(f))).unwrap_or_default();
            let how = if place >= NAMED { "in the end needs" } else { "needs" };
            links.push(format!("{needs} {how} {}, which {}{why}", self.say.task(*n), became.trim_start()));
            needs = self.say.task(*n);
        }
        if links.is_empty() { "what it needs did not succeed".into() } else { links.join("; ") }
    }
}

fn verb(state: State) -> &'static str {
    match state {
        State::Completed | State::Failed => "",
        State::Skipped | State::Blocked | State::Cancelled | State::Compensated => "was",
        _ => "is",
    }
}
/// `timeout: it did not end within 5m`
fn failed(failure: &Failure) -> String {
    let message = clipped(&failure_line(failure), SHOWN);
    if failure.kind == FailureKind::Error { message } else { format!("{}: {message}", failure.kind.word()) }
}
