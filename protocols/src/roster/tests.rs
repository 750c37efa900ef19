use super::*;
use crate::{Capabilities, Ended, Outcome};
use core::time::Duration;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Join(u32, u32, u32),
    Leave(u32),
    Award(u32),
    Settle(u32),
    Rest(u32),
    Rested,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8u32, 0..4u32, 1..3u32).prop_map(|(a, speed, slots)| Step::Join(a, speed, slots)),
        (0..8u32).prop_map(Step::Leave),
        (0..8u32).prop_map(Step::Award),
        (0..8u32).prop_map(Step::Award),
        (0..64u32).prop_map(Step::Settle),
        (0..8u32).prop_map(Step::Rest),
        Just(Step::Rested),
    ]
}

fn demands() -> Vec<Arc<Demand>> {
    let demand = |id, kind: &'static str| Demand::of_kind(DemandId(id), kind);
    vec![
        Arc::new(demand(0, "x")),
        Arc::new(demand(1, "y").at_least("x", 0.3)),
        Arc::new(Demand::any(DemandId(2)).only("a3")),
        Arc::new(Demand::any(DemandId(3)).only("odd")),
    ]
}

fn profile(agent: u32, speed: u32, slots: u32) -> Profile {
    let can = Capabilities::default().and("x", f64::from(agent % 4) / 4.0).and("y", f64::from(speed) / 3.0);
    let mut profile = Profile::new(format!("a{agent}"), can).speed(f64::from(speed) + 0.5).slots(slots);
    profile.group = if agent % 2 == 1 { Name::from("odd") } else { profile.name.clone() };
    profile
}

/// What the roster should say, by looking at everyone.
fn scan(roster: &Roster, task: &TaskView, only_free: bool) -> Vec<AgentId> {
    let able: Vec<Able> = roster.iter().filter_map(|(agent, _)| roster.fit(&task.demand, agent)).collect();
    let strict = able.iter().any(|able| !task.avoids(able.agent));
    let mut found: Vec<Able> = able
        .into_iter()
        .filter(|able| !(strict && task.avoids(able.agent)) && (!only_free || roster.is_free(able.agent)))
        .collect();
    found.sort_by(|a, b| b.rate.total_cmp(&a.rate).then(a.agent.cmp(&b.agent)));
    found.iter().map(|able| able.agent).collect()
}

proptest! {
    #[test]
    fn every_index_agrees_with_a_look_at_everyone(steps in proptest::collection::vec(step(), 1..60), avoid in proptest::collection::vec(0..8u32, 0..4)) {
        let mut roster = Roster::default();
        let mut next = 0;
        for (moment, step) in steps.into_iter().enumerate() {
            let now = Time::from_secs_f64(moment as f64);
            match step {
                Step::Join(agent, speed, slots) => roster.join(AgentId(agent), &profile(agent, speed, slots)),
                Step::Leave(agent) => { roster.leave(AgentId(agent)); }
                Step::Award(agent) => {
                    roster.award(TaskId::new(0, next), AgentId(agent), 3.0, now);
                    next += 1;
                }
                Step::Settle(task) => if let Some(held) = roster.held(TaskId::new(0, task)).copied() {
                    roster.settle(TaskId::new(0, task), held.agent, now);
                },
                Step::Rest(agent) => roster.rest(AgentId(agent), now + Duration::from_secs(2)),
                Step::Rested => while roster.rested(now).is_some() {},
            }
            let free = roster.iter().filter(|(agent, _)| roster.is_free(*agent)).count();
            prop_assert_eq!(roster.count_free(), free);
            // Tables come into being at different moments, so that both ways to fill them are seen.
            for demand in demands().into_iter().take(moment / 4 + 1) {
                let avoid: Vec<AgentId> = avoid.iter().map(|a| AgentId(*a)).collect();
                let task = TaskView::new(TaskId::new(9, 9), demand).avoiding(avoid);
                let (all, free) = (scan(&roster, &task, false), scan(&roster, &task, true));
                prop_assert_eq!(roster.count_candidates(&task), all.len());
                prop_assert_eq!(roster.fastest(&task).map(|a| a.agent).collect::<Vec<_>>(), all);
                prop_assert_eq!(roster.free(&task).map(|a| a.agent).collect::<Vec<_>>(), free);
            }
        }
    }
}

#[test]
fn an_award_of_an_earlier_life_frees_no_slot_of_this_one() {
    let (mut roster, agent) = (Roster::default(), AgentId(0));
    roster.join(agent, &profile(0, 1, 1));
    roster.award(TaskId::new(0, 0), agent, 5.0, Time::ZERO);
    roster.leave(agent);
    roster.join(agent, &profile(0, 1, 1));
    roster.award(TaskId::new(0, 1), agent, 5.0, Time::ZERO);
    assert!(roster.settle(TaskId::new(0, 0), agent, Time::ZERO).is_some());
    assert_eq!((roster.jobs(agent), roster.is_free(agent)), (1, false));
    assert!(roster.settle(TaskId::new(0, 1), agent, Time::ZERO).is_some());
    assert_eq!((roster.jobs(agent), roster.is_free(agent)), (0, true));
}

#[test]
fn one_slot_starts_the_next_job_after_all_that_it_holds() {
    let (mut roster, agent) = (Roster::default(), AgentId(0));
    roster.join(agent, &profile(0, 1, 1));
    for task in 0..3 {
        roster.award(TaskId::new(0, task), agent, 2.0, Time::ZERO);
    }
    let at = Time::from_secs_f64;
    assert_eq!(roster.expected_start(agent, at(1.0)), at(6.0));
    roster.settle(TaskId::new(0, 1), agent, at(1.0));
    assert_eq!(roster.expected_start(agent, at(1.0)), at(4.0));
    roster.settle(TaskId::new(0, 0), agent, at(1.5));
    assert_eq!(roster.expected_finish(agent, 1.0, at(1.5)), at(4.5));
}

#[test]
fn a_refusal_lets_the_agent_rest_for_its_backlog() {
    let (mut roster, agent) = (Roster::default(), AgentId(0));
    roster.join(agent, &profile(0, 1, 2));
    roster.award(TaskId::new(0, 0), agent, 2.0, Time::ZERO);
    let mut outcome = Outcome::new(Ended::Refused, Duration::ZERO);
    outcome.load.backlog = 8.0;
    roster.settle_outcome(TaskId::new(0, 0), agent, &outcome, Time::ZERO);
    assert!(!roster.is_free(agent));
    assert_eq!(roster.next_rest(), Some(Time::from_secs_f64(4.0)));
    assert_eq!(roster.rested(Time::from_secs_f64(3.9)), None);
    assert_eq!(roster.rested(Time::from_secs_f64(4.0)), Some(agent));
    assert!(roster.is_free(agent));
}

#[test]
fn a_job_given_again_after_it_ended_in_the_queue_holds_one_slot_and_no_more() {
    let (mut roster, agent, id) = (Roster::default(), AgentId(0), |task| TaskId::new(0, task));
    roster.join(agent, &profile(0, 1, 2));
    for task in 0..4 {
        roster.award(id(task), agent, 2.0, Time::ZERO);
    }
    roster.settle(id(2), agent, Time::ZERO);
    // With another behind it: an empty queue is cleared, and would hide a job that is in it twice.
    roster.award(id(2), agent, 2.0, Time::ZERO);
    roster.award(id(4), agent, 2.0, Time::ZERO);
    for task in [0, 1, 3, 2, 4] {
        assert!(roster.settle(id(task), agent, Time::ZERO).is_some());
    }
    assert_eq!((roster.jobs(agent), roster.is_free(agent)), (0, true));
}

/// Who finishes first, by a look at everyone.
fn first_of_all(roster: &Roster, task: &TaskView, now: Time) -> Option<(AgentId, f64)> {
    let able = scan(roster, task, false).into_iter().filter_map(|agent| roster.fit(&task.demand, agent));
    let finish = |able: Able| (able.agent, roster.seat(able.agent).expect("it is here").wait(now) + able.seconds_for(task.work));
    able.map(finish).reduce(|best, next| if next.1 < best.1 { next } else { best })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn in_a_large_team_whoever_finishes_first_is_found_without_a_look_at_everyone(
        speeds in proptest::collection::vec((1..12u32, 1..4u32), 500..900),
        steps in proptest::collection::vec((0..10u32, 0..900u32, 0.0..9.0f64), 200..700),
    ) {
        let mut roster = Roster::default();
        let member = |n: usize, (speed, slots): (u32, u32)| {
            Profile::new(format!("a{n}"), Capabilities::default().and("x", 0.5)).speed(f64::from(speed) / 4.0).slots(slots)
        };
        for (n, of) in speeds.iter().enumerate() {
            roster.join(AgentId(n as u32), &member(n, *of));
        }
        let demand = Arc::new(Demand::of_kind(DemandId(0), "x"));
        let (mut now, mut given) = (Time::ZERO, Vec::new());
        // Everybody has enough to do, so that a look in the order of speed alone would end nowhere.
        for (n, (_, slots)) in speeds.iter().enumerate() {
            for slot in 0..*slots {
                let task = TaskId::new(1, (n * 4) as u32 + slot);
                roster.award(task, AgentId(n as u32), 20.0 + (n * 7919 % 400) as f64 / 10.0, now);
                given.push((task, AgentId(n as u32)));
            }
        }
        let looks = (0..20).map(|n| {
            let task = TaskView::new(TaskId::new(2, n), demand.clone()).work(1.0);
            let (best, looked) = roster.earliest_finish(&task, now, 3);
            roster.award(task.id, best[0].0.agent, best[0].0.seconds_for(1.0), now);
            looked as usize
        });
        let looked: usize = looks.sum();
        // Without an index it is everyone, each time; of how few it is, speeds that are alike take their toll.
        prop_assert!(looked < 20 * speeds.len() * 3 / 4, "{looked} were looked at for 20 tasks, of {}", speeds.len());
        for (n, (what, which, seconds)) in steps.into_iter().enumerate() {
            let which = which as usize % speeds.len();
            let agent = AgentId(which as u32);
            match what {
                0 => now = now + crate::seconds_to_duration(seconds),
                1 if !given.is_empty() => {
                    let (task, agent) = given.swap_remove(which % given.len());
                    roster.settle(task, agent, now);
                }
                2 => roster.rest(agent, now + Duration::from_secs(3)),
                3 => while roster.rested(now).is_some() {},
                4 if n % 7 == 0 => drop(roster.leave(agent)),
                4 => roster.join(agent, &member(which, speeds[which])),
                _ => {
                    let avoid = if n % 5 == 0 { vec![agent] } else { Vec::new() };
                    let task = TaskView { avoid: avoid.into(), ..TaskView::new(TaskId::new(0, n as u32), demand.clone()).work(seconds) };
                    let (best, _) = roster.earliest_finish(&task, now, 3);
                    let found = best.first().map(|(able, finish)| (able.agent, *finish));
                    prop_assert_eq!(found, first_of_all(&roster, &task, now));
                    let (agent, _) = found.expect("somebody is able");
                    let seconds = roster.fit(&demand, agent).expect("it was found").seconds_for(task.work);
                    roster.award(task.id, agent, seconds, now);
                    given.push((task.id, agent));
                }
            }
        }
    }
}
