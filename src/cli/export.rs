//! `polity export`: a workload as a file that another program reads.

use super::load::{self, Settings};
use super::output;
use super::stop::Stop;
use polity::laboratory::Subject;
use polity::workloads::{Distribution, Draws, Format, Loaded, Shape, Target, TaskGraph, read_with};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Write a workload in a format that others read: WfFormat, taskdag or STG
///
/// The workload is a file of any format that `compare` reads, or a graph that is made up: chain(tasks 10), fork_join(stages 3, width 8),
/// layered(layers 10, width 20, density 0.2), random(tasks 100, density 0.05), montage_like(images 25), epigenomics_like(lanes 4, chunks 20).
/// What the format can't carry is told on error output.
#[derive(clap::Args)]
pub struct Export {
    /// The workload: a file, or the shape of a graph that is made up
    #[arg(value_name = "WORKLOAD")]
    workload: String,
    /// The format [default: by the ending of --out: .stg is STG; else WfFormat]
    #[arg(long, value_enum)]
    format: Option<Language>,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
    /// The work of the tasks of a made-up graph: 10s, uniform(5s, 15s), lognormal(mean 10s, sigma 0.5), …
    #[arg(long, value_name = "DISTRIBUTION", value_parser = str::parse::<Distribution>)]
    work: Option<Distribution>,
    /// The fewest and the most bytes of an edge of a made-up graph [default: 0,0]
    #[arg(long, value_name = "LOW,HIGH", value_delimiter = ',', num_args = 1)]
    bytes: Vec<u64>,
    /// The seed of a made-up graph [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A value for an input of a workflow, whose lists may be as long as it says; may be given several times
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = load::input)]
    input: Vec<(String, String)>,
}

/// A format to write.
#[derive(clap::ValueEnum, Clone, Copy)]
enum Language {
    /// WfFormat 1.5, JSON, of WfCommons
    #[value(name = "wfformat")]
    WfFormat,
    /// taskdag/1, JSON
    #[value(name = "taskdag")]
    TaskDag,
    /// STG, of the Standard Task Graph Set: whole numbers only
    Stg,
}

impl Export {
    pub fn go(&self) -> Result<u8, Stop> {
        let format = self.target()?;
        if let Some(path) = self.out.as_ref().filter(|path| !self.force && path.exists()) {
            return Err(is_there(path));
        }
        let graph = if is_shape(&self.workload) { self.made_up()? } else { self.read()? };
        let exported = graph.export(format).map_err(|wrong| Stop::usage(format!("--format: {wrong}")))?;
        for lost in &exported.lost {
            output::tell(&format!("lost: as {format}, {}", output::plain(lost)));
        }
        let Some(path) = &self.out else {
            output::print(&exported.text)?;
            return Ok(0);
        };
        self.write(path, &exported.text)?;
        let tasks = output::count(graph.tasks().len(), "task");
        let edges = output::count(graph.edges().len(), "edge");
        output::tell(&format!("{:>12} {} ({format}, {tasks}, {edges})", "Exported", path.display()));
        Ok(0)
    }
    fn target(&self) -> Result<Target, Stop> {
        let ending = self.out.as_deref().and_then(Path::extension).map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match (self.format, &self.out, ending.as_deref()) {
            (Some(Language::WfFormat), ..) | (None, None, _) | (None, _, Some("json")) => Ok(Target::WfFormat),
            (Some(Language::TaskDag), ..) => Ok(Target::TaskDag),
            (Some(Language::Stg), ..) | (None, _, Some("stg")) => Ok(Target::Stg),
            (None, Some(path), _) => Err(Stop::usage(format!(
                "--out {}: the format follows from .json or .stg only; say it with --format wfformat, taskdag or stg",
                path.display()
            ))),
        }
    }
    /// A graph from a file; what its format may have and a task graph has not is told.
    fn read(&self) -> Result<TaskGraph, Stop> {
        let given = [("--work", self.work.is_some()), ("--bytes", !self.bytes.is_empty()), ("--seed", self.seed.is_some())];
        if let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) {
            return Err(Stop::usage(format!(
                "{flag} is for graphs that are made up, such as 'chain(tasks 10)', and {} is read as a file; leave it off",
                self.workload
            )));
        }
        let known = Settings::default().config()?.known();
        let Loaded { graph, format, remarks } = if self.input.is_empty() {
            read_with(&self.workload, &known).map_err(Stop::invalid)?
        } else {
            let subject = Subject::read_with(Path::new(&self.workload), &known, &[1.0], &load::given(&self.input));
            let subject = subject.map_err(Stop::invalid)?;
            Loaded { graph: subject.graph().clone(), format: Format::Polity, remarks: subject.remarks().to_vec() }
        };
        remarks.iter().for_each(|remark| output::tell(&format!("assumed: {}", output::plain(remark))));
        let lost = match format {
            Format::WfFormat(_) => {
                "whatever else it tells than kinds, run times, order and the bytes between tasks: machines, commands, memory, files that no task writes"
            }
            Format::Polity => {
                "whatever else it tells than kinds, estimates and the order of tasks: what they do, their conditions, the agents"
            }
            Format::TaskDag | Format::Stg => return Ok(graph),
        };
        output::tell(&format!("lost: of {}, {lost}", output::plain(&format.to_string())));
        Ok(graph)
    }
    fn made_up(&self) -> Result<TaskGraph, Stop> {
        if let Some((name, _)) = self.input.first() {
            return Err(Stop::usage(format!("-i {name}: a graph that is made up has no inputs; they are for workflows")));
        }
        let shape: Shape = self.workload.parse().map_err(Stop::usage)?;
        let work = self.work.clone().ok_or_else(|| {
            Stop::usage(
                "a graph that is made up needs the work of its tasks; add --work 10s, or --work 'lognormal(mean 10s, sigma 0.5)'",
            )
        })?;
        let bytes = match self.bytes[..] {
            [] => 0..=0,
            [low, high] => low..=high,
            _ => {
                return Err(Stop::usage(
                    "--bytes takes two numbers, the fewest and the most bytes of an edge; write it like --bytes 0,1000000",
                ));
            }
        };
        shape.graph(&Draws::new(work, self.seed.unwrap_or(1)).bytes(bytes)).map_err(Stop::usage)
    }
    fn write(&self, path: &Path, text: &str) -> Result<(), Stop> {
        let opened = if self.force { File::create(path) } else { File::create_new(path) };
        opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|why| match why.kind() {
            ErrorKind::AlreadyExists => is_there(path),
            _ => Stop::usage(format!("--out {}: can't be written: {why}; choose another place", path.display())),
        })
    }
}

fn is_there(path: &Path) -> Stop {
    Stop::usage(format!("--out {}: there is such a file; choose another name, or write over it with --force", path.display()))
}

/// True if a workload is written like a shape, and no file is called so.
fn is_shape(workload: &str) -> bool {
    workload.trim_end().ends_with(')') && workload.contains('(') && !Path::new(workload).exists()
}
