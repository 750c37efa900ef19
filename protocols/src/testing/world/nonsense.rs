//! Nonsense: what a coordinator may hear though it should not.

use super::*;

impl<P: Protocol> World<P> {
    pub(super) fn maybe_nonsense(&mut self) {
        if !self.chaos.chance(self.nonsense) {
            return;
        }
        match self.chaos.below(4) {
            0 => {
                self.spurious_wake();
                self.spurious_freedom();
            }
            1 => self.withdraw_what_is_not_open(),
            2 => {
                let Some((_, message)) = self.post.recall_to_initiator(&mut self.chaos) else { return };
                let stranger = self.chaos.chance(0.5);
                let from = if stranger { u32::MAX - 1 } else { self.chaos.below(self.seats.len()) as u32 };
                self.ledger.report.sometimes.nonsense += 1;
                let effects = self.turn(|initiator, turn| initiator.on_message(AgentId(from), message, turn));
                if stranger && effects > 0 {
                    self.ledger.violation(self.now, format!("a message of a stranger had {effects} effects"));
                }
            }
            _ => {
                let Some((_, message)) = self.post.recall_to_agent(&mut self.chaos) else { return };
                let to = AgentId(self.chaos.below(self.seats.len()) as u32);
                self.ledger.report.sometimes.nonsense += 1;
                self.reply(to, |participant, reply| participant.on_message(message, reply));
            }
        }
    }
    /// Somebody is said to be free, who may be busy, resting or gone: another try may follow, and the rules hold.
    fn spurious_freedom(&mut self) {
        let agent = AgentId((self.now.as_nanos() % self.seats.len().max(1) as u64) as u32);
        self.turn(|initiator, turn| initiator.on_free(agent, turn));
    }
    pub(super) fn spurious_wake(&mut self) {
        if self.initiator.next_wake().is_some_and(|at| at <= self.now) {
            return;
        }
        self.ledger.report.sometimes.spurious_wakes += 1;
        let effects = self.turn(|initiator, turn| initiator.on_wake(turn));
        if effects > 0 {
            self.ledger.violation(self.now, format!("a wake that was not asked for had {effects} effects"));
        }
    }
    pub(super) fn withdraw_what_is_not_open(&mut self) {
        let at = self.chaos.below(self.ledger.tasks.len());
        let closed = |entry: &Entry| matches!(entry.state, State::Settled(_) | State::Held(_));
        let task = self.ledger.tasks.iter().nth(at).filter(|(_, entry)| closed(entry)).map(|(task, _)| *task);
        if let Some(task) = task {
            self.ledger.report.sometimes.nonsense += 1;
            self.turn(|initiator, turn| initiator.on_withdraw(task, turn));
        }
    }
}
