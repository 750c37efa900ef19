//! Verbs by which a program makes things go wrong in its society, and right again.

use super::Society;
use crate::faults::Crashes;
use crate::workflow::text::nearest;
use crate::world::Held;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Name};

/// What may be held back: all that an agent says and is told, or what one agent tells another.
///
/// ```
/// use polity::Hold;
/// assert_eq!(Hold::from("ann"), Hold::Agent("ann".into()));
/// assert_eq!(Hold::from(("ann", "bob")), Hold::Link("ann".into(), "bob".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// All that this agent says and is told: talk, jobs, answers, letters. An id stands for all its replicas.
    Agent(Name),
    /// The letters that the first agent sends to the second.
    Link(Name, Name),
}
impl From<&str> for Hold {
    fn from(agent: &str) -> Hold {
        Hold::Agent(agent.into())
    }
}
impl From<(&str, &str)> for Hold {
    fn from((from, to): (&str, &str)) -> Hold {
        Hold::Link(from.into(), to.into())
    }
}

/// These work in virtual time and live. Each is an event ([`What::Disturbed`](crate::event::What::Disturbed)), and `polity show` tells of
/// them.
impl Society {
    /// Has an agent crash: its jobs are lost (and go elsewhere, or wait for it), and it is down for as long as the society's `faults.crash`
    /// say, or 1 s. Nothing is held against it: no restart is counted, and no job is blamed. One that is dead already is left alone.
    ///
    /// # Errors
    /// If nobody is called so.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let took = polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start()?;
    ///     let dig = simulated(Simulation::default()).estimate(Duration::from_secs(10)).kind("dig");
    ///     let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default())?;
    ///     society.sleep(Duration::from_secs(4)).await;
    ///     society.crash("ann")?;
    ///     run.join().await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert_eq!(took.unwrap(), 15.0); // 4 s for nothing, 1 s down, 10 s of work
    /// ```
    pub fn crash(&self, agent: &str) -> Result<(), Failure> {
        let crash = self.world.trouble.planned().and_then(|faults| faults.crash.as_ref());
        let repair = crash.map_or(Crashes::default().repair, |crash| crash.repair);
        self.begin_turn();
        self.agents_called(agent)?.into_iter().for_each(|agent| self.world.crash(agent, repair));
        Ok(())
    }
    /// Restarts an agent in order: it takes no more jobs, ends those that run (for as long as its `drain` allows), and begins a new life.
    /// Those that waited at it go elsewhere.
    ///
    /// # Errors
    /// If nobody is called so.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let took = polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start()?;
    ///     let dig = || simulated(Simulation::default()).estimate(Duration::from_secs(10)).kind("dig");
    ///     let run = society.launch(Workflow::new("w").task("a", dig()).task("b", dig()), RunOptions::default())?;
    ///     society.sleep(Duration::from_secs(4)).await;
    ///     society.bounce("ann")?;
    ///     run.join().await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert!((20.0..20.1).contains(&took.unwrap())); // nothing was lost
    /// ```
    pub fn bounce(&self, agent: &str) -> Result<(), Failure> {
        self.begin_turn();
        self.agents_called(agent)?.into_iter().for_each(|agent| self.world.bounce(agent));
        Ok(())
    }
    /// Cuts some agents off from all others, and from whoever coordinates them, until [`repair`](Society::repair). What is said across the cut
    /// is lost; jobs and answers wait for its end. Among themselves they are not cut off.
    ///
    /// # Errors
    /// If nobody is called so.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let took = polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start()?;
    ///     let dig = simulated(Simulation::default()).estimate(Duration::from_secs(10)).kind("dig");
    ///     let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default())?;
    ///     society.sleep(Duration::from_secs(1)).await;
    ///     society.partition(["ann"])?;
    ///     society.sleep(Duration::from_secs(30)).await; // it was done after 10 s, and nobody heard of it
    ///     society.repair();
    ///     run.join().await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert_eq!(took.unwrap(), 31.0);
    /// ```
    pub fn partition<N: AsRef<str>>(&self, agents: impl IntoIterator<Item = N>) -> Result<(), Failure> {
        let mut all = Vec::new();
        for agent in agents {
            all.extend(self.agents_called(agent.as_ref())?);
        }
        self.begin_turn();
        self.world.cut(all, "until it is repaired");
        Ok(())
    }
    /// Holds mail back, in order, until it is [released](Society::release) or all is [repaired](Society::repair): all that an agent says and is
    /// told (`"ann"`), or the letters from one agent to another (`("ann", "bob")`). Nothing is lost.
    ///
    /// # Errors
    /// If nobody is called so.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let took = polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start()?;
    ///     society.hold("ann")?;
    ///     let dig = simulated(Simulation::default()).estimate(Duration::from_secs(10)).kind("dig");
    ///     let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default())?;
    ///     society.sleep(Duration::from_secs(5)).await;
    ///     society.release("ann")?;
    ///     run.join().await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert_eq!(took.unwrap(), 15.0); // its job reached it after 5 s
    /// ```
    pub fn hold(&self, what: impl Into<Hold>) -> Result<(), Failure> {
        self.begin_turn();
        self.held(what.into())?.into_iter().for_each(|held| self.world.hold(held));
        Ok(())
    }
    /// Lets mail go that was [held back](Society::hold), in order.
    ///
    /// # Errors
    /// If nobody is called so.
    ///
    /// ```
    /// use polity::prelude::*;
    /// polity::simulate(1, async {
    ///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start()?;
    ///     society.hold("ann")?;
    ///     let why = society.release("an").unwrap_err().to_string();
    ///     assert!(why.contains("no agent is called \"an\"; did you mean \"ann\"?"), "{why}");
    ///     society.release("ann")
    /// }).unwrap();
    /// ```
    pub fn release(&self, what: impl Into<Hold>) -> Result<(), Failure> {
        self.begin_turn();
        self.held(what.into())?.into_iter().for_each(|held| self.world.release(held));
        Ok(())
    }
    /// Makes everything right again: partitions end, mail that was held back is let go, who is down comes back, jobs that hang go on; and
    /// nothing that was planned goes wrong any more. Only liars go on lying.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use std::time::Duration;
    /// let took = polity::simulate(1, async {
    ///     let builder = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0)));
    ///     let society = builder.faults("hang=1".parse().unwrap()).start()?; // every job hangs
    ///     let dig = simulated(Simulation::default()).estimate(Duration::from_secs(10)).kind("dig");
    ///     let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default())?;
    ///     society.sleep(Duration::from_secs(5)).await;
    ///     society.repair();
    ///     run.join().await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert_eq!(took.unwrap(), 15.0);
    /// ```
    pub fn repair(&self) {
        self.begin_turn();
        self.world.repair();
    }

    /// A program is in no turn of an actor: what it does happens now.
    fn begin_turn(&self) {
        self.world.tick();
    }
    fn held(&self, what: Hold) -> Result<Vec<Held>, Failure> {
        Ok(match what {
            Hold::Agent(agent) => self.agents_called(&agent)?.into_iter().map(Held::Agent).collect(),
            Hold::Link(from, to) => {
                let (from, to) = (self.agents_called(&from)?, self.agents_called(&to)?);
                from.iter().flat_map(|one| to.iter().map(|two| Held::Link(*one, *two))).collect()
            }
        })
    }
    /// Everybody of this name, or of the group that is called so.
    fn agents_called(&self, name: &str) -> Result<Vec<AgentId>, Failure> {
        let roster = self.world.directory.roster();
        let called = roster.iter().zip(0..).filter(|(profile, _)| *profile.name == *name || *profile.group == *name);
        let all: Vec<AgentId> = called.map(|(_, n)| AgentId(n)).collect();
        if !all.is_empty() {
            return Ok(all);
        }
        let near = nearest(name, roster.iter().flat_map(|profile| [&*profile.name, &*profile.group]));
        let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        Err(Failure::new(FailureKind::Validation, format!("no agent is called \"{name}\"{hint}")))
    }
}
