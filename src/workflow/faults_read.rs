//! `faults` of a tree of the right shape.

use super::draft::DraftFaults;
use super::policies::duration;
use super::problem::{Problem, Span};
use super::yaml::Node;
use crate::faults::{
    Crashes, Failing, FalseClaims, Faults, Hangs, LowBall, Lying, LyingVoters, Partition, Slowness, TalkFaults, Whom,
};
use polity_protocols::{Delay, Name};

/// Reads it, and what doesn't go together. What isn't given stays at its default.
pub(in crate::workflow) fn faults(node: &Node, problems: &mut Vec<Problem>) -> DraftFaults {
    let mut reading = Reading { problems, names: Vec::new() };
    let value = reading.faults(node);
    if let Err(why) = value.check() {
        reading.problems.push(Problem::new(node.span, why));
    }
    DraftFaults { value, names: reading.names }
}

/// A number in 0..=1; what is not was reported by the shape check.
fn fraction(node: Option<&Node>) -> Option<f64> {
    node?.number().filter(|n| (0.0..=1.0).contains(n))
}

struct Reading<'a> {
    problems: &'a mut Vec<Problem>,
    /// Every agent that is named, with its place.
    names: Vec<(Name, Span)>,
}

impl Reading<'_> {
    fn faults(&mut self, node: &Node) -> Faults {
        let usual = TalkFaults::default();
        let share = |key| fraction(node.get(key));
        let talk = TalkFaults {
            delay: node.get("delay").and_then(|n| self.delay(n)).unwrap_or(usual.delay),
            loss: share("loss").unwrap_or(usual.loss),
            repeat: share("repeat").unwrap_or(usual.repeat),
            reorder: share("reorder").unwrap_or(usual.reorder),
            window: duration(node.get("reorder_window")).unwrap_or(usual.window),
        };
        Faults {
            crash: node.get("crash").map(|n| self.crash(n)),
            fail: node.get("fail").map(|n| self.fail(n)).unwrap_or_default(),
            hang: node.get("hang").map(|n| self.hang(n)),
            slow: node.get("slow").map(|n| self.slow(n)),
            talk,
            partitions: node
                .get("partitions")
                .and_then(Node::list)
                .unwrap_or_default()
                .iter()
                .map(|n| self.partition(n))
                .collect(),
            low_ball: node
                .get("low_ball")
                .map(|n| LowBall { factor: fraction(n.get("factor")).unwrap_or(0.5), whom: self.some(n, "low_ball") }),
            lying_voters: node.get("lying_voters").map(|n| {
                let how = if n.get("how").and_then(Node::text) == Some("random") { Lying::Random } else { Lying::Inverted };
                LyingVoters { how, whom: self.some(n, "lying_voters") }
            }),
            false_claims: node
                .get("false_claims")
                .map(|n| FalseClaims { score: fraction(n.get("score")).unwrap_or(1.0), whom: self.some(n, "false_claims") }),
        }
    }
    /// A duration is the mean time between two crashes.
    fn crash(&mut self, node: &Node) -> Crashes {
        let usual = Crashes::default();
        if node.map().is_none() {
            return Crashes { mtbf: duration(Some(node)).unwrap_or(usual.mtbf), ..usual };
        }
        let mtbf = duration(node.get("mtbf")).unwrap_or(usual.mtbf);
        Crashes { mtbf, repair: duration(node.get("repair")).unwrap_or(usual.repair), whom: self.whom(node, "crash") }
    }
    /// A number is the chance of everybody; a list tells of several groups.
    fn fail(&mut self, node: &Node) -> Vec<Failing> {
        match node.list() {
            Some(several) => several.iter().map(|one| self.fail_one(one)).collect(),
            None => vec![self.fail_one(node)],
        }
    }
    fn fail_one(&mut self, node: &Node) -> Failing {
        if node.map().is_none() {
            return Failing { chance: fraction(Some(node)).unwrap_or(0.0), whom: Whom::All };
        }
        Failing { chance: fraction(node.get("chance")).unwrap_or(0.0), whom: self.whom(node, "fail") }
    }
    /// A number is the chance.
    fn hang(&mut self, node: &Node) -> Hangs {
        let usual = Hangs::default();
        if node.map().is_none() {
            return Hangs { chance: fraction(Some(node)).unwrap_or(usual.chance), ..usual };
        }
        let chance = fraction(node.get("chance")).unwrap_or(usual.chance);
        Hangs { chance, lasting: duration(node.get("lasting")).unwrap_or(usual.lasting), whom: self.whom(node, "hang") }
    }
    fn slow(&mut self, node: &Node) -> Slowness {
        let usual = Slowness::default();
        Slowness {
            factor: node.get("factor").and_then(Node::number).filter(|n| *n >= 1.0).unwrap_or(usual.factor),
            whom: self.whom(node, "slow"),
            at: duration(node.get("at")).unwrap_or(usual.at),
            lasting: duration(node.get("lasting")),
        }
    }
    fn delay(&mut self, node: &Node) -> Option<Delay> {
        if node.map().is_none() {
            return duration(Some(node)).map(Delay::Constant);
        }
        let mut entries = node.entries();
        let (Some((name, _, value)), None) = (entries.next(), entries.next()) else {
            self.problems.push(Problem::new(node.span, "`delay` is a duration, or exactly one of uniform and exponential"));
            return None;
        };
        if name == "exponential" {
            return duration(Some(value)).map(|mean| Delay::Exponential { mean });
        }
        let pair = value.list().filter(|all| all.len() == 2);
        let found = pair.and_then(|all| Some((duration(all.first())?, duration(all.last())?))).filter(|(low, high)| low <= high);
        if found.is_none() {
            self.problems.push(Problem::new(value.span, "`uniform` takes two durations, the shorter first: [1ms, 20ms]"));
        }
        found.map(|(low, high)| Delay::Uniform { low, high })
    }
    fn partition(&mut self, node: &Node) -> Partition {
        Partition {
            agents: self.named(node),
            at: duration(node.get("at")).unwrap_or_default(),
            lasting: duration(node.get("lasting")).unwrap_or_default(),
        }
    }
    fn named(&mut self, node: &Node) -> Vec<Name> {
        let nodes = node.get("agents").and_then(Node::list).unwrap_or_default();
        let names: Vec<(Name, Span)> = nodes.iter().filter_map(|n| Some((n.text()?.into(), n.span))).collect();
        self.names.extend(names.iter().cloned());
        names.into_iter().map(|(name, _)| name).collect()
    }
    /// All, unless `share` or `agents` says who.
    fn whom(&mut self, node: &Node, key: &str) -> Whom {
        match (node.get("share"), node.get("agents")) {
            (Some(_), Some(agents)) => {
                let message = format!("`{key}` says twice whom it is about: by `share` and by `agents`");
                self.problems.push(Problem::new(agents.span, message).help("keep one of them"));
                Whom::All
            }
            (Some(share), None) => Whom::Share(fraction(Some(share)).unwrap_or(0.0)),
            (None, Some(_)) => Whom::Named(self.named(node)),
            (None, None) => Whom::All,
        }
    }
    /// As [`whom`](Reading::whom), where all would make no sense unsaid.
    fn some(&mut self, node: &Node, key: &str) -> Whom {
        if node.get("share").is_none() && node.get("agents").is_none() {
            let problem = Problem::new(node.span, format!("`{key}` does not say whom it is about"));
            self.problems.push(problem.help("add `share: 0.2`, or `agents: [ann, bob]`"));
        }
        self.whom(node, key)
    }
}
