//! Graphs that are made up: shapes with a seed.

use super::call::Call;
use super::pipelines::{epigenomics_like, montage_like};
use super::sketch::{Sketch, chosen};
use super::{Distribution, TaskGraph, WorkloadError};
use polity_protocols::Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Tasks, and edges as many as are expected, that a generated graph can have.
pub const MOST: u64 = 10_000_000;

/// What a generated graph looks like.
///
/// | text | graph |
/// |---|---|
/// | `chain(tasks 10)` | one after the other |
/// | `fork_join(stages 3, width 8)` | a task, then 8 side by side, then one that joins them and forks the next stage; at the end a last one |
/// | `layered(layers 10, width 20, density 0.2)` | each task needs each of the layer before with this probability, and one of it at least |
/// | `random(tasks 100, density 0.05)` | an Erdős–Rényi graph: each earlier task comes before each later one with this probability |
/// | `montage_like(images 25)` | the mosaic of a sky survey: project, compare neighbours, fit, correct, add |
/// | `epigenomics_like(lanes 4, chunks 20)` | sequencing: split each lane, four steps for each chunk, merge, index |
///
/// Sources: `random` is *sameprob* of Tobita and Kasahara (2002), drawn as Batagelj and Brandes (2005) do, `layered` near to their *layrprob*.
/// The last two have the structure, and about the proportions of run times, that Juve et al. (2013), *Characterizing and profiling scientific
/// workflows*, found in real ones; they are not the traces themselves ([`read`](super::read()) reads those).
///
/// ```
/// use polity::workloads::{Distribution, Draws, Shape};
/// let shape: Shape = "layered(layers 10, width 20, density 0.2)".parse()?;
/// let graph = shape.graph(&Draws::new(Distribution::uniform(1.0, 9.0)?, 42).bytes(0..=1_000_000))?;
/// assert_eq!((graph.tasks().len(), graph.plan().levels().len(), graph.plan().width()), (200, 10, 20));
/// assert_eq!(graph, shape.graph(&Draws::new("uniform(1s, 9s)".parse()?, 42).bytes(0..=1_000_000))?);
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs)] // the table says it
pub enum Shape {
    Chain { tasks: u32 },
    ForkJoin { stages: u32, width: u32 },
    Layered { layers: u32, width: u32, density: f64 },
    Random { tasks: u32, density: f64 },
    MontageLike { images: u32 },
    EpigenomicsLike { lanes: u32, chunks: u32 },
}

/// What is drawn for a generated graph. Shape, work and bytes have streams of their own: other work does not change the shape.
///
/// ```
/// use polity::workloads::{Distribution, Draws, Shape};
/// let shape = Shape::Random { tasks: 50, density: 0.1 };
/// let short = shape.graph(&Draws::new(Distribution::constant(1.0)?, 7))?;
/// let long = shape.graph(&Draws::new(Distribution::constant(60.0)?, 7))?;
/// assert_eq!((short.edges(), short.total_work() * 60.0), (long.edges(), long.total_work()));
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Work of a task, in seconds at speed 1; where kinds differ in length, before that.
    pub work: Distribution,
    /// Bytes of an edge, evenly drawn; 0 if nobody says.
    pub bytes: RangeInclusive<u64>,
    /// The seed of everything.
    pub seed: u64,
}
impl Draws {
    /// Work of this distribution, and no bytes.
    pub fn new(work: Distribution, seed: u64) -> Draws {
        Draws { work, bytes: 0..=0, seed }
    }
    /// With bytes on the edges.
    #[must_use]
    pub fn bytes(mut self, bytes: RangeInclusive<u64>) -> Draws {
        self.bytes = bytes;
        self
    }
}

impl Shape {
    /// The graph of this shape that the seed gives: always the same. Its name is the shape and the seed.
    ///
    /// # Errors
    /// If a count is 0, a density is not in 0 to 1, there would be more than [`MOST`] tasks or edges, or the bytes are an empty range.
    pub fn graph(&self, draws: &Draws) -> Result<TaskGraph, WorkloadError> {
        self.check()?;
        if draws.bytes.is_empty() {
            let (low, high) = (draws.bytes.start(), draws.bytes.end());
            return Err(WorkloadError::new(format!(
                "the bytes of edges must be a range, but are {low} to {high}; write the smaller first"
            )));
        }
        let mut rng = Rng::new(draws.seed, "workloads/shape");
        let sketch = match *self {
            Shape::Chain { tasks } => chain(tasks),
            Shape::ForkJoin { stages, width } => fork_join(stages, width),
            Shape::Layered { layers, width, density } => layered(layers, width, density, &mut rng),
            Shape::Random { tasks, density } => random(tasks, density, &mut rng),
            Shape::MontageLike { images } => montage_like(images),
            Shape::EpigenomicsLike { lanes, chunks } => epigenomics_like(lanes, chunks),
        };
        sketch.graph(format!("{self} seed {}", draws.seed), draws)
    }

    /// How many tasks and edges there will be, edges on average.
    fn size(&self) -> (u64, f64) {
        let wide = |n: u32| u64::from(n);
        match *self {
            Shape::Chain { tasks } => (wide(tasks), f64::from(tasks)),
            Shape::ForkJoin { stages, width } => {
                let inner = wide(stages) * wide(width);
                (inner + wide(stages) + 1, 2.0 * inner as f64)
            }
            Shape::Layered { layers, width, density } => {
                let tasks = wide(layers) * wide(width);
                (tasks, tasks as f64 * (f64::from(width) * density).max(1.0))
            }
            Shape::Random { tasks, density } => (wide(tasks), f64::from(tasks) * f64::from(tasks) / 2.0 * density),
            Shape::MontageLike { images } => (6 * wide(images) + 5, 16.0 * f64::from(images)),
            Shape::EpigenomicsLike { lanes, chunks } => {
                let inner = 4 * wide(lanes) * wide(chunks);
                (inner + 2 * wide(lanes) + 3, 1.5 * inner as f64)
            }
        }
    }

    fn check(&self) -> Result<(), WorkloadError> {
        let (counts, density): (&[(&str, u32)], f64) = match *self {
            Shape::Chain { tasks } => (&[("tasks", tasks)], 0.0),
            Shape::ForkJoin { stages, width } => (&[("stages", stages), ("width", width)], 0.0),
            Shape::Layered { layers, width, density } => (&[("layers", layers), ("width", width)], density),
            Shape::Random { tasks, density } => (&[("tasks", tasks)], density),
            Shape::MontageLike { images } => (&[("images", images)], 0.0),
            Shape::EpigenomicsLike { lanes, chunks } => (&[("lanes", lanes), ("chunks", chunks)], 0.0),
        };
        if let Some((what, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(WorkloadError::new(format!(
                "`{what}` of `{}` must be a whole number of at least 1, but is 0; write how many",
                self.word()
            )));
        }
        if !(0.0..=1.0).contains(&density) {
            let word = self.word();
            return Err(WorkloadError::new(format!(
                "`density` of `{word}` must be in 0 to 1, but is {density}; it is a probability"
            )));
        }
        let (tasks, edges) = self.size();
        if tasks > MOST || edges > MOST as f64 {
            return Err(WorkloadError::new(format!(
                "{self} would have {tasks} tasks and about {edges:.0} edges, but at most {MOST} of each are possible; make it smaller"
            )));
        }
        Ok(())
    }
    fn word(&self) -> &'static str {
        match self {
            Shape::Chain { .. } => "chain",
            Shape::ForkJoin { .. } => "fork_join",
            Shape::Layered { .. } => "layered",
            Shape::Random { .. } => "random",
            Shape::MontageLike { .. } => "montage_like",
            Shape::EpigenomicsLike { .. } => "epigenomics_like",
        }
    }
}

fn chain(tasks: u32) -> Sketch {
    let mut sketch = Sketch::default();
    let all: Vec<usize> = (0..tasks).map(|_| sketch.task("link", 1.0)).collect();
    all.windows(2).for_each(|pair| sketch.edge(pair[0], pair[1]));
    sketch
}

fn fork_join(stages: u32, width: u32) -> Sketch {
    let mut sketch = Sketch::default();
    let mut fork = sketch.task("fork", 1.0);
    for stage in 1..=stages {
        let side: Vec<usize> = (0..width).map(|_| sketch.task("work", 1.0)).collect();
        let join = sketch.task(if stage == stages { "join" } else { "fork" }, 1.0);
        for task in side {
            sketch.edge(fork, task);
            sketch.edge(task, join);
        }
        fork = join;
    }
    sketch
}

fn layered(layers: u32, width: u32, density: f64, rng: &mut Rng) -> Sketch {
    let mut sketch = Sketch::default();
    let mut before: Vec<usize> = Vec::new();
    for _ in 0..layers {
        let layer: Vec<usize> = (0..width).map(|_| sketch.task("work", 1.0)).collect();
        for task in layer.iter().filter(|_| !before.is_empty()) {
            let mut needed = chosen(before.len() as u64, density, rng);
            if needed.is_empty() {
                needed.push(rng.below(before.len()) as u64);
            }
            needed.into_iter().for_each(|n| sketch.edge(before[n as usize], *task));
        }
        before = layer;
    }
    sketch
}

fn random(tasks: u32, density: f64, rng: &mut Rng) -> Sketch {
    let mut sketch = Sketch::default();
    for n in 0..u64::from(tasks) {
        let task = sketch.task("work", 1.0);
        chosen(n, density, rng).into_iter().for_each(|from| sketch.edge(from as usize, task));
    }
    sketch
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Shape::Chain { tasks } => write!(f, "{word}(tasks {tasks})"),
            Shape::ForkJoin { stages, width } => write!(f, "{word}(stages {stages}, width {width})"),
            Shape::Layered { layers, width, density } => write!(f, "{word}(layers {layers}, width {width}, density {density})"),
            Shape::Random { tasks, density } => write!(f, "{word}(tasks {tasks}, density {density})"),
            Shape::MontageLike { images } => write!(f, "{word}(images {images})"),
            Shape::EpigenomicsLike { lanes, chunks } => write!(f, "{word}(lanes {lanes}, chunks {chunks})"),
        }
    }
}

impl FromStr for Shape {
    type Err = WorkloadError;
    fn from_str(text: &str) -> Result<Shape, WorkloadError> {
        let call = Call::parse(text).ok_or_else(|| {
            let given = super::walk::shown_text(text.trim());
            WorkloadError::new(format!("a shape is written like chain(tasks 10), but is {given}; write it so"))
        })?;
        let shape = match call.name {
            "chain" => {
                let [tasks] = call.named(["tasks"], "tasks 10")?;
                Shape::Chain { tasks: call.count("tasks", tasks)? }
            }
            "fork_join" => {
                let [stages, width] = call.named(["stages", "width"], "stages 3, width 8")?;
                Shape::ForkJoin { stages: call.count("stages", stages)?, width: call.count("width", width)? }
            }
            "layered" => {
                let [layers, width, density] = call.named(["layers", "width", "density"], "layers 10, width 20, density 0.2")?;
                let (layers, width) = (call.count("layers", layers)?, call.count("width", width)?);
                Shape::Layered { layers, width, density: call.number("density", density)? }
            }
            "random" => {
                let [tasks, density] = call.named(["tasks", "density"], "tasks 100, density 0.05")?;
                Shape::Random { tasks: call.count("tasks", tasks)?, density: call.number("density", density)? }
            }
            "montage_like" => {
                let [images] = call.named(["images"], "images 25")?;
                Shape::MontageLike { images: call.count("images", images)? }
            }
            "epigenomics_like" => {
                let [lanes, chunks] = call.named(["lanes", "chunks"], "lanes 4, chunks 20")?;
                Shape::EpigenomicsLike { lanes: call.count("lanes", lanes)?, chunks: call.count("chunks", chunks)? }
            }
            _ => {
                let known = ["chain", "fork_join", "layered", "random", "montage_like", "epigenomics_like"];
                return Err(call.unknown("shape", &known));
            }
        };
        shape.check()?;
        Ok(shape)
    }
}

impl TryFrom<String> for Shape {
    type Error = WorkloadError;
    fn try_from(text: String) -> Result<Shape, WorkloadError> {
        text.parse()
    }
}
impl From<Shape> for String {
    fn from(shape: Shape) -> String {
        shape.to_string()
    }
}
