//! One value of something that may be varied. A value of the wrong kind was reported by the shape check and is passed over here.

use super::grammar::MOST_ARRIVALS;
use super::read::Reading;
use crate::laboratory::sweep::{Comings, Crew, Drawn, Given, GraphSeed, Level, Workload};
use crate::laboratory::{Population, Subject, speeds};
use crate::workflow::problem::Problem;
use crate::workflow::yaml::Node;
use crate::workflow::{faults_read, policies};
use crate::workloads::{Amount, Arrivals, Distribution, Shape};
use serde_json::Value;
use std::sync::Arc;

/// Agents of a graph, until something else is said.
const FOR_NOW: usize = 8;

impl Reading<'_> {
    /// The value of a key.
    pub(super) fn level(&mut self, key: &str, node: &Node) -> Option<Level> {
        match key {
            "workload" => self.workload(node).map(Level::Workload),
            "shape" => self.shape(node).map(Level::Shape),
            "work" => self.work(node).map(Level::Work),
            "agents" => self.crew(node).map(Level::Agents),
            "noise" => node.number().map(Level::Noise),
            "faults" => self.faults(node),
            "bandwidth" => node.number().map(Level::Bandwidth),
            "latency" => policies::duration(Some(node)).map(Level::Latency),
            "arrivals" => self.arrivals(node).map(Level::Arrivals),
            _ => None,
        }
    }
    fn workload(&mut self, node: &Node) -> Option<Workload> {
        if node.text().is_some() {
            return Some(Workload { file: Some(self.file(node, None)?), ..Workload::default() });
        }
        node.map()?;
        let before = self.problems.len();
        let inputs = node.get("inputs");
        if let Some(inputs) = inputs.filter(|_| node.get("file").is_none()) {
            let problem = Problem::new(inputs.span, "a graph that is made up has no inputs; they are for workflows");
            self.problems.push(problem.help("leave `inputs` off, or name the `file` of a workflow"));
        }
        let workload = Workload {
            file: node.get("file").and_then(|n| self.file(n, inputs)),
            shape: node.get("shape").and_then(|n| self.shape(n)),
            work: node.get("work").and_then(|n| self.work(n)),
            seed: node.get("seed").and_then(|n| match n.text() {
                Some(_) => Some(GraphSeed::Each),
                None => n.whole().map(GraphSeed::Fixed),
            }),
            bytes: node.get("bytes").and_then(|n| self.bytes(n)),
        };
        (before == self.problems.len()).then_some(workload)
    }
    fn bytes(&mut self, node: &Node) -> Option<core::ops::RangeInclusive<u64>> {
        let numbers: Vec<u64> = node.list()?.iter().filter_map(Node::whole).collect();
        match numbers[..] {
            [low, high] if low <= high => Some(low..=high),
            _ => {
                let problem =
                    Problem::new(node.span, "`bytes` takes the fewest and the most bytes of an edge, the smaller first");
                self.problems.push(problem.help("write [0, 1000000]"));
                None
            }
        }
    }
    fn shape(&mut self, node: &Node) -> Option<Shape> {
        self.said(node, str::parse::<Shape>)
    }
    fn work(&mut self, node: &Node) -> Option<Drawn> {
        let text = node.text()?.trim().into();
        self.said(node, str::parse::<Distribution>).map(|work| Drawn { text, work })
    }
    /// What a text says.
    fn said<T, E: ToString>(&mut self, node: &Node, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let text = node.text().filter(|text| !text.trim().is_empty())?;
        read(text).map_err(|why| self.problems.push(Problem::new(node.span, why.to_string()))).ok()
    }
    fn faults(&mut self, node: &Node) -> Option<Level> {
        if node.text().is_some() {
            let faults = self.said(node, str::parse::<crate::faults::Faults>)?;
            return Some(Level::Faults(node.text()?.trim().into(), Arc::new(faults)));
        }
        node.map()?;
        let read = faults_read::faults(node, &mut self.problems);
        Some(Level::Faults(node.json().to_string().into(), Arc::new(read.value)))
    }
    /// A file is read once with the same inputs, however often it is named.
    fn file(&mut self, node: &Node, inputs: Option<&Node>) -> Option<Arc<Given>> {
        let name = node.text().filter(|text| !text.trim().is_empty())?;
        let entries = inputs.into_iter().flat_map(Node::entries);
        let inputs: Vec<(String, Value)> = entries.map(|(key, _, node)| (key.to_owned(), node.json())).collect();
        let shown = if inputs.is_empty() { name.to_owned() } else { format!("{name} {}", said(&inputs)) };
        if let Some(read) = self.files.iter().find(|given| given.shown == shown) {
            return Some(read.clone());
        }
        let path = self.folder.join(name);
        let inputs: Vec<_> = inputs.into_iter().map(|(name, value)| (name, value.into())).collect();
        match Subject::read_with(&path, self.known, &speeds(FOR_NOW), &inputs) {
            Ok(subject) => {
                let given = Arc::new(Given { shown, subject });
                self.files.push(given.clone());
                Some(given)
            }
            Err(why) => {
                // A workflow has several problems; each is a sentence with its own place.
                let problem = Problem::new(node.span, why.to_string().replace('\n', "; "));
                let is_found = path.exists();
                let help = "workloads are sought from the folder of the experiment's file";
                self.problems.push(if is_found { problem } else { problem.help(help) });
                None
            }
        }
    }
    fn crew(&mut self, node: &Node) -> Option<Crew> {
        if let Some(items) = node.list() {
            if items.is_empty() {
                let problem = Problem::new(node.span, "`agents` is an empty list, and somebody has to do it");
                self.problems.push(problem.help("give the speed of each, such as [1, 0.5], or how many there are"));
            }
            let speeds: Option<Vec<f64>> = items.iter().map(Node::number).collect();
            return speeds.filter(|speeds| !speeds.is_empty()).map(|speeds| Crew::Speeds(speeds.into()));
        }
        if node.map().is_none() {
            return node.whole().and_then(|n| usize::try_from(n).ok()).map(Crew::Count);
        }
        let before = self.problems.len();
        let usual = Population::of(node.get("count").and_then(Node::whole)? as usize);
        let population = Population {
            speed: self.amount(node.get("speed")).unwrap_or(usual.speed),
            cost: self.amount(node.get("cost")),
            slots: self.amount(node.get("slots")).unwrap_or(usual.slots),
            fit: self.amount(node.get("fit")).unwrap_or(usual.fit),
            reliability: self.amount(node.get("reliability")).unwrap_or(usual.reliability),
            seed: node.get("seed").and_then(Node::whole).unwrap_or(usual.seed),
            count: usual.count,
        };
        if before != self.problems.len() {
            return None;
        }
        if let Err(why) = population.check() {
            self.problems.push(Problem::new(node.span, why.to_string()));
            return None;
        }
        let each = node.get("seed").is_some_and(|seed| seed.text().is_some());
        Some(Crew::Drawn { text: node.json().to_string().into(), population: Arc::new(population), each })
    }
    /// A number, or what it is drawn from.
    fn amount(&mut self, node: Option<&Node>) -> Option<Amount> {
        let node = node?;
        match node.number() {
            Some(number) => Amount::constant(number).ok(), // a number below 0 was reported by the shape check
            None => self.said(node, str::parse::<Amount>),
        }
    }
    fn arrivals(&mut self, node: &Node) -> Option<Comings> {
        let pattern = node.get("pattern")?;
        let arrivals = self.said(pattern, str::parse::<Arrivals>)?;
        let given = node.get("count").and_then(Node::whole);
        if given.is_some_and(|n| n > MOST_ARRIVALS) {
            return None; // was reported by the shape check
        }
        let count = given.and_then(|n| usize::try_from(n).ok()).or(arrivals.count());
        let Some(count) = count else {
            let problem = Problem::new(pattern.span, "these arrivals go on for ever, and nobody says how many there are");
            self.problems.push(problem.help("add how many workflows arrive: `count: 20`"));
            return None;
        };
        if let Err(why) = arrivals.moments(count, 0) {
            self.problems.push(Problem::new(node.span, why.to_string()));
            return None;
        }
        Some(Comings { text: format!("{count} of {arrivals}").into(), arrivals, count })
    }
}

/// Inputs in one line: `{n: 3, name: "x"}`.
fn said(inputs: &[(String, Value)]) -> String {
    let all: Vec<String> = inputs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", all.join(", "))
}
