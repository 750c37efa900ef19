//! `polity graph`: a workflow as a picture.

use super::load::{self, Settings};
use super::stop::Stop;
use super::{output, picture};
use polity::report;
use polity::workloads::read_graph;
use std::path::PathBuf;

/// Draw a workflow: solid lines carry an output, dashed ones are order only, dotted ones are optional
///
/// Of a task graph (WfFormat, STG, taskdag) solid lines carry bytes.
#[derive(clap::Args)]
pub struct Graph {
    /// The workflow, or a task graph
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The language to draw in
    #[arg(short, long, value_enum, default_value_t)]
    output: Language,
}

/// A language for graphs.
#[derive(clap::ValueEnum, Clone, Copy, Default)]
enum Language {
    /// Mermaid, which Markdown viewers draw
    #[default]
    Mermaid,
    /// DOT, for Graphviz
    Dot,
}

impl Graph {
    pub fn go(&self) -> Result<u8, Stop> {
        let graph = match read_graph(&self.file).map_err(Stop::invalid)? {
            Some(loaded) => picture::of_task_graph(&loaded.graph),
            None => picture::graph(load::load(&self.file, &Settings::default().config()?, false)?.workflow()),
        };
        output::print(&match self.output {
            Language::Mermaid => report::mermaid(&graph),
            Language::Dot => report::dot(&graph),
        })?;
        Ok(0)
    }
}
