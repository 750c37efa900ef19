//! The graphs that nobody here wrote, the agents of the models, and what others made of them. `POLITY_DATA` names their folder.

use polity::laboratory::Subject;
use polity::workloads::{TaskGraph, read};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A graph with what is known of it.
pub struct Instance {
    pub id: String,
    pub graph: TaskGraph,
    /// True for a graph of the Standard Task Graph Set, false for a workflow.
    pub stg: bool,
    references: Value,
}
impl Instance {
    /// A figure under a model: `["lb"]`, `["own", "HEFT"]`.
    pub fn known(&self, model: &str, path: &[&str]) -> Option<f64> {
        path.iter().fold(&self.references["models"][model], |at, key| &at[*key]).as_f64()
    }
    /// The lower bound of the references; of graphs that they don't know, our own of the same meaning.
    pub fn bound(&self, model: &Model) -> f64 {
        self.known(model.name, &["lb"]).unwrap_or_else(|| self.graph.lower_bound(&model.speeds))
    }
    pub fn tasks(&self) -> usize {
        self.graph.tasks().len()
    }
}

/// Agents, and how fast bytes travel between them.
pub struct Model {
    pub name: &'static str,
    pub speeds: Vec<f64>,
    pub bandwidth: Option<f64>,
}
impl Model {
    /// A graph under it.
    pub fn subject(&self, instance: &Instance) -> Subject {
        let subject = Subject::of_graph(instance.graph.clone(), &self.speeds).expect("the graph was read");
        match self.bandwidth {
            Some(bandwidth) => subject.with_bandwidth(bandwidth).expect("the bandwidth is a number of bytes"),
            None => subject,
        }
    }
}

/// All of it.
pub struct Data {
    pub instances: Vec<Instance>,
    agents: Value,
}
impl Data {
    /// Reads the folder.
    pub fn read() -> Result<Data, String> {
        let folder = std::env::var_os("POLITY_DATA").ok_or("POLITY_DATA must name the folder of the task graphs")?;
        let folder = PathBuf::from(folder);
        let (agents, references) = (json(&folder.join("agents.json"))?, json(&folder.join("references-open.json"))?);
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("open"))
            .map_err(|wrong| format!("{}: {wrong}", folder.join("open").display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        let instance = |path: &PathBuf| {
            let graph = read(path).map_err(|wrong| wrong.to_string())?.graph;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let id = file.trim_end_matches(".gz").trim_end_matches(".json").to_owned();
            let references = references["instances"][&id].clone();
            Ok(Instance { stg: id.starts_with("stg-"), id, graph, references })
        };
        let instances = files.iter().map(instance).collect::<Result<_, String>>()?;
        Ok(Data { instances, agents })
    }
    /// A model by its name.
    pub fn model(&self, name: &'static str) -> Model {
        let model = &self.agents["models"][name];
        let set = self.agents["sets"][model["agents"].as_str().unwrap_or_default()].as_array();
        let speeds = set.map(|all| all.iter().filter_map(Value::as_f64).collect()).unwrap_or_default();
        Model { name, speeds, bandwidth: model["bandwidth_bytes_per_s"].as_f64() }
    }
    pub fn workflows(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|instance| !instance.stg)
    }
    pub fn standard(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|instance| instance.stg)
    }
}

fn json(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|wrong| format!("{}: {wrong}", path.display()))?;
    serde_json::from_str(&text).map_err(|wrong| format!("{}: {wrong}", path.display()))
}
