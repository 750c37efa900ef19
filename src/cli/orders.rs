//! `polity pause`, `resume`, `cancel`: orders to a run that another process carries out; and how that process hears them.

use super::load::Settings;
use super::output;
use super::stop::Stop;
use polity::Order;
use polity::report::{self, FoundOrder, OrderNote, RunFolder};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How often a process that carries out a run looks for orders.
const LOOK: Duration = Duration::from_millis(50);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which run, and which of its tasks.
#[derive(clap::Args)]
pub struct Given {
    /// The run, by its name or the beginning of it; `last` for the newest
    #[arg(value_name = "RUN")]
    run: String,
    /// Only this task, or this instance of it: `analyse[2013]`
    #[arg(value_name = "TASK")]
    task: Option<String>,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}

impl Given {
    /// Gives the order, and waits until it is taken.
    pub fn go(&self, order: Order) -> Result<u8, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        let folder = report::find(config.runs(), &self.run)?;
        let name = folder.name().to_owned();
        if !folder.is_held() {
            let status = folder.read_record()?.status;
            let over = if matches!(&*status, "running" | "paused") { "died with its process" } else { &*status };
            let help = match order {
                Order::Resume if over != "completed" => format!("; `polity retry {name}` goes on with it"),
                _ => String::new(),
            };
            return Err(Stop::usage(format!("{name} does not run any more (it {}){help}", past(over))));
        }
        let note = OrderNote { order, task: self.task.clone() };
        match note.file(&folder)?.wait(&folder, PATIENCE) {
            Some(Ok(())) => {
                let what = self.task.as_ref().map_or_else(|| name.clone(), |task| format!("{task} of {name}"));
                output::tell(&format!("{what}: {}", done(order, self.task.is_some())));
                Ok(0)
            }
            Some(Err(why)) => Err(Stop::usage(why)),
            None if folder.is_held() => Err(Stop::coded(1, format!("error: {name} does not answer; is it a simulation?"))),
            None => Err(Stop::usage(format!("{name} ended before it took the order"))),
        }
    }
}
fn past(status: &str) -> String {
    match status {
        "completed" | "failed" | "died with its process" => status.to_owned(),
        other => format!("is {other}"),
    }
}
fn done(order: Order, one: bool) -> &'static str {
    match (order, one) {
        (Order::Pause, false) => "paused; what its agents work on goes on to its end",
        (Order::Pause, true) => "paused; if an agent works on it, that goes on to its end",
        (Order::Resume, _) => "goes on",
        (Order::Cancel, false) => "is being cancelled",
        (Order::Cancel, true) => "is being cancelled; what depends on it is blocked",
    }
}

/// Pause a run, or one of its tasks
///
/// Nothing new begins; what agents work on goes on to its end. The clocks `timeout.queue` and `timeout.total` of what waits stand still.
#[derive(clap::Args)]
pub struct Pause {
    #[command(flatten)]
    given: Given,
}
impl Pause {
    pub fn go(&self) -> Result<u8, Stop> {
        self.given.go(Order::Pause)
    }
}

/// Let a paused run, or a paused task, go on
#[derive(clap::Args)]
pub struct Resume {
    #[command(flatten)]
    given: Given,
}
impl Resume {
    pub fn go(&self) -> Result<u8, Stop> {
        self.given.go(Order::Resume)
    }
}

/// Cancel a run, or one of its tasks
///
/// What runs is stopped, what waits is withdrawn; it wins over every retry. A run with `on_failure: compensate` then undoes what was done. What
/// depends on a cancelled task is blocked.
#[derive(clap::Args)]
pub struct Cancel {
    #[command(flatten)]
    given: Given,
}
impl Cancel {
    pub fn go(&self) -> Result<u8, Stop> {
        self.given.go(Order::Cancel)
    }
}

/// Hears the orders to a run.
pub struct Orders(UnboundedReceiver<(FoundOrder, Result<OrderNote, String>)>);
impl Orders {
    /// Looks into the run's folder from now on, on a thread of its own that ends with this.
    pub fn listen(folder: RunFolder) -> Orders {
        let (send, receive) = unbounded_channel();
        let look = move || {
            while !send.is_closed() {
                while let Some(found) = folder.next_order() {
                    if send.send(found).is_err() {
                        return;
                    }
                }
                std::thread::sleep(LOOK);
            }
        };
        // Without that thread nobody hears orders; Ctrl-C still works.
        let _ = std::thread::Builder::new().name("polity-orders".into()).spawn(look);
        Orders(receive)
    }
    /// Hears none: a simulation is over before anybody could give one.
    pub fn none() -> Orders {
        Orders(unbounded_channel().1)
    }
    /// The next one; never ends if there is none.
    pub async fn next(&mut self) -> (FoundOrder, Result<OrderNote, String>) {
        match self.0.recv().await {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }
}
