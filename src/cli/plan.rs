//! `polity plan`: what would run, in what order, and who could do it. Nothing is executed.

use super::crew::Crew;
use super::load::{self, Loaded, Settings};
use super::output;
use super::stop::Stop;
use polity::agents::AgentSpec;
use polity::plan::{Join, NodeIx, Plan as Order};
use polity::protocols::{AgentId, Demand, DemandId, Profile};
use polity::workflow::{Action, Task, Workflow, bind_inputs};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Agents that are named for a task.
const NAMED: usize = 4;

/// Show what would run, in what order, who could do it, and the critical path; nothing is executed
#[derive(clap::Args)]
pub struct Plan {
    /// The workflow, or a task graph: WfFormat, STG or taskdag
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    crew: Crew,
    /// A value for an input, so that lists made of it are known
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = load::input)]
    input: Vec<(String, String)>,
    #[command(flatten)]
    settings: Settings,
}

impl Plan {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = self.settings.config()?;
        let loaded = self.crew.load(&self.file, &config, false)?;
        load::warn(&loaded.checked);
        // What is required and missing may stay so: it is only not known.
        let known = bind_inputs(loaded.workflow(), self.input.clone(), true).map_err(Stop::usage)?;
        let items: Vec<Option<usize>> = loaded.workflow().tasks.iter().map(|task| task.instances(&known)).collect();
        let order = order(loaded.workflow(), &items)?;
        output::print(&Page { loaded: &loaded, items: &items, order: &order }.text())?;
        Ok(0)
    }
}

/// The graph, weighed by the estimates; what is expanded into nothing weighs nothing.
fn order(workflow: &Workflow, items: &[Option<usize>]) -> Result<Order, Stop> {
    let node = |(task, items): (&Task, &Option<usize>)| {
        let weight = if *items == Some(0) { 0.0 } else { estimate(task) };
        task.node(weight)
    };
    Order::new(workflow.tasks.iter().zip(items).map(node).collect()).map_err(Stop::invalid)
}

/// Seconds of work.
fn estimate(task: &Task) -> f64 {
    task.work().unwrap_or(1.0)
}

struct Page<'a> {
    loaded: &'a Loaded,
    items: &'a [Option<usize>],
    order: &'a Order,
}
impl Page<'_> {
    fn task(&self, node: NodeIx) -> &Task {
        &self.loaded.workflow().tasks[node.index()]
    }
    fn text(&self) -> String {
        let workflow = self.loaded.workflow();
        let mut text = format!(
            "{}: {} in {}, {}\n\n",
            output::plain(&workflow.name),
            output::count(workflow.tasks.len(), "task"),
            output::count(self.order.levels().len(), "level"),
            self.loaded.government.name()
        );
        put(&mut text, &self.table());
        text.push('\n');
        self.critical_path(&mut text);
        self.bound(&mut text);
        self.schedule(&mut text);
        text
    }
    /// What a planner plans, where the strategy is one.
    fn schedule(&self, text: &mut String) {
        let profiles: Vec<Arc<Profile>> = self.loaded.checked.agents.iter().flat_map(AgentSpec::profiles).map(Arc::new).collect();
        let planned = polity::planned::schedule(self.loaded.government.name(), self.loaded.workflow(), &profiles);
        let Some((schedule, names)) = planned else { return };
        put(text, &format!("planned by {}: done after {:.3}s\n", self.loaded.government.name(), schedule.makespan));
        let mut table = output::table(&["task", "agent", "from", "to"]);
        let mut order: Vec<usize> = (0..schedule.assignments.len()).collect();
        order.sort_by(|a, b| schedule.assignments[*a].start.total_cmp(&schedule.assignments[*b].start).then(a.cmp(b)));
        for n in order.into_iter().take(200) {
            let (task, planned) = (&self.loaded.workflow().tasks[n], schedule.assignments[n]);
            let (from, to) = (format!("{:.3}s", planned.start), format!("{:.3}s", planned.finish));
            table.add_row([output::plain(&task.id), output::plain(&names[planned.agent]), from, to]);
        }
        output::right(&mut table, 2..=3);
        put(text, &table.trim_fmt());
    }
    fn table(&self) -> String {
        let mut table = output::table(&["level", "task", "kind", "done by", "after", "work", "who could do it, fit"]);
        for (level, nodes) in self.order.levels().enumerate() {
            for node in nodes {
                table.add_row(self.row(level + 1, *node));
            }
        }
        table.trim_fmt()
    }
    fn row(&self, level: usize, node: NodeIx) -> [String; 7] {
        let task = self.task(node);
        let times = match (&task.for_each, self.items[node.index()]) {
            (None, _) => String::new(),
            (Some(_), Some(n)) => format!(" ×{n}"),
            (Some(_), None) => " ×?".into(),
        };
        let after: Vec<&str> = self.order.dependencies(node).iter().map(|(on, _)| &*self.task(*on).id).collect();
        let join = if task.join == Join::AllSuccess { String::new() } else { format!(" ({})", task.join) };
        let work = task.work().map_or_else(|| "?".into(), |seconds| format!("{seconds}s"));
        let who = able(task, &self.loaded.checked.agents);
        [
            level.to_string(),
            format!("{}{times}", task.id),
            output::plain(&task.kind),
            how(&task.action),
            after.join(", ") + &join,
            work,
            who,
        ]
    }
    fn critical_path(&self, text: &mut String) {
        let path: Vec<&str> = self.order.critical_path().into_iter().map(|node| &*self.task(node).id).collect();
        put(text, &format!("critical path: {}, {:.3}s of work at speed 1", path.join(" → "), self.order.critical_length()));
        let guessed = self.loaded.workflow().tasks.iter().filter(|task| task.work().is_none()).count();
        if guessed > 0 {
            put(text, &format!("{} without `estimate` counted as 1s", output::count(guessed, "task")));
        }
    }
    /// No schedule can be shorter: neither than the critical path on the fastest agent, nor than all work spread over all slots.
    fn bound(&self, text: &mut String) {
        let agents = &self.loaded.checked.agents;
        let fastest = agents.iter().map(|agent| agent.speed).fold(0.0, f64::max);
        let together: f64 = agents.iter().map(|a| a.speed * f64::from(a.slots) * f64::from(a.replicas)).sum();
        if fastest <= 0.0 {
            return put(text, "lower bound: unknown, since there are no agents");
        }
        let times = |items: Option<usize>| items.unwrap_or(1) as f64;
        let work: f64 = self.loaded.workflow().tasks.iter().zip(self.items).map(|(t, n)| estimate(t) * times(*n)).sum();
        let bound = (self.order.critical_length() / fastest).max(work / together);
        put(text, &format!("lower bound: {bound:.3}s, if every agent fitted every task perfectly"));
    }
}

fn put(text: &mut String, line: &str) {
    // Writing to a text can't fail.
    let _ = writeln!(text, "{line}");
}

fn how(action: &Action) -> String {
    match action {
        Action::Own => "the agent itself".into(),
        Action::Function(name) => format!("fn {}", output::plain(name)),
        Action::Run(_) => "command".into(),
        Action::Simulate(_) => "simulation".into(),
        Action::Workflow(inner) => format!("workflow {}, {} tasks", output::plain(&inner.name), inner.tasks.len()),
        Action::Interleave(named) => format!("nobody: {} follow, one at a time", output::count(named.len(), "task")),
        Action::Delegate(delegate) => format!("decomposed by {}", how(&delegate.by)),
    }
}

/// The agents that are able, the fittest first.
fn able(task: &Task, agents: &[AgentSpec]) -> String {
    let mut demand = Demand::of_kind(DemandId(0), task.kind.clone());
    demand = task.needs.iter().fold(demand, |demand, (name, minimum)| demand.at_least(name.clone(), *minimum));
    if let Some(agent) = &task.agent {
        demand = demand.only(agent.clone());
    }
    let mut able: Vec<(f64, String)> = agents.iter().filter_map(|agent| fit(&demand, task, agent)).collect();
    able.sort_by(|a, b| b.0.total_cmp(&a.0));
    let more = able.len().saturating_sub(NAMED);
    let mut said: Vec<String> = able.into_iter().take(NAMED).map(|(_, text)| text).collect();
    match (said.is_empty(), more) {
        (true, _) => task.agent.as_ref().map_or_else(|| "nobody".into(), |pin| format!("{}, not defined", output::plain(pin))),
        (false, 0) => said.join(", "),
        (false, more) => {
            said.push(format!("{more} more"));
            said.join(", ")
        }
    }
}

/// How well an agent fits, and how it is called; replicas are alike, unless one of them is asked for by its own name.
fn fit(demand: &Demand, task: &Task, agent: &AgentSpec) -> Option<(f64, String)> {
    let one = task.agent.as_ref().filter(|pin| **pin != agent.id);
    let profile: Profile = agent.profiles().find(|profile| one.is_none_or(|pin| *pin == profile.name))?;
    let fit = demand.fit(AgentId(0), &profile)?;
    let many = one.is_none() && agent.replicas > 1;
    let text = if many {
        format!("{} {fit} (×{})", output::plain(&agent.id), agent.replicas)
    } else {
        format!("{} {fit}", output::plain(&profile.name))
    };
    Some((fit, text))
}
