//! The world that the actors act in: a clock, a post, alarms, a log of events. It comes in two makes, real and virtual, and the actors
//! can't tell which.
//!
//! - **Real**: time passes by itself; mail goes straight into the mailbox.
//! - **Virtual**: time stands still while any actor still has something to do, and then leaps to the next letter at the post office.
//!   Protocol talk goes through the weather (delay, loss, repeats); jobs and their answers go through it too, but by a reliable line: what
//!   is lost there is sent again, and so only takes longer.
//!
//! Every message in flight carries a [`Ticket`]. When the last ticket is dropped, nobody has anything left to do *now*: this is how the
//! virtual world knows that it may move on, without asking anyone.

mod alarm;
mod board;
mod boxes;
mod deeds;
mod demands;
mod depot;
mod desk;
mod driver;
mod inbox;
mod letter;
mod post;
mod ticket;
mod trouble;
mod watch;

pub(crate) use alarm::Alarm;
pub(crate) use board::AllBoards;
pub(crate) use boxes::Boxes;
pub(crate) use demands::KindId;
pub(crate) use depot::Depot;
use depot::Depots;
pub(crate) use desk::Desk;
pub(crate) use inbox::Inbox;
pub(crate) use letter::{Letter, Wire};
pub(crate) use post::AlarmId;
pub(crate) use ticket::{InTurn, Mail, Ticket};
use trouble::Way;
pub(crate) use trouble::{Due, Held, Trouble};
pub(crate) use watch::Stuck;
use watch::Watch;

use crate::actors::{CoordinatorId, CoordinatorMail, Directory, RunActor, RunMail, TaskActor, ToTask};
use crate::event::{EventLog, RunId, What};
use crate::lifecycle::Effect;
use actix::Addr;
use demands::Demands;
use driver::Driver;
use polity_agents::{Clock, Functions, LocalFuture};
use polity_protocols::{AgentId, Demand, DemandId, Name, Rng, Time, Weather};
use post::PostOffice;
use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

/// See the [module](self).
pub(crate) struct World {
    me: Weak<World>,
    /// Among the worlds of this thread.
    number: u32,
    seed: u64,
    /// What tells its runs from those of other processes; empty in virtual time, where all repeats.
    salt: Name,
    /// `None` in the real world.
    pub(super) sky: Option<Sky>,
    /// When the real world began.
    began: tokio::time::Instant,
    /// See [`World::now`].
    moment: Cell<Time>,
    post: RefCell<PostOffice>,
    driver: Driver,
    /// Messages in flight: sent, and not yet handled.
    in_flight: Cell<u64>,
    /// Who wants to hear that it is stuck.
    watch: Watch,
    /// Users' futures that are under way: while there are any, only the executor knows whether something can still happen now.
    futures: Cell<u64>,
    /// True while [`World::leap`] is at it.
    leaping: Cell<bool>,
    /// The program was told something, or tells something: it shall have done what it does in this moment before time moves on. Until the
    /// executor was idle once.
    told: Cell<bool>,
    /// Its society was dropped.
    ending: Cell<bool>,
    /// Letters delivered and messages sent: what the simulation's speed is measured in.
    letters: Cell<u64>,
    /// Messages between coordinators and agents, of whatever run.
    talk: Cell<u64>,
    pub(crate) log: EventLog,
    /// The functions of the society, which count the threads that had to be left behind.
    pub(crate) functions: OnceCell<Rc<Functions>>,
    pub(crate) directory: Directory,
    /// What agents tell each other.
    pub(crate) boxes: Boxes,
    /// What the tasks of a run share.
    pub(crate) boards: AllBoards,
    /// Where what they made lies.
    pub(crate) depots: Depots,
    /// What goes wrong on purpose.
    pub(crate) trouble: Trouble,
    demands: RefCell<Demands>,
    /// The spread of retries.
    jitter: RefCell<Rng>,
    /// A buffer that tasks share: each has but a few turns, so that one of its own would be made for little.
    effects: RefCell<Vec<Effect>>,
    /// Late voices: messages that fencing kept from changing anything.
    ignored: Cell<u64>,
}

/// What only the virtual world has.
pub(super) struct Sky {
    weather: Weather,
    rng: RefCell<Rng>,
}

impl Sky {
    /// After how long one message and its copy arrive, if they do.
    fn toss(&self) -> (Option<Duration>, Option<Duration>) {
        let mut deliveries = self.weather.deliveries(&mut self.rng.borrow_mut());
        (deliveries.next(), deliveries.next())
    }
}

/// 64 bits that no other process has, nor this one again: a hasher's keys are the system's randomness.
fn salt() -> Name {
    use std::hash::{BuildHasher, Hasher, RandomState};
    format!("{:016x}", RandomState::new().build_hasher().finish()).into()
}

impl World {
    /// A real world, beginning now. Needs a tokio runtime with a local set.
    pub(crate) fn real(seed: u64) -> Rc<World> {
        World::make(seed, salt(), None)
    }
    /// A virtual world. Needs a tokio runtime with a local set and a paused clock.
    pub(crate) fn simulated(seed: u64, weather: Weather) -> Rc<World> {
        World::make(seed, Name::from(""), Some(Sky { weather, rng: RefCell::new(Rng::new(seed, "post")) }))
    }
    fn make(seed: u64, salt: Name, sky: Option<Sky>) -> Rc<World> {
        let world = Rc::new_cyclic(|me| World {
            me: me.clone(),
            number: ticket::number(),
            seed,
            salt,
            sky,
            began: tokio::time::Instant::now(),
            moment: Cell::new(Time::ZERO),
            post: RefCell::default(),
            driver: Driver::default(),
            in_flight: Cell::new(0),
            watch: Watch::default(),
            futures: Cell::new(0),
            leaping: Cell::new(false),
            told: Cell::new(false),
            ending: Cell::new(false),
            letters: Cell::new(0),
            talk: Cell::new(0),
            log: EventLog::default(),
            functions: OnceCell::new(),
            directory: Directory::default(),
            boxes: Boxes::default(),
            boards: AllBoards::default(),
            depots: Depots::default(),
            trouble: Trouble::default(),
            demands: RefCell::default(),
            jitter: RefCell::new(Rng::new(seed, "jitter")),
            effects: RefCell::default(),
            ignored: Cell::new(0),
        });
        ticket::enter(&world);
        driver::run(&world);
        world
    }
    /// Ends the world: nothing is delivered any more.
    pub(crate) fn close(&self) {
        self.driver.stop();
        let rest = std::mem::take(&mut *self.post.borrow_mut());
        drop((rest, self.trouble.take_kept()));
        self.directory.clear();
        ticket::leave();
    }
    /// The world of this thread, if there is one.
    pub(crate) fn here() -> Option<Rc<World>> {
        ticket::here()
    }
    /// The seed of all randomness.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }
    /// What tells its runs from those of other processes.
    pub(crate) fn salt(&self) -> &Name {
        &self.salt
    }
    /// True in virtual time.
    pub(crate) fn is_virtual(&self) -> bool {
        self.sky.is_some()
    }
    /// The moment at which the present turn began: all that one message leads to happens at one moment.
    pub(crate) fn now(&self) -> Time {
        self.moment.get()
    }
    /// A turn begins: the real world looks at the clock. (A look costs as much as a message, and a turn asks several times.)
    pub(crate) fn tick(&self) {
        if self.sky.is_none() {
            self.moment.set(Time::ZERO + self.began.elapsed());
        }
    }
    /// Records an event.
    pub(crate) fn record(&self, run: RunId, what: What) {
        self.log.record(self.now(), run, what);
    }
    /// The randomness by which retries and restarts are spread.
    pub(crate) fn jitter(&self) -> RefMut<'_, Rng> {
        self.jitter.borrow_mut()
    }
    /// An empty buffer for the effects of a task's turn; to be given back.
    pub(crate) fn lend_effects(&self) -> Vec<Effect> {
        self.effects.take()
    }
    pub(crate) fn take_back_effects(&self, buffer: Vec<Effect>) {
        self.effects.replace(buffer);
    }
    /// Counts a message that came too late to change anything.
    pub(crate) fn ignore(&self) {
        self.ignored.set(self.ignored.get() + 1);
    }
    /// How many messages came too late.
    pub(crate) fn ignored(&self) -> u64 {
        self.ignored.get()
    }
    /// True if a function still holds a thread that nobody waits for.
    pub(crate) fn leaves_threads(&self) -> bool {
        self.functions.get().is_some_and(|functions| functions.abandoned() > 0)
    }
    /// True if nobody lives here and nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.directory.is_empty() && self.futures.get() == 0
    }
    /// The program does nothing more here: time need not wait for it.
    pub(crate) fn program_is_done(&self) {
        self.told.set(false);
    }
    /// The society was dropped: the world ends as soon as nobody lives here any more.
    pub(crate) fn begin_to_end(&self) {
        self.ending.set(true);
    }
    /// True if its society was dropped, and nobody lives here any more.
    pub(crate) fn is_over(&self) -> bool {
        self.ending.get() && self.is_empty()
    }
    /// The program outside was told something, or is about to say something: it shall be able to act in this very moment.
    pub(crate) fn tell_outside(&self) {
        self.told.set(true);
    }
    /// Messages sent so far.
    pub(crate) fn letters(&self) -> u64 {
        self.letters.get()
    }
    /// The one shared demand of this kind, these needs and this agent, so that a protocol may keep a table per demand.
    pub(crate) fn demand(&self, kind: &Name, needs: &[(Name, f64)], agent: Option<&Name>) -> Arc<Demand> {
        self.demands.borrow_mut().get(kind, needs, agent)
    }
    /// The kind of a demand.
    pub(crate) fn kind_of(&self, demand: DemandId) -> Option<KindId> {
        self.demands.borrow().kind(demand)
    }
    /// The name of a kind of work.
    pub(crate) fn kind_name(&self, kind: KindId) -> Name {
        self.demands.borrow().name(kind)
    }

    /// One more letter was sent; what is lost on its way counts too.
    fn count_letter(&self) {
        self.letters.set(self.letters.get() + 1);
    }
    /// One more message went between a coordinator and an agent.
    pub(crate) fn count_talk(&self) {
        self.talk.set(self.talk.get() + 1);
    }
    /// Between coordinators and agents so far, of whatever run.
    pub(crate) fn talk(&self) -> u64 {
        self.talk.get()
    }
    /// Sends a letter at once, past all weather: what stays in one place.
    pub(crate) fn send(&self, letter: Letter) {
        self.count_letter();
        letter.deliver(self);
    }
    /// Tells a run, without an address of its own.
    pub(crate) fn tell_run(&self, run: &Addr<RunActor>, body: RunMail) {
        self.count_letter();
        run.do_send(Mail { body, ticket: self.ticket() });
    }
    /// As [`World::ship`], without an address of its own where the line is calm.
    pub(crate) fn ship_to_task(&self, agent: AgentId, task: &Wire<TaskActor>, body: ToTask) {
        if self.trouble.is_on() || self.sky.as_ref().is_some_and(|sky| !sky.weather.is_calm()) {
            return self.ship(agent, Letter::Task(task.clone(), body));
        }
        self.count_letter();
        task.do_send(Mail { body, ticket: self.ticket() });
    }
    /// Tells a coordinator by its number.
    pub(crate) fn tell_coordinator(&self, id: CoordinatorId, mail: CoordinatorMail) {
        if let Some(book) = self.directory.coordinator(id) {
            self.send(Letter::Coordinator(book, mail));
        }
    }
    /// Sends a letter to or from an agent by a reliable line: it arrives, but in bad weather later, perhaps after a younger one, and perhaps
    /// repeated.
    pub(crate) fn ship(&self, agent: AgentId, letter: Letter) {
        let free = if self.trouble.is_on() { self.pass(Way::Desk(agent), true, letter) } else { Some(letter) };
        let Some(letter) = free else { return };
        let Some(sky) = self.sky.as_ref().filter(|sky| !sky.weather.is_calm()) else { return self.send(letter) };
        let mut late = Duration::ZERO;
        // A lost transmission is noticed and repeated; 64 losses in a row do not happen by chance, and the line must end somewhere.
        for _ in 0..64 {
            let (first, second) = sky.toss();
            let Some(delay) = first else {
                late += RETRANSMIT;
                continue;
            };
            if let Some((delay, copy)) = second.and_then(|delay| Some((delay, letter.again()?))) {
                self.alarm(self.moment.get() + late + delay, copy);
            }
            late += delay;
            break;
        }
        self.alarm(self.moment.get() + late, letter);
    }
    /// Sends a letter to or from an agent like a datagram: in bad weather it may come late, twice, after a younger one, or never.
    pub(crate) fn post(&self, agent: AgentId, letter: Letter) {
        if self.trouble.is_on() {
            let Some(letter) = self.pass(Way::Desk(agent), false, letter) else { return self.count_letter() };
            let disturbed = self.disturbed(agent, matches!(letter, Letter::Coordinator(..)));
            return match disturbed {
                Some(delays) => self.post_disturbed(&delays, letter),
                None => self.toss(letter),
            };
        }
        self.toss(letter);
    }
    /// Each copy of it goes through the weather by itself.
    fn post_disturbed(&self, delays: &[Duration], letter: Letter) {
        let calm = (Some(Duration::ZERO), None);
        let (mut letter, mut is_lost) = (Some(letter), true);
        for (at, late) in delays.iter().enumerate() {
            let last = at + 1 == delays.len();
            let (first, second) = self.sky.as_ref().filter(|sky| !sky.weather.is_calm()).map_or(calm, Sky::toss);
            for delay in [first, second].into_iter().flatten() {
                let copy = letter.as_ref().and_then(Letter::again);
                let whole = if last && second.is_none() { letter.take() } else { copy };
                if let Some(whole) = whole {
                    is_lost = false;
                    self.alarm(self.moment.get() + *late + delay, whole);
                }
            }
        }
        if is_lost {
            self.count_letter();
        }
    }
    fn toss(&self, letter: Letter) {
        let Some(sky) = self.sky.as_ref().filter(|sky| !sky.weather.is_calm()) else { return self.send(letter) };
        let (first, second) = sky.toss();
        if let Some((delay, copy)) = second.and_then(|delay| Some((delay, letter.again()?))) {
            self.alarm(self.moment.get() + delay, copy);
        }
        match first {
            Some(delay) => _ = self.alarm(self.moment.get() + delay, letter),
            None => self.count_letter(),
        }
    }
    /// Sends what an agent tells another: a datagram, as [`post`](World::post). In virtual time it is always under way for [`HOP`].
    pub(crate) fn speak(&self, from: Option<AgentId>, to: AgentId, letter: Letter) {
        let free = if self.trouble.is_on() { self.pass(Way::Between(from, to), false, letter) } else { Some(letter) };
        let Some(letter) = free else { return };
        let Some(sky) = &self.sky else { return self.send(letter) };
        let calm = (Some(Duration::ZERO), None);
        let (first, second) = if sky.weather.is_calm() { calm } else { sky.toss() };
        if let Some((delay, copy)) = second.and_then(|delay| Some((delay, letter.again()?))) {
            self.alarm(Clock::now(self) + HOP + delay, copy);
        }
        if let Some(delay) = first {
            self.alarm(Clock::now(self) + HOP + delay, letter);
        }
    }
    /// Has a letter delivered at a moment; at once if it has passed.
    pub(crate) fn alarm(&self, at: Time, letter: Letter) -> AlarmId {
        let at = at.max(self.now());
        let id = self.post.borrow_mut().put(at, letter);
        self.driver.look(at);
        if self.sky.is_some() && self.in_flight.get() == 0 {
            // Nobody has anything to do, so that nobody would notice by itself: the executor shall look once it is idle.
            self.driver.idle();
        }
        id
    }
    /// Forgets an alarm. False if it has gone off; then it does nothing.
    pub(crate) fn silence(&self, id: AlarmId) -> bool {
        let letter = self.post.borrow_mut().take_back(id);
        letter.is_some() // it is dropped here, outside the borrow: what it carries may send mail when dropped
    }

    /// A message was handled, or lost. True if it was the last one.
    fn landed(&self) -> bool {
        let left = self.in_flight.get() - 1;
        self.in_flight.set(left);
        left == 0
    }
    /// Nobody has a message left: on to the next moment, unless a user's future may still do something in this one.
    fn quiet(&self) {
        if self.leaping.get() {
            return; // a letter fell to a dead actor: the loop below goes on by itself
        }
        if self.futures.get() == 0 && !self.told.get() { self.leap() } else { self.driver.idle() }
    }
    /// Virtual world: delivers the next letter, at its moment; the next ones too, until one gives somebody something to do.
    fn leap(&self) {
        self.leaping.set(true);
        while self.in_flight.get() == 0 {
            let next = self.post.borrow_mut().pop(Time::MAX);
            self.watched(next.is_none());
            let Some((at, letter)) = next else { break };
            self.moment.set(at.max(self.moment.get()));
            if letter.wakes() {
                self.told.set(true);
            }
            self.send(letter);
            if self.told.get() {
                self.driver.idle();
                break;
            }
        }
        self.leaping.set(false);
    }
    /// Notes that a user's future is under way until the guard is dropped.
    pub(crate) fn future(self: &Rc<Self>) -> UnderWay {
        self.futures.set(self.futures.get() + 1);
        UnderWay(self.clone())
    }
    fn me(&self) -> Rc<World> {
        self.me.upgrade().expect("whoever calls holds the world")
    }
}

/// After how long a reliable line notices a loss.
const RETRANSMIT: Duration = Duration::from_millis(200);

/// How long what an agent says is under way at least, in virtual time. Two that answer each other for ever would else hold the time at
/// one moment.
const HOP: Duration = Duration::from_micros(1);

/// See [`World::future`].
pub(crate) struct UnderWay(Rc<World>);
impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.futures.set(self.0.futures.get() - 1);
        if self.0.sky.is_some() && self.0.in_flight.get() == 0 {
            self.0.driver.idle();
        }
    }
}

impl Clock for World {
    /// For whoever is not within a turn: a job, a program.
    fn now(&self) -> Time {
        self.tick();
        World::now(self)
    }
    fn sleep(&self, how_long: Duration) -> LocalFuture<'static, ()> {
        if self.sky.is_none() {
            return Box::pin(tokio::time::sleep(how_long));
        }
        Box::pin(alarm::Sleep::new(self.me(), Clock::now(self) + how_long))
    }
}
