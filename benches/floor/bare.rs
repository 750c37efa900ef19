//! The floor: bare actix without anything of ours.

use crate::meter::Meter;
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message};
use polity::workflow::Workflow;
use std::cell::Cell;
use std::rc::Rc;
use tokio::sync::oneshot;

fn system<F: Future>(main: F) -> F::Output {
    actix::System::new().block_on(main)
}

#[derive(Message)]
#[rtype(result = "()")]
struct Ball;
struct Player {
    left: u64,
    done: Option<oneshot::Sender<()>>,
}
impl Actor for Player {
    type Context = Context<Player>;
}
impl Handler<Ball> for Player {
    type Result = ();
    fn handle(&mut self, _: Ball, _: &mut Self::Context) {
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(());
        }
    }
}

/// Seconds per message told.
pub fn tells(count: u64) -> f64 {
    system(async {
        let (done, ended) = oneshot::channel();
        let player = Player { left: count, done: Some(done) }.start();
        let meter = Meter::start();
        for n in 0..count {
            player.do_send(Ball);
            if n % 1_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        ended.await.expect("the player counts them all");
        meter.spent() / count as f64
    })
}

struct Mayfly(Rc<Cell<u64>>);
impl Actor for Mayfly {
    type Context = Context<Mayfly>;
    fn started(&mut self, context: &mut Self::Context) {
        self.0.set(self.0.get() + 1);
        context.stop();
    }
}

/// Seconds per actor that is started and stops.
pub fn spawns(count: u64) -> f64 {
    system(async {
        let born = Rc::new(Cell::new(0));
        let meter = Meter::start();
        for n in 0..count {
            Mayfly(born.clone()).start();
            if n % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while born.get() < count {
            tokio::task::yield_now().await;
        }
        meter.spent() / count as f64
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Do(u32, Addr<Master>);
#[derive(Message)]
#[rtype(result = "()")]
struct Done(u32, usize);

struct Worker(usize);
impl Actor for Worker {
    type Context = Context<Worker>;
}
impl Handler<Do> for Worker {
    type Result = ();
    fn handle(&mut self, job: Do, _: &mut Self::Context) {
        job.1.do_send(Done(job.0, self.0));
    }
}

struct Master {
    waits: Vec<u32>,
    next: Vec<Vec<u32>>,
    ready: Vec<u32>,
    workers: Vec<Addr<Worker>>,
    left: usize,
    done: Option<oneshot::Sender<()>>,
}
impl Actor for Master {
    type Context = Context<Master>;
    fn started(&mut self, context: &mut Self::Context) {
        for worker in 0..self.workers.len() {
            self.give(worker, context);
        }
    }
}
impl Master {
    fn give(&mut self, worker: usize, context: &mut Context<Master>) {
        if let Some(task) = self.ready.pop() {
            self.workers[worker].do_send(Do(task, context.address()));
        }
    }
}
impl Handler<Done> for Master {
    type Result = ();
    fn handle(&mut self, Done(task, worker): Done, context: &mut Self::Context) {
        for next in std::mem::take(&mut self.next[task as usize]) {
            let waits = &mut self.waits[next as usize];
            *waits -= 1;
            if *waits == 0 {
                self.ready.push(next);
            }
        }
        self.left -= 1;
        self.give(worker, context);
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(());
        }
    }
}

/// Seconds per task of a graph that a master and 8 workers walk by `do_send` both ways: no protocol, no events, no supervision, no retries.
pub fn walk(flow: &Workflow) -> f64 {
    let tasks = flow.tasks.len();
    let mut next = vec![Vec::new(); tasks];
    let mut waits = vec![0; tasks];
    for (n, task) in flow.tasks.iter().enumerate() {
        waits[n] = task.dependencies.len() as u32;
        for edge in &task.dependencies {
            next[edge.on].push(n as u32);
        }
    }
    let ready = (0..tasks as u32).filter(|n| waits[*n as usize] == 0).collect();
    system(async {
        let workers = (0..8).map(|n| Worker(n).start()).collect();
        let (done, ended) = oneshot::channel();
        let meter = Meter::start();
        let master = Master { waits, next, ready, workers, left: tasks, done: Some(done) }.start();
        ended.await.expect("the graph ends");
        drop(master);
        meter.spent() / tasks as f64
    })
}
