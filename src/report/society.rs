//! The agents of a run: their lives, their work, and how they stand with whoever governs them.

use super::fold::Report;
use super::record::{AgentRecord, BreakerRecord};
use super::tables::{self, Say};
use super::text::{clipped, count, listed, percent, put, score, seconds};
use crate::event::Names;
use polity_protocols::{AgentId, Name};

/// The agents of a run, as far as its events have told: state, incarnation, restarts, last reason, work, load; then what each protocol thinks
/// of them. O(agents + tasks).
///
/// ```
/// use polity::event::Names;
/// use polity::report::{Report, agents_of};
/// assert!(agents_of(&Report::default(), &Names::default()).contains("incarnation"));
/// ```
pub fn agents_of(report: &Report, names: &Names) -> String {
    let say = Say { report, names };
    let mut table = tables::empty(&[
        "agent",
        "state",
        "incarnation",
        "restarts",
        "done",
        "failed",
        "busy",
        "share",
        "holds",
        "breakers",
        "last reason",
    ]);
    let (makespan, all) = (report.makespan(), report.work());
    for (id, agent) in report.agents() {
        let work = all.get(&id).copied().unwrap_or_default();
        let share = work.share(agent.slots, makespan);
        let state = match (agent.joined, agent.is_away()) {
            (None, _) => "not there",
            (Some(_), true) => "lost",
            (Some(_), false) => "there",
        };
        let held = report.tasks().filter(|(_, task)| task.agent == Some(id) && task.state.is_held()).count();
        table.add_row([
            say.agent(id),
            state.into(),
            agent.incarnation.to_string(),
            agent.restarts.to_string(),
            work.done.to_string(),
            work.failed.to_string(),
            seconds(work.busy),
            percent(share),
            format!("{held}/{}", agent.slots),
            breakers(agent),
            agent.reason.as_ref().map(|reason| clipped(reason, 60)).unwrap_or_default(),
        ]);
    }
    tables::right(&mut table, 2..=8);
    let mut text = format!("{}\n", table.trim_fmt());
    standings(&mut text, say);
    text
}

/// `dig open (opened 2 times)`: what is not closed first.
fn breakers(agent: &AgentRecord) -> String {
    let mut all: Vec<_> = agent.breakers.iter().collect();
    all.sort_by_key(|(_, breaker)| core::cmp::Reverse(breaker.circuit));
    let one = |((_, work), breaker): (&(u32, Name), &BreakerRecord)| {
        let work = if work.is_empty() { "any work".into() } else { clipped(work, 24) };
        format!("{work} {} (opened {})", breaker.circuit.word().replace('_', "-"), count(u64::from(breaker.opened), "time"))
    };
    listed(&all.into_iter().map(one).collect::<Vec<_>>(), 3)
}

/// A table for each coordinator: an agent a line, a figure a column.
fn standings(text: &mut String, say: Say<'_>) {
    for office in say.report.governed().iter().filter(|office| !office.standings.is_empty()) {
        let mut figures: Vec<&str> = Vec::new();
        for (name, _) in office.standings.iter().flat_map(|standing| &standing.figures) {
            if !figures.contains(&&**name) {
                figures.push(name);
            }
        }
        let team = office.team.as_ref().map_or_else(|| "all agents".into(), |team| format!("team \"{}\"", clipped(team, 40)));
        put(text, format_args!("\n{} for {team}\n", clipped(&office.strategy, 40)));
        let heads: Vec<String> = ["agent".to_owned()].into_iter().chain(figures.iter().map(|name| clipped(name, 40))).collect();
        let mut table = tables::empty(&heads.iter().map(String::as_str).collect::<Vec<_>>());
        for standing in &office.standings {
            let figure = |name: &&str| {
                let found = standing.figures.iter().find(|(known, _)| **known == **name);
                found.map(|(_, n)| score(*n)).unwrap_or_default()
            };
            let name = say.agent(AgentId(standing.agent.0));
            table.add_row([name].into_iter().chain(figures.iter().map(figure)).collect::<Vec<_>>());
        }
        tables::right(&mut table, 1..=figures.len());
        put(text, format_args!("{}\n", table.trim_fmt()));
    }
}
