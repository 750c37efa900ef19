//! What was seen at least once: a *never* says nothing about storms in which its case never came up.

/// Counts over all storms.
#[derive(Debug, Default)]
pub struct Seen {
    pub completed: u64,
    pub failed: u64,
    pub skipped: u64,
    pub blocked: u64,
    pub cancelled: u64,
    pub refused: u64,
    pub displaced: u64,
    pub retried: u64,
    pub poison: u64,
    pub timeouts: u64,
    pub unassigned: u64,
    pub expanded: u64,
    pub empty_expansions: u64,
    pub failed_joins: u64,
    pub restarts: u64,
    pub escalations: u64,
    pub coordinators_lost: u64,
    pub cancelled_runs: u64,
    pub failed_runs: u64,
    pub completed_runs: u64,
    pub second_runs: u64,
    pub late_voices: u64,
    pub full_agents: u64,
    pub slots_checked: u64,
    pub outcomes_checked: u64,
    pub team_awards: u64,
    pub own_strategies: u64,
    pub copies: u64,
    pub votes: u64,
    pub disagreements: u64,
    pub avoided: u64,
    pub braked: u64,
    pub called_off: u64,
    pub narrow: u64,
    pub waited_for: u64,
    pub undone: u64,
    pub undone_whole: u64,
    pub stuck: u64,
    pub left_upstream: u64,
    pub cancelled_and_undone: u64,
    pub cancelled_and_stuck: u64,
    pub undos_displaced: u64,
    pub early_starts: u64,
    pub spared: u64,
    pub spared_and_well: u64,
    pub opened: u64,
    pub half_opened: u64,
    pub closed: u64,
    pub postponed: u64,
}
impl Seen {
    pub fn assert_all(&self) {
        let all = [
            (self.completed, "a task that completed"),
            (self.failed, "a task that failed"),
            (self.skipped, "a task that was skipped"),
            (self.blocked, "a task that was blocked"),
            (self.cancelled, "a task that was cancelled"),
            (self.refused, "a refusal"),
            (self.displaced, "a task whose agent was lost"),
            (self.retried, "a retry"),
            (self.poison, "poison"),
            (self.timeouts, "a timeout"),
            (self.unassigned, "a task that nobody would do"),
            (self.expanded, "a task of several instances"),
            (self.empty_expansions, "a list without items"),
            (self.failed_joins, "a list of which an instance failed"),
            (self.restarts, "an agent that was born again"),
            (self.coordinators_lost, "a coordinator that was born again"),
            (self.escalations, "a society that was given up"),
            (self.cancelled_runs, "a cancelled run"),
            (self.failed_runs, "a failed run"),
            (self.completed_runs, "a completed run"),
            (self.second_runs, "two runs at a time"),
            (self.late_voices, "a late voice"),
            (self.full_agents, "an agent with all slots taken"),
            (self.slots_checked, "a storm whose slots could be counted"),
            (self.team_awards, "a task that was given to a member of its team"),
            (self.copies, "a copy of a redundant task"),
            (self.votes, "a vote on results"),
            (self.disagreements, "results that differed"),
            (self.avoided, "a task that is announced and avoids whom it failed with"),
            (self.braked, "a run that stopped for a failure while it had more to do"),
            (self.called_off, "a run that was cancelled while it had more to do"),
            (self.narrow, "a run whose bound of open tasks was met"),
            (self.waited_for, "a task that was given to an agent which came back while it waited"),
            (self.undone, "a task that was undone"),
            (self.undone_whole, "a run that was undone as a whole"),
            (self.stuck, "a run that was stuck"),
            (self.left_upstream, "an effect that was left since another stands on it"),
            (self.cancelled_and_undone, "a run that was cancelled and undone"),
            (self.cancelled_and_stuck, "a run that was cancelled and stuck"),
            (self.undos_displaced, "an agent that was lost while it undid something"),
            (self.early_starts, "a task that began before all that it depends on had ended"),
            (self.spared, "a task that was called off by a join"),
            (self.spared_and_well, "a run that ended well though a task was called off"),
            (self.opened, "a breaker that opened"),
            (self.half_opened, "a breaker that half-opened"),
            (self.closed, "a breaker that closed"),
            (self.postponed, "a retry that waited for the budget"),
            (self.own_strategies, "a task with a strategy of its own"),
            (self.outcomes_checked, "a storm whose outcomes could be counted"),
        ];
        for (count, what) in all {
            assert!(count > 0, "no storm had {what}: the storms are too tame");
        }
    }
}

/// What was seen of runs that went on from the log of another.
#[derive(Debug, Default)]
pub struct Gone {
    pub seen: Seen,
    pub forwards: u64,
    pub recalled: u64,
    pub undone_before: u64,
}
impl Gone {
    pub fn assert_all(&self) {
        let all = [
            (self.forwards, "a task that was done by the later run"),
            (self.recalled, "a task that was not done again"),
            (self.undone_before, "a task that was not undone again"),
            (self.seen.undone_whole, "a later run that was undone as a whole"),
            (self.seen.stuck, "a later run that was stuck"),
            (self.seen.completed_runs, "a later run that came to its end"),
            (self.seen.cancelled_and_undone, "a later run of one that was cancelled, undone"),
        ];
        for (count, what) in all {
            assert!(count > 0, "there was not {what}: the storms are too tame");
        }
    }
}
