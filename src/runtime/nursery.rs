//! Who is supervised by whom: the agents, each alone or in a group with a supervisor of its own.

use super::StartError;
use crate::actors::{Blueprint, Child, Door, Factory, Orphan, PoolPlan, Ward, is_lodger};
use crate::supervision::{ChildSpec, Intensity, Strategy, Supervision, SupervisorSpec};
use crate::world::World;
use polity_agents::{AgentSpec, Functions};
use polity_protocols::{AgentId, Name, Profile};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The children of the agents' supervisor that are supervisors are numbered from here on; agents by their own numbers.
const GROUPS: u64 = 1 << 32;
/// A supervisor ends when its children have, and each of them has its own bound.
pub(super) const PATIENCE: Duration = Duration::from_secs(3_600);

/// All agents that a society ever had, and how they are grouped. Shared, so that a supervisor that is born again finds them.
#[derive(Clone, Default)]
pub(super) struct Nursery {
    blueprints: Rc<RefCell<Vec<Rc<Blueprint>>>>,
    groups: Rc<RefCell<Vec<Rc<SupervisorSpec>>>>,
    /// Sub-agents that were ever made, by their descriptions.
    lodgers: Rc<RefCell<Vec<Lodger>>>,
}

/// Sub-agents of one description.
#[derive(Clone)]
struct Lodger {
    spec: AgentSpec,
    group: Name,
    blueprints: Vec<Rc<Blueprint>>,
    /// Those that have not moved out.
    inside: usize,
}
/// Sub-agents that move in.
pub(super) struct Lodgers {
    /// The id that they share: `helper@3`.
    pub(super) group: Name,
    pub(super) agents: Vec<(AgentId, Name)>,
    pub(super) children: Vec<Orphan>,
}

impl Nursery {
    /// The profiles, by number.
    pub(super) fn profiles(&self) -> Vec<Arc<Profile>> {
        self.blueprints.borrow().iter().map(|blueprint| blueprint.profile.clone()).collect()
    }
    /// The slots of all together.
    pub(super) fn slots(&self) -> u64 {
        self.blueprints.borrow().iter().map(|blueprint| u64::from(blueprint.profile.slots)).sum()
    }
    /// True if somebody is called so, alone or with replicas.
    pub(super) fn knows(&self, id: &Name) -> bool {
        self.blueprints.borrow().iter().any(|blueprint| blueprint.profile.group == *id)
    }
    /// True if an agent is called so, or is a replica of one that is.
    pub(super) fn has_named(&self, id: &Name) -> bool {
        self.blueprints.borrow().iter().any(|blueprint| blueprint.profile.group == *id || blueprint.profile.name == *id)
    }
    /// The group of this name.
    pub(super) fn group(&self, id: &Name) -> Option<Rc<SupervisorSpec>> {
        self.groups.borrow().iter().find(|group| group.id == *id).cloned()
    }
    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups.borrow().len()
    }
    /// How many agents there are: the next one's number.
    pub(super) fn len(&self) -> usize {
        self.blueprints.borrow().len()
    }
    /// Plans all replicas of an agent.
    pub(super) fn draft(&self, world: &World, functions: &Rc<Functions>, spec: &AgentSpec, factory: Option<Factory>) {
        let pool = spec.elastic.map(|elastic| Rc::new(PoolPlan::new(spec, elastic)));
        pool.iter().for_each(|pool| world.directory.enter_pool(pool.clone()));
        for (n, profile) in (0..).zip(spec.profiles()) {
            let mut all = self.blueprints.borrow_mut();
            let id = AgentId(all.len() as u32);
            let (part, shown) = world.trouble.cast(world.seed(), id, profile);
            let profile = Arc::new(shown);
            world.directory.expect_agent(profile.clone(), spec.drain);
            let inbox = world.boxes.furnish(profile.clone());
            if n >= spec.replicas {
                world.directory.strike_off(id); // until its pool grows
            }
            let blueprint = Rc::new(Blueprint {
                id,
                profile,
                queue: spec.queue,
                behaviour: spec.behaviour.clone(),
                functions: functions.clone(),
                drain: spec.drain,
                factory: factory.clone(),
                child: u64::from(id.0),
                pool: pool.clone(),
                inbox,
                part,
            });
            pool.iter().for_each(|pool| pool.admit(&blueprint));
            all.push(blueprint);
        }
    }
    /// Makes sub-agents, under names that nobody else has. Those of the same description that have moved out and are gone come back: so
    /// that who delegates a million times does not make a million agents.
    pub(super) fn lodge(&self, world: &World, functions: &Rc<Functions>, spec: &AgentSpec) -> Lodgers {
        let mut all = self.lodgers.borrow_mut();
        let is_gone = |lodger: &Lodger| lodger.inside == 0 && lodger.blueprints.iter().all(|b| !world.directory.is_alive(b.id));
        let at = match all.iter().position(|lodger| lodger.spec == *spec && is_gone(lodger)) {
            Some(at) => at,
            None => {
                let group: Name = format!("{}@{}", spec.id, all.len() + 1).into();
                let first = self.len();
                self.draft(world, functions, &AgentSpec { id: group.clone(), ..spec.clone() }, None);
                let blueprints = self.blueprints.borrow()[first..].to_vec();
                all.push(Lodger { spec: spec.clone(), group, blueprints, inside: 0 });
                all.len() - 1
            }
        };
        let lodger = &mut all[at];
        lodger.inside = lodger.blueprints.len();
        let children = lodger.blueprints.iter().map(|b| (b.child_spec(), Child::Agent(b.clone()))).collect();
        let agents = lodger.blueprints.iter().map(|b| (b.id, b.profile.name.clone())).collect();
        Lodgers { group: lodger.group.clone(), agents, children }
    }
    /// A sub-agent is not needed any more.
    pub(super) fn moves_out(&self, agent: AgentId) {
        for lodger in self.lodgers.borrow_mut().iter_mut().filter(|l| l.blueprints.iter().any(|b| b.id == agent)) {
            lodger.inside = lodger.inside.saturating_sub(1);
        }
    }
    /// Gives agents that are planned and not yet born a supervisor of their own.
    pub(super) fn bind(&self, group: SupervisorSpec) {
        self.groups.borrow_mut().push(Rc::new(group));
    }
    /// The agents' supervisor.
    pub(super) fn ward(&self) -> Ward {
        let nursery = self.clone();
        let found = move |world: &World| {
            let children = nursery.children(world, 0, 0);
            // Each child has a limit of its own; the pooled one only bounds them together. (See ARCHITECTURE.md.)
            let restarts = Intensity::AGENTS.restarts.saturating_add(1).saturating_mul(children.len().max(1) as u32);
            let intensity = Intensity { restarts, ..Intensity::AGENTS };
            (Supervision::new(Strategy::OneForOne, intensity), children)
        };
        Ward { name: "agents".into(), door: Door::Agents, found: Box::new(found) }
    }
    /// What stands below the agents' supervisor: whoever has no other, and the groups; from these numbers on.
    pub(super) fn children(&self, world: &World, first_agent: usize, first_group: usize) -> Vec<Orphan> {
        let groups = self.groups.borrow();
        let grouped = |blueprint: &Blueprint| groups.iter().any(|group| group.agents.contains(&blueprint.profile.group));
        let all = self.blueprints.borrow();
        let stays = |blueprint: &Blueprint| blueprint.pool.is_none() && !is_lodger(&blueprint.profile);
        let lives = |blueprint: &Blueprint| stays(blueprint) || world.directory.is_expected(blueprint.id);
        let alone = all.iter().skip(first_agent).filter(|blueprint| lives(blueprint) && !grouped(blueprint));
        let alone = alone.map(|blueprint| (blueprint.child_spec(), Child::Agent(blueprint.clone())));
        let wards = groups.iter().enumerate().skip(first_group).map(|(n, group)| {
            let spec = ChildSpec::permanent(GROUPS + n as u64).shutdown(PATIENCE).within(Intensity::AGENTS);
            (spec, Child::Supervisor(Rc::new(self.group_ward(n as u32, group.clone()))))
        });
        alone.chain(wards).collect()
    }
    fn group_ward(&self, number: u32, group: Rc<SupervisorSpec>) -> Ward {
        let (nursery, name) = (self.clone(), group.id.clone());
        let found = move |_: &World| (Supervision::new(group.strategy, group.intensity), nursery.members(&group));
        Ward { name, door: Door::Group(number), found: Box::new(found) }
    }
    /// The agents of a group, in the order of its list.
    fn members(&self, group: &SupervisorSpec) -> Vec<Orphan> {
        let all = self.blueprints.borrow();
        let of = |id: &Name| all.iter().filter(move |blueprint| blueprint.profile.group == *id).collect::<Vec<_>>();
        let spec = |blueprint: &Blueprint| ChildSpec { restart: group.restart, limit: None, ..blueprint.child_spec() };
        group.agents.iter().flat_map(of).map(|blueprint| (spec(blueprint), Child::Agent(blueprint.clone()))).collect()
    }
}

/// Whether the groups of a society that is to be founded make sense.
pub(super) fn check_groups(groups: &[SupervisorSpec], agents: &[(AgentSpec, Option<Factory>)]) -> Result<(), StartError> {
    let known: Vec<&Name> = agents.iter().map(|(spec, _)| &spec.id).collect();
    match SupervisorSpec::first_problem(groups, |id| known.contains(&id)) {
        Some(problem) => Err(StartError::Setting(problem.sentence)),
        None => Ok(()),
    }
}
