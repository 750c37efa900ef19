//! The two roles at work: private evidence, closing, calling again, and an assembly that is wiser than its best member.

use crate::consensus::*;
use crate::testing::{Body, Table};
use crate::{
    AgentId, Capabilities, Demand, DemandId, Effect, Ended, Initiator, Load, Outcome, Participant, Profile, Protocol, Reply, Rng,
    TaskId, TaskView, Time, Turn, Why,
};
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

fn digger(name: &str) -> Profile {
    Profile::new(name, Capabilities::default().and("dig", 1.0))
}
fn dig(n: u32, work: f64) -> TaskView {
    TaskView::new(TaskId::new(0, n), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(work)
}

/// A chair that is driven by hand, with its members.
struct Bench {
    chair: Assembly,
    rng: Rng,
    now: f64,
}
impl Bench {
    fn new(settings: Consensus, members: &[Profile]) -> Bench {
        let mut bench = Bench { chair: settings.initiator(), rng: Rng::new(1, "bench"), now: 0.0 };
        for (n, profile) in members.iter().enumerate() {
            bench.turn(|chair, turn| chair.on_join(AgentId(n as u32), profile, turn));
        }
        bench
    }
    fn turn(&mut self, act: impl FnOnce(&mut Assembly, &mut Turn<'_, Message>)) -> Vec<Effect<Message>> {
        let mut effects = Vec::new();
        act(&mut self.chair, &mut Turn::new(Time::from_secs_f64(self.now), &mut self.rng, &mut effects));
        effects
    }
    fn task(&mut self, task: TaskView) -> Vec<Effect<Message>> {
        self.turn(|chair, turn| chair.on_task(&task, turn))
    }
    /// The voter names this option first, on every motion.
    fn vote(&mut self, voter: u32, agenda: &Agenda, ranking: &[u16]) -> Vec<Effect<Message>> {
        let rankings = vec![Ranking::new(ranking.iter().copied(), 1.0); agenda.motions.len()];
        let message = Message::Vote { ballot: agenda.ballot, rankings };
        self.turn(|chair, turn| chair.on_message(AgentId(voter), message, turn))
    }
}
fn three() -> Vec<Profile> {
    ["ann", "bob", "cid"].map(digger).into()
}
fn called(effects: &[Effect<Message>]) -> Vec<u32> {
    let to = |effect: &Effect<Message>| match effect {
        Effect::Send(to, Message::OpenBallot(_)) => Some(to.0),
        _ => None,
    };
    effects.iter().filter_map(to).collect()
}
fn agenda(effects: &[Effect<Message>]) -> Arc<Agenda> {
    let agenda = effects.iter().find_map(|effect| match effect {
        Effect::Send(_, Message::OpenBallot(agenda)) => Some(agenda.clone()),
        _ => None,
    });
    agenda.expect("a ballot was opened")
}
fn award(effects: &[Effect<Message>]) -> Option<(u32, crate::Decision)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Assign(_, agent, decision) => Some((agent.0, (**decision).clone())),
        _ => None,
    })
}

#[test]
fn the_chair_closes_when_no_later_vote_can_change_the_winner() {
    let two_thirds = Consensus { quorum: 2.0 / 3.0, ..Consensus::default() };
    let mut bench = Bench::new(two_thirds, &three());
    let opened = bench.task(dig(0, 1.0));
    assert_eq!(called(&opened), [0, 1, 2]);
    let agenda = agenda(&opened);
    bench.now = 0.1;
    assert!(bench.vote(2, &agenda, &[1]).is_empty());
    assert!(bench.vote(2, &agenda, &[0]).is_empty(), "a second vote");
    assert!(bench.vote(7, &agenda, &[0]).is_empty(), "a stranger's vote");
    let (winner, decision) = award(&bench.vote(0, &agenda, &[1])).unwrap();
    assert_eq!((winner, decision.messages, decision.rounds), (1, 5, 1));
    assert_eq!((decision.latency, decision.considered, decision.candidates[0].score), (Duration::from_millis(100), 3, 2.0));
    assert!(bench.vote(1, &agenda, &[0]).is_empty(), "a vote after closing");
    assert_eq!(bench.chair.next_wake(), None);
}

#[test]
fn of_three_equals_a_quorum_of_067_is_all_three() {
    let mut bench = Bench::new(Consensus::default(), &three());
    let agenda = agenda(&bench.task(dig(0, 1.0)));
    assert!(bench.vote(0, &agenda, &[1]).is_empty() && bench.vote(1, &agenda, &[1]).is_empty());
    assert_eq!(award(&bench.vote(2, &agenda, &[0])).map(|(agent, _)| agent), Some(1));
}

#[test]
fn who_is_silent_is_called_again_and_without_a_quorum_nothing_is_decided() {
    let mut bench = Bench::new(Consensus { rounds: 3, ..Consensus::default() }, &three());
    let agenda = agenda(&bench.task(dig(0, 1.0)));
    bench.vote(1, &agenda, &[0]);
    for (due, calls) in [(0.25, 2), (0.75, 3)] {
        assert_eq!(bench.chair.next_wake(), Some(Time::from_secs_f64(due)));
        bench.now = due;
        assert_eq!(called(&bench.turn(Initiator::on_wake)), [0, 2], "call {calls}");
    }
    bench.now = 1.75;
    let end = bench.turn(Initiator::on_wake);
    assert!(end.contains(&Effect::Decline(TaskId::new(0, 0), Why::NoAgreement)), "{end:?}");
    let closed = |effect: &&Effect<Message>| matches!(effect, Effect::Send(_, Message::Closed { .. }));
    assert_eq!(end.iter().filter(closed).count(), 2, "the silent ones are told");
    assert_eq!(bench.chair.next_wake(), None);
}

#[test]
fn a_voter_that_dies_is_waited_for_no_longer() {
    let mut bench = Bench::new(Consensus::default(), &three());
    let agenda = agenda(&bench.task(dig(0, 1.0)));
    bench.vote(0, &agenda, &[1]);
    bench.vote(1, &agenda, &[1]);
    let end = bench.turn(|chair, turn| chair.on_leave(AgentId(2), turn));
    assert_eq!(award(&end).map(|(agent, _)| agent), Some(1));
}

#[test]
fn a_winner_that_dies_gets_nothing_and_the_rest_vote_again() {
    let mut bench = Bench::new(Consensus::default(), &three());
    let first = agenda(&bench.task(dig(0, 1.0)));
    bench.vote(0, &first, &[2]);
    bench.vote(1, &first, &[2]);
    let again = bench.turn(|chair, turn| chair.on_leave(AgentId(2), turn));
    assert_eq!((award(&again), called(&again)), (None, vec![0, 1]));
    let second = agenda(&again);
    bench.vote(0, &second, &[1]);
    let (winner, decision) = award(&bench.vote(1, &second, &[1])).unwrap();
    assert_eq!((winner, decision.rounds, decision.messages), (1, 2, 9), "five messages of the first ballot, four of the second");
}

#[test]
fn spoilt_votes_and_abstentions_elect_nobody() {
    let mut bench = Bench::new(Consensus::default(), &three());
    let agenda = agenda(&bench.task(dig(0, 1.0)));
    assert!(bench.vote(0, &agenda, &[9]).is_empty() && bench.vote(1, &agenda, &[]).is_empty());
    let abstain = Message::Abstain { ballot: agenda.ballot };
    let end = bench.turn(|chair, turn| chair.on_message(AgentId(2), abstain, turn));
    assert_eq!(end, [Effect::Decline(TaskId::new(0, 0), Why::NoAgreement)]);
}

#[test]
fn each_resolution_ends_a_tie_in_its_own_way() {
    let expert = |name, dig, sing| Profile::new(name, Capabilities::default().and("dig", dig).and("sing", sing));
    let team = [expert("ann", 0.9, 0.0), expert("bob", 0.5, 0.9), expert("cid", 0.8, 0.0), expert("dot", 0.5, 0.0)];
    let tied = |conflict_resolution| {
        let set = Consensus { voting: Voting::Plurality, conflict_resolution, rounds: 2, ..Consensus::default() };
        let mut bench = Bench::new(set, &team);
        let agenda = agenda(&bench.task(dig(0, 1.0)));
        (0..3).for_each(|voter| _ = bench.vote(voter, &agenda, &[[2, 3, 2][voter as usize]]));
        let end = bench.vote(3, &agenda, &[3]);
        (bench, end)
    };
    let (_, end) = tied(Resolution::Expertise);
    let (winner, decision) = award(&end).unwrap();
    assert_eq!(winner, 2, "1.7 against 1.0 of expertise");
    assert!(decision.reason.starts_with("the vote was tied, and of the 2 leading"), "{}", decision.reason);
    let (_, end) = tied(Resolution::Leader);
    let (winner, decision) = award(&end).unwrap();
    assert_eq!(winner, 3, "bob can do most");
    assert!(decision.reason.contains("\"bob\""), "{}", decision.reason);
    assert_eq!(tied(Resolution::Decline).1, [Effect::Decline(TaskId::new(0, 0), Why::NoAgreement)]);
    let (mut bench, again) = tied(Resolution::Rerun);
    let second = agenda(&again);
    assert_eq!(second.motions[0].only, Some(vec![2, 3]), "only the finalists stand");
    (0..2).for_each(|voter| _ = bench.vote(voter, &second, &[0, 2]));
    let (winner, decision) = award(&bench.vote(2, &second, &[2])).unwrap();
    assert_eq!((winner, decision.rounds, decision.considered), (2, 2, 2));
    let (mut bench, again) = tied(Resolution::Rerun);
    let second = agenda(&again);
    (0..3).for_each(|voter| _ = bench.vote(voter, &second, &[[2, 3, 2][voter as usize]]));
    assert_eq!(bench.vote(3, &second, &[3]), [Effect::Decline(TaskId::new(0, 0), Why::NoAgreement)], "two rounds at most");
}

#[test]
fn a_batch_shares_one_ballot_and_its_messages() {
    let team: Vec<Profile> = (0..4).map(|n| digger(&format!("a{n}"))).collect();
    let table = team.into_iter().fold(Table::new(Consensus::default(), 1), Table::agent);
    // The first ballot has one motion; what comes while it is open shares the second.
    let report = (0..4).fold(table, |table, n| table.announce_at(Time::ZERO, dig(n, 1.0))).run_until_quiet();
    assert_eq!(report.messages.sent(), 2 * 8);
    let messages: Vec<u32> = report.awards.iter().map(|award| award.decision.messages).collect();
    assert!(messages[0] > 5 && messages[1..].iter().all(|share| *share <= 3), "{messages:?}");
}

#[test]
fn the_only_one_who_can_is_elected_unopposed() {
    let team = [digger("ann"), Profile::new("bob", Capabilities::default().and("sing", 1.0))];
    let mut bench = Bench::new(Consensus::default(), &team);
    let (winner, decision) = award(&bench.task(dig(0, 1.0))).unwrap();
    assert_eq!((winner, decision.messages, decision.rounds), (0, 0, 0));
}

#[test]
fn a_task_waits_for_the_faster_agent_if_that_finishes_it_sooner() {
    let members = [digger("fast").speed(4.0), digger("slow")];
    let set = Consensus { noise: 0.0, ..Consensus::default() };
    let table = members.into_iter().fold(Table::new(set, 1), Table::agent);
    let report = (0..2).fold(table, |table, n| table.announce_at(Time::ZERO, dig(n, 4.0))).run_until_quiet();
    assert_eq!(report.awards.iter().map(|award| award.agent.0).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(report.makespan, Duration::from_secs(2));
}

#[test]
fn a_large_team_is_represented_by_a_committee_that_changes() {
    let members: Vec<Profile> = (0..200).map(|n| digger(&format!("a{n}"))).collect();
    let mut bench = Bench::new(Consensus::default(), &members);
    let mut seen = BTreeSet::new();
    for n in 0..12 {
        let opened = bench.task(dig(n, 1.0));
        let committee = called(&opened);
        assert_eq!(committee.len(), 32);
        assert!(agenda(&opened).slates[0].entries.len() <= 8, "the ballot is short, too");
        seen.extend(committee.clone());
        let agenda = agenda(&opened);
        committee.iter().for_each(|voter| _ = bench.vote(*voter, &agenda, &[0]));
    }
    assert!(seen.len() > 120, "{}", seen.len());
}

/// Voters who heard the same minutes read out.
fn jury(settings: &Consensus, size: u32) -> Vec<Voter> {
    (0..size).map(|n| settings.participant(AgentId(n), &digger("x"))).collect()
}
fn ask(voter: &mut Voter, agenda: &Arc<Agenda>, load: Load, rng: &mut Rng) -> Vec<u16> {
    let mut said = Vec::new();
    voter.on_message(Message::OpenBallot(agenda.clone()), &mut Reply::new(Time::ZERO, load, rng, &mut said));
    match said.pop() {
        Some(Message::Vote { rankings, .. }) => rankings[0].options().to_vec(),
        other => panic!("not a vote: {other:?}"),
    }
}
fn hearing(agents: u32) -> Arc<Agenda> {
    let seats = (0..agents).map(|n| Seat { agent: AgentId(n), slots: 1, free: 1, wait: 0.0 }).collect();
    let entries = (0..agents).map(|n| Entry { seat: n as u16, rate: 1.0 }).collect();
    let pace = |n: u32| Some(0.8 + 0.1 * f64::from(n % 5));
    let minute = |n: u32| Minute {
        number: u64::from(n) + 1,
        agent: AgentId(n % agents),
        demand: DemandId(0),
        pace: pace(n),
        success: true,
    };
    Arc::new(Agenda {
        ballot: 1,
        seats,
        slates: vec![Slate { demand: DemandId(0), entries }],
        motions: vec![Motion { task: TaskId::new(0, 0), slate: 0, work: 1.0, arrival: crate::Arrival::default(), only: None }],
        minutes: (0..24).map(minute).collect(),
    })
}

#[test]
fn voters_have_evidence_of_their_own() {
    let agenda = hearing(6);
    let ballots = |settings: &Consensus| {
        let mut rng = Rng::new(3, "voters");
        let all = jury(settings, 6).into_iter().map(|mut voter| ask(&mut voter, &agenda, Load::default(), &mut rng));
        all.collect::<BTreeSet<_>>().len()
    };
    assert!(ballots(&Consensus::default()) >= 4, "ballots differ");
    assert_eq!(
        ballots(&Consensus { witness: 1.0, noise: 0.0, ..Consensus::default() }),
        6,
        "and each knows its own jobs only from its own body"
    );
    // Told nothing, all rank alike: the public register is the same for all.
    let silent = Arc::new(Agenda { minutes: Vec::new(), ..(*agenda).clone() });
    let mut rng = Rng::new(3, "voters");
    let alike: BTreeSet<_> =
        jury(&Consensus::default(), 6).iter_mut().map(|voter| ask(voter, &silent, Load::default(), &mut rng)).collect();
    assert_eq!(alike.len(), 1);
}

#[test]
fn a_voter_knows_its_own_load_and_its_own_outcomes_better_than_anybody() {
    let agenda = Arc::new(Agenda { minutes: Vec::new(), ..(*hearing(3)).clone() });
    let (mut rng, settings) = (Rng::new(3, "voters"), Consensus::default());
    let busy = Load { running: 1, queued: 1, backlog: 9.0 };
    let mut zero = settings.participant(AgentId(0), &digger("zero"));
    assert_eq!(ask(&mut zero, &agenda, busy, &mut rng), [1, 2, 0], "it works for another team");
    assert_eq!(ask(&mut zero, &agenda, Load::default(), &mut rng), [0, 1, 2]);
    let outcome = Outcome::new(Ended::Succeeded, Duration::from_secs(10));
    zero.on_outcome(TaskId::new(0, 0), "dig", &outcome, &mut Reply::new(Time::ZERO, Load::default(), &mut rng, &mut Vec::new()));
    assert_eq!(ask(&mut zero, &agenda, Load::default(), &mut rng), [1, 2, 0], "it was ten times slower than it says");
}

/// The same assembly, but only one member votes; the others abstain.
#[derive(Clone, Debug)]
struct Monarchy {
    assembly: Consensus,
    monarch: Option<AgentId>,
}
struct Subject(Voter, bool);
impl Participant for Subject {
    type Message = Message;
    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        let mut said = Vec::new();
        let ballot = if let Message::OpenBallot(agenda) = &message { agenda.ballot } else { 0 };
        self.0.on_message(message, &mut Reply::new(reply.now, reply.load, reply.rng, &mut said));
        said.into_iter().for_each(|said| reply.send(if self.1 { said } else { Message::Abstain { ballot } }));
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        self.0.on_outcome(task, kind, outcome, reply);
    }
}
impl Protocol for Monarchy {
    const NAME: &'static str = Consensus::NAME;
    type Message = Message;
    type Initiator = Assembly;
    type Participant = Subject;
    fn initiator(&self) -> Assembly {
        self.assembly.initiator()
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Subject {
        Subject(self.assembly.participant(me, profile), self.monarch.is_none_or(|monarch| monarch == me))
    }
}

/// How long a task takes in the mean over some seeds, in seconds: from its award to its end. Skills are hidden: all declare the same, and
/// some are four times as fast as others.
fn mean_seconds(protocol: &Monarchy) -> f64 {
    let (seeds, agents) = (24, 7);
    let mean = (0..seeds).map(|seed| {
        let mut rng = Rng::new(seed, "skills");
        let mut table = Table::new(protocol.clone(), seed);
        for n in 0..agents {
            let body = Body::new(digger(&format!("a{n}"))).noise(0.3);
            table = table.agent(body.really(libm::exp(0.7 * rng.normal())));
        }
        for n in 0..60 {
            // Seldom more than half of the team is busy: whom to choose is a real question.
            table = table.announce_at(Time::from_secs_f64(f64::from(n) * 1.2), dig(n, rng.between(2.0, 6.0)));
        }
        let report = table.run_until_quiet();
        assert_eq!((report.done(), report.violations.len()), (60, 0));
        let took = report.awards.iter().map(|award| match report.tasks[&award.task] {
            crate::testing::Fate::Done { at, .. } => (at - award.at).as_secs_f64(),
            _ => 0.0,
        });
        took.sum::<f64>() / 60.0
    });
    mean.sum::<f64>() / f64::from(seeds as u32)
}

#[test]
fn an_assembly_is_wiser_than_its_best_member() {
    let assembly = Consensus { voting: Voting::Borda, noise: 1.0, witness: 0.3, ..Consensus::default() };
    let monarchy = |monarch| mean_seconds(&Monarchy { assembly: assembly.clone(), monarch });
    let together = monarchy(None);
    let alone: Vec<f64> = (0..7).map(|n| monarchy(Some(AgentId(n)))).collect();
    let best = alone.iter().copied().fold(f64::INFINITY, f64::min);
    println!("together {together:.3} s a task, the best member alone {best:.3}; each: {alone:.3?}");
    assert!(together < 0.97 * best, "{together} against {best} of {alone:?}");
}
