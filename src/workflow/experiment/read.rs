//! From a text to an experiment that fits together.

use super::grammar::EXPERIMENT;
use crate::files;
use crate::laboratory::sweep::{Condition, Given, Level, MEASURES, Measure, Parts, condition};
use crate::laboratory::{Arm, MOST_TRIES};
use crate::registry::Registry;
use crate::report::is_folder_name;
use crate::workflow::grammar::Kind;
use crate::workflow::policies;
use crate::workflow::problem::{Problem, Span, WorkflowErrors};
use crate::workflow::shape::Shape;
use crate::workflow::yaml::{self, Node};
use crate::workflow::{Known, Strategy};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Tries of a cell, if nobody says.
const REPEAT: u32 = 30;

/// One reading of one text.
pub(super) struct Reading<'a> {
    pub(super) known: &'a Known,
    pub(super) folder: PathBuf,
    pub(super) problems: Vec<Problem>,
    pub(super) files: Vec<Arc<Given>>,
}

/// Reads an experiment's file.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn load(path: &Path, known: &Known) -> Result<Parts, WorkflowErrors> {
    let unreadable = |why: String| {
        let problem = Problem::new(Span::default(), why);
        WorkflowErrors::new(&path.display().to_string(), "", vec![problem])
    };
    let bytes =
        files::read(path, yaml::MAX_FILE as u64).map_err(|error| unreadable(format!("the file can't be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("the file is not UTF-8 text".into()))?;
    parse(&text, Some(path), known)
}

/// Reads an experiment's text; files are sought from the folder that `path` is in.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn parse(text: &str, path: Option<&Path>, known: &Known) -> Result<Parts, WorkflowErrors> {
    let origin = path.map_or_else(|| "experiment".into(), |p| p.display().to_string());
    let fail = |problems| WorkflowErrors::new(&origin, text, problems);
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = yaml::read(plain).map_err(|p| fail(vec![p]))?;
    if root.is_null() {
        let problem = Problem::new(Span::default(), "the file is empty");
        return Err(fail(vec![problem.help("an experiment needs `name`, `workload` and `strategies`")]));
    }
    let mut shape = Shape { source: plain, problems: Vec::new() };
    shape.check(&root, &Kind::Record(&EXPERIMENT), "");
    if !shape.problems.is_empty() && root.get("tasks").is_some() {
        let problem = Problem::new(root.span, "this is a workflow, and no experiment");
        return Err(fail(vec![problem.help("name it in an experiment: workload: { file: … }; or see polity compare")]));
    }
    let folder = path.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
    let mut reading = Reading { known, folder, problems: shape.problems, files: Vec::new() };
    let parts = reading.experiment(&root, text);
    match parts.filter(|_| reading.problems.is_empty()) {
        Some(parts) => Ok(parts),
        None => Err(fail(reading.problems)),
    }
}

impl Reading<'_> {
    fn experiment(&mut self, root: &Node, text: &str) -> Option<Parts> {
        let name = self.name(root);
        let base = self.base(root);
        let factors = self.factors(root);
        let arms = self.arms(root);
        let measures = self.measures(root);
        let repeat = root.get("repeat").and_then(Node::whole).and_then(|n| u32::try_from(n).ok()).unwrap_or(REPEAT);
        let stop = root.get("stop");
        let precision = stop.and_then(|node| node.get("precision"));
        let precision = precision.and_then(|node| node.number().or_else(|| policies::fraction(node.text()?)));
        let (factors, arms) = (factors?, arms?);
        self.together(root, &base, &factors);
        self.tries(root, &factors, arms.len(), repeat);
        Some(Parts {
            name: name?,
            text: text.into(),
            base,
            factors,
            arms,
            repeat,
            first: root.get("first_seed").and_then(Node::whole).unwrap_or(1),
            measures,
            after: stop.and_then(|node| policies::duration(node.get("after"))),
            precision,
            files: std::mem::take(&mut self.files),
        })
    }
    fn name(&mut self, root: &Node) -> Option<String> {
        let node = root.get("name")?;
        let name = node.text().filter(|name| !name.trim().is_empty())?;
        if !is_folder_name(name) {
            let problem =
                Problem::new(node.span, format!("{} can't be the name of a folder, which results are kept in", node.given()));
            self.problems.push(problem.help("a name has 1 to 128 of A-Z a-z 0-9 . _ -, and does not begin with a dot"));
            return None;
        }
        Some(name.to_owned())
    }
    fn base(&mut self, root: &Node) -> Condition {
        let keys = ["workload", "agents", "noise", "faults", "bandwidth", "latency", "arrivals"];
        let levels: Vec<Level> = keys.iter().filter_map(|key| self.level(key, root.get(key)?)).collect();
        let retry = root.get("retry").filter(|node| node.map().is_some()).map(|node| policies::retry(node, None));
        Condition { retry: retry.map(Arc::new), ..Condition::default() }.with(levels.iter())
    }
    fn arms(&mut self, root: &Node) -> Option<Vec<Arm>> {
        let before = self.problems.len();
        let standard = Registry::standard();
        let registry = self.known.registry.as_ref().unwrap_or(&standard);
        let names: Vec<polity_protocols::Name> = registry.names().map(Into::into).collect();
        let mut arms: Vec<Arm> = Vec::new();
        for node in root.get("strategies").and_then(Node::list)? {
            let Some(Strategy { name, settings }) = policies::strategy(node) else { continue };
            if let Some(problem) = policies::unknown_strategy(&name, &names) {
                self.problems.push(Problem { span: node.span, ..problem });
                continue;
            }
            let arm = Arm::with(&name, settings);
            if let Err(why) = registry.make(&name, &arm.strategy.settings) {
                self.problems.push(Problem::new(node.span, why));
            } else if arm.is_empty() {
                let problem = Problem::new(node.span, "pinned carries out a plan, and none is given");
                self.problems.push(problem.help("write it as { pinned: { pins: [{ task: 0, agent: ann }] } }, or take heft"));
            } else if arms.contains(&arm) {
                let problem = Problem::new(node.span, format!("`strategies` names {} twice", arm.name));
                self.problems.push(problem.help("leave one of them off"));
            }
            arms.push(arm);
        }
        (before == self.problems.len()).then_some(arms)
    }
    fn measures(&mut self, root: &Node) -> Vec<Measure> {
        let Some(node) = root.get("measure").filter(|node| node.list().is_some()) else { return MEASURES.to_vec() };
        let mut chosen: Vec<Measure> = Vec::new();
        for item in node.list().unwrap_or_default() {
            let Some(measure) = MEASURES.iter().find(|measure| item.text() == Some(measure.name)) else { continue };
            if chosen.iter().any(|other| other.name == measure.name) {
                let problem = Problem::new(item.span, format!("`measure` names {} twice", measure.name));
                self.problems.push(problem.help("leave one of them off"));
            }
            chosen.push(*measure);
        }
        if node.list().is_some_and(<[_]>::is_empty) {
            self.problems.push(Problem::new(node.span, "`measure` is an empty list").help("leave it off to write all there is"));
        }
        chosen
    }
    /// Every condition makes sense; what is wrong with the first that doesn't is told.
    fn together(&mut self, root: &Node, base: &Condition, factors: &[Vec<Vec<Level>>]) {
        if !self.problems.is_empty() {
            return;
        }
        let conditions: u64 = factors.iter().map(|steps| steps.len() as u64).product();
        for index in 0..conditions {
            let one = condition(base, factors, index);
            if let Err((why, help)) = one.check() {
                let message = if conditions > 1 { format!("{why} (with {})", described(&one)) } else { why };
                let span = root.get("workload").map_or(root.span, |node| node.span);
                return self.problems.push(Problem::new(span, message).help(help));
            }
            if let Some(stranger) = one.stranger() {
                let span = root.get("faults").or(root.get("vary")).map_or(root.span, |node| node.span);
                let problem = Problem::new(span, format!("the faults name \"{stranger}\", which is not an agent"));
                return self
                    .problems
                    .push(problem.help("the agents of a graph are agent_1, agent_2, …; those of a workflow stand in its file"));
            }
        }
    }
    fn tries(&mut self, root: &Node, factors: &[Vec<Vec<Level>>], arms: usize, repeat: u32) {
        let conditions: u64 = factors.iter().map(|steps| steps.len() as u64).product();
        let cells = conditions * arms as u64; // at most MOST_CELLS
        let tries = cells * u64::from(repeat);
        if tries > MOST_TRIES {
            let span = root.get("repeat").map_or(root.span, |node| node.span);
            let message = format!("{cells} cells × {repeat} are {tries} tries, but an experiment has at most {MOST_TRIES}");
            self.problems.push(Problem::new(span, message).help("repeat or vary less"));
        }
    }
}

/// A condition by its columns that say something.
fn described(condition: &Condition) -> String {
    let all = Condition::COLUMNS.iter().zip(condition.columns());
    let said: Vec<String> = all.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name} {value}")).collect();
    said.join(", ")
}
