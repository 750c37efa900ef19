//! How a society is put together.

use super::StartError;
use super::delegating::{Decomposer, Decomposing};
use super::memory::Memories;
use super::ranking::Rankings;
use super::society::{Parts, Society};
use super::system::simulation;
use crate::actors::Factory;
use crate::event::Sink;
use crate::faults::Faults;
use crate::registry::{Government, IntoGovernment, Registry};
use crate::supervision::SupervisorSpec;
use crate::workflow::text::nearest;
use crate::world::{Depot, World};
use polity_agents::{Agent, AgentSpec, Answer, Context, DynAgent, Failure, Functions, Job};
use polity_protocols::hierarchical::Hierarchical;
use polity_protocols::{Name, Protocol, Weather};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;

/// The way in: [`Polity::builder`].
///
/// ```
/// use polity::prelude::*;
/// struct Greeter;
/// impl Agent for Greeter {
///     fn capabilities(&self) -> Capabilities {
///         can("greet", 1.0)
///     }
///     async fn perform(&mut self, job: Job, _: &Context) -> Result<Value> {
///         Ok(json!(format!("hello {}", job.input::<String>("whom")?)))
///     }
/// }
/// let said = polity::run(async {
///     let society = Polity::builder().agent("greeter", || Greeter).start()?;
///     let flow = Workflow::new("greeting").task("say", kind("greet").with("whom", "you"));
///     Ok::<_, Failure>(society.run(flow).await?.output("say").clone())
/// });
/// assert_eq!(said.unwrap(), "hello you");
/// ```
pub struct Polity;
impl Polity {
    /// A society without agents, hierarchically governed.
    pub fn builder() -> Builder {
        Builder {
            government: Government::new(Hierarchical::default()),
            registry: Registry::standard(),
            agents: Vec::new(),
            groups: Vec::new(),
            memories: Memories::default(),
            functions: Functions::new(),
            weather: Weather::CALM,
            faults: Faults::default(),
            rankings: Rankings::default(),
            most_messages: u64::MAX,
            seed: None,
            sinks: Vec::new(),
            depots: Vec::new(),
        }
    }
}

/// Puts a society together; see [`Polity::builder`].
#[must_use = "a society begins with `start`"]
pub struct Builder {
    government: Result<Government, String>,
    registry: Registry,
    agents: Vec<(AgentSpec, Option<Factory>)>,
    groups: Vec<SupervisorSpec>,
    memories: Memories,
    functions: Functions,
    weather: Weather,
    faults: Faults,
    rankings: Rankings,
    most_messages: u64,
    seed: Option<u64>,
    sinks: Vec<Box<dyn Sink>>,
    depots: Vec<Rc<dyn Depot>>,
}

impl Builder {
    /// How its agents are governed, unless a workflow says otherwise.
    pub fn strategy(mut self, strategy: impl IntoGovernment) -> Builder {
        self.government = strategy.into_government();
        self
    }
    /// A protocol of your own that workflows may name, on top of those that come with the runtime.
    pub fn protocol<P: Protocol + Serialize + DeserializeOwned + Default>(mut self) -> Builder {
        self.registry.register::<P>();
        self
    }
    /// An agent of your own. The factory makes a new one whenever a life of it ended by a panic.
    pub fn agent<A: Agent>(self, id: impl Into<Name>, factory: impl Fn() -> A + 'static) -> Builder {
        let can = Agent::capabilities(&factory());
        self.agent_with(AgentSpec::new(id, can), factory)
    }
    /// An agent of your own with everything that a file may say of one: speed, cost, slots, replicas.
    pub fn agent_with<A: Agent>(mut self, spec: AgentSpec, factory: impl Fn() -> A + 'static) -> Builder {
        let factory: Factory = Rc::new(move || Box::new(factory()) as Box<dyn DynAgent>);
        self.agents.push((spec, Some(factory)));
        self
    }
    /// An agent named `decomposer` that finds ways to goals, and other ways where one failed.
    pub fn decomposer<D: Decomposer>(self, factory: impl Fn() -> D + 'static) -> Builder {
        self.agent("decomposer", move || Decomposing(factory()))
    }
    /// An agent that runs commands and functions, and has no behaviour of its own.
    pub fn agent_spec(mut self, spec: AgentSpec) -> Builder {
        self.agents.push((spec, None));
        self
    }
    /// What coordinators begin with: what they learned in another society ([`Society::memories`]).
    pub fn memories(mut self, memories: Memories) -> Builder {
        self.memories = memories;
        self
    }
    /// Gives some of the agents a supervisor of their own.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use polity::supervision::{Strategy, SupervisorSpec};
    /// let pair = SupervisorSpec::new("pair", ["reader", "writer"]).strategy(Strategy::OneForAll);
    /// let society = |names: [&str; 2]| {
    ///     let builder = Polity::builder().supervisor(pair.clone());
    ///     names.into_iter().fold(builder, |builder, name| builder.agent_spec(AgentSpec::new(name, can("io", 1.0))))
    /// };
    /// polity::run(async {
    ///     assert!(society(["reader", "righter"]).start().err().unwrap().to_string().contains("\"writer\""));
    ///     assert!(society(["reader", "writer"]).start().is_ok());
    /// });
    /// ```
    pub fn supervisor(mut self, group: SupervisorSpec) -> Builder {
        self.groups.push(group);
        self
    }
    /// A function that tasks may name by `fn`.
    pub fn function<F, Fut>(mut self, name: impl Into<Name>, function: F) -> Builder
    where
        F: Fn(Job, Context) -> Fut + 'static,
        Fut: Future<Output = Result<Value, Failure>> + 'static,
    {
        self.functions.register(name, function);
        self
    }
    /// A function that computes or blocks: it runs on a thread of the blocking pool.
    pub fn blocking_function(
        mut self,
        name: impl Into<Name>,
        function: impl Fn(Job) -> Answer + Send + Sync + 'static,
    ) -> Builder {
        self.functions.register_blocking(name, function);
        self
    }
    /// The seed of all randomness; in real time drawn if none is given. In virtual time it is the simulation's.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = Some(seed);
        self
    }
    /// Virtual time: how messages travel.
    pub fn weather(mut self, weather: Weather) -> Builder {
        self.weather = weather;
        self
    }
    /// What shall go wrong on purpose.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let completed = polity::simulate(42, async {
    ///     let faults: Faults = "crash=20s,repair=1s,loss=0.05,delay=10ms".parse().unwrap();
    ///     let agents = ["ann", "bob"].map(|id| AgentSpec::new(id, can("dig", 1.0)));
    ///     let builder = agents.into_iter().fold(Polity::builder().strategy(Market::default()), |b, spec| b.agent_spec(spec));
    ///     let society = builder.faults(faults).start()?;
    ///     let dig = simulated(Simulation::default()).estimate(Duration::from_secs(1)).kind("dig").for_each("range(100)");
    ///     Ok::<_, Failure>(society.run(Workflow::new("w").task("dig", dig)).await?.tally().completed)
    /// });
    /// assert_eq!(completed.unwrap(), 100);
    /// ```
    pub fn faults(mut self, faults: Faults) -> Builder {
        self.faults = faults;
        self
    }
    /// In virtual time a run is given up after so many messages ([`RunError::Stuck`](crate::RunError::Stuck)); none are too many if nobody says. What
    /// fails faster than it is done would go on for ever: [`patience`](crate::patience) is what a run that gets on never needs.
    ///
    /// ```
    /// use polity::prelude::*;
    /// // The agent crashes twenty times a second; the task takes ten.
    /// let ended = polity::simulate(1, async {
    ///     let ann = AgentSpec::new("ann", can("dig", 1.0));
    ///     let society = Polity::builder().agent_spec(ann).faults("crash=20,repair=1ms".parse().unwrap()).most_messages(50_000).start()?;
    ///     let dig = simulated(Simulation::default()).estimate(std::time::Duration::from_secs(10)).kind("dig");
    ///     society.run(Workflow::new("w").task("dig", dig)).await?;
    ///     Ok::<_, Failure>(())
    /// });
    /// assert!(ended.unwrap_err().message.contains("comes to no end"));
    /// ```
    pub fn most_messages(mut self, messages: u64) -> Builder {
        self.most_messages = messages;
        self
    }
    /// With ranks that others have worked out, to be shared with them.
    pub(crate) fn rankings(mut self, rankings: Rankings) -> Builder {
        self.rankings = rankings;
        self
    }
    /// Somebody who knows where what tasks made lies, so that governments are told.
    pub(crate) fn depot(mut self, depot: Rc<dyn Depot>) -> Builder {
        self.depots.push(depot);
        self
    }
    /// Somebody who is told of every event.
    pub fn sink(mut self, sink: impl Sink + 'static) -> Builder {
        self.sinks.push(Box::new(sink));
        self
    }
    /// Starts the society. Call it within [`run`](crate::run) or [`simulate`](crate::simulate).
    ///
    /// # Errors
    /// [`StartError`], if a setting makes no sense, or this thread has a society already.
    pub fn start(self) -> Result<Society, StartError> {
        let government = self.government.map_err(StartError::Setting)?;
        self.weather.check().map_err(|bad| StartError::Setting(bad.to_string()))?;
        for (spec, _) in &self.agents {
            super::launcher::check_spec(spec)?;
        }
        let mut ids = BTreeSet::new();
        if let Some((spec, _)) = self.agents.iter().find(|(spec, _)| !ids.insert(&spec.id)) {
            return Err(StartError::Setting(format!("agent \"{}\" is given twice; give one of them another id", spec.id)));
        }
        super::nursery::check_groups(&self.groups, &self.agents)?;
        check_faults(&self.faults, &self.agents).map_err(StartError::Setting)?;
        match World::here() {
            Some(world) if world.is_over() => world.close(),
            Some(_) => return Err(StartError::Another),
            None => {}
        }
        let world = match simulation() {
            Some(seed) => World::simulated(seed, self.weather),
            None => World::real(self.seed.unwrap_or_else(entropy)),
        };
        world.allow(self.most_messages);
        for sink in self.sinks {
            world.log.add(sink);
        }
        self.depots.into_iter().for_each(|depot| world.depots.add(depot));
        Ok(Society::found(
            world,
            Parts {
                government,
                registry: self.registry,
                agents: self.agents,
                groups: self.groups,
                memories: self.memories,
                faults: self.faults,
                rankings: self.rankings,
                functions: Rc::new(self.functions),
            },
        ))
    }
}

/// Whether faults make sense here.
fn check_faults(faults: &Faults, agents: &[(AgentSpec, Option<Factory>)]) -> Result<(), String> {
    faults.check()?;
    let ids = || agents.iter().map(|(spec, _)| &*spec.id);
    let known =
        |name: &Name| ids().any(|id| *id == **name) || agents.iter().any(|(spec, _)| spec.profiles().any(|p| p.name == *name));
    if let Some(stranger) = faults.names().find(|name| !known(name)) {
        let near = nearest(stranger, ids()).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        return Err(format!("the faults name \"{stranger}\", which is not an agent{near}"));
    }
    match faults.only_virtual() {
        Some(sentence) if simulation().is_none() => Err(sentence),
        _ => Ok(()),
    }
}

/// A seed for runs that ask for none: it is reported with the run, so that the run can be simulated again.
fn entropy() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // RandomState is seeded by the operating system; 32 bits are enough, and are quickly typed.
    u64::from(RandomState::new().build_hasher().finish() as u32)
}
