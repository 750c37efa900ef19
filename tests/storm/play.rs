//! A storm is played in virtual time.

use super::heckler::{Heckler, Told};
use super::scene::Scene;
use super::scene::orders::{self, Given};
use super::spy::{self, Ledger};
use polity::event::Event;
use polity::prelude::*;
use polity::protocols::{Profile, Rng};
use polity::report::Recall;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// What happened in a storm.
#[derive(Clone)]
pub struct Storm {
    pub scene: Rc<Scene>,
    pub profiles: Vec<Arc<Profile>>,
    pub events: Vec<Event>,
    pub results: Rc<Vec<RunResult>>,
    /// Awards and outcomes, where they were counted.
    pub ledger: Option<Rc<Ledger>>,
    /// The orders that were given, and what was said to them.
    pub orders: Rc<Vec<Told>>,
}
impl Storm {
    pub fn words(&self) -> String {
        self.events.iter().map(|event| format!("{} {:?} run {:?} {:?}\n", event.seq, event.at, event.run.0, event.what)).collect()
    }
}

/// The command that plays a storm again.
pub fn replay(seed: u64) -> String {
    format!("POLITY_STORM_SEED={seed} cargo nextest run --test storm --no-capture every_promise")
}

/// Ends the test if a storm does not end. One in which nothing can happen any more is noticed by its clock; this is for one that runs in a
/// circle, and it has no other way than to end the process.
struct Watchdog(Option<mpsc::Sender<()>>);
impl Watchdog {
    fn of(seed: u64) -> Watchdog {
        let (done, wait) = mpsc::channel();
        std::thread::spawn(move || {
            if wait.recv_timeout(Duration::from_secs(20)) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("storm {seed} goes on without end\n    {}", replay(seed));
                std::process::exit(101);
            }
        });
        Watchdog(Some(done))
    }
}
impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

pub fn play(seed: u64) -> Storm {
    play_scene(seed, Scene::of(seed), Recall::default())
}
/// Plays a scene by the luck of a seed; its first run goes on with what is recalled.
pub fn play_scene(seed: u64, mut scene: Scene, recall: Recall) -> Storm {
    if std::mem::take(&mut scene.orders.1) {
        let given = std::mem::take(&mut scene.orders.0);
        let calm = play_scene(seed, scene, recall.clone());
        let aimed = orders::aimed(&given, &calm.scene.runs, &calm.events, &mut Rng::new(seed, "aimed"));
        scene = Rc::into_inner(calm.scene).unwrap();
        scene.orders.0 = aimed;
    }
    let _watchdog = Watchdog::of(seed);
    let events = Rc::new(RefCell::new(Vec::new()));
    let (profiles, results, ledger, orders) = polity::simulate(seed, async {
        // Nothing of the world lets the executor's own clock run so far, unless nothing can happen any more.
        let limit = Duration::from_secs(100_000_000);
        let played = tokio::time::timeout(limit, perform(&scene, recall, Heckler::of(seed, events.clone()))).await;
        played.unwrap_or_else(|_| panic!("storm {seed}: a run waits for ever\n    {}", replay(seed)))
    });
    let events = events.take();
    Storm {
        scene: Rc::new(scene),
        profiles,
        events,
        results: Rc::new(results),
        ledger: ledger.map(Rc::new),
        orders: Rc::new(orders),
    }
}

struct Ghost;
impl Agent for Ghost {
    fn started(&mut self) {
        panic!("a ghost can't stand");
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(Value::Null)
    }
}

type Performed = (Vec<Arc<Profile>>, Vec<RunResult>, Option<Ledger>, Vec<Told>);

async fn perform(scene: &Scene, recall: Recall, heckler: Rc<Heckler>) -> Performed {
    let ledger = spy::begin(scene.fatal);
    let mut builder = Polity::builder().weather(scene.weather).sink(heckler.events());
    builder = if scene.spied { builder.strategy(spy::spied(&scene.strategy)) } else { builder.strategy(scene.strategy.clone()) };
    for spec in &scene.agents {
        builder = builder.agent_spec(spec.clone());
    }
    if scene.haunted {
        builder = builder.agent_with(AgentSpec::new("ghost", can("haunt", 1.0)), || Ghost);
    }
    if let Some((faults, _)) = &scene.trouble {
        builder = builder.faults(faults.clone());
    }
    let society = functions(builder, &heckler).start().unwrap();
    let mut recall = Some(recall);
    let mut launch = |flow| society.launch(flow, RunOptions::default().recalling(recall.take().unwrap_or_default())).unwrap();
    let runs: Vec<_> = scene.runs.iter().map(|(flow, _)| launch(flow)).collect();
    runs.iter().for_each(|run| heckler.meets(run));
    for deed in deeds(scene) {
        let (Deed::Repair(at) | Deed::Order(Given { at, .. })) = &deed;
        society.sleep(at.saturating_sub(Duration::from_nanos(society.now().as_nanos()))).await;
        match deed {
            Deed::Repair(_) => society.repair(),
            Deed::Order(given) => heckler.tells(|| Duration::from_nanos(society.now().as_nanos()), given).await,
        }
    }
    let mut results = Vec::new();
    for handle in runs {
        results.push(handle.join().await.unwrap());
    }
    // What is still under way arrives, and must change nothing.
    society.sleep(Duration::from_secs(3_600)).await;
    heckler.goes(); // the society's functions know it, and it knows the society's runs
    (society.agents(), results, scene.spied.then(|| ledger.take()), heckler.told.take())
}

/// What is done to a society from outside.
enum Deed {
    Repair(Duration),
    Order(Given),
}
/// All of it in the order of time: in the end what was paused goes on.
fn deeds(scene: &Scene) -> Vec<Deed> {
    let cancels = scene
        .runs
        .iter()
        .enumerate()
        .filter_map(|(run, (_, at))| Some(Deed::Order(Given { at: (*at)?, run, task: None, order: Order::Cancel })));
    let mut all: Vec<Deed> = cancels.chain(scene.orders.0.iter().cloned().map(Deed::Order)).collect();
    all.extend(scene.trouble.iter().map(|(_, at)| Deed::Repair(*at)));
    if !scene.orders.0.is_empty() {
        for (run, (flow, _)) in scene.runs.iter().enumerate() {
            let names = flow.tasks.iter().map(|task| Some(task.id.clone()));
            let again = |task| Deed::Order(Given { at: orders::AGAIN, run, task, order: Order::Resume });
            all.extend(std::iter::once(None).chain(names).map(again));
        }
    }
    all.sort_by_key(|(Deed::Repair(at) | Deed::Order(Given { at, .. }))| *at);
    all
}

fn functions(builder: polity::Builder, heckler: &Rc<Heckler>) -> polity::Builder {
    let heckler = heckler.clone();
    builder
        .function("at_once", |job: Job, _| async move { Ok((*job.input).clone()) })
        .function("sleepy", |_, context: Context| async move {
            let mut rng = context.rng("sleepy");
            for _ in 0..rng.below(4) {
                context.sleep(Duration::from_secs_f64(rng.between(0.0, 1.0))).await;
            }
            Ok(json!([1, 2]))
        })
        .function("beating", |_, context: Context| async move {
            let mut rng = context.rng("beating");
            for _ in 0..rng.below(6) {
                context.heartbeat();
                context.sleep(Duration::from_secs_f64(rng.between(0.0, 1.0))).await;
            }
            Ok(json!("alive"))
        })
        .function("moody", move |job: Job, context: Context| {
            let heckler = heckler.clone();
            async move {
                let mut rng = context.rng("moody");
                if rng.chance(0.3) {
                    heckler.hears(&job, &context);
                    return Err(Failure::new(FailureKind::Error, "not today"));
                }
                context.sleep(Duration::from_secs_f64(rng.between(0.0, 1.0))).await;
                heckler.hears(&job, &context);
                if rng.chance(0.3) { Err(Failure::new(FailureKind::Validation, "never")) } else { Ok(json!("well")) }
            }
        })
        .function("fatal", |_, context: Context| async move {
            let mut rng = context.rng("fatal");
            assert!(!rng.chance(0.1), "fatal at once");
            context.sleep(Duration::from_secs_f64(rng.between(0.0, 1.0))).await;
            assert!(!rng.chance(0.1), "fatal later");
            Ok(json!("lucky"))
        })
}
