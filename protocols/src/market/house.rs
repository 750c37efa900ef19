//! The auction house: open calls, standing proposals, and when the market is cleared.

use super::call::{Answer, Call, Order, Proposal};
use super::clearing::{Floor, Verdict, Win};
use super::invitations::patience;
use super::ledger::{Ledger, Money};
use super::message::{Message, Rejection};
use super::record::{Terms, record};
use super::reputation::Reputation;
use super::seats::Seats;
use super::settings::{Market, Payment};
use crate::{AgentId, Deadlines, DemandId, KeyMap, Roster, TaskId, TaskView, Time, Turn, Why};
use std::collections::{BTreeMap, BTreeSet};

/// So many tasks are looked at in one clearing at most; if that binds some, it goes on.
const LOOKED_AT: usize = 64;

/// Everything that the auctioneer keeps.
#[derive(Clone, Debug)]
pub(super) struct House {
    pub(super) set: Market,
    pub(super) roster: Roster,
    pub(super) seats: Seats,
    pub(super) calls: KeyMap<TaskId, Call>,
    /// Open tasks by demand.
    pub(super) queues: BTreeMap<DemandId, BTreeSet<Order>>,
    /// Of a call: its reply-by time. Of a task that stands: when it is thought over.
    pub(super) due: Deadlines<TaskId>,
    /// When the window closes, if one is open, and whose bids it gathered.
    pub(super) closes: Option<Time>,
    gathered: BTreeSet<AgentId>,
    /// What a clearing notes.
    numbers: Vec<u32>,
    pub(super) ledger: Ledger,
    pub(super) reputation: Reputation,
    arrivals: u64,
    /// The last call's number. The first is drawn, so that an answer to an earlier life's call is not taken for one to this life's.
    number: Option<u64>,
}

impl House {
    pub(super) fn new(set: &Market) -> House {
        House {
            set: set.clone(),
            roster: Roster::default(),
            seats: Seats::default(),
            calls: KeyMap::default(),
            queues: BTreeMap::new(),
            due: Deadlines::default(),
            closes: None,
            gathered: BTreeSet::new(),
            numbers: Vec::new(),
            ledger: Ledger::new(set.budget),
            reputation: Reputation::default(),
            arrivals: 0,
            number: None,
        }
    }
    pub(super) fn next_number(&mut self, turn: &mut Turn<'_, Message>) -> u64 {
        let number = self.number.map_or_else(|| turn.rng.bits(), |last| last.wrapping_add(1));
        self.number = Some(number);
        number
    }
    pub(super) fn open(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        self.close(task.id);
        if self.roster.nobody_able(task) {
            return turn.decline(task.id, Why::NobodyAble);
        }
        self.arrivals += 1;
        let call = Call::new(task, self.arrivals, turn.now);
        self.queues.entry(task.demand.id).or_default().insert(call.order);
        self.calls.insert(task.id, call);
        self.call(task.id, turn);
    }
    /// Takes a task off the market.
    pub(super) fn close(&mut self, task: TaskId) -> Option<Call> {
        self.unlist(task);
        let call = self.calls.remove(&task)?;
        self.due.clear(&task);
        for agent in call.asked() {
            self.seats.change(agent, |seat| seat.asked = seat.asked.saturating_sub(1));
        }
        if let Some(queue) = self.queues.get_mut(&call.view.demand.id) {
            queue.remove(&call.order);
            if queue.is_empty() {
                self.queues.remove(&call.view.demand.id);
            }
        }
        Some(call)
    }
    /// Declines a task and tells those who proposed.
    pub(super) fn decline(&mut self, task: TaskId, why: Why, turn: &mut Turn<'_, Message>) {
        if let Some(call) = self.close(task) {
            turn.decline(task, why);
            self.reject(&call, None, Rejection::Withdrawn, turn);
        }
    }
    pub(super) fn decline_unwilling(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let too_dear = self.calls.get(&task).and_then(|call| call.too_dear);
        let reserve = self.set.limit();
        let why = match too_dear {
            None => Why::NobodyWilling,
            Some(least) => Why::Other(format!(
                "no proposal is within market.reserve, which is {reserve}: the lowest asks {least}; raise the reserve"
            )),
        };
        self.decline(task, why, turn);
    }
}

/// Answers and the end of calls.
impl House {
    pub(super) fn proposed(
        &mut self,
        from: AgentId,
        task: TaskId,
        call: u64,
        proposal: Proposal,
        start: Time,
        turn: &mut Turn<'_, Message>,
    ) {
        let sound = (0.0..=f64::MAX).contains(&proposal.price) && proposal.seconds.is_finite();
        let answer = if sound { Answer::Proposed(proposal) } else { Answer::Out };
        let open = self.calls.get_mut(&task).filter(|open| open.number == call);
        let Some(open) = open.filter(|open| open.invite(from).is_some_and(|invite| matches!(invite.answer, Answer::Awaited)))
        else {
            return self.refuse_late(from, task, call, turn);
        };
        if !open.answered(from, answer, turn.now) {
            return turn.send(from, Message::RejectProposal { task, why: Rejection::Late });
        }
        // It is busy with work that is not ours: its word on that counts.
        if start > turn.now && self.roster.is_free(from) {
            self.roster.rest(from, start);
        }
        self.after_answer(from, task, sound, turn);
    }
    pub(super) fn refused(&mut self, from: AgentId, task: TaskId, call: u64, turn: &mut Turn<'_, Message>) {
        let open = self.calls.get_mut(&task).filter(|open| open.number == call);
        if open.is_some_and(|open| open.answered(from, Answer::Out, turn.now)) {
            self.after_answer(from, task, false, turn);
        }
    }
    fn after_answer(&mut self, from: AgentId, task: TaskId, proposed: bool, turn: &mut Turn<'_, Message>) {
        let Some(open) = self.calls.get(&task) else { return };
        if !open.stands {
            if open.is_complete() {
                self.end_call(task, turn);
            }
        } else if proposed {
            let order = open.order;
            self.seats.change(from, |seat| _ = seat.offers.insert(order));
            self.gather([from], turn);
        } else {
            self.ask_idle(from, turn);
        }
    }
    /// A proposal to a call that is over. A repeated one of an agent whose answer is known is not late, it is only repeated.
    fn refuse_late(&mut self, from: AgentId, task: TaskId, call: u64, turn: &mut Turn<'_, Message>) {
        let known = self.calls.get(&task).is_some_and(|open| open.number == call && open.invite(from).is_some());
        let has_it = self.roster.held(task).is_some_and(|held| held.agent == from);
        if !known && !has_it {
            turn.send(from, Message::RejectProposal { task, why: Rejection::Late });
        }
    }
    /// All have answered, or the reply-by time has passed.
    pub(super) fn end_call(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.due.clear(&task);
        if !self.is_viable(task) {
            return self.call(task, turn);
        }
        let Some(call) = self.calls.get_mut(&task) else { return };
        call.stand();
        if self.set.window.is_zero() {
            let free: Vec<AgentId> = self.free_bidders(task);
            self.clear(Some(task), free, turn);
            self.list(task);
            self.ask_one_more(task, turn);
        } else {
            let bidders: Vec<AgentId> = call.proposals().map(|(agent, _)| agent).collect();
            self.list(task);
            self.gather(bidders, turn);
        }
    }
    /// True if somebody who proposed may have the task.
    pub(super) fn is_viable(&mut self, task: TaskId) -> bool {
        let Some(call) = self.calls.get(&task) else { return false };
        let roster = &mut self.roster;
        call.proposals().any(|(agent, _)| call.view.avoid.is_empty() || roster.may_do(&call.view, agent).is_some())
    }
    fn free_bidders(&self, task: TaskId) -> Vec<AgentId> {
        let proposals = self.calls.get(&task).into_iter().flat_map(|call| call.proposals());
        proposals.map(|(agent, _)| agent).filter(|agent| self.roster.is_free(*agent)).collect()
    }
    /// Enters a standing task in the books of those who bid for it.
    fn list(&mut self, task: TaskId) {
        let Some(call) = self.calls.get_mut(&task).filter(|call| call.stands && !call.listed) else { return };
        call.listed = true;
        let order = call.order;
        for (agent, _) in call.proposals() {
            self.seats.change(agent, |seat| _ = seat.offers.insert(order));
        }
    }
    pub(super) fn unlist(&mut self, task: TaskId) {
        let Some(call) = self.calls.get_mut(&task).filter(|call| call.listed) else { return };
        call.listed = false;
        let order = call.order;
        for (agent, _) in call.proposals() {
            self.seats.change(agent, |seat| _ = seat.offers.remove(&order));
        }
    }
}

/// Clearing.
impl House {
    /// Something has changed for these agents: the market is cleared now, or when the window closes.
    pub(super) fn gather(&mut self, agents: impl IntoIterator<Item = AgentId>, turn: &mut Turn<'_, Message>) {
        if self.set.window.is_zero() {
            self.clear(None, agents.into_iter().collect(), turn);
        } else {
            self.gathered.extend(agents);
            self.closes.get_or_insert(turn.now + self.set.window);
        }
    }
    pub(super) fn close_window(&mut self, turn: &mut Turn<'_, Message>) {
        self.closes = None;
        let agents = std::mem::take(&mut self.gathered).into_iter().collect();
        self.clear(None, agents, turn);
    }
    /// Sells what these agents bid for (and a task that is not listed yet), as long as that binds something.
    pub(super) fn clear(&mut self, fresh: Option<TaskId>, mut agents: Vec<AgentId>, turn: &mut Turn<'_, Message>) {
        let mut fresh = fresh.and_then(|task| self.calls.get(&task)).map(|call| call.order);
        loop {
            agents.retain(|agent| self.roster.is_free(*agent));
            let offers = agents.iter().filter_map(|agent| self.seats.get(*agent));
            let mut orders: Vec<Order> = offers.flat_map(|seat| seat.offers.iter().take(LOOKED_AT).copied()).collect();
            orders.extend(fresh.take().filter(|_| !agents.is_empty()));
            orders.sort_unstable();
            orders.dedup();
            let (seen, changed) = self.sell(&orders[..orders.len().min(LOOKED_AT)], turn);
            if !changed || orders.len() <= seen {
                break;
            }
        }
        for agent in agents {
            self.ask_idle(agent, turn);
        }
    }
    /// How many tasks were looked at, and whether anything came of it but waiting.
    fn sell(&mut self, orders: &[Order], turn: &mut Turn<'_, Message>) -> (usize, bool) {
        if orders.is_empty() {
            return (0, false);
        }
        let House { set, roster, seats, calls, numbers, .. } = self;
        let verdicts = Floor { set, roster, seats, calls, numbers, now: turn.now }.clear(orders);
        let (seen, mut changed) = (verdicts.len(), false);
        for (order, verdict) in verdicts {
            changed |= !matches!(verdict, Verdict::Wait { .. });
            match verdict {
                Verdict::Bind(win) => self.award(order.task, win, turn),
                Verdict::TooDear => self.dismiss(order.task, turn),
                Verdict::Wait { ahead, margin } => self.wait(order.task, ahead, margin, turn.now),
            }
        }
        (seen, changed)
    }
    /// No proposal for the task is admitted: others are asked, if there are any.
    fn dismiss(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.unlist(task);
        if let Some(call) = self.calls.get_mut(&task) {
            for (agent, _) in call.proposals() {
                turn.send(agent, Message::RejectProposal { task, why: Rejection::NotAdmitted });
            }
            call.messages += call.proposals().count() as u32;
            call.dismiss();
        }
        self.call(task, turn);
    }
    /// A task waits for a turn. If somebody who bid for it is idle meanwhile, that is thought over in time.
    fn wait(&mut self, task: TaskId, ahead: f64, margin: f64, now: Time) {
        if self.free_bidders(task).is_empty() {
            self.due.clear(&task);
        } else {
            self.due.set(task, now + patience(ahead, margin));
        }
    }
    /// Its patience is over.
    pub(super) fn think_over(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let free = self.free_bidders(task);
        self.clear(None, free, turn);
    }
    fn award(&mut self, task: TaskId, mut win: Win, turn: &mut Turn<'_, Message>) {
        let (agent, price) = (win.bid.agent, Money::from_price(win.price));
        if let Err(overdrawn) = self.ledger.reserve(task, agent, price) {
            return self.decline(task, Why::Other(overdrawn.to_string()), turn);
        }
        let Some(mut call) = self.close(task) else { return };
        call.messages += call.proposals().count() as u32 - 1;
        let reserved = self.set.reserve.is_some();
        let terms = Terms { auction: self.set.auction, price: price.to_price(), batch: win.batch, reserved };
        let decision = record(&mut win.bids, &win.bid, terms).cost(call.messages, call.round, turn.now - call.since);
        self.roster.award(task, agent, win.seconds, turn.now);
        self.seats.took(agent, task, turn.now + crate::seconds_to_duration(win.seconds));
        if self.set.payment == Payment::OnAward {
            self.ledger.pay_now(task);
        }
        turn.assign(task, agent, decision);
        self.reject(&call, Some(agent), Rejection::Outbid, turn);
    }
}

/// Rejections.
impl House {
    /// Tells all who proposed, but one.
    pub(super) fn reject(&self, call: &Call, but: Option<AgentId>, why: Rejection, turn: &mut Turn<'_, Message>) {
        for (agent, _) in call.proposals().filter(|(agent, _)| Some(*agent) != but) {
            turn.send(agent, Message::RejectProposal { task: call.view.id, why });
        }
    }
}
