//! An experiment that is carried out.

use super::folder::{Folder, io};
use super::journal::{JOURNAL, Journal};
use super::merger::Merger;
use super::{Experiment, SweepError, engine, page, table};
use crate::laboratory::compare::Progress;
use core::ops::ControlFlow;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

type Files = Merger<BufWriter<File>, BufWriter<File>>;

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is done.
    Complete {
        /// Whether some run ended well; if none did, the figures mean nothing.
        well: bool,
    },
    /// It was enough for now; the same sweep goes on where this one stopped.
    Stopped {
        /// Tries that are done.
        done: u64,
        /// Tries in all.
        of: u64,
    },
}

/// An experiment with the folder of its results, held by this process.
///
/// | file | holds |
/// |---|---|
/// | `runs.csv` | a line for each try: cell, what it varies, strategy, seed, whether it ended well, and the measures |
/// | `summary.csv` | a line for each cell: tries, runs that did not end well, and of each measure the median with its 95 % interval, over the runs that ended well (of what went wrong, over all) |
/// | `summary.txt` | the same for people: the first cells with their makespans |
/// | `report.html` | a table and box plots |
/// | `experiment.yaml` | the experiment's text, as it was |
/// | `experiment.json` | what the results are of: hashes of the text and of the workloads, the version of polity |
/// | `journal.ndjson` | all that was measured of each try, in the order in which they ended |
///
/// What was tried is of use again: with a larger `repeat`, another `stop` or another `measure` in the text, the same folder holds an experiment that is
/// complete but for the tries that are new; they are made, and the files are written anew of all. That takes memory for what was tried before, some
/// hundreds of bytes for each.
///
/// ```
/// use polity::laboratory::{Ending, Experiment, Sweep};
/// use std::ops::ControlFlow;
/// let text = "name: spans
/// workload: { shape: 'fork_join(stages 2, width 4)', work: 10s }
/// strategies: [market, hierarchical]
/// vary: { noise: [0, 0.5] }
/// repeat: 6
/// ";
/// let folder = tempfile::tempdir()?;
/// let open = || Sweep::open(Experiment::parse(text, None, &Default::default())?, &folder.path().join("spans")).map_err(Box::<dyn std::error::Error>::from);
///
/// // The first command is told to stop; the second goes on with what there is.
/// let stopped = open()?.go(2, |progress| if progress.done < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })?;
/// assert!(matches!(stopped, Ending::Stopped { of: 24, .. }));
/// let sweep = open()?;
/// assert!(sweep.found() >= 10);
/// assert_eq!(sweep.go(1, |_| ControlFlow::Continue(()))?, Ending::Complete { well: true });
///
/// let runs = std::fs::read_to_string(folder.path().join("spans/runs.csv"))?;
/// assert_eq!(runs.lines().count(), 1 + 24);
/// assert!(runs.lines().nth(1).unwrap().starts_with("1,\"fork_join(stages 2, width 4)\",10s,1,8,0,,,,,market,1,true,"));
///
/// // Ten tries of each cell instead of six: what was tried is there.
/// let more = Experiment::parse(&text.replace("repeat: 6", "repeat: 10"), None, &Default::default())?;
/// assert_eq!(Sweep::open(more, &folder.path().join("spans"))?.found(), 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sweep {
    experiment: Arc<Experiment>,
    folder: Folder,
    /// None if all is done.
    work: Option<(Files, Journal)>,
    found: u64,
}

impl Sweep {
    /// Opens the folder of the results, or makes it, and reads what an earlier process has left there.
    ///
    /// # Errors
    /// If the folder holds something else or another experiment's results: then nothing is changed. If another process works on it, or it can't be
    /// read or written.
    pub fn open(experiment: Experiment, folder: &Path) -> Result<Sweep, SweepError> {
        let folder = Folder::open(folder, &experiment)?;
        let experiment = Arc::new(experiment);
        if folder.is_complete() {
            let found = experiment.tries();
            return Ok(Sweep { experiment, folder, work: None, found });
        }
        let create = |name: &str| {
            let path = folder.file(name);
            File::create(&path).map(BufWriter::new).map_err(|source| io("write", &path, source))
        };
        let failed = |source| io("write", folder.path(), source);
        // They are made again of what the journal holds: whatever was half written is gone.
        let merger = Merger::new(experiment.clone(), create("runs.csv")?, create("summary.csv")?);
        let mut merger = merger.map_err(failed)?;
        let journal = Journal::open(&folder.file(JOURNAL), |at, tried| merger.take(at, tried).map_err(failed))?;
        merger.set_aside();
        let found = merger.done();
        Ok(Sweep { experiment, folder, work: Some((merger, journal)), found })
    }
    /// What is tried.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }
    /// The folder of the results.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
    /// Tries that earlier processes have made.
    pub fn found(&self) -> u64 {
        self.found
    }
    /// True if there is nothing left to do.
    pub fn is_complete(&self) -> bool {
        self.work.is_none()
    }
    /// Carries it out on so many threads, until it is done, its `stop.after` is over, or `told` breaks it off; what has begun then is still
    /// waited for. `told` hears after each try how far it is: of a cell that is precise enough the rest counts as done.
    ///
    /// # Errors
    /// If a try can't be made or a file can't be written; what was tried before is kept.
    pub fn go(mut self, threads: usize, mut told: impl FnMut(Progress) -> ControlFlow<()>) -> Result<Ending, SweepError> {
        let Some((mut merger, mut journal)) = self.work.take() else {
            return Ok(Ending::Complete { well: self.folder.ended_well() });
        };
        let experiment = self.experiment.clone();
        let (begun, after) = (Instant::now(), experiment.after());
        let told = |progress| match told(progress) {
            ControlFlow::Continue(()) if after.is_some_and(|after| begun.elapsed() >= after) => ControlFlow::Break(()),
            heard => heard,
        };
        let failed = |source| io("write", self.folder.path(), source);
        let complete = engine::run(&experiment, &mut merger, &mut journal, threads, told, failed);
        merger.end().map_err(failed)?;
        let complete = complete?;
        self.folder.write("report.html", &page::page(&experiment, merger.kept()))?;
        self.folder.write("summary.txt", &table::table(&experiment, merger.kept()))?;
        if !complete {
            return Ok(Ending::Stopped { done: merger.done(), of: experiment.tries() });
        }
        let well = merger.ended_well();
        self.folder.completed(well)?;
        Ok(Ending::Complete { well })
    }
}
