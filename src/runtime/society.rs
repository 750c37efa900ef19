//! A society: agents that live across runs, and the runs that they carry out.

use super::launcher::{AGENTS, Launcher, Start};
use super::memory::Memories;
use super::nursery::PATIENCE;
use super::ranking::Rankings;
use super::{RunError, RunResult};
use crate::actors::{
    Child, DECOMPOSE, Door, Factory, Finish, Order, RunActor, RunMail, SupervisorActor, SupervisorMail, TaskOrder,
};
use crate::event::{EventLog, RunId, RunStatus};
use crate::faults::Faults;
use crate::registry::{Government, IntoGovernment, Registry};
use crate::report::{DeadLetter, DeadLetters, Recall};
use crate::supervision::{ChildSpec, Intensity, Strategy, Supervision, SupervisorSpec};
use crate::workflow::{IntoWorkflow, Known, Workflow, delegate, output};
use crate::world::{Letter, Stuck, World};
use actix::{Actor, Addr};
use polity_agents::{AgentSpec, Clock, Functions, Workplace};
use polity_protocols::{Name, Profile, Time};
use serde_json::Value;
use std::cell::RefCell;
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
    pub(super) faults: Faults,
    pub(super) rankings: Rankings,
}

/// A society of agents. It ends when it is dropped, or with [`run`](crate::run); to wait for its end, [`stop`](Society::stop) it.
pub struct Society {
    pub(super) world: Rc<World>,
    launcher: Rc<Launcher>,
    /// The agents that it was founded with.
    specs: Vec<AgentSpec>,
    dead: Rc<RefCell<DeadLetters>>,
}

/// What a society may take to end beyond the longest drain of its agents: graces, and commands that ignore SIGTERM.
const SLACK: Duration = Duration::from_secs(10);

impl Society {
    pub(super) fn found(world: Rc<World>, parts: Parts) -> Society {
        let _ = world.functions.set(parts.functions.clone()); // a world is new when it is founded
        let root = Supervision::new(Strategy::OneForOne, Intensity::INFRASTRUCTURE);
        let root = SupervisorActor::new(world.clone(), ("root".into(), Door::Root), None, root, Vec::new()).start();
        world.directory.enter_supervisor(Door::Root, root.clone());
        let (specs, factories): (Vec<AgentSpec>, Vec<Option<Factory>>) = parts.agents.into_iter().unzip();
        let Parts { government, registry, functions, groups, memories, faults, rankings, .. } = parts;
        let profiles: Vec<Profile> = specs.iter().flat_map(AgentSpec::profiles).collect();
        world.trouble.plan(faults, world.seed(), &profiles);
        let dead = Rc::new(RefCell::new(DeadLetters::default()));
        world.log.add(Box::new(dead.clone()));
        let launcher = Launcher::new(world.clone(), government, registry, functions.clone(), memories, rankings);
        for (spec, factory) in specs.iter().zip(factories) {
            launcher.nursery.draft(&world, &functions, spec, factory);
        }
        groups.into_iter().for_each(|group| launcher.nursery.bind(group));
        let spec = ChildSpec::permanent(AGENTS).shutdown(PATIENCE);
        launcher.adopt(Door::Root, spec, Child::Supervisor(Rc::new(launcher.nursery.ward())));
        Society { world, launcher: Rc::new(launcher), specs, dead }
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
    /// Messages between coordinators and agents that were sent so far, of whatever run: what talk costs where several runs go on at a time.
    pub fn talk(&self) -> u64 {
        self.world.talk()
    }
    /// Calls of blocking functions that nobody waits for any more: their threads went on, and their answers are thrown away.
    pub fn abandoned(&self) -> u64 {
        self.launcher.functions.abandoned()
    }
    /// The agents, by number.
    pub fn agents(&self) -> Vec<Arc<Profile>> {
        self.launcher.nursery.profiles()
    }

    /// What the coordinators have learned, as of the end of the last run; of those that were not asked, what they were given to begin with.
    pub fn memories(&self) -> Memories {
        let mut memories = self.launcher.memories.clone();
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
            strategies: self.launcher.registry.names().map(Name::from).collect(),
            registry: Some(self.launcher.registry.clone()),
            agents: self.specs.clone(),
            functions: self.launcher.functions.names().cloned().collect(),
            ..Known::default()
        }
    }
    /// The protocols that a workflow may name here.
    pub fn registry(&self) -> &Registry {
        &self.launcher.registry
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
    /// Reaches a goal: somebody who can `decompose` is asked for a way, which is then run, and for another one if it fails, up to three
    /// times. `context` goes with the goal, a map. The result is the output `result`.
    ///
    /// # Errors
    /// As [`run`](Society::run).
    pub async fn pursue(&self, goal: &str, context: Value) -> Result<RunResult, RunError> {
        let mut task = delegate(goal).kind(DECOMPOSE).replans(3);
        let Value::Object(context) = context else {
            return Err(RunError::Input(format!("what goes with a goal must be a map, but is {context}")));
        };
        for (name, value) in context {
            task = task.with(&name, value);
        }
        self.run(Workflow::new("pursue").task("pursue", task).output("result", output("pursue"))).await
    }
    /// Begins a run, and gives back the handle to wait for it or to cancel it.
    ///
    /// # Errors
    /// [`RunError`], if the workflow, an input or a setting is not right.
    pub fn launch(&self, flow: impl IntoWorkflow, options: RunOptions) -> Result<RunHandle, RunError> {
        let workflow = Arc::new(flow.into_workflow().map_err(|errors| RunError::Workflow(errors.to_string()))?);
        let (done, result) = oneshot::channel();
        let start = Start {
            workflow,
            inputs: options.inputs,
            name: options.name,
            workplace: Rc::new(options.workplace.unwrap_or_else(|| Workplace::new("."))),
            recall: options.recall,
            strategy: options.strategy.transpose().map_err(RunError::Setting)?,
            finish: Finish::Outside(done),
        };
        let (id, name, addr) = self.launcher.launch(start)?;
        Ok(RunHandle { world: self.world.clone(), id, name, addr, result })
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
        self.controls().cancel();
    }
    /// What pauses, resumes and cancels it, to be used while somebody else waits for its end.
    pub fn controls(&self) -> Controls {
        Controls { world: self.world.clone(), addr: self.addr.clone() }
    }
    /// Waits for its end, however it ends.
    ///
    /// # Errors
    /// [`RunError::Gone`], if the runtime ended first. [`RunError::Stuck`], if in virtual time nothing can happen any more, or more messages were sent than
    /// the society was [given](crate::Builder::most_messages): it would never end.
    pub async fn join(self) -> Result<RunResult, RunError> {
        tokio::select! {
            biased;
            ended = self.result => ended.map_err(|_| RunError::Gone),
            stuck = self.world.stuck() => Err(RunError::Stuck(match stuck {
                Stuck::Still => format!(
                    "run {} is stuck: at {:.3} s of virtual time nothing can happen any more; what hangs needs a `timeout`, what is paused somebody who resumes it",
                    self.name,
                    self.world.now().as_secs_f64()
                ),
                Stuck::Circling => format!(
                    "run {} comes to no end: it was given up after {} messages, at {:.3} s of virtual time; what goes wrong may do so faster than a task is \
                     done, or an attempt follows the other without end",
                    self.name,
                    self.world.letters(),
                    self.world.now().as_secs_f64()
                ),
            })),
        }
    }
}

/// What a run that goes on can be told. Orders to a run that has ended do nothing.
///
/// ```
/// use polity::prelude::*;
/// use std::time::Duration;
/// let took = polity::simulate(1, async {
///     let nap = |_: Job, context: Context| async move { context.sleep(Duration::from_secs(1)).await; Ok(Value::Null) };
///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("x", 1.0))).function("nap", nap).start()?;
///     let flow = Workflow::new("w").task("a", function("nap")).task("b", function("nap").depends_on("a"));
///     let handle = society.launch(flow, RunOptions::default())?;
///     let controls = handle.controls();
///     controls.pause(); // the first nap, if it has begun, goes on to its end
///     society.sleep(Duration::from_secs(60)).await;
///     controls.resume();
///     handle.join().await?;
///     Ok::<_, Failure>(society.now().as_secs_f64())
/// });
/// assert!(took.unwrap() >= 61.0);
/// ```
#[derive(Clone)]
pub struct Controls {
    world: Rc<World>,
    addr: Addr<RunActor>,
}
impl Controls {
    /// Cancels the run: what runs is stopped, what waits is withdrawn.
    pub fn cancel(&self) {
        self.tell(RunMail::Cancel);
    }
    /// Pauses the run and its sub-runs: nothing new begins, what agents work on goes on to its end. The clocks `queue` and `total` of what waits
    /// stand still.
    pub fn pause(&self) {
        self.tell(RunMail::Pause);
    }
    /// Lets a paused run go on.
    pub fn resume(&self) {
        self.tell(RunMail::Resume);
    }
    /// Gives an order.
    pub fn order(&self, order: Order) {
        match order {
            Order::Pause => self.pause(),
            Order::Resume => self.resume(),
            Order::Cancel => self.cancel(),
        }
    }
    /// Gives an order about one task, or about one instance of it (`analyse[2013]`). What depends on a cancelled task is blocked.
    ///
    /// # Errors
    /// A sentence, if there is no such task, if it has ended, or if the run has.
    pub async fn order_task(&self, task: impl Into<Name>, order: Order) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        self.tell(RunMail::Order(TaskOrder { order, task: task.into(), answer: Some(answer) }));
        answered.await.unwrap_or_else(|_| Err("the run has ended".into()))
    }
    fn tell(&self, mail: RunMail) {
        self.world.tell_outside(); // if the run has ended the mail is dropped at once, and time would move on
        self.world.send(Letter::Run(self.addr.clone(), mail));
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
    world.program_is_done();
    if world.trouble.is_on() {
        world.open_roads();
    }
    for run in world.directory.runs() {
        world.send(Letter::Run(run, RunMail::Cancel));
    }
    if let Some(root) = world.directory.supervisor(Door::Root) {
        world.send(Letter::Supervisor(root, SupervisorMail::Stop));
    }
}
