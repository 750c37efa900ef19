//! The pheromone field: a trail for each kind of work and agent.

use super::proof::Proof;
use crate::{AgentId, Demand, DemandId, Memory, Name, Time};
use core::time::Duration;
use std::collections::BTreeMap;

/// Between which factors the speed of one success is believed, relative to what is usual.
const SPEEDS: (f64, f64) = (0.1, 10.0);
/// How much one success moves what is usual for its kind of work.
const LEARNING: f64 = 0.1;
/// Agents of the latest successes that are remembered per kind.
const LATEST: usize = 8;

/// The laws of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Laws {
    /// The share that evaporates per period, in `[0, 1)`.
    pub decay: f64,
    /// How long a period is; longer than 0.
    pub period: Duration,
    /// A trail that nobody has walked.
    pub initial: f64,
    /// The least trail.
    pub min: f64,
    /// The strongest trail.
    pub max: f64,
}

/// A trail: how strong it was after a number of periods.
#[derive(Clone, Copy, Debug)]
struct Trail {
    value: f64,
    period: u64,
}

/// The trails of one kind of work.
#[derive(Clone, Debug)]
struct Kind {
    name: Name,
    /// By the number of the agent's name.
    trails: Vec<Option<Trail>>,
    /// What agents proved at it, by the number of the agent's name.
    proofs: Vec<Proof>,
    /// Work per second (or without an estimate: jobs per second) of usual successes.
    usual: [Option<f64>; 2],
    /// Who succeeded last, the latest at the end.
    latest: Vec<AgentId>,
}

/// Trails by (kind of work, agent's name). They evaporate by `τ ← (1 − ρ)τ` per period: not step by step, but when they are looked
/// at, by repeated squaring, so that an hour of silence costs what a second costs.
///
/// ```
/// use polity_protocols::{AgentId, Demand, DemandId, Time};
/// use polity_protocols::stigmergic::{Field, Laws};
/// use std::time::Duration;
/// let laws = Laws { decay: 0.1, period: Duration::from_secs(1), initial: 1.0, min: 0.1, max: 100.0 };
/// let (mut field, dig, ann) = (Field::new(laws), Demand::of_kind(DemandId(0), "dig"), AgentId(0));
/// field.begin(Time::ZERO);
/// field.meet(ann, "ann");
/// for second in 1..=50 {
///     field.begin(Time::from_secs_f64(f64::from(second)));
///     field.deposit(&dig, ann, 2.0);
/// }
/// assert!((field.trail(&dig, ann) - 19.902078271060923).abs() < 1e-12, "on its way to d/ρ = 20");
/// ```
#[derive(Clone, Debug)]
pub struct Field {
    laws: Laws,
    /// Periods so far; `None` before the first turn, so that what was restored does not age by the time that was before it.
    period: Option<u64>,
    numbers: BTreeMap<Name, usize>,
    number_of: Vec<Option<usize>>,
    /// By the number of a name: in which period it was met first. Since then the trails that it has not walked evaporate too.
    met: Vec<Option<u64>>,
    kinds: Vec<Kind>,
    kind_by_name: BTreeMap<Name, usize>,
    kind_of: Vec<Option<usize>>,
    /// See [`changes`](Field::changes).
    changes: u64,
}

/// What agents proved at one kind of work.
pub(super) struct Proofs<'a> {
    proofs: &'a [Proof],
    number_of: &'a [Option<usize>],
}

impl Proofs<'_> {
    pub(super) fn of(&self, agent: AgentId) -> Proof {
        let number = self.number_of.get(agent.index()).copied().flatten();
        number.and_then(|number| self.proofs.get(number)).copied().unwrap_or_default()
    }
}

impl Field {
    /// A field without trails.
    pub fn new(laws: Laws) -> Field {
        Field {
            laws,
            period: None,
            numbers: BTreeMap::new(),
            number_of: Vec::new(),
            met: Vec::new(),
            kinds: Vec::new(),
            kind_by_name: BTreeMap::new(),
            kind_of: Vec::new(),
            changes: 0,
        }
    }
    /// Counts up whenever something that an agent proved may have changed, or whose proof is whose.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }
    /// Takes note of the moment.
    pub fn begin(&mut self, now: Time) {
        let nanos = self.laws.period.as_nanos().max(1);
        let periods = u64::try_from((now - Time::ZERO).as_nanos() / nanos).unwrap_or(u64::MAX);
        if self.period.is_none() {
            self.restart(periods);
        }
        self.period = Some(periods.max(self.period.unwrap_or(0)));
    }
    /// What was restored is as old as this turn.
    fn restart(&mut self, periods: u64) {
        for trail in self.kinds.iter_mut().flat_map(|kind| kind.trails.iter_mut().flatten()) {
            trail.period = periods;
        }
        for met in self.met.iter_mut().flatten() {
            *met = periods;
        }
    }
    /// Takes note of an agent's name: who bears a name walks on its trails. O(log n).
    pub fn meet(&mut self, agent: AgentId, name: impl Into<Name>) {
        let number = self.number(name.into());
        if self.number_of.len() <= agent.index() {
            self.number_of.resize(agent.index() + 1, None);
        }
        self.number_of[agent.index()] = Some(number);
        self.changes += 1;
        if self.met.len() <= number {
            self.met.resize(number + 1, None);
        }
        self.met[number].get_or_insert(self.period.unwrap_or(0));
    }
    fn number(&mut self, name: Name) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(name).or_insert(next)
    }
    fn number_of(&self, agent: AgentId) -> Option<usize> {
        self.number_of.get(agent.index()).copied().flatten()
    }
    fn kind(&mut self, demand: &Demand) -> usize {
        let at = demand.id.index();
        if self.kind_of.len() <= at {
            self.kind_of.resize(at + 1, None);
        }
        match self.kind_of[at] {
            Some(kind) => kind,
            None => {
                let kind = self.kind_named(demand.kind.clone());
                self.kind_of[at] = Some(kind);
                kind
            }
        }
    }
    fn kind_named(&mut self, name: Name) -> usize {
        if let Some(kind) = self.kind_by_name.get(&name) {
            return *kind;
        }
        self.kinds.push(Kind {
            name: name.clone(),
            trails: Vec::new(),
            proofs: Vec::new(),
            usual: [None; 2],
            latest: Vec::new(),
        });
        self.kind_by_name.insert(name, self.kinds.len() - 1);
        self.kinds.len() - 1
    }
    fn now(&self) -> u64 {
        self.period.unwrap_or(0)
    }
    fn strength(&self, trail: Trail) -> f64 {
        let value = trail.value * evaporation(self.laws.decay, self.now().saturating_sub(trail.period));
        value.clamp(self.laws.min, self.laws.max)
    }
    /// How strong the agent's trail is on the kind of work that the demand names. O(log periods since its last deposit).
    pub fn trail(&mut self, demand: &Demand, agent: AgentId) -> f64 {
        let kind = self.kind(demand);
        let Some(number) = self.number_of(agent) else { return self.laws.initial };
        let walked = self.kinds[kind].trails.get(number).copied().flatten();
        let met = self.met.get(number).copied().flatten().unwrap_or(0);
        self.strength(walked.unwrap_or(Trail { value: self.laws.initial, period: met }))
    }
    /// Adds to the agent's trail on the kind of work. An agent that was never met leaves none.
    pub fn deposit(&mut self, demand: &Demand, agent: AgentId, amount: f64) {
        let Some(number) = self.number_of(agent) else { return };
        let (kind, period) = (self.kind(demand), self.now());
        let amount = if amount.is_finite() { amount.max(0.0) } else { 0.0 };
        let value = (self.trail(demand, agent) + amount).min(self.laws.max);
        self.put(kind, number, Trail { value, period });
        let latest = &mut self.kinds[kind].latest;
        latest.retain(|other| *other != agent);
        latest.push(agent);
        if latest.len() > LATEST {
            latest.remove(0);
        }
    }
    fn put(&mut self, kind: usize, number: usize, trail: Trail) {
        let trails = &mut self.kinds[kind].trails;
        if trails.len() <= number {
            trails.resize(number + 1, None);
        }
        trails[number] = Some(trail);
    }
    /// What the agent proved at the kind of work that the demand names.
    pub fn proof(&mut self, demand: &Demand, agent: AgentId) -> Proof {
        self.proofs(demand).of(agent)
    }
    /// The same of all agents.
    pub(super) fn proofs(&mut self, demand: &Demand) -> Proofs<'_> {
        let kind = self.kind(demand);
        Proofs { proofs: &self.kinds[kind].proofs, number_of: &self.number_of }
    }
    /// A job of the agent ended: see [`Proof::add`]. An agent that was never met proves nothing.
    pub fn prove(&mut self, demand: &Demand, agent: AgentId, declared: f64, took: Duration, quality: f64) {
        let (kind, decay) = (self.kind(demand), self.laws.decay);
        if let Some(number) = self.number_of(agent) {
            self.proof_of(kind, number).add(declared, took, quality, decay);
        }
    }
    /// The result of a job that counted as done well proved to be of this quality: see [`Proof::judged`]. The same share of a usual `deposit`
    /// is taken from the trail again. Of a demand that was never met nothing is known.
    pub fn judge(&mut self, demand: DemandId, agent: AgentId, quality: f64, deposit: f64) {
        let kind = self.kind_of.get(demand.index()).copied().flatten();
        let (Some(kind), Some(number)) = (kind, self.number_of(agent)) else { return };
        self.proof_of(kind, number).judged(quality);
        if let Some(trail) = self.kinds[kind].trails.get(number).copied().flatten() {
            let lost = deposit * if quality.is_nan() { 1.0 } else { 1.0 - quality.clamp(0.0, 1.0) };
            let value = (self.strength(trail) - lost).max(self.laws.min);
            self.put(kind, number, Trail { value, period: self.now() });
        }
    }
    fn proof_of(&mut self, kind: usize, number: usize) -> &mut Proof {
        self.changes += 1;
        let proofs = &mut self.kinds[kind].proofs;
        if proofs.len() <= number {
            proofs.resize(number + 1, Proof::default());
        }
        &mut proofs[number]
    }
    /// Who succeeded last at this kind of work, the latest first: where trails are fresh.
    pub fn latest(&mut self, demand: &Demand) -> impl Iterator<Item = AgentId> + '_ {
        let kind = self.kind(demand);
        self.kinds[kind].latest.iter().rev().copied()
    }
    /// How fast a success was, relative to what is usual for its kind of work: 1 for the first. With an estimate of its work by work
    /// per second, without one by jobs per second; so it has no unit, and a trail tells of skill and not of how long tasks are.
    pub fn speed(&mut self, demand: &Demand, work: f64, took: Duration) -> f64 {
        let took = took.as_secs_f64();
        let sized = work > 0.0 && work.is_finite();
        let rate = if sized { work } else { 1.0 } / took;
        let kind = self.kind(demand);
        let usual = &mut self.kinds[kind].usual[usize::from(sized)];
        if !rate.is_finite() {
            return if usual.is_some() { SPEEDS.1 } else { 1.0 };
        }
        let before = usual.unwrap_or(rate);
        let speed = (rate / before).clamp(SPEEDS.0, SPEEDS.1);
        *usual = Some(before * (1.0 + LEARNING * (speed - 1.0)));
        speed
    }
    /// The agent's trails: how many, and the strongest.
    pub fn trails_of(&self, agent: AgentId) -> (usize, f64) {
        let Some(number) = self.number_of(agent) else { return (0, self.laws.initial) };
        let own = self.kinds.iter().filter_map(|kind| kind.trails.get(number).copied().flatten());
        own.fold((0, self.laws.min), |(count, most), trail| (count + 1, self.strength(trail).max(most)))
    }
    /// All trails, and what was proven, by the names of kind and agent: `trail/analysis/ann`, `proof/analysis/ann`.
    pub fn save(&self) -> Memory {
        let names: Vec<&Name> = {
            let mut pairs: Vec<(&usize, &Name)> = self.numbers.iter().map(|(name, number)| (number, name)).collect();
            pairs.sort_unstable();
            pairs.into_iter().map(|(_, name)| name).collect()
        };
        let mut memory = Memory::default();
        for kind in &self.kinds {
            let walked = kind.trails.iter().enumerate().filter_map(|(number, trail)| trail.map(|trail| (number, trail)));
            for (number, trail) in walked {
                memory.set(format!("trail/{}/{}", escape(&kind.name), names[number]), [self.strength(trail)]);
            }
            for (number, proof) in kind.proofs.iter().enumerate().filter(|(_, proof)| **proof != Proof::default()) {
                memory.set(format!("proof/{}/{}", escape(&kind.name), names[number]), proof.numbers());
            }
        }
        memory
    }
    /// Takes up saved trails, which go on evaporating from the next turn on, and proofs. What is neither is ignored.
    pub fn restore(&mut self, memory: &Memory) {
        for (key, numbers) in memory.iter() {
            let proven = key.strip_prefix("proof/").and_then(|rest| rest.split_once('/'));
            if let (Some((kind, agent)), Some(proof)) = (proven, Proof::read(numbers)) {
                let (kind, number) = (self.kind_named(unescape(kind).into()), self.number(agent.into()));
                *self.proof_of(kind, number) = proof;
            }
            let trail = key.strip_prefix("trail/").and_then(|rest| rest.split_once('/'));
            let (Some((kind, agent)), [value]) = (trail, numbers) else { continue };
            if value.is_finite() && *value >= 0.0 {
                let (kind, number) = (self.kind_named(unescape(kind).into()), self.number(agent.into()));
                let value = value.clamp(self.laws.min, self.laws.max);
                self.put(kind, number, Trail { value, period: self.now() });
            }
        }
    }
}

/// A kind's name as one part of a key.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}
fn unescape(part: &str) -> String {
    part.replace("%2F", "/").replace("%25", "%")
}

/// What is left of 1 after so many periods: `(1 − decay)^periods`, by repeated squaring. O(log periods).
///
/// ```
/// use polity_protocols::stigmergic::evaporation;
/// assert_eq!(evaporation(0.1, 2), 0.9 * 0.9);
/// assert_eq!(evaporation(0.0, u64::MAX), 1.0);
/// ```
pub fn evaporation(decay: f64, periods: u64) -> f64 {
    let (mut left, mut base, mut exponent) = (1.0, 1.0 - decay, periods);
    while exponent > 0 && left > 0.0 {
        if exponent & 1 == 1 {
            left *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    left
}
