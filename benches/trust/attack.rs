//! One attack: a society with some dishonest agents, the work that it is given, and who got it.

use polity::event::{COPIES, Event, What};
use polity::faults::{FalseClaims, LowBall, Lying, LyingVoters, Whom};
use polity::prelude::*;
use polity::protocols::Name;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Agents of a society.
pub const AGENTS: usize = 10;
/// Awards that each gets on average.
pub const EACH: usize = 1_000;
/// Awards over which a share is taken.
const WINDOW: usize = 100;
/// Tasks that are open at a time: the honest alone could do them.
const OPEN: u32 = 4;
/// How well an honest agent does the work. The best and the worst are a tenth off.
const HONEST: f64 = 0.7;

/// What the dishonest do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// They claim to be perfect and are 3.5 times slower than the honest.
    FalseClaims,
    /// They are half as fast as the honest, say so, and quote a quarter of their true prices and times.
    LowBalls,
    /// They are as good as the honest, and what they deliver is wrong.
    Lies,
}
impl Attack {
    pub const ALL: [Attack; 3] = [Attack::FalseClaims, Attack::LowBalls, Attack::Lies];

    pub fn name(self) -> &'static str {
        match self {
            Attack::FalseClaims => "false claims",
            Attack::LowBalls => "low balls",
            Attack::Lies => "wrong results",
        }
    }
    fn true_score(self) -> f64 {
        match self {
            Attack::FalseClaims => 0.2,
            Attack::LowBalls => HONEST / 2.0,
            Attack::Lies => HONEST,
        }
    }
    fn faults(self, dishonest: Vec<Name>) -> Faults {
        let whom = Whom::Named(dishonest);
        let none = Faults::default();
        match self {
            Attack::FalseClaims => Faults { false_claims: Some(FalseClaims { score: 1.0, whom }), ..none },
            Attack::LowBalls => Faults { low_ball: Some(LowBall { factor: 0.25, whom }), ..none },
            Attack::Lies => Faults { lying_voters: Some(LyingVoters { how: Lying::Inverted, whom }), ..none },
        }
    }
}

/// A government, and how many do each task.
#[derive(Clone, Copy)]
pub struct Regime {
    pub strategy: &'static str,
    pub copies: u32,
}
impl Regime {
    /// What it is called in the table.
    pub fn title(&self) -> String {
        if self.copies > 1 { format!("{}, {} copies", self.strategy, self.copies) } else { self.strategy.into() }
    }
}

/// What came of it.
pub struct Played {
    /// Of each award, in order: whether a dishonest agent got it.
    pub awards: Vec<bool>,
    /// Tasks whose result is wrong, of how many.
    pub wrong: (usize, usize),
}
impl Played {
    /// The share of awards that went to the dishonest among those from one on, up to another.
    pub fn share(&self, from: usize, to: usize) -> f64 {
        let some = &self.awards[from.min(self.awards.len())..to.min(self.awards.len())];
        some.iter().filter(|dishonest| **dishonest).count() as f64 / some.len().max(1) as f64
    }
    /// The share around the time when each agent had got so many awards on average: over the last fifth before it, at least 50 awards (or all
    /// that there were).
    pub fn share_at(&self, each: usize) -> f64 {
        let to = each * AGENTS;
        self.share(to.saturating_sub((to / 5).max(50)), to)
    }
    /// Awards that each agent had got on average when the share fell under a limit for good: it is under it in the [`WINDOW`] that follow,
    /// and in all that follow together, of which there are ten times as many at least.
    pub fn falls_under(&self, limit: f64) -> Option<f64> {
        let last = self.awards.len().saturating_sub(10 * WINDOW);
        let under = |n: &usize| self.share(*n, n + WINDOW) < limit && self.share(*n, self.awards.len()) < limit;
        // The next one to look at is after an award that went wrong, or the beginning.
        let starts = (0..=last).filter(|n| *n == 0 || self.awards[n - 1]);
        starts.into_iter().find(under).map(|n| n as f64 / AGENTS as f64)
    }
}

/// One society, and 10,000 awards; `truly` if those who would be dishonest tell the truth, for comparison.
pub fn play(regime: Regime, attack: Attack, dishonest: usize, truly: bool, seed: u64) -> Played {
    let events = Rc::new(RefCell::new(Who { dishonest, awards: Vec::new(), wrong: (0, 0) }));
    let tasks = AGENTS * EACH / regime.copies as usize;
    polity::simulate(seed, async {
        let names: Vec<String> =
            (0..AGENTS).map(|n| if n < dishonest { format!("bad{n}") } else { format!("good{n}") }).collect();
        let liars = names[..dishonest].iter().map(|name| name.as_str().into()).collect();
        let faults = if truly { Faults::default() } else { attack.faults(liars) };
        let mut builder = Polity::builder().sink(events.clone()).faults(faults);
        for (n, name) in names.iter().enumerate() {
            let score = if n < dishonest { attack.true_score() } else { HONEST };
            // Good and bad ones are among the faster and the slower alike.
            let spread = 0.9 + 0.2 * ((n * 7 + 4) % AGENTS) as f64 / (AGENTS - 1) as f64;
            builder = builder.agent_spec(AgentSpec { cost: 1.0, ..AgentSpec::new(name.as_str(), can("dig", score * spread)) });
        }
        let society = builder.start().expect("the society is right");
        let government = society.registry().make(regime.strategy, &Value::Null).expect("the strategy is built");
        let work = Simulation { output: Some(json!(true)), ..Simulation::default() };
        let task = simulated(work).estimate(Duration::from_secs(1)).kind("dig").for_each(&format!("range({tasks})"));
        let task = if regime.copies > 1 { task.redundancy(polity::lifecycle::Redundancy::of(regime.copies)) } else { task };
        let open = Limits { max_parallel_tasks: Some(OPEN / regime.copies.min(OPEN - 1)), ..Limits::default() };
        let flow = Workflow::new("trust").limits(open).task("dig", task);
        let run = society.launch(flow, RunOptions::default().strategy(government)).expect("the workflow is right");
        let result = run.join().await.expect("the runtime lives");
        assert_eq!(result.tally().completed as usize, tasks);
    });
    let who = Rc::try_unwrap(events).ok().expect("the society is over").into_inner();
    Played { awards: who.awards, wrong: who.wrong }
}

/// Who got which award; the dishonest have the first numbers.
struct Who {
    dishonest: usize,
    awards: Vec<bool>,
    wrong: (usize, usize),
}
impl polity::event::Sink for Who {
    fn take(&mut self, event: &Event) {
        match &event.what {
            What::Assigned { agent, .. } => self.awards.push((agent.0 as usize) < self.dishonest),
            What::Completed { task, output, .. } if task.instance() < COPIES => {
                self.wrong.0 += usize::from(**output != json!(true));
                self.wrong.1 += 1;
            }
            _ => {}
        }
    }
}
