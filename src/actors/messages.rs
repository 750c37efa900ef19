//! All that the actors tell each other, in the order in which a task's life says it.

use super::run::{ChildEnd, Handed};
use super::{AgentActor, Award, Claim, CoordinatorId, Errand, Inquiry, News, TaskActor, TaskOrder};
use crate::event::Governance;
use crate::registry::{Government, Talk};
use crate::supervision::Exit;
use crate::world::{KindId, Wire};
use polity_agents::{Executed, Failure, HandedOn, Job, JobId, Spent};
use polity_protocols::{AgentId, DemandId, Judged, Load, Name, Outcome, Profile, TaskId, TaskView, Time};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What a coordinator is told.
pub(crate) enum CoordinatorMail {
    /// An agent joins, or joins again with a new life.
    Join { agent: AgentId, incarnation: u64, profile: Arc<Profile>, addr: Wire<AgentActor> },
    /// An agent's life ended; it comes back with a new one unless it left `for_good`.
    Leave { agent: AgentId, incarnation: u64, for_good: bool },
    /// A task wants to be done.
    Announce { view: Arc<TaskView>, addr: Wire<TaskActor> },
    /// A task no longer does.
    Withdraw { task: TaskId },
    /// A participant says something.
    Talk { from: AgentId, epoch: u32, talk: Talk },
    /// How an award ended. What was demanded says for which kind of work.
    Outcome { task: TaskId, demand: DemandId, agent: AgentId, outcome: Outcome },
    /// What a vote found out about a result.
    Judged(Judged),
    /// The time of an open breaker is over.
    Breaker { kind: KindId, agent: AgentId },
    /// An agent of the team is done with a job of another coordinator's.
    Freed { agent: AgentId },
    /// The moment that the protocol asked for.
    Wake,
    /// A task was parked at that moment; if it still is, it has waited long enough.
    Overdue { task: TaskId, since: Time },
    /// A run is about to end: what did it cost?
    Report(Inquiry),
    /// End, for good.
    Stop,
}

/// What a task's actor is told: of which task, and what. Of one that has settled nothing is heard any more.
pub(crate) struct ToTask {
    pub(crate) task: TaskId,
    pub(crate) word: TaskMail,
}
/// What a task is told.
pub(crate) enum TaskMail {
    /// The actor's last task has settled; this is its next.
    Begin(Box<Errand>),
    /// The protocol gave it to an agent.
    Assigned(Award),
    /// The protocol gave it to nobody.
    Declined { why: Name },
    /// The agent did not take it.
    Refused { launch: u32, load: Load },
    /// The agent began.
    Started { launch: u32 },
    /// The job gives a sign of life.
    Beat { launch: u32 },
    /// The agent is done.
    Finished(Box<Finished>),
    /// The agent was lost with the job, which it had `begun` or not: its word that it began may have been overtaken, or never sent.
    Lost { launch: u32, begun: bool },
    /// It is not announced until it is resumed.
    Pause,
    /// It may be announced again.
    Resume,
    /// Its run no longer wants it.
    Cancel,
    /// Its run begins nothing more: what is being executed may come to its end, and is not tried again.
    Halt,
    /// The moment that its life asked for.
    Wake,
}

/// What an agent says of a job that it is done with.
#[derive(Clone)]
pub(crate) struct Finished {
    pub(crate) launch: u32,
    pub(crate) answer: Result<Arc<Value>, Failure>,
    /// True if it did not say before that it began.
    pub(crate) at_once: bool,
    /// How good the result is, 0..=1.
    pub(crate) quality: f64,
    pub(crate) load: Load,
    pub(crate) notes: Vec<String>,
    /// Work that it hands on instead of the answer.
    pub(crate) handed_on: Option<HandedOn>,
    /// What it says that it spent.
    pub(crate) spent: Spent,
}

/// What an agent is told.
pub(crate) enum AgentMail {
    /// A coordinator (perhaps in a new life) wants it as a participant.
    Invite { coordinator: CoordinatorId, epoch: u32, government: Government },
    /// An initiator says something.
    Talk { coordinator: CoordinatorId, epoch: u32, talk: Talk },
    /// Do this.
    Execute { job: Box<Job>, rank: f64, coordinator: CoordinatorId, claim: Claim },
    /// Stop doing that.
    Cancel { job: JobId },
    /// From its own future: the job ended. (In a box, since all mail is as large as the largest.)
    Ended { job: JobId, executed: Box<Executed> },
    /// From its own future: the job's code panicked; or, if no job is to blame, the code that hears letters.
    Panicked { reason: Name, by_a_job: bool },
    /// Letters lie in its inbox.
    Knock,
    /// From its own future: the letters of its inbox were heard.
    Heard,
    /// Virtual work: its time has come.
    Due { job: JobId },
    /// Virtual work: it gives a sign of life.
    Pulse { job: JobId },
    /// Take no more, finish what runs, end.
    Stop,
    /// End now.
    Kill,
    /// Crash, on purpose, and be down for so long; unless all was repaired since this `era`.
    Fell { repair: Duration, era: u64 },
    /// End in order, and begin anew.
    Bounce,
    /// A job that hangs on purpose goes on; all, if none is named.
    Unhang { job: Option<JobId> },
}

/// What a run is told.
pub(crate) enum RunMail {
    /// A task's life is over. Its outcome goes by the run if it had better wait for what it makes ready.
    Settled { task: TaskId, result: TaskResult, news: Option<Arc<News>> },
    /// A coordinator closed its books; none if it is gone.
    Reported(Option<Arc<Governance>>),
    /// A hedged task takes too long.
    Slow { task: u32 },
    /// A copy of a task was awarded.
    Held { task: TaskId, agent: AgentId, fit: f64 },
    /// A sub-run of a task ended; the how manieth of them.
    ChildEnded { task: u32, number: u32, end: ChildEnd },
    /// The time of a task with sub-runs is over.
    Overdue { task: u32 },
    /// Nothing new begins.
    Pause,
    /// It goes on.
    Resume,
    /// One of its tasks is told something.
    Order(TaskOrder),
    /// End it: cancel everything; what was done is undone, if its workflow says so.
    Cancel,
    /// End it, and undo nothing.
    Terminate,
    /// It was stalled at that moment; if it still is, it fails.
    Stalled { since: Time },
    /// A supervisor gave up: nothing can go on.
    Escalate { reason: Name },
}

/// How a task's life ended, with what only its actor knew.
pub(crate) struct TaskResult {
    pub(crate) agent: Option<AgentId>,
    pub(crate) attempts: u32,
    pub(crate) end: TaskEnd,
    /// What all its attempts cost, where a budget is kept.
    pub(crate) spent: Spent,
}
impl TaskResult {
    pub(crate) fn new(agent: Option<AgentId>, attempts: u32, end: TaskEnd) -> TaskResult {
        TaskResult { agent, attempts, end, spent: Spent::default() }
    }
}
/// See [`TaskResult`].
pub(crate) enum TaskEnd {
    Completed(Arc<Value>),
    Failed(Arc<Failure>),
    Cancelled,
    /// Its agent gave work instead of a result.
    Handed(Box<(Handed, Job)>),
    /// It failed, and another way is to be asked for.
    Setback(Box<(Arc<Failure>, Job)>),
}

/// What a supervisor is told.
pub(crate) enum SupervisorMail {
    /// A child's life ended.
    Exited { child: u64, incarnation: u64, exit: Exit },
    /// A replica of an elastic pool says what it holds.
    Load { child: u64, running: u32, queued: u32 },
    /// So many tasks wait at a coordinator that this elastic pool could do.
    Waiting { pool: Name, coordinator: CoordinatorId, tasks: u32 },
    /// A new child waits in the directory: children are not `Send`, so that they don't travel by mail.
    Adopt,
    /// The moment that supervision asked for.
    Wake,
    /// A child is not needed any more.
    Dismiss { child: u64 },
    /// End all children, in reverse order, then itself.
    Stop,
}

impl CoordinatorMail {
    /// The same once more, if a link may repeat it.
    pub(crate) fn again(&self) -> Option<CoordinatorMail> {
        match self {
            CoordinatorMail::Talk { from, epoch, talk } => {
                Some(CoordinatorMail::Talk { from: *from, epoch: *epoch, talk: talk.again() })
            }
            _ => None,
        }
    }
}
impl AgentMail {
    /// The same once more, if a link may repeat it.
    pub(crate) fn again(&self) -> Option<AgentMail> {
        match self {
            AgentMail::Talk { coordinator, epoch, talk } => {
                Some(AgentMail::Talk { coordinator: *coordinator, epoch: *epoch, talk: talk.again() })
            }
            AgentMail::Cancel { job } => Some(AgentMail::Cancel { job: *job }),
            _ => None,
        }
    }
}
impl ToTask {
    /// The same once more, if a link may repeat it.
    pub(crate) fn again(&self) -> Option<ToTask> {
        let word = match &self.word {
            TaskMail::Refused { launch, load } => TaskMail::Refused { launch: *launch, load: *load },
            TaskMail::Started { launch } => TaskMail::Started { launch: *launch },
            TaskMail::Finished(finished) => TaskMail::Finished(finished.clone()),
            TaskMail::Lost { launch, begun } => TaskMail::Lost { launch: *launch, begun: *begun },
            _ => return None,
        };
        Some(ToTask { task: self.task, word })
    }
}
