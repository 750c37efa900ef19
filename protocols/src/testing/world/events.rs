//! What happens at the table, and whether a task is announced again.

use super::*;

impl<P: Protocol> World<P> {
    pub(super) fn happen(&mut self, event: Event<P::Message>) {
        match event {
            Event::Script(Script::Join(agent)) => self.join(agent),
            Event::Script(Script::Leave(agent)) => self.leave(agent),
            Event::Script(Script::Withdraw(task)) => self.withdraw(task),
            Event::Script(Script::Rebuild) => self.rebuild(),
            Event::Announce(task) => self.announce(task),
            Event::Letter(letter) => self.deliver(letter),
            Event::Done(agent, life, task) => self.done(agent, life, task),
            Event::Outcome(task, agent, award, outcome) => self.outcome(task, agent, award, outcome),
        }
    }
    pub(super) fn join(&mut self, agent: AgentId) {
        let Some(seat) = self.seats.get_mut(agent.index()).filter(|seat| seat.life.is_none()) else { return };
        let profile = seat.body.profile.clone();
        seat.life = Some((self.protocol.participant(agent, &profile), Jobs::default()));
        seat.lives += 1;
        self.ledger.report.sometimes.rejoins += u64::from(seat.lives > 1);
        self.ledger.present.insert(agent, profile.clone());
        self.turn(|initiator, turn| initiator.on_join(agent, &profile, turn));
    }
    pub(super) fn leave(&mut self, agent: AgentId) {
        if self.seats.get_mut(agent.index()).and_then(|seat| seat.life.take()).is_none() {
            return;
        }
        let held = self.ledger.held_tasks(agent);
        let sometimes = &mut self.ledger.report.sometimes;
        sometimes.leaves += 1;
        sometimes.leaves_while_open += u64::from(!self.ledger.open.is_empty());
        sometimes.leaves_while_held += u64::from(!held.is_empty());
        self.ledger.present.remove(&agent);
        for task in held {
            let late = self.late_news.mul_f64(self.chaos.unit());
            let award = self.ledger.tasks[&task].awards;
            let lost = Outcome::new(Ended::Lost, Duration::ZERO);
            self.post.schedule(self.now + late, Event::Outcome(task, agent, award, lost));
        }
        self.turn(|initiator, turn| initiator.on_leave(agent, turn));
        self.ledger.judge_hopeless(self.now);
    }
    pub(super) fn announce(&mut self, task: TaskId) {
        let Some(entry) = self.ledger.tasks.get_mut(&task).filter(|entry| entry.state == State::Waiting) else { return };
        entry.announced = self.now;
        let mut view = entry.view.clone();
        if !std::mem::replace(&mut entry.told, true) && self.protocol.foresees() {
            view.prospects = self.prospects(task).into();
            self.ledger.report.sometimes.foretold += view.prospects.len() as u64;
        }
        self.first_announcement.get_or_insert(self.now);
        self.steps_without_progress = 0;
        self.ledger.set(task, State::Open);
        self.turn(|initiator, turn| initiator.on_task(&view, turn));
        if self.ledger.open.contains(&task) {
            self.ledger.report.sometimes.lingered += 1;
            self.ledger.judge_hopeless(self.now);
        }
    }
    /// What waits for nothing that was not announced, now that this task is.
    fn prospects(&mut self, task: TaskId) -> Vec<Prospect> {
        let mut prospects = Vec::new();
        for follower in self.ledger.tasks[&task].followers.clone() {
            let entry = self.ledger.tasks.get_mut(&follower).expect("it was given to the table");
            entry.unannounced -= 1;
            if entry.unannounced == 0 && entry.state == State::Waiting {
                let entry = &self.ledger.tasks[&follower];
                let lasts = |before: &&TaskId| !matches!(self.ledger.tasks[before].state, State::Settled(_));
                let after = entry.before.iter().filter(lasts).map(|before| Awaited::new(*before)).collect();
                prospects.push(Prospect { task: entry.view.clone(), after });
            }
        }
        prospects
    }
    pub(super) fn withdraw(&mut self, task: TaskId) {
        match self.ledger.tasks.get(&task).map(|entry| entry.state.clone()) {
            Some(State::Waiting) => self.settle(task, Fate::Withdrawn),
            Some(State::Open) => {
                self.ledger.report.sometimes.withdrawals_while_open += 1;
                self.settle(task, Fate::Withdrawn);
                self.turn(|initiator, turn| initiator.on_withdraw(task, turn));
            }
            Some(State::Held(agent)) => self.cancel(task, agent),
            Some(State::Settled(_)) | None => {}
        }
    }
    pub(super) fn cancel(&mut self, task: TaskId, agent: AgentId) {
        self.ledger.report.sometimes.withdrawals_while_held += 1;
        let entry = self.ledger.tasks.get_mut(&task).expect("it is held");
        entry.cancelled = true;
        let award = entry.awards;
        let job = self.seats[agent.index()].life.as_mut().and_then(|(_, jobs)| jobs.remove(task));
        // Without a job its outcome is already under way.
        if let Some(job) = job {
            self.start_jobs(agent);
            self.outcome(task, agent, award, Outcome::new(Ended::Cancelled, job.took(self.now)));
        }
    }
    /// The initiator dies and is rebuilt: what it knew of members and open tasks is gone, what it saved is not.
    pub(super) fn rebuild(&mut self) {
        let mut memory = self.initiator.save();
        memory.set("testing/an entry that no protocol knows", [f64::NAN, -1.0]);
        self.initiator = self.protocol.initiator();
        self.initiator.restore(&memory);
        let sometimes = &mut self.ledger.report.sometimes;
        sometimes.rebuilds += 1;
        sometimes.rebuilds_while_open += u64::from(!self.ledger.open.is_empty());
        // No task waits on the new one yet, so none may be judged as waiting.
        let open: Vec<TaskId> = self.ledger.open.iter().copied().collect();
        for task in &open {
            self.ledger.set(*task, State::Waiting);
        }
        for (agent, profile) in self.ledger.present.clone() {
            self.turn(|initiator, turn| initiator.on_join(agent, &profile, turn));
        }
        for task in open {
            self.announce(task);
        }
    }
    pub(super) fn done(&mut self, agent: AgentId, life: u32, task: TaskId) {
        let seat = &mut self.seats[agent.index()];
        if seat.lives != life {
            return;
        }
        let Some(job) = seat.life.as_mut().and_then(|(_, jobs)| jobs.remove(task)) else { return };
        self.start_jobs(agent);
        let ended = if job.fails { Ended::Failed } else { Ended::Succeeded };
        let award = self.ledger.tasks[&task].awards;
        self.outcome(task, agent, award, Outcome::new(ended, job.took(self.now)));
    }
    pub(super) fn start_jobs(&mut self, agent: AgentId) {
        let Seat { body, lives, life: Some((_, jobs)), .. } = &mut self.seats[agent.index()] else { return };
        while let Some((task, ends)) = jobs.start(body, self.now) {
            self.post.schedule(ends, Event::Done(agent, *lives, task));
        }
    }
    pub(super) fn load(&self, agent: AgentId) -> Load {
        let life = self.seats.get(agent.index()).and_then(|seat| seat.life.as_ref());
        life.map_or(Load::default(), |(_, jobs)| jobs.load(self.now))
    }
    pub(super) fn outcome(&mut self, task: TaskId, agent: AgentId, award: u32, mut outcome: Outcome) {
        let is_its = |entry: &Entry| entry.state == State::Held(agent) && entry.awards == award;
        if !self.ledger.tasks.get(&task).is_some_and(is_its) {
            return;
        }
        self.steps_without_progress = 0;
        outcome.load = if outcome.ended == Ended::Lost { Load::default() } else { self.load(agent) };
        self.ledger.set(task, State::Waiting);
        if !matches!(outcome.ended, Ended::Refused | Ended::Lost) {
            let kind = self.ledger.tasks[&task].view.demand.kind.clone();
            self.reply(agent, |participant, reply| participant.on_outcome(task, &kind, &outcome, reply));
        }
        self.turn(|initiator, turn| initiator.on_outcome(task, agent, &outcome, turn));
        self.conclude(task, agent, outcome.ended);
    }
    /// Whether again: the part that a task's lifecycle plays in the runtime.
    pub(super) fn conclude(&mut self, task: TaskId, agent: AgentId, ended: Ended) {
        let again = self.again;
        let sometimes = &mut self.ledger.report.sometimes;
        let entry = self.ledger.tasks.get_mut(&task).expect("it has an outcome");
        let mut avoid = false;
        match ended {
            Ended::Succeeded => {
                self.last_success = self.now;
                return self.settle(task, Fate::Done { agent, at: self.now });
            }
            Ended::Failed => {
                sometimes.failures += 1;
                entry.failures += 1;
                avoid = true;
            }
            Ended::Refused => {
                sometimes.refusals += 1;
                entry.refusals += 1;
                avoid = again.avoid_refusers;
            }
            Ended::Cancelled | Ended::Lost => {}
        }
        if entry.cancelled || ended == Ended::Cancelled {
            return self.settle(task, Fate::Withdrawn);
        }
        if entry.failures >= again.attempts || entry.refusals >= MOST_REFUSALS {
            return self.settle(task, Fate::Failed);
        }
        self.announce_again(task, avoid.then_some(agent));
    }
    pub(super) fn announce_again(&mut self, task: TaskId, avoid: Option<AgentId>) {
        let entry = self.ledger.tasks.get_mut(&task).expect("it was announced before");
        entry.view.attempt += 1;
        if let Some(agent) = avoid.filter(|agent| !entry.view.avoids(*agent)) {
            entry.view.avoid = entry.view.avoid.iter().copied().chain([agent]).collect::<Arc<[AgentId]>>();
        }
        let pause = self.again.pause.saturating_mul((1u32 << entry.refusals.min(7)).min(100));
        self.post.schedule(self.now + pause, Event::Announce(task));
    }
    /// A task is settled; what comes after it is announced if it was done, and else skipped at the end.
    pub(super) fn settle(&mut self, task: TaskId, fate: Fate) {
        let done = matches!(fate, Fate::Done { .. });
        self.ledger.set(task, State::Settled(fate));
        let followers = self.ledger.tasks[&task].followers.clone();
        for follower in followers.into_iter().filter(|_| done) {
            let entry = self.ledger.tasks.get_mut(&follower).expect("a follower is known");
            entry.blocked_by -= 1;
            if entry.blocked_by == 0 {
                self.post.schedule(self.now, Event::Announce(follower));
            }
        }
    }
}
