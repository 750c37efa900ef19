//! Calls down the tree: how long one may take, how many there are, and what becomes of a lead that is silent.

use super::{Bench, crowd, dig, digger};
use crate::hierarchical::{Call, Head, Hierarchical, Member, Message, Summary};
use crate::testing::{Report, Table};
use crate::{AgentId, Effect, Initiator, Load, Outcome, Participant, Profile, Protocol, Reply, TaskId, TaskView, Time};

/// The calls of the last turn.
fn asked(bench: &Bench) -> impl Iterator<Item = &Call> {
    bench.effects.iter().filter_map(|effect| match effect {
        Effect::Send(_, Message::Delegate(call)) => Some(call),
        _ => None,
    })
}
/// Who was asked, and the number of the call.
fn calls(bench: &Bench) -> Vec<(u32, u64)> {
    asked(bench).map(|call| (call.to.0, call.call)).collect()
}
/// The tasks that they were for.
fn called(bench: &Bench) -> Vec<TaskId> {
    asked(bench).map(|call| call.task).collect()
}
fn withdrawn(bench: &Bench) -> Vec<u32> {
    let told = |effect: &Effect<Message>| match effect {
        Effect::Send(to, Message::Withdraw { .. }) => Some(to.0),
        _ => None,
    };
    bench.effects.iter().filter_map(told).collect()
}

/// Three under two leads, who both report to the desk at level 2.
fn small_tree() -> Bench {
    let members = [digger("a0"), digger("a1"), digger("a2")];
    let mut bench = Bench::new(Hierarchical { span: 2, ..Hierarchical::default() }, &members);
    bench.turn(Initiator::on_wake);
    bench
}
fn report(bench: &mut Bench, from: u32, seq: u64) -> Vec<(u32, u32, String)> {
    report_load(bench, from, seq, &Load::default())
}
fn report_load(bench: &mut Bench, from: u32, seq: u64, load: &Load) -> Vec<(u32, u32, String)> {
    let now = Time::from_secs_f64(bench.now);
    // Below a0 is a1 too.
    let agents = if from == 0 { 2 } else { 1 };
    let state = Summary { agents, ..Summary::of_one(&digger("x"), 1.0, load, now) };
    let message = Message::Report { to: None, level: 2, from: AgentId(from), seq, pace: 1.0, counts: 0, state };
    bench.turn(|head, turn| head.on_message(AgentId(from), message, turn))
}

#[test]
fn a_call_must_be_answered_in_time_and_the_third_is_the_last() {
    let mut bench = small_tree();
    report(&mut bench, 0, 1);
    report(&mut bench, 2, 1);
    assert!(bench.task(dig(0, 1.0)).is_empty());
    let mut asked = calls(&bench);
    for round in 0..3 {
        assert_eq!(asked.len(), 1, "one call at a time, in round {round}");
        let due = bench.now + 0.5;
        assert_eq!(bench.head.next_wake(), Some(Time::from_secs_f64(due)), "half a second for one level");
        bench.now = due - 1e-6;
        assert!(bench.turn(Initiator::on_wake).is_empty() && bench.effects.is_empty(), "not before");
        bench.now = due;
        let given = bench.turn(Initiator::on_wake);
        assert!(withdrawn(&bench).contains(&asked[0].0), "who was asked is told");
        let next = calls(&bench);
        if round == 2 {
            assert_eq!(given.len(), 1, "now the desk decides by its own book");
            assert!(!given[0].2.contains("nominated"), "{}", given[0].2);
            assert!(next.is_empty());
        }
        let late = Message::Nominate { task: TaskId::new(0, 0), call: asked[0].1, agent: AgentId(1) };
        let heard = bench.turn(|head, turn| head.on_message(AgentId(asked[0].0), late, turn));
        assert!(heard.is_empty(), "an answer to an earlier call counts for nothing");
        // Whoever did not answer is not asked again before it reports.
        asked = if next.is_empty() && round < 2 {
            report(&mut bench, 0, 2 + round);
            bench.turn(Initiator::on_wake);
            calls(&bench)
        } else {
            next
        };
    }
}

#[test]
fn a_slot_that_is_reported_waits_for_what_is_announced_in_the_same_moment() {
    let mut bench = small_tree();
    for from in [0, 2] {
        report_load(&mut bench, from, 1, &Load { running: 1, queued: 0, backlog: 60.0 });
    }
    bench.now = 4.0; // nothing forms any more
    let ranked = |id, rank| TaskView { rank, ..dig(id, 1.0) };
    bench.task(ranked(0, 1.0));
    assert!(calls(&bench).is_empty(), "all are busy");
    report(&mut bench, 0, 2);
    assert!(calls(&bench).is_empty(), "a job has ended, and what it makes ready is not announced yet");
    bench.task(ranked(1, 5.0));
    assert_eq!(called(&bench), [TaskId::new(0, 1)], "the more urgent one");
    // Where nothing is announced, what waits gets it when the moment is over.
    report(&mut bench, 2, 2);
    assert_eq!(bench.head.next_wake(), Some(Time::from_secs_f64(4.0)));
    bench.turn(Initiator::on_wake);
    assert_eq!(called(&bench), [TaskId::new(0, 0)]);
}

#[test]
fn while_the_tree_forms_the_leader_decides_by_its_own_book() {
    let mut bench = small_tree();
    report(&mut bench, 2, 1);
    let given = bench.task(dig(0, 1.0));
    assert!(given.len() == 1 && !given[0].2.contains("nominated"), "of a0 and a1 nobody has told yet: {given:?}");
    report(&mut bench, 0, 1);
    assert!(bench.task(dig(1, 1.0)).is_empty());
    assert_eq!(calls(&bench).len(), 1, "now that everybody was told of a lead is asked");
    // Without mail it forms for eight times the patience.
    let mut bench = small_tree();
    bench.now = 3.9;
    assert_eq!(bench.task(dig(0, 1.0)).len(), 1);
    bench.now = 4.0;
    report(&mut bench, 2, 1);
    assert!(bench.task(dig(1, 1.0)).is_empty());
    assert_eq!(calls(&bench).len(), 1);
}

#[test]
fn a_nomination_in_time_is_an_award() {
    let mut bench = small_tree();
    report(&mut bench, 0, 1);
    report(&mut bench, 2, 1);
    bench.task(dig(0, 1.0));
    let (lead, call) = calls(&bench)[0];
    let answer = Message::Nominate { task: TaskId::new(0, 0), call, agent: AgentId(1) };
    let given = bench.turn(|head, turn| head.on_message(AgentId(lead), answer.clone(), turn));
    assert_eq!((given.len(), given[0].1), (1, 1));
    assert!(given[0].2.contains("lead a0 nominated"), "{}", given[0].2);
    assert!(bench.turn(|head, turn| head.on_message(AgentId(lead), answer, turn)).is_empty(), "a repetition is none");
}

/// The same government, but one agent hears and says nothing from a moment on, though it does its jobs.
#[derive(Clone, Debug)]
struct Deaf(Hierarchical, AgentId, Time);
struct DeafMember {
    member: Member,
    deaf_from: Option<Time>,
}
impl Protocol for Deaf {
    const NAME: &'static str = Hierarchical::NAME;
    type Message = Message;
    type Initiator = Head;
    type Participant = DeafMember;
    fn initiator(&self) -> Head {
        self.0.initiator()
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> DeafMember {
        DeafMember { member: self.0.participant(me, profile), deaf_from: (me == self.1).then_some(self.2) }
    }
}
impl Participant for DeafMember {
    type Message = Message;
    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        if self.deaf_from.is_none_or(|at| reply.now < at) {
            self.member.on_message(message, reply);
        }
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        if self.deaf_from.is_none_or(|at| reply.now < at) {
            self.member.on_outcome(task, kind, outcome, reply);
        }
    }
}

/// Groups of four under 3, 6 and 11; each group's members do twelve tasks at 2 s, and twelve more much later.
fn two_days(deaf_from: f64) -> Report {
    let set = Hierarchical { span: 4, ..Hierarchical::default() };
    let table = Table::new(Deaf(set, AgentId(6), Time::from_secs_f64(deaf_from)), 1);
    let table = crowd(12).into_iter().fold(table, Table::agent);
    let at = |n| Time::from_secs_f64(if n < 12 { 2.0 } else { 60.0 });
    let report = (0..24).fold(table, |table, n| table.announce_at(at(n), dig(n, 2.0))).run_until_quiet();
    assert_eq!((report.done(), report.violations.len()), (24, 0), "{:?}", report.violations);
    report
}

#[test]
fn the_members_of_a_silent_lead_are_adopted_by_another() {
    let by = |report: &Report, lead: &str, from: f64| {
        let its = |a: &&crate::testing::Award| {
            a.at >= Time::from_secs_f64(from) && a.decision.reason.contains(&format!("lead {lead} nominated"))
        };
        report.awards.iter().filter(its).map(|a| a.agent.0).collect::<Vec<_>>()
    };
    let healthy = two_days(1e6);
    assert!(!by(&healthy, "a6", 60.0).is_empty() && by(&healthy, "a5", 0.0).is_empty());
    let report = two_days(1.0);
    assert!(by(&report, "a6", 0.0).is_empty());
    let adopted = by(&report, "a5", 60.0);
    assert!(adopted.contains(&4) && adopted.contains(&7), "{adopted:?}");
    assert!(report.awards.iter().filter(|a| a.at >= Time::from_secs_f64(60.5)).count() <= 2, "nobody waits for the silent one");
}
