//! How a run begins: its agents are welcomed, its coordinators found, its actor started. For runs of programs, and for runs below others.

use super::household::Household;
use super::memory::Memories;
use super::nursery::Nursery;
use super::ranking::Rankings;
use super::{RunError, StartError};
use crate::actors::{
    Book, Child, ChildSetup, CoordinatorId, Crew, Door, Finish, Launch, Offices, Origin, RunActor, RunMail, RunSetup,
    SupervisorMail, is_lodger,
};
use crate::event::RunId;
use crate::plan::{Node, Plan};
use crate::planned::{carried_out, check_pins, is_planned_whole};
use crate::registry::{Government, Registry};
use crate::report::Recall;
use crate::supervision::{BreakerPolicy, Breaking, ChildSpec, SupervisorSpec};
use crate::workflow::{Action, Known, Task, Workflow, convert_value, parse};
use crate::world::{Letter, World};
use actix::{Actor, Addr};
use polity_agents::{AgentSpec, DEFAULT_QUEUE, Functions, Workplace};
use polity_protocols::{Name, Profile};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The root's child that supervises the agents; coordinators follow.
pub(super) const AGENTS: u64 = 0;

/// What beginning a run takes.
pub(super) struct Launcher {
    pub(super) world: Rc<World>,
    /// How agents are governed where nobody says otherwise.
    pub(super) government: Government,
    pub(super) registry: Registry,
    pub(super) functions: Rc<Functions>,
    pub(super) nursery: Nursery,
    /// What coordinators begin with.
    pub(super) memories: Memories,
    /// Which ranks were worked out already.
    rankings: Rankings,
    next_run: Cell<u32>,
    next_coordinator: Cell<u32>,
    /// What was made for runs below others, and goes with them.
    households: RefCell<BTreeMap<RunId, Household>>,
}

/// A run that is to begin.
pub(super) struct Start {
    pub(super) workflow: Arc<Workflow>,
    pub(super) inputs: BTreeMap<Name, Value>,
    pub(super) name: Option<Name>,
    pub(super) workplace: Rc<Workplace>,
    pub(super) recall: Recall,
    /// How it is governed, whatever it and its teams and tasks say.
    pub(super) strategy: Option<Government>,
    pub(super) finish: Finish,
}

/// Who governs a run, and whom.
struct Home {
    usual: Government,
    /// Strategies of its teams and tasks count.
    their_own: bool,
    crew: Option<Rc<Crew>>,
    /// Breakers, where the workflow says nothing of them.
    breaking: Option<Breaking>,
}

impl Launcher {
    pub(super) fn new(
        world: Rc<World>,
        government: Government,
        registry: Registry,
        functions: Rc<Functions>,
        memories: Memories,
        rankings: Rankings,
    ) -> Launcher {
        Launcher {
            world,
            government,
            registry,
            functions,
            nursery: Nursery::default(),
            memories,
            rankings,
            next_run: Cell::new(0),
            next_coordinator: Cell::new(0),
            households: RefCell::default(),
        }
    }
    pub(super) fn adopt(&self, door: Door, spec: ChildSpec<u64>, child: Child) {
        // One that has not begun, or begins just now, finds it when it does.
        self.world.directory.leave_orphan(door, spec, child);
        if let Some(supervisor) = self.world.directory.supervisor(door) {
            self.world.send(Letter::Supervisor(supervisor, SupervisorMail::Adopt));
        }
    }
    /// Agents that a workflow brings along and that nobody here is called like, join for as long as the society lives; and so do their
    /// supervisors.
    fn welcome(&self, workflow: &Workflow) -> Result<(), RunError> {
        let new_groups = self.new_groups(&workflow.supervision)?;
        let (agents, groups) = (self.nursery.len(), self.nursery.groups());
        for spec in workflow.agents.iter().filter(|spec| !self.nursery.knows(&spec.id)) {
            check_spec(spec).map_err(|error| RunError::Setting(error.to_string()))?;
            self.nursery.draft(&self.world, &self.functions, spec, None);
        }
        new_groups.into_iter().for_each(|group| self.nursery.bind(group));
        for (spec, child) in self.nursery.children(&self.world, agents, groups) {
            self.adopt(Door::Agents, spec, child);
        }
        Ok(())
    }
    /// The supervisors of a workflow that are not here yet. Agents that live already stay where they are.
    fn new_groups(&self, wanted: &[SupervisorSpec]) -> Result<Vec<SupervisorSpec>, RunError> {
        let mut new = Vec::new();
        for group in wanted {
            match self.nursery.group(&group.id) {
                Some(known) if *known == *group => continue,
                Some(_) => return Err(RunError::Setting(format!("there is another supervisor \"{}\" already", group.id))),
                None => {}
            }
            if let Some(settled) = group.agents.iter().find(|id| self.nursery.knows(id)) {
                let sentence = format!(
                    "supervisor \"{}\" can't take agent \"{settled}\", which lives already; found the society with both (Builder::supervisor)",
                    group.id
                );
                return Err(RunError::Setting(sentence));
            }
            new.push(group.clone());
        }
        Ok(new)
    }

    /// Begins a run that a program asked for.
    pub(super) fn launch(self: &Rc<Self>, start: Start) -> Result<(RunId, Name, Addr<RunActor>), RunError> {
        let Start { workflow, strategy, .. } = &start;
        self.refuse_commands(workflow)?;
        self.refuse_faults(workflow)?;
        self.world.tick();
        self.welcome(workflow)?;
        let home = Home {
            their_own: strategy.is_none(),
            usual: match (strategy, &workflow.strategy) {
                (Some(strategy), _) => strategy.clone(),
                (None, Some(named)) => self.registry.make(&named.name, &named.settings).map_err(RunError::Setting)?,
                (None, None) => self.government.clone(),
            },
            crew: None,
            breaking: BreakerPolicy::default().breaking(),
        };
        check_pins(&home.usual, workflow, &self.nursery.profiles()).map_err(RunError::Setting)?;
        // Whoever goes on with a run has its keys.
        let (own, number) = (self.world.salt(), self.next_run.get());
        let own = || if number == 0 || own.is_empty() { own.clone() } else { format!("{own}-{number}").into() };
        let salt = start.recall.salt().unwrap_or_else(own);
        let origin = Origin::root(workflow, salt);
        self.begin(start, home, origin)
    }
    fn begin(self: &Rc<Self>, start: Start, home: Home, origin: Origin) -> Result<(RunId, Name, Addr<RunActor>), RunError> {
        let Start { workflow, inputs, recall, .. } = start;
        if workflow.tasks.len() > workflow.limits.max_tasks as usize {
            let (tasks, limit) = (workflow.tasks.len(), workflow.limits.max_tasks);
            let sentence = format!("workflow \"{}\" has {tasks} tasks, but limits.max_tasks is {limit}", workflow.name);
            return Err(RunError::Setting(sentence));
        }
        let plan = Arc::new(plan_of(&workflow)?);
        let inputs = given(&workflow, inputs)?;
        let offices = self.offices(&workflow, &home)?;
        let id = RunId(self.next_run.replace(self.next_run.get() + 1));
        let seed = self.world.seed() ^ u64::from(id.0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // There are 6,400 names: of those after the first each has its number.
        let numbered = |name: String| if id.0 == 0 { name } else { format!("{name}-{}", id.0 + 1) };
        let name: Name = start.name.unwrap_or_else(|| numbered(crate::report::memorable(seed)).into());
        let is_planned = is_planned_whole(&home.usual, &workflow);
        let max_open = max_open(&workflow, self.nursery.slots(), is_planned);
        let room = max_open.saturating_sub(usize::try_from(self.nursery.slots()).unwrap_or(usize::MAX));
        // Who keeps a plan has an order of its own.
        let ranks = if is_planned { None } else { self.rankings.of(&workflow, &plan, &offices, &self.nursery.profiles(), room) };
        let memory = (!self.memories.is_empty()).then(|| self.memories.hash());
        let setup = RunSetup {
            id,
            name: name.clone(),
            max_open,
            workflow,
            plan,
            ranks,
            inputs,
            offices,
            recall,
            memory,
            their_own: home.their_own,
            origin,
            launcher: Rc::new(self.clone()),
            finish: start.finish,
        };
        let addr = RunActor::new(self.world.clone(), setup).start();
        // Entered here and not by itself: a society may end before the run has had its first turn.
        self.world.directory.enter_run(id.0, addr.clone(), start.workplace);
        if self.world.trouble.is_on() {
            self.world.stir();
        }
        if let Some(reason) = self.world.directory.escalated() {
            self.world.send(Letter::Run(addr.clone(), RunMail::Escalate { reason }));
        }
        Ok((id, name, addr))
    }
    /// Faults are a society's: whoever is born honest does not lie for a later workflow.
    fn refuse_faults(&self, workflow: &Workflow) -> Result<(), RunError> {
        let Some(wanted) = workflow.faults.as_ref().filter(|faults| !faults.is_none()) else { return Ok(()) };
        if self.world.trouble.planned() == Some(wanted) {
            return Ok(());
        }
        Err(RunError::Setting(format!(
            "workflow \"{}\" has faults, which this society was not founded with; found one for it (Builder::faults), or leave them out",
            workflow.name
        )))
    }
    /// In virtual time no real command is run: its effects would be real, and its time would not.
    fn refuse_commands(&self, workflow: &Workflow) -> Result<(), RunError> {
        let is_command = |action: &Action| matches!(action, Action::Run(_));
        let others = |task: &Task| {
            let undo = task.compensate.as_ref().is_some_and(|undo| is_command(&undo.action));
            undo || task.other_ways().any(|way| is_command(&way.action))
        };
        let command = workflow.tasks.iter().find(|task| is_command(&task.action) || others(task));
        match command.filter(|_| self.world.is_virtual()) {
            Some(task) => Err(RunError::Setting(format!(
                "task \"{}\" runs a command, which can't be done in virtual time; give the run its simulated twin (polity::simulated_twin)",
                task.id
            ))),
            None => Ok(()),
        }
    }
    /// The coordinators of a run: the usual one, and those of teams and tasks.
    fn offices(&self, workflow: &Workflow, home: &Home) -> Result<Offices, RunError> {
        let belongs = |crew: &Option<Rc<Crew>>, p: &Profile| crew.as_ref().map_or(!is_lodger(p), |crew| crew.admits(p));
        let profiles: Vec<_> = self.nursery.profiles().into_iter().filter(|p| belongs(&home.crew, p)).collect();
        let breaking = workflow.breaker.map_or(home.breaking, BreakerPolicy::breaking);
        let has_own = |task: &Task| home.their_own && task.strategy.is_some();
        let to_usual = |task: &Task| task.team.is_none() && !has_own(task);
        let usual = carried_out(home.usual.clone(), workflow, &profiles, to_usual, |from, to| self.world.travel(from, to));
        let usual = self.coordinator(usual, home.crew.clone(), breaking);
        let mut offices = Offices::new(usual);
        for (node, task) in (0..).zip(&workflow.tasks) {
            let team = task.team.as_ref().and_then(|id| workflow.teams.iter().find(|team| team.id == *id));
            let crew = team.map(|team| Rc::new(Crew { id: team.id.clone(), agents: team.agents.clone() }));
            if let Some(team) = team.filter(|team| !team.agents.iter().any(|id| self.nursery.has_named(id))) {
                let all: Vec<&str> = team.agents.iter().map(|id| &**id).collect();
                let sentence = format!("team \"{}\" has no agent that lives here: there is no {}", team.id, all.join(", "));
                return Err(RunError::Setting(sentence));
            }
            let strategy = task.strategy.as_ref().or(team.and_then(|team| team.strategy.as_ref())).filter(|_| home.their_own);
            if crew.is_none() && strategy.is_none() {
                continue;
            }
            let government = match strategy {
                Some(named) => self.registry.make(&named.name, &named.settings).map_err(RunError::Setting)?,
                None => home.usual.clone(),
            };
            let crew = crew.or_else(|| home.crew.clone());
            let with_it = |other: &Task| other.team == task.team && (!home.their_own || other.strategy == task.strategy);
            let members: Vec<_> = profiles.iter().filter(|p| belongs(&crew, p)).cloned().collect();
            offices.assign(
                node,
                self.coordinator(
                    carried_out(government, workflow, &members, with_it, |from, to| self.world.travel(from, to)),
                    crew,
                    breaking,
                ),
            );
        }
        Ok(offices)
    }
    /// The coordinator of this team, this government and these breakers: one for all runs that share it.
    fn coordinator(&self, government: Government, crew: Option<Rc<Crew>>, breaking: Option<Breaking>) -> Rc<Book> {
        let books = self.world.directory.coordinators();
        let same = |book: &&Rc<Book>| book.government == government && book.crew == crew && book.breaking == breaking;
        if let Some(book) = books.iter().find(same) {
            return book.clone();
        }
        let id = CoordinatorId(self.next_coordinator.replace(self.next_coordinator.get() + 1));
        let child = AGENTS + 1 + u64::from(id.0);
        let book = Rc::new(Book::new(id, government, crew, breaking, child));
        if let Some(memory) = self.memories.get(book.team(), book.government.name()) {
            book.remember(memory.clone());
        }
        self.world.directory.enter_coordinator(book.clone());
        self.adopt(Door::Root, ChildSpec::permanent(child), Child::Coordinator(book.clone()));
        book
    }

    /// The team of a run below another: sub-agents that are made for it, a part of the other's team, or the other's team.
    fn house(&self, workflow: &mut Workflow, setup: &ChildSetup) -> Result<(Option<Rc<Crew>>, Household), RunError> {
        if workflow.agents.is_empty() {
            let crew = match &setup.team {
                None => setup.book.crew.clone(),
                Some(agents) => Some(Rc::new(Crew { id: setup.name.clone(), agents: agents.clone() })),
            };
            return Ok((crew, Household::default()));
        }
        let household = Household::found(self, workflow)?;
        let crew = Crew { id: setup.name.clone(), agents: household.names() };
        Ok((Some(Rc::new(crew)), household))
    }
}

impl Launch for Rc<Launcher> {
    fn begin_child(&self, setup: ChildSetup) -> Result<(RunId, Addr<RunActor>), String> {
        let sentence = |error: RunError| error.to_string();
        let mut workflow = setup.workflow.as_ref().clone();
        self.refuse_commands(&workflow).map_err(sentence)?;
        let (crew, household) = self.house(&mut workflow, &setup).map_err(sentence)?;
        let usual = match &workflow.strategy {
            Some(named) if setup.their_own => self.registry.make(&named.name, &named.settings)?,
            _ => setup.book.government.clone(),
        };
        let before = self.next_coordinator.get();
        let start = Start {
            workflow: Arc::new(workflow),
            inputs: setup.inputs,
            name: Some(setup.name),
            workplace: self.world.directory.workplace(setup.origin.parent_run()),
            recall: setup.recall,
            strategy: None,
            finish: setup.finish,
        };
        let home = Home { usual, their_own: setup.their_own, crew, breaking: setup.book.breaking };
        let (id, _, addr) = match self.begin(start, home, setup.origin) {
            Ok(begun) => begun,
            Err(error) => {
                household.retire(self, before..self.next_coordinator.get());
                return Err(sentence(error));
            }
        };
        // A team that stands for this run alone goes with it; what is learned about the whole society stays.
        let own = if household.is_empty() && setup.team.is_none() { before..before } else { before..self.next_coordinator.get() };
        self.households.borrow_mut().insert(id, household.with_coordinators(own));
        Ok((id, addr))
    }
    fn end_child(&self, run: RunId) {
        let household = self.households.borrow_mut().remove(&run);
        if let Some(household) = household {
            let own = household.coordinators();
            household.retire(self, own);
        }
    }
    fn read(&self, text: &str) -> Result<Workflow, String> {
        let living = self.nursery.profiles();
        let known = Known {
            strategies: self.registry.names().map(Name::from).collect(),
            registry: Some(self.registry.clone()),
            functions: self.functions.names().cloned().collect(),
            agents: living.iter().map(|profile| AgentSpec::new(profile.group.clone(), profile.capabilities.clone())).collect(),
            ..Known::default()
        };
        parse(text, None, &known)
            .map(|checked| checked.workflow)
            .map_err(|errors| format!("the workflow that it is given is not right: {errors}"))
    }
    fn team_of(&self, ids: &[Name]) -> Result<(), String> {
        match ids.iter().find(|id| !self.nursery.has_named(id)) {
            Some(id) => Err(format!("there is no agent \"{id}\" to delegate to")),
            None => Ok(()),
        }
    }
}

/// Tasks that may be open at a time: as many as can run, and as many more as the protocol may choose among. Fewer would leave it no
/// choice; many more would have it choose on stale loads (the eager-bidder problem). A plan has chosen already, and its agents must hear of what
/// is ready, since the most urgent of the tasks need not be the next of a plan: so many more, but no more than the queues of the others take
/// if those that wait for one agent all go elsewhere.
fn max_open(workflow: &Workflow, slots: u64, planned: bool) -> usize {
    let for_each_slot = if planned { u64::from(DEFAULT_QUEUE) / 2 } else { 4 };
    let waiting = workflow.limits.max_open.map_or_else(|| (slots * for_each_slot).max(16), u64::from);
    let open = slots.saturating_add(waiting);
    let bound = workflow.limits.max_parallel_tasks.map_or(u64::MAX, u64::from);
    usize::try_from(open.min(bound)).unwrap_or(usize::MAX)
}

/// The graph of a workflow, weighed by its estimates.
pub(crate) fn plan_of(workflow: &Workflow) -> Result<Plan, RunError> {
    let node = |task: &crate::workflow::Task| {
        let weight = task.expected().unwrap_or_else(|| match &task.action {
            Action::Workflow(inner) => plan_of(inner).map_or(1.0, |plan| plan.critical_length()),
            _ => 1.0,
        });
        task.node(weight)
    };
    let keep = |(node, kept): (Node, bool)| if kept { node.kept() } else { node };
    let nodes = workflow.tasks.iter().map(node).zip(workflow.kept()).map(keep).collect();
    Plan::new(nodes).map_err(|error| RunError::Workflow(error.describe(|ix| workflow.tasks[ix.index()].id.to_string())))
}

/// The inputs with their defaults.
fn given(workflow: &Workflow, mut values: BTreeMap<Name, Value>) -> Result<BTreeMap<Name, Arc<Value>>, RunError> {
    let mut inputs = BTreeMap::new();
    for input in &workflow.inputs {
        match values.remove(&input.name).or_else(|| input.default.clone()) {
            Some(value) => {
                let value = convert_value(input, value).map_err(RunError::Input)?;
                inputs.insert(input.name.clone(), Arc::new(value));
            }
            None if input.required => {
                return Err(RunError::Input(format!("input \"{}\" is required, but was not given", input.name)));
            }
            None => {}
        }
    }
    match values.keys().next() {
        Some(unknown) => Err(RunError::Input(format!("workflow \"{}\" has no input \"{unknown}\"", workflow.name))),
        None => Ok(inputs),
    }
}

/// Whether an agent's description makes sense.
pub(super) fn check_spec(spec: &AgentSpec) -> Result<(), StartError> {
    let wrong = |what: &str, given: f64| Err(StartError::Setting(format!("agent \"{}\": {what}, but is {given}", spec.id)));
    match spec {
        AgentSpec { speed, .. } if !(*speed > 0.0 && speed.is_finite()) => wrong("its speed must be above 0", *speed),
        AgentSpec { cost, .. } if !(*cost >= 0.0 && cost.is_finite()) => wrong("its cost must be at least 0", *cost),
        AgentSpec { id, .. } if id.contains('@') => {
            let why = "has an `@` in its id, which is kept for agents that are made for a sub-run";
            Err(StartError::Setting(format!("agent \"{id}\" {why}")))
        }
        AgentSpec { slots: 0, .. } => wrong("its slots must be at least 1", 0.0),
        AgentSpec { replicas, elastic: Some(elastic), .. } if elastic.max < *replicas => {
            wrong(&format!("its replicas must be at least {replicas} at most"), f64::from(elastic.max))
        }
        AgentSpec { replicas: 0, .. } => wrong("its replicas must be at least 1", 0.0),
        _ => Ok(()),
    }
}
