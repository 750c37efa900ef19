//! Ctrl-C, SIGTERM and SIGHUP: the first one ends the work in order, the second ends the program at once.

use super::output;
use super::stop::INTERRUPTED;
use std::sync::mpsc::Sender;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Tells of the first interrupt.
pub struct Interrupts {
    first: UnboundedReceiver<()>,
    came: bool,
}

/// Begins to listen, on a thread of its own: the second interrupt works also while the control thread is busy. `what` is told to happen after the first.
pub fn listen(what: &'static str) -> Interrupts {
    let (send, first) = unbounded_channel();
    let (hears, listens) = std::sync::mpsc::channel();
    // Without that thread an interrupt does what it does to any program: it ends it.
    let thread = std::thread::Builder::new().name("polity-signals".into());
    if thread.spawn(move || watch(what, &hears, &send)).is_ok() {
        let _ = listens.recv(); // nothing begins that an interrupt would find unguarded
    }
    Interrupts { first, came: false }
}

fn watch(what: &str, hears: &Sender<()>, send: &UnboundedSender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        // Listening begins before the first one is answered and never pauses, so that a second one right behind it is not missed.
        let Some(mut signals) = Signals::listen() else { return };
        let _ = hears.send(());
        if signals.next().await {
            output::tell(&format!("\ninterrupted: {what}; once more ends it at once"));
            let _ = send.send(());
            if signals.next().await {
                kill_commands();
                std::process::exit(i32::from(INTERRUPTED));
            }
        }
    });
}

/// Kills the commands that are running, each of which is its own process group. The runtime may be too busy to be asked for them, so the
/// system is; one that does not tell keeps them.
fn kill_commands() {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let groups: Vec<String> =
        children.flat_map(|ids| ids.split_whitespace().map(|id| format!("-{id}")).collect::<Vec<_>>()).collect();
    if !groups.is_empty() {
        let _ = std::process::Command::new("kill").args(["-s", "KILL", "--"]).args(groups).output();
    }
}

/// What interrupts a program; none where whoever started it had it ignored, as `nohup` does.
#[cfg(unix)]
struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    /// The terminal was closed.
    hang_up: Option<Signal>,
}
#[cfg(unix)]
impl Signals {
    fn listen() -> Option<Signals> {
        let ignored = ignored();
        let listen = |kind: SignalKind| {
            let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
            if is_ignored { Some(None) } else { signal(kind).ok().map(Some) }
        };
        Some(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }
    /// Waits for the next; false if there can be none.
    async fn next(&mut self) -> bool {
        tokio::select! {
            pressed = told(&mut self.interrupt) => pressed,
            asked = told(&mut self.terminate) => asked,
            closed = told(&mut self.hang_up) => closed,
        }
    }
}
#[cfg(unix)]
async fn told(signal: &mut Option<Signal>) -> bool {
    match signal {
        Some(signal) => signal.recv().await.is_some(),
        None => std::future::pending().await,
    }
}
/// The signals that are ignored, signal 1 in the lowest bit; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
#[cfg(not(unix))]
struct Signals;
#[cfg(not(unix))]
impl Signals {
    fn listen() -> Option<Signals> {
        Some(Signals)
    }
    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}

impl Interrupts {
    /// Ends with the first interrupt; never, if there is none.
    pub async fn first(&mut self) {
        if self.first.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
    /// True from the first interrupt on.
    pub fn have_come(&mut self) -> bool {
        self.came |= self.first.try_recv().is_ok();
        self.came
    }
}
