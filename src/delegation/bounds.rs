//! Whether work may be handed on: depth, numbers, circles, and who may to whom.

use crate::workflow::Delegation;
use core::cell::Cell;
use polity_protocols::Name;
use std::rc::Rc;

/// One level of handing on: which task it was, by the hash of all that it works on, and who handed it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The task's name.
    pub task: Name,
    /// The hash of its kind and its input.
    pub content: String,
    /// Who handed it on; none if the workflow itself says so.
    pub agent: Option<Name>,
}

/// Where a run stands below others, and what is shared by all runs below the same root.
///
/// ```
/// use polity::delegation::{Lineage, Request};
/// use polity::workflow::Delegation;
/// let root = Lineage::root(&Delegation { max_depth: 1, ..Delegation::default() });
/// let request = Request { task: "plan", content: "1f", agent: None, tasks: 3, agents: 0, team: None };
/// let below = root.below(&root.admit(&request).unwrap(), &Delegation::default());
/// assert!(below.admit(&Request { content: "2f", ..request }).unwrap_err().contains("delegation.max_depth"));
/// ```
#[derive(Clone, Debug)]
pub struct Lineage {
    bounds: Rc<Delegation>,
    chain: Rc<Vec<Chain>>,
    shared: Rc<Shared>,
}
/// What all runs below the same root have used together.
#[derive(Debug, Default)]
struct Shared {
    tasks: Cell<u32>,
    agents: Cell<u32>,
}

/// Work that is to be handed on.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The task.
    pub task: &'a str,
    /// The hash of its kind and its input.
    pub content: &'a str,
    /// Who hands it on; none if the workflow itself says so.
    pub agent: Option<&'a Name>,
    /// Tasks of the sub-run.
    pub tasks: usize,
    /// Sub-agents that are to be made for it.
    pub agents: u32,
    /// To whom; the run's own team if none.
    pub team: Option<&'a [Name]>,
}

/// Leave to hand on.
#[derive(Clone, Debug)]
pub struct Leave {
    /// To whom; the run's own team if none.
    pub team: Option<Vec<Name>>,
    link: Chain,
    agents: u32,
}

impl Lineage {
    /// A run with none above it.
    pub fn root(bounds: &Delegation) -> Lineage {
        Lineage { bounds: Rc::new(bounds.clone()), chain: Rc::default(), shared: Rc::default() }
    }
    /// The bounds that hold here.
    pub fn bounds(&self) -> &Delegation {
        &self.bounds
    }
    /// Times that the work of this run was handed on: 0 for a root.
    pub fn depth(&self) -> u32 {
        self.chain.len() as u32
    }
    /// A sub-run that the workflow itself names: it has the same depth, and bounds that are no wider.
    pub fn beside(&self, own: &Delegation) -> Lineage {
        Lineage { bounds: Rc::new(self.narrowed(own, self.depth())), ..self.clone() }
    }
    /// A sub-run that was handed on.
    pub fn below(&self, leave: &Leave, own: &Delegation) -> Lineage {
        let mut chain = (*self.chain).clone();
        chain.push(leave.link.clone());
        Lineage { bounds: Rc::new(self.narrowed(own, self.depth() + 1)), chain: Rc::new(chain), shared: self.shared.clone() }
    }
    /// The sub-agents of a sub-run are gone.
    pub fn agents_left(&self, agents: u32) {
        self.shared.agents.set(self.shared.agents.get().saturating_sub(agents));
    }
    /// The bounds of a sub-run at this depth. One that says nothing has those above it.
    fn narrowed(&self, own: &Delegation, depth: u32) -> Delegation {
        let above = &*self.bounds;
        if *own == Delegation::default() {
            return above.clone();
        }
        Delegation {
            max_depth: above.max_depth.min(depth.saturating_add(own.max_depth)),
            max_tasks: above.max_tasks.min(own.max_tasks),
            max_total: above.max_total.min(own.max_total),
            max_agents: above.max_agents.min(own.max_agents),
            may: if above.may.is_empty() { own.may.clone() } else { above.may.clone() },
            converge: own.converge.clone().or_else(|| above.converge.clone()),
            ..own.clone()
        }
    }

    /// Whether work may be handed on; if so, it counts. O(depth).
    ///
    /// # Errors
    /// Why not, as a sentence that names the bound.
    pub fn admit(&self, request: &Request<'_>) -> Result<Leave, String> {
        let (bounds, task) = (&*self.bounds, request.task);
        if self.depth() >= bounds.max_depth {
            let all = self.path(task);
            return Err(format!(
                "it would be handed on for the {} time: {all}; the limit is {} (delegation.max_depth)",
                ordinal(self.depth() + 1),
                bounds.max_depth
            ));
        }
        if let Some(same) = self.chain.iter().find(|link| link.content == request.content) {
            let all = self.path(task);
            return Err(format!(
                "\"{task}\" asks for the same as \"{}\" above it: {all}; work must not be handed on in a circle",
                same.task
            ));
        }
        let tasks = u32::try_from(request.tasks).unwrap_or(u32::MAX);
        if tasks > bounds.max_tasks {
            return Err(format!("it has {tasks} parts, the limit is {} (delegation.max_tasks)", bounds.max_tasks));
        }
        let total = self.shared.tasks.get().saturating_add(tasks);
        if total > bounds.max_total {
            return Err(format!(
                "all sub-runs together would have {total} tasks, the limit is {} (delegation.max_total)",
                bounds.max_total
            ));
        }
        let agents = self.shared.agents.get().saturating_add(request.agents);
        if agents > bounds.max_agents {
            return Err(format!(
                "there would be {agents} sub-agents at a time, the limit is {} (delegation.max_agents)",
                bounds.max_agents
            ));
        }
        let team = self.allowed(request)?;
        self.shared.tasks.set(total);
        self.shared.agents.set(agents);
        let link = Chain { task: task.into(), content: request.content.into(), agent: request.agent.cloned() };
        Ok(Leave { team, link, agents: request.agents })
    }
    /// To whom it goes.
    fn allowed(&self, request: &Request<'_>) -> Result<Option<Vec<Name>>, String> {
        let wanted = request.team.map(<[Name]>::to_vec);
        let Some(agent) = request.agent.filter(|_| !self.bounds.may.is_empty()) else { return Ok(wanted) };
        let Some(allowed) = self.bounds.may.get(agent) else {
            return Err(format!("agent \"{agent}\" may not delegate: it has no entry in delegation.may"));
        };
        // Sub-agents of its own are nobody else's.
        if request.agents > 0 {
            return Ok(None);
        }
        match wanted.iter().flatten().find(|whom| !allowed.contains(whom)) {
            Some(whom) => {
                Err(format!("agent \"{agent}\" may not delegate to \"{whom}\", only to {} (delegation.may)", allowed.join(", ")))
            }
            None => Ok(Some(wanted.unwrap_or_else(|| allowed.clone()))),
        }
    }
    /// `plan → plan → plan`
    fn path(&self, task: &str) -> String {
        let names: Vec<&str> = self.chain.iter().map(|link| &*link.task).chain([task]).collect();
        names.join(" → ")
    }
}
impl Leave {
    /// Sub-agents that are made for it.
    pub fn agents(&self) -> u32 {
        self.agents
    }
}

fn ordinal(n: u32) -> String {
    match (n % 10, n % 100) {
        (1, h) if h != 11 => format!("{n}st"),
        (2, h) if h != 12 => format!("{n}nd"),
        (3, h) if h != 13 => format!("{n}rd"),
        _ => format!("{n}th"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request<'a>(content: &'a str, tasks: usize, agents: u32) -> Request<'a> {
        Request { task: "t", content, agent: None, tasks, agents, team: None }
    }

    proptest! {
        /// However work is handed on, no bound is passed; and up to the bounds it may be.
        #[test]
        fn no_bound_is_passed_and_each_can_be_reached(
            max_depth in 0u32..5, max_tasks in 1u32..6, max_total in 1u32..20, max_agents in 0u32..6,
            asks in prop::collection::vec((0usize..8, 1usize..8, 0u32..4, 0u8..4), 1..40),
        ) {
            let bounds = Delegation { max_depth, max_tasks, max_total, max_agents, ..Delegation::default() };
            let mut runs = vec![Lineage::root(&bounds)];
            let (mut total, mut there) = (0, 0);
            for (at, tasks, agents, content) in asks {
                let run = runs[at % runs.len()].clone();
                let content = content.to_string();
                let circle = run.chain.iter().any(|link| link.content == content);
                let fits = run.depth() < max_depth && !circle && tasks as u32 <= max_tasks
                    && total + tasks as u32 <= max_total && there + agents <= max_agents;
                let leave = run.admit(&request(&content, tasks, agents));
                prop_assert_eq!(leave.is_ok(), fits);
                if let Ok(leave) = leave {
                    total += tasks as u32;
                    there += agents;
                    runs.push(run.below(&leave, &Delegation::default()));
                    if content == "3" {
                        run.agents_left(agents);
                        there -= agents;
                    }
                }
            }
            prop_assert!(runs.iter().all(|run| run.depth() <= max_depth));
        }
    }

    #[test]
    fn a_sub_run_can_narrow_bounds_and_not_widen_them() {
        let root = Lineage::root(&Delegation { max_depth: 2, max_tasks: 10, ..Delegation::default() });
        let leave = root.admit(&request("a", 1, 0)).unwrap();
        let wide = root.below(&leave, &Delegation { max_depth: 9, max_tasks: 99, ..Delegation::default() });
        assert_eq!((wide.bounds().max_depth, wide.bounds().max_tasks), (2, 10));
        let narrow = root.below(&leave, &Delegation { max_depth: 0, max_tasks: 1, ..Delegation::default() });
        assert_eq!((narrow.bounds().max_depth, narrow.bounds().max_tasks), (1, 1));
        assert!(narrow.admit(&request("b", 1, 0)).unwrap_err().contains("2nd time: t → t"));
    }

    #[test]
    fn who_may_delegate_to_whom_is_obeyed() {
        let may = [("boss".into(), vec!["ann".into(), "bob".into()])].into();
        let root = Lineage::root(&Delegation { may, ..Delegation::default() });
        let (boss, ann, ann_only, eve) = (Name::from("boss"), Name::from("ann"), [Name::from("ann")], [Name::from("eve")]);
        let by = |agent, team| Request { agent: Some(agent), team, ..request("a", 1, 0) };
        assert_eq!(root.admit(&by(&boss, None)).unwrap().team, Some(vec!["ann".into(), "bob".into()]));
        assert_eq!(root.admit(&by(&boss, Some(&ann_only))).unwrap().team, Some(vec!["ann".into()]));
        assert!(root.admit(&by(&boss, Some(&eve))).unwrap_err().contains("only to ann, bob"));
        assert!(root.admit(&by(&ann, None)).unwrap_err().contains("may not delegate"));
        assert_eq!(root.admit(&request("a", 1, 0)).unwrap().team, None, "the workflow itself may");
    }
}
