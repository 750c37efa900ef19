//! A society: agents that live across runs, and the runs that they carry out.

use super::memory::Memories;
use super::nursery::{Nursery, PATIENCE};
use super::{RunError, RunResult, StartError};
use crate::actors::{
    Book, Child, CoordinatorId, Crew, Door, Factory, Offices, RunActor, RunMail, RunSetup, SupervisorActor, SupervisorMail,
};
use crate::event::{EventLog, RunId, RunStatus};
use crate::plan::{Node, NodeIx, Plan};
use crate::planned::carried_out;
use crate::registry::{Government, IntoGovernment, Registry};
use crate::report::{DeadLetter, DeadLetters, Recall};
use crate::supervision::{ChildSpec, Intensity, Strategy, Supervision, SupervisorSpec};
use crate::workflow::{Action, IntoWorkflow, Known, Workflow};
use crate::world::{Letter, World};
use actix::{Actor, Addr};
use polity_agents::{AgentSpec, Clock, Functions, Workplace};
use polity_protocols::{Name, Profile, Time};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What a society is made of.
pub(super) struct Parts {
    pub(super) government: Government,
    pub(super) registry: Registry,
    pub(super) agents: Vec<(AgentSpec, Option<Factory>)>,
    pub(super) groups: Vec<SupervisorSpec>,
    pub(super) functions: Rc<Functions>,
    pub(super) memories: Memories,
}

/// A society of agents. It ends when it is dropped, or with [`run`](crate::run); to wait for its end, [`stop`](Society::stop) it.
pub struct Society {
    pub(super) world: Rc<World>,
    government: Government,
    registry: Registry,
    /// The agents that it was founded with.
    specs: Vec<AgentSpec>,
    functions: Rc<Functions>,
    nursery: Nursery,
    next_run: Cell<u32>,
    /// What coordinators begin with.
    memories: Memories,
    dead: Rc<RefCell<DeadLetters>>,
}

/// What a society may take to end beyond the longest drain of its agents: graces, and commands that ignore SIGTERM.
const SLACK: Duration = Duration::from_secs(10);
/// The root's child that supervises the agents; coordinators follow.
const AGENTS: u64 = 0;

impl Society {
    pub(super) fn found(world: Rc<World>, parts: Parts) -> Society {
        let _ = world.functions.set(parts.functions.clone()); // a world is new when it is founded
        let root = Supervision::new(Strategy::OneForOne, Intensity::INFRASTRUCTURE);
        let root = SupervisorActor::new(world.clone(), ("root".into(), Door::Root), None, root, Vec::new()).start();
        world.directory.enter_supervisor(Door::Root, root.clone());
        let (specs, factories): (Vec<AgentSpec>, Vec<Option<Factory>>) = parts.agents.into_iter().unzip();
        let Parts { government, registry, functions, groups, memories, .. } = parts;
        let dead = Rc::new(RefCell::new(DeadLetters::default()));
        world.log.add(Box::new(dead.clone()));
        let nursery = Nursery::default();
        let society = Society { world, government, registry, specs, functions, nursery, memories, next_run: Cell::new(0), dead };
        for (spec, factory) in society.specs.iter().zip(factories) {
            society.nursery.draft(&society.world, &society.functions, spec, factory);
        }
        groups.into_iter().for_each(|group| society.nursery.bind(group));
        let spec = ChildSpec::permanent(AGENTS).shutdown(PATIENCE);
        society.adopt(Door::Root, spec, Child::Supervisor(Rc::new(society.nursery.ward())));
        society
    }
    fn adopt(&self, door: Door, spec: ChildSpec<u64>, child: Child) {
        if let Some(supervisor) = self.world.directory.supervisor(door) {
            self.world.directory.leave_orphan(door, spec, child);
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
        // Before the supervisor of the agents has begun, it finds them by itself.
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
    /// The moment, in the society's time.
    pub fn now(&self) -> Time {
        Clock::now(&*self.world)
    }
    /// Ends after `how_long` of the society's time.
    pub async fn sleep(&self, how_long: Duration) {
        self.world.sleep(how_long).await;
    }
    /// The seed of all randomness.
    pub fn seed(&self) -> u64 {
        self.world.seed()
    }
    /// The log of everything that happens.
    pub fn events(&self) -> &EventLog {
        &self.world.log
    }
    /// The dead letters so far, the oldest first: tasks that failed for good, and what agents told each other and nobody took. The last
    /// [`DEAD_LETTERS`](crate::report::DEAD_LETTERS) are kept.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.dead.borrow().all().cloned().collect()
    }
    /// Messages that were sent so far: what a simulation's speed is measured in.
    pub fn messages(&self) -> u64 {
        self.world.letters()
    }
    /// Calls of blocking functions that nobody waits for any more: their threads went on, and their answers are thrown away.
    pub fn abandoned(&self) -> u64 {
        self.functions.abandoned()
    }
    /// The agents, by number.
    pub fn agents(&self) -> Vec<Arc<Profile>> {
        self.nursery.profiles()
    }

    /// What the coordinators have learned, as of the end of the last run; of those that were not asked, what they were given to begin with.
    pub fn memories(&self) -> Memories {
        let mut memories = self.memories.clone();
        for book in self.world.directory.coordinators() {
            memories.set(book.team(), book.government.name(), book.memory());
        }
        memories
    }
    /// The coordinators so far, in the order in which they were made: team (none for all agents) and strategy of each.
    pub fn coordinators(&self) -> Vec<(Option<Name>, &'static str)> {
        let books = self.world.directory.coordinators();
        books.iter().map(|book| (book.team().cloned(), book.government.name())).collect()
    }

    /// What a workflow file may name here: the protocols, the agents that it was founded with, the functions.
    ///
    /// ```
    /// use polity::prelude::*;
    /// let text = "name: w\nagents: [{ id: bob }]\ntasks: [{ id: a, fn: gret }]\n";
    /// let wrong = polity::run(async {
    ///     let society = Polity::builder().function("greet", |_, _| async { Ok(json!("hello")) }).start()?;
    ///     Ok::<_, Failure>(parse(text, None, &society.known()).unwrap_err().to_string())
    /// });
    /// assert!(wrong.unwrap().contains("did you mean \"greet\"?"));
    /// ```
    pub fn known(&self) -> Known {
        Known {
            strategies: self.registry.names().map(Name::from).collect(),
            registry: Some(self.registry.clone()),
            agents: self.specs.clone(),
            functions: self.functions.names().cloned().collect(),
            ..Known::default()
        }
    }
    /// The protocols that a workflow may name here.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs a workflow to its end.
    ///
    /// # Errors
    /// [`RunError::Failed`] with the whole result, if it did not end well; another [`RunError`], if it could not begin.
    pub async fn run(&self, flow: impl IntoWorkflow) -> Result<RunResult, RunError> {
        self.run_with(flow, RunOptions::default()).await
    }
    /// Runs a workflow to its end, with inputs and the like.
    ///
    /// # Errors
    /// As [`run`](Society::run).
    pub async fn run_with(&self, flow: impl IntoWorkflow, options: RunOptions) -> Result<RunResult, RunError> {
        let result = self.launch(flow, options)?.join().await?;
        match result.status() {
            RunStatus::Completed => Ok(result),
            _ => Err(RunError::Failed(Box::new(result))),
        }
    }
    /// Begins a run, and gives back the handle to wait for it or to cancel it.
    ///
    /// # Errors
    /// [`RunError`], if the workflow, an input or a setting is not right.
    pub fn launch(&self, flow: impl IntoWorkflow, options: RunOptions) -> Result<RunHandle, RunError> {
        let workflow = Arc::new(flow.into_workflow().map_err(|errors| RunError::Workflow(errors.to_string()))?);
        self.refuse_commands(&workflow)?;
        self.world.tick();
        self.welcome(&workflow)?;
        if workflow.tasks.len() > workflow.limits.max_tasks as usize {
            let (tasks, limit) = (workflow.tasks.len(), workflow.limits.max_tasks);
            let sentence = format!("workflow \"{}\" has {tasks} tasks, but limits.max_tasks is {limit}", workflow.name);
            return Err(RunError::Setting(sentence));
        }
        let plan = Arc::new(plan_of(&workflow)?);
        let inputs = given(&workflow, options.inputs)?;
        let named = || workflow.strategy.as_ref().map(|named| self.registry.make(&named.name, &named.settings));
        let is_overridden = options.strategy.is_some();
        let government = match options.strategy.or_else(named) {
            Some(strategy) => strategy.map_err(RunError::Setting)?,
            None => self.government.clone(),
        };
        let offices = self.offices(&workflow, government, !is_overridden)?;
        let id = RunId(self.next_run.replace(self.next_run.get() + 1));
        let seed = self.world.seed() ^ u64::from(id.0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let name: Name = options.name.unwrap_or_else(|| crate::report::memorable(seed).into());
        let (done, result) = oneshot::channel();
        let (max_open, recall) = (max_open(&workflow, self.nursery.slots()), options.recall);
        let memory = (!self.memories.is_empty()).then(|| self.memories.hash());
        let setup = RunSetup { id, name: name.clone(), max_open, workflow, plan, inputs, offices, recall, memory, done };
        let addr = RunActor::new(self.world.clone(), setup).start();
        // Entered here and not by itself: a society may end before the run has had its first turn.
        let workplace = Rc::new(options.workplace.unwrap_or_else(|| Workplace::new(".")));
        self.world.directory.enter_run(id.0, addr.clone(), workplace);
        if let Some(reason) = self.world.directory.escalated() {
            self.world.send(Letter::Run(addr.clone(), RunMail::Escalate { reason }));
        }
        Ok(RunHandle { world: self.world.clone(), id, name, addr, result })
    }
    /// In virtual time no real command is run: its effects would be real, and its time would not.
    fn refuse_commands(&self, workflow: &Workflow) -> Result<(), RunError> {
        let command = workflow.tasks.iter().find(|task| matches!(task.action, Action::Run(_)));
        match command.filter(|_| self.world.is_virtual()) {
            Some(task) => Err(RunError::Setting(format!(
                "task \"{}\" runs a command, which can't be done in virtual time; give the run its simulated twin (polity::simulated_twin)",
                task.id
            ))),
            None => Ok(()),
        }
    }
    /// The coordinators of a run: the usual one, and those of teams and tasks. `their_own`: a strategy of a team or of a task counts; if not,
    /// all are governed as the run.
    fn offices(&self, workflow: &Workflow, usual: Government, their_own: bool) -> Result<Offices, RunError> {
        let profiles = self.nursery.profiles();
        let mut offices = Offices::new(self.coordinator(carried_out(usual.clone(), workflow, &profiles), None));
        for (node, task) in (0..).zip(&workflow.tasks) {
            let team = task.team.as_ref().and_then(|id| workflow.teams.iter().find(|team| team.id == *id));
            let crew = team.map(|team| Rc::new(Crew { id: team.id.clone(), agents: team.agents.clone() }));
            if let Some(team) = team.filter(|team| !team.agents.iter().any(|id| self.nursery.has_named(id))) {
                let all: Vec<&str> = team.agents.iter().map(|id| &**id).collect();
                let sentence = format!("team \"{}\" has no agent that lives here: there is no {}", team.id, all.join(", "));
                return Err(RunError::Setting(sentence));
            }
            let strategy = task.strategy.as_ref().or(team.and_then(|team| team.strategy.as_ref())).filter(|_| their_own);
            if crew.is_none() && strategy.is_none() {
                continue;
            }
            let government = match strategy {
                Some(named) => self.registry.make(&named.name, &named.settings).map_err(RunError::Setting)?,
                None => usual.clone(),
            };
            let members: Vec<_> = profiles.iter().filter(|p| crew.as_ref().is_none_or(|crew| crew.admits(p))).cloned().collect();
            offices.assign(node, self.coordinator(carried_out(government, workflow, &members), crew));
        }
        Ok(offices)
    }
    /// The coordinator of this team and this government: one for all runs that share it.
    fn coordinator(&self, government: Government, crew: Option<Rc<Crew>>) -> Rc<Book> {
        let books = self.world.directory.coordinators();
        if let Some(book) = books.iter().find(|book| book.government == government && book.crew == crew) {
            return book.clone();
        }
        let id = CoordinatorId(books.len() as u32);
        let child = AGENTS + 1 + u64::from(id.0);
        let book = Rc::new(Book::new(id, government, crew, child));
        if let Some(memory) = self.memories.get(book.team(), book.government.name()) {
            book.remember(memory.clone());
        }
        self.world.directory.enter_coordinator(book.clone());
        self.adopt(Door::Root, ChildSpec::permanent(child), Child::Coordinator(book.clone()));
        book
    }
    /// Ends the society: what runs is cancelled.
    pub async fn stop(self) {
        end(&self.world).await;
    }
}
impl Drop for Society {
    /// Its runs are cancelled, its agents drained. [`run`](crate::run) waits for that, and so does [`Society::stop`].
    fn drop(&mut self) {
        self.world.begin_to_end();
        begin_end(&self.world);
    }
}

/// How a run differs from the usual.
#[derive(Default)]
pub struct RunOptions {
    /// Values of the workflow's inputs.
    pub inputs: BTreeMap<Name, Value>,
    /// Its name; a memorable one if none is given.
    pub name: Option<Name>,
    /// Where its commands run.
    pub workplace: Option<Workplace>,
    recall: Recall,
    strategy: Option<Result<Government, String>>,
}
impl RunOptions {
    /// With a value for an input.
    pub fn input(mut self, name: impl Into<Name>, value: impl Into<Value>) -> RunOptions {
        self.inputs.insert(name.into(), value.into());
        self
    }
    /// With a name of its own.
    pub fn name(mut self, name: impl Into<Name>) -> RunOptions {
        self.name = Some(name.into());
        self
    }
    /// With what an earlier run of the same workflow leaves: what it has an output for is not done again.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use polity::report::Recall;
    /// let sum = polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("x", 1.0)))
    ///         .function("double", |job, _| async move { Ok(json!(2 * job.input::<i64>("n")?)) }).start()?;
    ///     let flow = Workflow::new("w").task("a", function("double").with("n", 1)).task("b", function("double").with("n", output("a")));
    ///     let options = RunOptions::default().recalling(Recall::default().output("a", 50));
    ///     Ok::<_, Failure>(society.run_with(flow, options).await?.output("b").clone())
    /// });
    /// assert_eq!(sum.unwrap(), 100);
    /// ```
    pub fn recalling(mut self, recall: Recall) -> RunOptions {
        self.recall = recall;
        self
    }
    /// With another place for its commands than the current directory.
    pub fn workplace(mut self, place: Workplace) -> RunOptions {
        self.workplace = Some(place);
        self
    }
    /// Under another strategy than the workflow's or the society's.
    ///
    /// ```
    /// use polity::protocols::baselines::RoundRobin;
    /// let options = polity::RunOptions::default().strategy(RoundRobin::default()).input("year", 2013);
    /// assert_eq!(options.inputs.len(), 1);
    /// ```
    pub fn strategy(mut self, strategy: impl IntoGovernment) -> RunOptions {
        self.strategy = Some(strategy.into_government());
        self
    }
}

/// A run that was begun.
pub struct RunHandle {
    world: Rc<World>,
    id: RunId,
    name: Name,
    addr: Addr<RunActor>,
    result: oneshot::Receiver<RunResult>,
}
impl RunHandle {
    /// Its number.
    pub fn id(&self) -> RunId {
        self.id
    }
    /// Its memorable name.
    pub fn name(&self) -> &Name {
        &self.name
    }
    /// Cancels it: what runs is stopped, what waits is withdrawn. It then ends as cancelled.
    pub fn cancel(&self) {
        self.canceller().cancel();
    }
    /// What cancels it, to be used while somebody else waits for its end.
    pub fn canceller(&self) -> Canceller {
        Canceller { world: self.world.clone(), addr: self.addr.clone() }
    }
    /// Waits for its end, however it ends.
    ///
    /// # Errors
    /// [`RunError::Gone`], if the runtime ended first.
    pub async fn join(self) -> Result<RunResult, RunError> {
        self.result.await.map_err(|_| RunError::Gone)
    }
}

/// See [`RunHandle::canceller`].
#[derive(Clone)]
pub struct Canceller {
    world: Rc<World>,
    addr: Addr<RunActor>,
}
impl Canceller {
    /// Cancels the run; does nothing if it has ended.
    pub fn cancel(&self) {
        self.world.send(Letter::Run(self.addr.clone(), RunMail::Cancel));
    }
}

/// Ends a world in order: runs are cancelled, agents drained, commands stopped; then nothing is delivered any more.
pub(super) async fn end(world: &Rc<World>) {
    begin_end(world);
    // The supervisors bound the end by their graces; this is the bound of bounds, in the executor's time.
    for _ in 0..(world.directory.longest_drain() + SLACK).as_millis() {
        if world.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.log.flush();
    world.close();
}

/// Cancels the runs and has the agents drained.
fn begin_end(world: &World) {
    for run in world.directory.runs() {
        world.send(Letter::Run(run, RunMail::Cancel));
    }
    if let Some(root) = world.directory.supervisor(Door::Root) {
        world.send(Letter::Supervisor(root, SupervisorMail::Stop));
    }
}

/// Tasks that may be open at a time: as many as can run, and as many more as the protocol may choose among. Fewer would leave it no
/// choice; many more would have it choose on stale loads (the eager-bidder problem).
fn max_open(workflow: &Workflow, slots: u64) -> usize {
    let waiting = workflow.limits.max_open.map_or_else(|| (slots * 4).max(16), u64::from);
    let open = slots.saturating_add(waiting);
    let bound = workflow.limits.max_parallel_tasks.map_or(u64::MAX, u64::from);
    usize::try_from(open.min(bound)).unwrap_or(usize::MAX)
}

/// The graph of a workflow, weighed by its estimates.
pub(crate) fn plan_of(workflow: &Workflow) -> Result<Plan, RunError> {
    let node = |task: &crate::workflow::Task| {
        let weight = task.estimate.unwrap_or(1.0);
        task.dependencies.iter().fold(Node::new(weight), |node, edge| node.after(NodeIx(edge.on as u32), edge.wants))
    };
    let nodes = workflow.tasks.iter().map(node).collect();
    Plan::new(nodes).map_err(|error| RunError::Workflow(error.describe(|ix| workflow.tasks[ix.index()].id.to_string())))
}

/// The inputs with their defaults.
fn given(workflow: &Workflow, mut values: BTreeMap<Name, Value>) -> Result<BTreeMap<Name, Arc<Value>>, RunError> {
    let mut inputs = BTreeMap::new();
    for input in &workflow.inputs {
        match values.remove(&input.name).or_else(|| input.default.clone()) {
            Some(value) => drop(inputs.insert(input.name.clone(), Arc::new(value))),
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
        AgentSpec { slots: 0, .. } => wrong("its slots must be at least 1", 0.0),
        AgentSpec { replicas, elastic: Some(elastic), .. } if elastic.max < *replicas => {
            wrong(&format!("its replicas must be at least {replicas} at most"), f64::from(elastic.max))
        }
        AgentSpec { replicas: 0, .. } => wrong("its replicas must be at least 1", 0.0),
        _ => Ok(()),
    }
}
