//! Under what a try is made, but for its strategy and its seed.

use crate::faults::Faults;
use crate::laboratory::{Population, Subject, speeds};
use crate::lifecycle::RetryPolicy;
use crate::workloads::{Arrivals, Distribution, Draws, Shape, TaskGraph, WorkloadError};
use core::ops::RangeInclusive;
use core::time::Duration;
use polity_protocols::{Name, Rng};
use std::sync::Arc;

/// Agents of a graph, if nobody says how many.
const AGENTS: usize = 8;

/// A workload that was read from a file.
#[derive(Debug)]
pub(crate) struct Given {
    /// As the experiment calls it.
    pub(crate) shown: String,
    pub(crate) subject: Subject,
}

/// How long tasks take, and how the experiment says it.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) text: Arc<str>,
    pub(crate) work: Distribution,
}

/// What a made-up graph is drawn by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GraphSeed {
    Fixed(u64),
    /// The seed of each try.
    Each,
}

/// What `workload` says; something of it may be varied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    pub(crate) file: Option<Arc<Given>>,
    pub(crate) shape: Option<Shape>,
    pub(crate) work: Option<Drawn>,
    pub(crate) seed: Option<GraphSeed>,
    pub(crate) bytes: Option<RangeInclusive<u64>>,
}

/// Who carries it out.
#[derive(Clone, Debug)]
pub(crate) enum Crew {
    Count(usize),
    Speeds(Arc<[f64]>),
    /// Drawn, by the seed of the population, or by that of each try.
    Drawn {
        text: Arc<str>,
        population: Arc<Population>,
        each: bool,
    },
}

/// When the workload comes, if it comes several times.
#[derive(Clone, Debug)]
pub(crate) struct Comings {
    pub(crate) text: Arc<str>,
    pub(crate) arrivals: Arrivals,
    pub(crate) count: usize,
}

/// A value of something that is varied.
#[derive(Clone, Debug)]
pub(crate) enum Level {
    Workload(Workload),
    Shape(Shape),
    Work(Drawn),
    Agents(Crew),
    Noise(f64),
    Faults(Arc<str>, Arc<Faults>),
    Bandwidth(f64),
    Latency(Duration),
    Arrivals(Comings),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    pub(crate) workload: Workload,
    pub(crate) agents: Option<Crew>,
    pub(crate) noise: f64,
    pub(crate) faults: Option<(Arc<str>, Arc<Faults>)>,
    pub(crate) bandwidth: Option<f64>,
    pub(crate) latency: Option<Duration>,
    pub(crate) arrivals: Option<Comings>,
    /// For the tasks of a graph; it is the same in all conditions.
    pub(crate) retry: Option<Arc<RetryPolicy>>,
}

/// Seconds, speeds, bytes: as Rust writes them, which reads back as the same.
fn speeds_text(speeds: &[f64]) -> String {
    let all: Vec<String> = speeds.iter().map(ToString::to_string).collect();
    format!("[{}]", all.join(" "))
}

impl Condition {
    /// With some values in the place of what it said.
    pub(crate) fn with<'a>(&self, levels: impl Iterator<Item = &'a Level> + Clone) -> Condition {
        let mut made = self.clone();
        // A shape changes whichever workload is chosen.
        let workload = levels.clone().find_map(|level| if let Level::Workload(w) = level { Some(w) } else { None });
        workload.into_iter().for_each(|workload| made.workload = workload.clone());
        for level in levels {
            match level {
                Level::Workload(_) => {}
                Level::Shape(shape) => made.workload.shape = Some(*shape),
                Level::Work(work) => made.workload.work = Some(work.clone()),
                Level::Agents(crew) => made.agents = Some(crew.clone()),
                Level::Noise(sigma) => made.noise = *sigma,
                Level::Faults(text, faults) => made.faults = Some((text.clone(), faults.clone())),
                Level::Bandwidth(bandwidth) => made.bandwidth = Some(*bandwidth),
                Level::Latency(latency) => made.latency = Some(*latency),
                Level::Arrivals(comings) => made.arrivals = Some(comings.clone()),
            }
        }
        made
    }
    /// What doesn't go together, and the remedy.
    pub(crate) fn check(&self) -> Result<(), (String, &'static str)> {
        let Workload { file, shape, work, seed, bytes } = &self.workload;
        match (file, shape, work) {
            (Some(_), None, None) if seed.is_none() && bytes.is_none() => {}
            (Some(given), ..) => {
                let wrong = format!("the workload is the file {}, which has its own shape, work and bytes", given.shown);
                return Err((wrong, "keep either `file`, or `shape` with `work`, `seed` and `bytes`"));
            }
            (None, Some(_), Some(_)) => {}
            (None, None, None) => {
                return Err((
                    "an experiment needs a workload".into(),
                    "write workload: { file: flow.yaml }, or a `shape` with its `work`",
                ));
            }
            (None, None, Some(_)) => {
                return Err((
                    "the workload has `work` and no `shape`".into(),
                    "add one like layered(layers 10, width 20, density 0.2)",
                ));
            }
            (None, Some(_), None) => {
                return Err(("the workload has a `shape` and no `work`".into(), "add one like lognormal(mean 10s, sigma 0.5)"));
            }
        }
        let travels = self.bandwidth.is_some() || self.latency.is_some();
        if self.arrivals.is_some() && travels && *seed == Some(GraphSeed::Each) {
            return Err((
                "each workflow that arrives has another graph, and a bandwidth or a latency is for one".into(),
                "give the workload a fixed `seed`, or leave `bandwidth` and `latency` off",
            ));
        }
        let brings = |given: &&Arc<Given>| given.subject.brings_agents();
        let weightless = match file {
            Some(given) => given.subject.graph().total_bytes() == 0,
            None => bytes.as_ref().is_none_or(|bytes| *bytes.end() == 0),
        };
        if travels && weightless && file.as_ref().filter(brings).is_none() {
            let changes = "has no bytes, so that a bandwidth or a latency changes nothing";
            return Err(match file {
                Some(given) => (format!("{} {changes}", given.shown), "leave `bandwidth` and `latency` off"),
                None => (format!("the workload's graph {changes}"), "give the workload `bytes: [0, 1000000]`, or leave them off"),
            });
        }
        let Some(given) = file.as_ref().filter(brings) else { return Ok(()) };
        let kinds = given.subject.agents().len();
        match &self.agents {
            _ if travels => Err((
                format!("{} is a polity workflow, which tells of no bytes", given.shown),
                "leave `bandwidth` and `latency` off",
            )),
            _ if self.retry.is_some() => Err((
                format!("{} is a polity workflow, whose tasks say themselves whether they are tried again", given.shown),
                "write `retry` there, for all tasks under `defaults`, and leave it off here",
            )),
            Some(Crew::Speeds(_) | Crew::Drawn { .. }) => Err((
                format!("{} is a polity workflow, whose agents have their own speeds", given.shown),
                "give how many agents there are, or leave `agents` off",
            )),
            Some(Crew::Count(n)) if *n < kinds => Err((
                format!("{} has {kinds} kinds of agents, but there would be {n} in all", given.shown),
                "give at least as many agents",
            )),
            _ => Ok(()),
        }
    }
    /// Speeds that look like sizes: whoever varies the team writes just that under `vary`.
    pub(crate) fn sizes_as_speeds(&self) -> Option<String> {
        let Some(Crew::Speeds(speeds)) = &self.agents else { return None };
        let is_size = |speed: &f64| *speed >= 2.0 && speed.fract() == 0.0;
        let differ = speeds.windows(2).all(|pair| pair[0] < pair[1]);
        (speeds.len() > 1 && differ && speeds.iter().all(is_size)).then(|| {
            let (text, count) = (speeds_text(speeds), speeds.len());
            format!("`agents: {text}` are {count} agents of these speeds; teams of these sizes would stand under `vary`")
        })
    }
    /// An agent that its faults name and that there is not.
    pub(crate) fn stranger(&self) -> Option<Name> {
        let (_, faults) = self.faults.as_ref()?;
        let mut names = faults.names().peekable();
        names.peek()?;
        let subject = self.subject(1).ok()?; // what can't be made is told when it is tried
        let is_known =
            |name: &Name| subject.agents().iter().any(|spec| spec.id == *name || spec.profiles().any(|p| p.name == *name));
        names.find(|name| !is_known(name)).cloned()
    }
    /// What is tried under it. `seed` is the try's, for what differs with it.
    pub(crate) fn subject(&self, seed: u64) -> Result<Subject, WorkloadError> {
        let subject = match (&self.workload.file, &self.agents) {
            (Some(given), None) => given.subject.clone(),
            (Some(given), Some(Crew::Count(n))) => given.subject.clone().with_agents(*n)?,
            (Some(given), Some(crew)) => staffed(given.subject.graph().clone(), crew, seed)?,
            (None, crew) => staffed(self.graph(seed)?, crew.as_ref().unwrap_or(&Crew::Count(AGENTS)), seed)?,
        };
        let subject = self.arriving(subject, seed)?;
        let subject = self.bandwidth.into_iter().try_fold(subject, Subject::with_bandwidth)?;
        let subject = self.latency.into_iter().try_fold(subject, Subject::with_latency)?.with_noise(self.noise)?;
        let subject = match &self.retry {
            Some(retry) => subject.with_retry(retry)?,
            None => subject,
        };
        match &self.faults {
            Some((_, faults)) => subject.with_faults((**faults).clone()),
            None => Ok(subject),
        }
    }
    /// Those that arrive later have graphs of their own where each try has.
    fn arriving(&self, subject: Subject, seed: u64) -> Result<Subject, WorkloadError> {
        let Some(comings) = &self.arrivals else { return Ok(subject) };
        let subject = subject.with_arrivals(comings.arrivals.clone(), comings.count)?;
        if self.workload.file.is_some() || self.seed() != GraphSeed::Each {
            return Ok(subject);
        }
        let others: Result<Vec<_>, _> = (1..comings.count as u64).map(|n| self.graph(Rng::derive(seed, n))).collect();
        subject.with_others(others?)
    }
    fn graph(&self, seed: u64) -> Result<TaskGraph, WorkloadError> {
        let Workload { shape: Some(shape), work: Some(Drawn { work, .. }), bytes, .. } = &self.workload else {
            return Err(WorkloadError::new("an experiment needs a workload; give a `file`, or a `shape` with its `work`"));
        };
        let seed = match self.seed() {
            GraphSeed::Fixed(fixed) => fixed,
            GraphSeed::Each => seed,
        };
        shape.graph(&Draws::new(work.clone(), seed).bytes(bytes.clone().unwrap_or(0..=0)))
    }
    fn seed(&self) -> GraphSeed {
        self.workload.seed.unwrap_or(GraphSeed::Fixed(1))
    }
    /// True if each try has another graph, or other agents.
    pub(crate) fn is_redrawn(&self) -> bool {
        let agents = matches!(self.agents, Some(Crew::Drawn { each: true, .. }));
        agents || (self.workload.file.is_none() && self.seed() == GraphSeed::Each)
    }

    /// The heads of [`Condition::columns`].
    pub(crate) const COLUMNS: [&'static str; 9] =
        ["workload", "work", "graph_seed", "agents", "noise", "faults", "bandwidth", "latency", "arrivals"];
    /// Itself in words and figures; empty is what nobody said.
    pub(crate) fn columns(&self) -> [String; 9] {
        let Workload { file, shape, work, .. } = &self.workload;
        let shaped = || shape.map_or_else(String::new, |shape| shape.to_string());
        let seed = || match self.seed() {
            GraphSeed::Fixed(seed) => seed.to_string(),
            GraphSeed::Each => "each".into(),
        };
        let agents = match (&self.agents, file) {
            (Some(Crew::Count(n)), _) => n.to_string(),
            (Some(Crew::Speeds(speeds)), _) => speeds_text(speeds),
            (Some(Crew::Drawn { text, .. }), _) => text.to_string(),
            (None, Some(given)) => given.subject.size().to_string(),
            (None, None) => AGENTS.to_string(),
        };
        [
            file.as_ref().map_or_else(shaped, |given| given.shown.clone()),
            work.as_ref().map_or_else(String::new, |drawn| drawn.text.to_string()),
            if file.is_some() { String::new() } else { seed() },
            agents,
            self.noise.to_string(),
            self.faults.as_ref().map_or_else(String::new, |(text, _)| text.to_string()),
            self.bandwidth.map_or_else(String::new, |bandwidth| bandwidth.to_string()),
            self.latency.map_or_else(String::new, |latency| format!("{}s", latency.as_secs_f64())),
            self.arrivals.as_ref().map_or_else(String::new, |comings| comings.text.to_string()),
        ]
    }
}

/// A graph with agents.
fn staffed(graph: TaskGraph, crew: &Crew, seed: u64) -> Result<Subject, WorkloadError> {
    match crew {
        Crew::Count(n) => Subject::of_graph(graph, &speeds(*n)),
        Crew::Speeds(speeds) => Subject::of_graph(graph, speeds),
        Crew::Drawn { population, each: false, .. } => Subject::of_population(graph, population),
        Crew::Drawn { population, each: true, .. } => {
            Subject::of_population(graph, &Population { seed, ..(**population).clone() })
        }
    }
}
