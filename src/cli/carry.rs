//! A run, from its society to its folder.

use super::crew::Staffed;
use super::interrupt::{self, Interrupts};
use super::json::Json;
use super::orders::Orders;
use super::output;
use super::picture;
use super::record::Recorder;
use super::stop::Stop;
use polity::agents::{AgentSpec, Workplace, agent_fn};
use polity::event::{RunId, RunStatus};
use polity::protocols::Name;
use polity::report::{
    Chronicle, Console, ConsoleOptions, Graph, OrderNote, Recall, RunFolder, RunRecord, Writer, memorable, mermaid,
};
use polity::workflow::{Action, Workflow};
use polity::{Builder, Controls, Government, MemoryFile, Polity, RunOptions, Society};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// A society's first run.
pub(super) const RUN: RunId = RunId(0);

/// How a run is watched.
#[derive(Clone, Copy, Default)]
pub struct View {
    /// Events to standard output, and no console.
    pub json: bool,
    /// Everything that the console can tell.
    pub verbose: bool,
}

/// Everything that a run needs.
pub struct Errand {
    pub workflow: Workflow,
    /// The task graph that it is, if it is no workflow of a file.
    pub graph: Option<Staffed>,
    pub agents: Vec<AgentSpec>,
    pub government: Government,
    pub inputs: BTreeMap<Name, Value>,
    /// Drawn if none.
    pub seed: Option<u64>,
    /// In virtual time.
    pub simulated: bool,
    /// Agents answer by themselves what has no executable.
    pub mock: bool,
    /// Its name; by its seed if none.
    pub name: Option<String>,
    /// The file of what coordinators learn, if they shall remember.
    pub memory: Option<PathBuf>,
    /// Where commands run.
    pub cwd: PathBuf,
    /// The directory of all runs.
    pub runs: PathBuf,
    /// The words of the command that runs it again, without its seed.
    pub again: Vec<String>,
    /// What need not be done again.
    pub recall: Recall,
    /// Whether the strategy was given by the command or the environment.
    pub given_strategy: bool,
    /// What goes wrong on purpose, if the command says that.
    pub faults: Option<String>,
    pub view: View,
}

/// What came of it.
pub struct Outcome {
    pub status: RunStatus,
    pub outputs: Value,
    pub interrupted: bool,
    /// The name of its folder.
    pub folder: String,
}

/// Runs it to its end.
///
/// # Errors
/// If it can't begin, or leaves no folder behind.
pub fn carry_out(errand: Errand) -> Result<Outcome, Stop> {
    carry_out_with(errand, populated)
}

/// The same in a society that `found` begins to build.
///
/// # Errors
/// As [`carry_out`].
pub fn carry_out_with(mut errand: Errand, found: impl FnOnce(&Errand) -> Builder) -> Result<Outcome, Stop> {
    let interrupts = interrupt::listen("the run is being cancelled");
    if errand.simulated {
        let seed = *errand.seed.get_or_insert_with(drawn);
        return polity::simulate(seed, inside(errand, found, interrupts));
    }
    polity::run(inside(errand, found, interrupts))
}

/// A seed that is quickly typed. The operating system's randomness is behind the hasher.
fn drawn() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    u64::from(RandomState::new().build_hasher().finish() as u32)
}

/// A society of all agents of an errand.
pub fn populated(errand: &Errand) -> Builder {
    let groups = errand.workflow.supervision.iter().cloned();
    let faults = errand.workflow.faults.clone().unwrap_or_default();
    let founded = Polity::builder().faults(faults).most_messages(polity::patience(&errand.workflow, &errand.agents));
    let builder = groups.fold(founded, Builder::supervisor);
    errand.agents.iter().fold(
        builder,
        |builder, spec| {
            if errand.mock { mocked(builder, spec) } else { builder.agent_spec(spec.clone()) }
        },
    )
}

/// An agent that answers what it was asked.
fn mocked(builder: Builder, spec: &AgentSpec) -> Builder {
    let spec = AgentSpec { behaviour: None, ..spec.clone() };
    let can = spec.can.clone();
    builder.agent_with(spec, move || {
        agent_fn(can.clone(), |job, _| async move { Ok(json!({ "mock": true, "task": &*job.name, "input": &*job.input })) })
    })
}

async fn inside(errand: Errand, found: impl FnOnce(&Errand) -> Builder, mut interrupts: Interrupts) -> Result<Outcome, Stop> {
    let mut builder = found(&errand).strategy(errand.government.clone());
    if let Some(seed) = errand.seed {
        builder = builder.seed(seed);
    }
    let opened = errand.memory.as_deref().map(MemoryFile::open).transpose().map_err(Stop::usage)?;
    let memory = opened.map(|(file, memories)| {
        builder = std::mem::replace(&mut builder, Polity::builder()).memories(memories);
        file
    });
    let society = builder.start()?;
    let named = errand.name.clone().unwrap_or_else(|| memorable(society.seed()));
    let folder = RunFolder::create(&errand.runs, &named)?;
    let kept = Kept::new(&society, &errand, &folder)?;
    // In virtual time the log is the same to the byte, so also when the folder's name had to get a number.
    let name: Name = if errand.simulated { named.into() } else { folder.name().into() };
    let workplace =
        Workplace { logs: Some(folder.logs()), spill: Some(folder.path().join("spill")), ..Workplace::new(errand.cwd) };
    let mut options = RunOptions::default();
    (options.inputs, options.name, options.workplace) = (errand.inputs, Some(name), Some(workplace));
    options = options.recalling(errand.recall);
    let handle = society.launch(errand.workflow, options)?;
    let controls = handle.controls();
    let mut orders = if errand.simulated { Orders::none() } else { Orders::listen(folder.clone()) };
    let mut interrupted = false;
    let joined = handle.join();
    tokio::pin!(joined);
    let result = loop {
        tokio::select! {
            result = &mut joined => break result,
            () = interrupts.first(), if !interrupted => {
                interrupted = true;
                controls.cancel();
            }
            (found, note) = orders.next() => {
                let done = obey(&controls, note).await;
                let _ = found.answer(&done); // whoever asked sees that there is no answer
            }
        }
    };
    // One that was given up leaves what it did, too.
    society.events().flush();
    kept.finish();
    if let Some(Err(problem)) = memory.map(|file| file.save(&society.memories())) {
        output::tell(&format!("warning: {problem}"));
    }
    let result = result?;
    let (status, outputs) = (result.status(), result.outputs().clone());
    Ok(Outcome { status, outputs, interrupted, folder: folder.name().to_owned() })
}

/// Does what somebody else ordered.
async fn obey(controls: &Controls, note: Result<OrderNote, String>) -> Result<(), String> {
    let OrderNote { order, task } = note?;
    match task {
        Some(task) => controls.order_task(task, order).await,
        None => {
            controls.order(order);
            Ok(())
        }
    }
}

/// What is kept of a run, and who writes it.
struct Kept {
    /// Says that the run goes on.
    _hold: std::fs::File,
    writer: Writer,
    recorder: Rc<RefCell<Recorder>>,
    chronicle: Rc<RefCell<Chronicle>>,
    graph: Graph,
    folder: RunFolder,
    replay: String,
}
impl Kept {
    fn new(society: &Society, errand: &Errand, folder: &RunFolder) -> Result<Kept, Stop> {
        let hold = folder.hold()?;
        let mut words = errand.again.clone();
        if errand.recall.is_empty() {
            words.extend(["--seed".to_owned(), society.seed().to_string()]);
        }
        let replay = super::load::command(&words);
        match &errand.graph {
            Some(staffed) => folder.write_graph(&staffed.graph.to_taskdag())?,
            None => keep_workflow(&errand.workflow, folder)?,
        }
        let graph = picture::graph(&errand.workflow);
        folder.write_dag(&mermaid(&graph))?;
        let writer = Writer::start(folder, RUN)
            .map_err(|error| Stop::usage(format!("can't write {}: {error}", folder.events().display())))?;
        let constant = RunRecord {
            cwd: whole(&errand.cwd),
            mock: errand.mock,
            given_strategy: errand.given_strategy,
            faults: errand.faults.clone(),
            speeds: errand.graph.as_ref().map(|graph| graph.speeds.clone()).unwrap_or_default(),
            replay: replay.clone(),
            ..RunRecord::default()
        };
        let recorder = Rc::new(RefCell::new(Recorder::new(folder.clone(), constant)));
        let log = society.events();
        log.add(Box::new(writer.clone()));
        log.add(Box::new(recorder.clone()));
        let chronicle = Rc::new(RefCell::new(Chronicle::of(RUN)));
        log.add(Box::new(chronicle.clone()));
        if errand.view.json {
            log.add(Box::new(Json::new()));
        } else {
            let options = ConsoleOptions {
                color: output::has_color(),
                terminal: output::is_terminal(),
                verbose: errand.view.verbose,
                folder: Some(folder.page().display().to_string()),
                replay: Some(replay.clone()),
            };
            log.add(Box::new(Console::new(RUN, options, Box::new(std::io::stderr()))));
        }
        Ok(Kept { _hold: hold, writer, recorder, chronicle, graph, folder: folder.clone(), replay })
    }
    /// What could not be written is told; the run itself is not changed by it.
    fn finish(&self) {
        if let Err(error) = self.writer.finish() {
            output::tell(&format!("warning: the event log is not whole: {error}"));
        }
        if let Some(problem) = self.recorder.borrow_mut().problem.take() {
            output::tell(&format!("warning: {problem}"));
        }
        let chronicle = self.chronicle.borrow();
        let graph = self.graph.clone().told_by(chronicle.report());
        let pictures = self.folder.write_dag(&mermaid(&graph)).and_then(|()| chronicle.write(&self.folder, &self.replay));
        if let Err(problem) = pictures {
            output::tell(&format!("warning: {problem}"));
        }
    }
}

/// A directory, so that it can be found from another one too.
fn whole(directory: &std::path::Path) -> String {
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned()).display().to_string()
}
/// Keeps the workflow's text, so that the run can be gone on with later. A file that is another by now is not kept.
fn keep_workflow(workflow: &Workflow, folder: &RunFolder) -> Result<(), Stop> {
    let text = workflow.path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    let hash = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // A part that stands in a file of its own would not be found from the folder.
    let whole = workflow.tasks.iter().all(|task| match &task.action {
        Action::Workflow(inner) => inner.path == workflow.path,
        _ => true,
    });
    match text.filter(|text| whole && hash(text) == workflow.hash) {
        Some(text) => Ok(folder.write_workflow(&text)?),
        None => Ok(()),
    }
}
