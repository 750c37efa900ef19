//! `polity demo`: a workflow, a failure, a recovery; then the same under every strategy, in virtual time.

use super::carry::{self, Errand, View};
use super::load::Settings;
use super::output;
use super::stop::{INTERRUPTED, Stop};
use polity::agents::{AgentSpec, Context, Failure, Job, agent_fn};
use polity::event::RunId;
use polity::report::SharedReport;
use polity::workflow::{Checked, bind_inputs};
use polity::{Builder, Polity, Registry, RunOptions};
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// The workflow of the demonstration.
const FLOW: &str = include_str!("demo.yaml");
/// The seed of the comparison.
const SEED: u64 = 7;
/// The agent that crashes.
const FRAGILE: &str = "fast";

/// See it work, in a few seconds and without a file: a failure, a crash, two recoveries, and all strategies side by side
#[derive(clap::Args)]
pub struct Demo {
    #[command(flatten)]
    settings: Settings,
}

impl Demo {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = self.settings.config()?;
        let checked = polity::workflow::parse(FLOW, Some(Path::new("demo.yaml")), &config.known())
            .map_err(|errors| Stop::invalid(super::load::problems(&errors)))?;
        let strategy = config.strategy(&checked.workflow);
        let (name, settings) = strategy.map_or((super::load::STRATEGY.into(), Value::Null), |s| (s.name, s.settings));
        let government = Registry::standard().make(&name, &settings).map_err(Stop::usage)?;
        output::tell("A task fails and is tried again; an agent crashes, is restarted, and its task goes on.\n");
        let errand = Errand {
            workflow: checked.workflow.clone(),
            graph: None,
            agents: checked.agents.clone(),
            government,
            inputs: inputs(&checked)?,
            seed: config.seed,
            simulated: false,
            mock: false,
            name: None,
            memory: None,
            cwd: PathBuf::from("."),
            runs: writable(config.runs()),
            again: vec!["polity".into(), "demo".into()],
            view: View::default(),
            recall: polity::report::Recall::default(),
            given_strategy: false,
            faults: None,
        };
        let kept_at = (errand.runs != config.runs()).then(|| errand.runs.clone());
        let outcome = carry::carry_out_with(errand, society)?;
        if outcome.interrupted {
            return Ok(INTERRUPTED);
        }
        output::tell("\nThe same work in virtual time, under each strategy:\n");
        output::print(&compared(&checked)?)?;
        let place = kept_at.map(|runs| format!(" --runs {}", runs.display())).unwrap_or_default();
        let run = outcome.folder;
        output::tell(&format!("\nAsk why: polity explain {run} extract{place}   The whole run: polity show {run}{place}"));
        Ok(outcome.status.exit_code())
    }
}

fn inputs(checked: &Checked) -> Result<std::collections::BTreeMap<polity::protocols::Name, Value>, Stop> {
    let bound = bind_inputs(&checked.workflow, Vec::<(String, Value)>::new(), false).map_err(Stop::usage)?;
    Ok(bound.values.into_iter().map(|(name, value)| (name, Value::clone(&value))).collect())
}

/// The directory of the runs; a temporary one where nothing can be written, since a demonstration should always work.
fn writable(runs: &Path) -> PathBuf {
    let probe = runs.join(format!(".probe-{}", std::process::id()));
    let can_write = std::fs::create_dir_all(&probe).and_then(|()| std::fs::remove_dir(&probe)).is_ok();
    if can_write { runs.to_path_buf() } else { std::env::temp_dir().join(format!("polity-demo-{}", std::process::id())) }
}

/// Agents that analyse by themselves; one of them crashes once.
fn society(errand: &Errand) -> Builder {
    let fragile = Rc::new(Cell::new(true));
    errand.agents.iter().fold(Polity::builder(), |builder, spec| {
        let (speed, can, breaks) = (spec.speed, spec.can.clone(), *spec.id == *FRAGILE);
        let fragile = fragile.clone();
        builder.agent_with(spec.clone(), move || {
            let fragile = fragile.clone();
            agent_fn(can.clone(), move |job, context| analyse(job, context, speed, breaks.then(|| fragile.clone())))
        })
    })
}

async fn analyse(job: Job, context: Context, speed: f64, fragile: Option<Rc<Cell<bool>>>) -> Result<Value, Failure> {
    let pause = Duration::from_secs_f64(job.estimate / (speed * job.fit).max(0.1));
    context.sleep(pause / 2).await;
    if fragile.is_some_and(|fragile| fragile.replace(false)) {
        panic!("a bug in the agent that nobody foresaw");
    }
    context.sleep(pause / 2).await;
    Ok(json!({ "month": job.input::<Value>("month")?, "days": job.input::<Vec<String>>("rain")?.len() }))
}

/// One line for each strategy: equal work, equal agents, equal seed.
fn compared(checked: &Checked) -> Result<String, Stop> {
    let registry = Registry::standard();
    let mut table = output::table(&["strategy", "makespan", "messages/task", "agents busy"]);
    let mut rows = Vec::new();
    for name in registry.names() {
        rows.push((simulated(checked, &registry, name)?, name));
    }
    rows.sort_by(|a, b| a.0.makespan.cmp(&b.0.makespan).then(a.1.cmp(b.1)));
    for (figures, name) in rows {
        table.add_row([
            name.to_owned(),
            format!("{:.3}s", figures.makespan.as_secs_f64()),
            format!("{:.1}", figures.messages),
            format!("{:.0}%", figures.busy * 100.0),
        ]);
    }
    output::right(&mut table, 1..=3);
    Ok(table.trim_fmt())
}

struct Figures {
    makespan: Duration,
    /// All that actors told each other, per task instance.
    messages: f64,
    busy: f64,
}

fn simulated(checked: &Checked, registry: &Registry, name: &str) -> Result<Figures, Stop> {
    let government = registry.make(name, &Value::Null).map_err(Stop::usage)?;
    let (twin, given) = (polity::simulated_twin(&checked.workflow).workflow, inputs(checked)?);
    polity::simulate(SEED, async {
        let report = SharedReport::of(RunId(0));
        let builder = Polity::builder().strategy(government).sink(report.clone());
        let plain = |builder: Builder, spec: &AgentSpec| builder.agent_spec(spec.clone());
        let society = checked.agents.iter().fold(builder, plain).start()?;
        let mut options = RunOptions::default();
        options.inputs = given;
        society.launch(twin, options)?.join().await?;
        let report = report.look();
        let messages = society.messages() as f64 / (report.total().max(1)) as f64;
        Ok(Figures { makespan: report.makespan(), messages, busy: report.busy_share() })
    })
}
