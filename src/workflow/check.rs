//! A draft as a checked workflow: every name means something, nothing goes in a circle, and somebody can do every task.

use super::able;
use super::again::Conditions;
use super::draft::{Draft, DraftTask, DraftTeam};
use super::joins::{is_output, wants};
use super::model::{Action, Dependency, Task, Team, Workflow};
use super::problem::{MAX_PROBLEMS, Problem, Span};
use super::reference::{Field, Reference, Root};
use super::text::nearest;
use super::{Checked, Known};
use crate::lifecycle::Timeouts;
use crate::plan::{Join, Wants};
use polity_protocols::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Replicas that an agent may have.
const MAX_REPLICAS: u32 = 1_000_000;

/// What has been found so far.
pub(super) struct Check<'a> {
    pub(super) known: &'a Known,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) missing: Vec<Name>,
    pub(super) notes: Vec<String>,
}

/// What an expression belongs to, for sentences and for what it may use.
struct Owner<'a> {
    /// `task "build"`
    what: String,
    task: Option<&'a str>,
    has_item: bool,
}

struct Names<'a> {
    tasks: BTreeMap<&'a str, usize>,
    inputs: Vec<&'a str>,
    /// Keys of the blackboard that somebody sets.
    state: Vec<&'a str>,
}

/// Checks a draft. The workflow is only good if no problem is left.
pub(super) fn check(mut draft: Draft, known: &Known, problems: Vec<Problem>) -> Result<Checked, Vec<Problem>> {
    let mut check = Check { known, problems, warnings: Vec::new(), missing: Vec::new(), notes: Vec::new() };
    check.sub_workflows(&mut draft);
    check.interleaved(&mut draft);
    check.duplicates(&draft);
    check.settings(&draft);
    let names = Names {
        tasks: draft.tasks.iter().enumerate().rev().map(|(i, t)| (&*t.id.value, i)).collect(),
        inputs: draft.inputs.iter().map(|i| &*i.value.name).collect(),
        state: {
            let set = draft.tasks.iter().filter_map(|task| task.set_state.as_ref()).map(|key| &key.value);
            draft.state.initial.keys().chain(set).map(|key| &**key).collect()
        },
    };
    let edges: Vec<Vec<Dependency>> = draft.tasks.iter().map(|t| check.task(t, &names)).collect();
    for output in &draft.outputs {
        let owner = Owner { what: format!("output \"{}\"", output.value.name), task: None, has_item: false };
        for reference in output.value.from.references() {
            check.reference(reference, &owner, output.span, &names);
        }
    }
    drop(names);
    check.cycles(&draft, &edges);
    let agents = able::everyone(&draft, known);
    check.teams(&draft, &agents);
    check.abilities(&draft, &agents);
    check.supervision(&draft.supervision, &agents);
    check.decomposer(&draft, &agents);
    check.compensations(&draft);
    check.hedges(&draft);
    let uses = check.resources(&draft);
    check.stand_ins(&draft, &edges);
    check.faults(&draft, &agents);
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let Check { warnings, missing, notes, .. } = check;
    Ok(Checked { workflow: workflow(draft, edges, uses), warnings, missing_agents: missing, agents, notes })
}

fn workflow(draft: Draft, edges: Vec<Vec<Dependency>>, uses: Vec<Vec<(usize, u32)>>) -> Workflow {
    let named = draft.tasks.iter().flat_map(|task| task.stand_ins().map(|(_, to)| to).chain(&task.interleave));
    let named: BTreeSet<Name> = named.map(|at| at.value.clone()).collect();
    let places = draft.tasks.iter().map(|task| task.id.value.clone()).enumerate().filter(|(_, id)| named.contains(id));
    let places: BTreeMap<Name, usize> = places.map(|(at, id)| (id, at)).collect();
    let (timeouts, retry) = (draft.timeouts.unwrap_or_default(), draft.retry);
    Workflow {
        name: draft.name.into(),
        description: draft.description,
        inputs: draft.inputs.into_iter().map(|i| i.value).collect(),
        strategy: draft.strategy.map(|s| s.value),
        teams: draft.teams.into_iter().map(team).collect(),
        agents: draft.agents.into_iter().map(|a| a.value).collect(),
        supervision: draft.supervision.into_iter().map(|s| s.spec.value).collect(),
        breaker: draft.breaker.map(|b| b.value),
        on_failure: draft.on_failure,
        state: draft.state,
        faults: draft.faults.map(|f| f.value),
        sequential: draft.sequential,
        resources: draft.resources.into_iter().map(|r| r.value).collect(),
        adaptive: draft.adaptive,
        decomposer: draft.decomposer.map(|d| d.value),
        limits: draft.limits,
        delegation: draft.delegation,
        tasks: draft
            .tasks
            .into_iter()
            .zip(edges)
            .zip(uses)
            .map(|((task, dependencies), resources)| Task {
                action: task.acted(&places),
                estimate: task.estimate.or(task.interleaves().then_some(0.0)),
                id: task.id.value,
                description: task.description,
                kind: task.kind.value,
                agent: task.agent.map(|a| a.value),
                team: task.team.map(|t| t.value),
                strategy: task.strategy.map(|s| s.value),
                needs: task.needs,
                with: task.with,
                dependencies,
                join: task.join.map_or_else(Join::default, |join| join.value),
                cancel_rest: task.cancel_rest.is_some(),
                when: task.when,
                for_each: task.for_each,
                priority: task.priority,
                timeouts: merged(task.timeouts.unwrap_or_default(), timeouts),
                retry: task.retry.or_else(|| retry.clone()),
                redundancy: task.redundancy.map(|r| r.value),
                concurrency: task.concurrency.map(|n| n.value),
                resources,
                hedge: task.hedge.map(|h| h.value),
                set_state: task.set_state.map(|key| key.value),
                nesting: task.nesting,
                compensate: task.compensate.map(|c| Arc::new(c.value)),
                fallback: task.fallback.into_iter().map(|f| f.value).collect(),
                fallback_to: task.fallback_to.and_then(|to| places.get(&to.value).copied()),
                on_error: task.on_error.into_iter().filter_map(|handler| handler.checked(&places)).collect(),
            })
            .collect(),
        outputs: draft.outputs.into_iter().map(|o| o.value).collect(),
        hash: draft.hash,
        path: draft.path,
    }
}

fn team(draft: DraftTeam) -> Team {
    let agents = draft.agents.into_iter().map(|a| a.value).collect();
    Team { id: draft.id.value, agents, strategy: draft.strategy.map(|s| s.value) }
}

fn merged(own: Timeouts, default: Timeouts) -> Timeouts {
    Timeouts {
        queue: own.queue.or(default.queue),
        attempt: own.attempt.or(default.attempt),
        total: own.total.or(default.total),
        heartbeat: own.heartbeat.or(default.heartbeat),
    }
}

impl Check<'_> {
    fn say(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn duplicates(&mut self, draft: &Draft) {
        self.twice("task", draft.tasks.iter().map(|t| (&t.id.value, t.id.span)));
        self.twice("input", draft.inputs.iter().map(|i| (&i.value.name, i.span)));
        self.twice("agent", draft.agents.iter().map(|a| (&a.value.id, a.span)));
        self.twice("team", draft.teams.iter().map(|t| (&t.id.value, t.id.span)));
        self.twice("output", draft.outputs.iter().map(|o| (&o.value.name, o.span)));
    }

    /// What tasks use must be there, and enough of it.
    fn resources(&mut self, draft: &Draft) -> Vec<Vec<(usize, u32)>> {
        let mut all = Vec::new();
        for task in &draft.tasks {
            let id = &task.id.value;
            if let (Some(concurrency), None) = (&task.concurrency, &task.for_each) {
                let message = format!("task \"{id}\" has `concurrency`, which is for tasks with `for_each`");
                let help = "to keep several tasks from being done at a time, let them use the same of the workflow's `resources`";
                self.say(Problem::new(concurrency.span, message).help(help));
            }
            let mut uses: Vec<(usize, u32)> = Vec::new();
            for at in &task.resources {
                let (name, units) = &at.value;
                let place = draft.resources.iter().position(|r| r.value.0 == *name);
                match place.map(|place| (place, draft.resources[place].value.1)) {
                    None => {
                        let near =
                            nearest(name, draft.resources.iter().map(|r| &*r.value.0)).map(|w| format!("did you mean \"{w}\"?"));
                        let help = near.unwrap_or_else(|| format!("say how many there are: resources: {{ {name}: 1 }}"));
                        let message = format!("task \"{id}\" uses \"{name}\", which is none of the workflow's `resources`");
                        self.say(Problem::new(at.span, message).help(help));
                    }
                    Some((_, there)) if *units > there => {
                        let message = format!("task \"{id}\" uses {units} of \"{name}\", and there are {there}");
                        self.say(Problem::new(at.span, message).help("it could never begin; let it use less, or have more"));
                    }
                    Some((place, _)) if uses.iter().any(|(other, _)| *other == place) => {
                        self.say(
                            Problem::new(at.span, format!("task \"{id}\" names \"{name}\" twice")).help("give the units once"),
                        );
                    }
                    Some((place, _)) => uses.push((place, *units)),
                }
            }
            all.push(uses);
        }
        all
    }

    /// Hedging is for one job of one agent.
    fn hedges(&mut self, draft: &Draft) {
        for (task, hedge) in draft.tasks.iter().filter_map(|task| Some((task, task.hedge.as_ref()?))) {
            let id = &task.id.value;
            let message = match task.action {
                _ if task.redundancy.is_some() => format!("task \"{id}\" has `redundancy` already: several agents do it anyway"),
                Action::Workflow(_) => format!("task \"{id}\" is a workflow, which no agent does"),
                Action::Delegate(_) => format!("task \"{id}\" is delegated: two ways to decompose it can't both be followed"),
                _ => continue,
            };
            self.say(Problem::new(hedge.span, message).help("leave `hedge` off, or give it to its parts"));
        }
    }

    fn twice<'b>(&mut self, what: &str, names: impl Iterator<Item = (&'b Name, Span)>) {
        let mut seen: BTreeMap<&Name, Span> = BTreeMap::new();
        for (name, span) in names {
            if let Some(first) = seen.get(name) {
                let place = if first.line > 0 { format!(", first at {}:{}", first.line, first.column) } else { String::new() };
                self.say(Problem::new(span, format!("there are two {what}s \"{name}\"{place}")));
            } else {
                seen.insert(name, span);
            }
        }
    }

    fn settings(&mut self, draft: &Draft) {
        if let Some(Err((key, error))) = draft.retry.as_ref().map(Conditions::of) {
            self.say(Problem::new(draft.span, format!("`defaults.retry.{key}`: {error}")));
        }
        for agent in draft.agents.iter().filter(|a| a.value.most() > MAX_REPLICAS) {
            let message =
                format!("agent \"{}\" has {} replicas, the limit is {MAX_REPLICAS}", agent.value.id, agent.value.most());
            self.say(Problem::new(agent.span, message));
        }
        for agent in draft.agents.iter().filter(|a| a.value.id.contains('@')) {
            let message =
                format!("agent \"{}\" has a `@` in its id, which is kept for agents that are made for a sub-run", agent.value.id);
            self.say(Problem::new(agent.span, message));
        }
        for (agent, elastic) in draft.agents.iter().filter_map(|a| Some((a, a.value.elastic?))) {
            if elastic.max < agent.value.replicas {
                let (id, min, max) = (&agent.value.id, agent.value.replicas, elastic.max);
                let message = format!("agent \"{id}\" has at least {min} replicas, but at most {max}");
                self.say(Problem::new(agent.span, message).help("make replicas.max at least replicas.min"));
            }
            if let Some(group) = draft.supervision.iter().find(|s| s.spec.value.agents.contains(&agent.value.id)) {
                let (id, group) = (&agent.value.id, &group.spec);
                let message =
                    format!("agent \"{id}\" is an elastic pool, and so can't have the supervisor \"{}\"", group.value.id);
                self.say(Problem::new(group.span, message).help("give it a fixed number of replicas"));
            }
        }
        let breaker = draft.breaker.as_ref().and_then(|b| Some((b.span, b.value.breaking()?.problem()?)));
        let budget = draft.limits.retry_budget.and_then(|limit| Some((draft.limits_span, limit.problem()?)));
        breaker.into_iter().chain(budget).for_each(|(span, why)| self.say(Problem::new(span, why)));
        if draft.tasks.len() > draft.limits.max_tasks as usize {
            let message =
                format!("the workflow has {} tasks, but limits.max_tasks is {}", draft.tasks.len(), draft.limits.max_tasks);
            self.say(Problem::new(draft.span, message));
        }
    }

    /// Checks a task's names; gives its edges.
    fn task(&mut self, task: &DraftTask, names: &Names<'_>) -> Vec<Dependency> {
        let id = &*task.id.value;
        self.nesting(task);
        if let Some(name) = task.action.function()
            && !self.known.functions.contains(name)
        {
            let near = nearest(name, self.known.functions.iter().map(|f| &**f)).map(|w| format!("did you mean \"{w}\"?"));
            let help = near.unwrap_or_else(|| "register it before the workflow is checked".into());
            self.say(
                Problem::new(task.action_span, format!("task \"{id}\" calls \"{name}\", which is no registered function"))
                    .help(help),
            );
        }
        let mut edges: BTreeMap<usize, Wants> = BTreeMap::new();
        let mut add = |edge: Option<(usize, Wants)>| {
            if let Some((on, wants)) = edge {
                edges.entry(on).and_modify(|w| *w = wants.and(*w)).or_insert(wants);
            }
        };
        let owner = Owner { what: format!("task \"{id}\""), task: Some(id), has_item: task.for_each.is_some() };
        for (at, expression) in task.expressions().into_iter().enumerate() {
            let span = task.places.get(at).copied().unwrap_or(task.id.span);
            expression.references().iter().for_each(|r| add(self.reference(r, &owner, span, names)));
        }
        let without_item = Owner { has_item: false, ..owner };
        for reference in task.for_each.iter().flat_map(|e| e.references()) {
            add(self.reference(reference, &without_item, task.for_each_span, names));
        }
        for dependency in &task.depends_on {
            add(self.upstream(id, &dependency.task.value, dependency.task.span, names).map(|on| (on, Wants::Success)));
        }
        for dependency in task.depends_on.iter().filter(|d| d.optional) {
            if let Some(on) = names.tasks.get(&*dependency.task.value).filter(|_| *dependency.task.value != *id) {
                self.optional(task, &dependency.task.value, dependency.task.span);
                edges.insert(*on, Wants::MaybeOutput);
            }
        }
        if task.compensate.is_some() || !task.fallback.is_empty() || !task.on_error.is_empty() {
            // It looks through all names, which for each of many tasks would take long.
            let upstream = names.tasks.iter().filter(|(_, at)| edges.contains_key(at)).map(|(name, _)| (*name).to_owned());
            let upstream: Vec<String> = upstream.collect();
            self.compensation(task, &upstream);
            self.fallback(task, &upstream);
            self.handlers(task, &upstream);
        }
        self.join(task);
        let later = task.later_expressions();
        let all = task.expressions().into_iter().chain(&task.for_each).chain(later).flat_map(|e| e.references());
        let read: BTreeSet<usize> = all.filter(|r| is_output(r)).filter_map(|r| names.tasks.get(&*r.name).copied()).collect();
        edges.into_iter().map(|(on, wants)| Dependency { on, wants, is_read: read.contains(&on) }).collect()
    }

    /// A use of an optional output that doesn't say what to do without it.
    fn optional(&mut self, task: &DraftTask, upstream: &Name, span: Span) {
        let expressions = task.expressions();
        let mut references = expressions.iter().copied().chain(&task.for_each).flat_map(|e| e.references());
        let bare = references
            .any(|r| r.root == Root::Tasks && r.name == *upstream && r.field == Some(Field::Output) && !r.handled_by_default);
        if bare {
            let message =
                format!("task \"{}\" depends on \"{upstream}\" optionally, but can't go on without its output", task.id.value);
            self.warnings.push(Problem::new(span, message).help("say what to use instead: … | default(none)"));
        }
    }

    /// The nearest task; nobody looks for it once there are too many problems to tell.
    fn nearest<'n>(&self, given: &str, names: &Names<'n>) -> Option<&'n str> {
        let few = self.problems.len() <= MAX_PROBLEMS;
        few.then(|| nearest(given, names.tasks.keys().copied())).flatten()
    }

    /// An upstream task by its id.
    fn upstream(&mut self, id: &str, on: &str, span: Span, names: &Names<'_>) -> Option<usize> {
        if on == id {
            self.say(Problem::new(span, format!("task \"{id}\" depends on itself")));
            return None;
        }
        let found = names.tasks.get(on).copied();
        if found.is_none() {
            let near = self.nearest(on, names).map(|w| format!("did you mean \"{w}\"?"));
            self.say(Problem::new(span, format!("task \"{id}\" depends on \"{on}\", which is not a task")).maybe(near));
        }
        found
    }

    fn reference(&mut self, r: &Reference, owner: &Owner<'_>, span: Span, names: &Names<'_>) -> Option<(usize, Wants)> {
        let what = &owner.what;
        match r.root {
            Root::Tasks => return self.task_reference(r, owner, span, names),
            Root::Inputs if !names.inputs.contains(&&*r.name) => {
                let near = nearest(&r.name, names.inputs.iter().copied()).map(|w| format!("did you mean inputs.{w}?"));
                let help = near.unwrap_or_else(|| match names.inputs.is_empty() {
                    true => "declare it under `inputs`".into(),
                    false => format!("the inputs are {}", names.inputs.join(", ")),
                });
                self.say(Problem::new(span, format!("{what} uses inputs.{}, which is not an input", r.name)).help(help));
            }
            Root::Item | Root::Index if !owner.has_item => {
                let word = if r.root == Root::Item { "item" } else { "index" };
                let problem = Problem::new(span, format!("{what} uses `{word}`, which is only there under `for_each`"));
                self.say(problem);
            }
            Root::Secrets => self.say(Problem::new(span, format!("{what} uses secrets.{}: `secrets` is not built yet", r.name))),
            Root::State if !names.state.contains(&&*r.name) => {
                let near = nearest(&r.name, names.state.iter().copied()).map(|w| format!("did you mean state.{w}?"));
                let help =
                    near.unwrap_or_else(|| "give it a value under `state: { initial: … }`, or let a task `set_state` it".into());
                self.say(Problem::new(span, format!("{what} uses state.{}, which nobody sets", r.name)).help(help));
            }
            Root::Output => {
                let message = format!("{what} uses `output`, which is only there in `compensate`");
                self.say(Problem::new(span, message).help("what a task gave is tasks.ID.output"));
            }
            Root::Error | Root::Attempt => {
                let (word, where_) = match r.root {
                    Root::Error => ("error", "`retry.only_if`, `retry.unless`, `fallback` and `on_error`"),
                    _ => ("attempt", "`retry.only_if`, `retry.unless` and `on_error.when`"),
                };
                let message = format!("{what} uses `{word}`, which is only there in {where_}");
                self.say(Problem::new(span, message).help("why a task failed is tasks.ID.error"));
            }
            Root::Inputs | Root::State | Root::Item | Root::Index | Root::Env | Root::Run | Root::Workflow => {}
        }
        None
    }

    fn task_reference(&mut self, r: &Reference, owner: &Owner<'_>, span: Span, names: &Names<'_>) -> Option<(usize, Wants)> {
        let (what, name) = (&owner.what, &*r.name);
        if owner.task == Some(name) {
            self.say(Problem::new(span, format!("{what} uses its own result")));
            return None;
        }
        let Some(on) = names.tasks.get(name) else {
            let near = match self.nearest(name, names) {
                Some(word) => Some(format!("did you mean \"{word}\"?")),
                None => names.inputs.contains(&name).then(|| format!("did you mean inputs.{name}?")),
            };
            self.say(Problem::new(span, format!("{what} uses \"{name}\", which is not a task")).maybe(near));
            return None;
        };
        Some((*on, wants(r)))
    }

    /// Each circle once, whole.
    fn cycles(&mut self, draft: &Draft, edges: &[Vec<Dependency>]) {
        for circle in super::cycles::cycles(edges) {
            let names: Vec<&str> = circle.iter().chain(circle.first()).map(|at| &*draft.tasks[*at].id.value).collect();
            let span = draft.tasks[circle[0]].id.span;
            let message = format!("the tasks wait for each other in a circle: {}", names.join(" → "));
            self.say(Problem::new(span, message).help("each waits for the next; take one of these dependencies away"));
        }
    }
}
