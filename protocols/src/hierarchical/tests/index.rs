//! The index of a large lane chooses as a look at everybody would.

use super::{dig, digger};
use crate::hierarchical::book::Book;
use crate::hierarchical::delegation::{Choice, Step};
use crate::hierarchical::lanes::Lanes;
use crate::{AgentId, Ended, Input, Load, Outcome, Rng, TaskId, Time};
use core::time::Duration;
use proptest::prelude::*;

/// One thing that happens: seconds that pass, an agent, the work that it is given, the work of the task that is then looked at, and where
/// what that needs lies, until it is elsewhere so many seconds later.
type Move = (f64, u32, f64, f64, Option<(u32, f64)>);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let work = || prop_oneof![Just(0.0), Just(1.0), 0.1_f64..9.0];
    let data = prop::option::of((0_u32..42, prop_oneof![Just(0.5), Just(2.0), 0.1_f64..9.0]));
    prop::collection::vec((prop_oneof![Just(0.0), 0.0_f64..2.0], 0_u32..40, work(), work(), data), 1..150)
}

proptest! {
    #[test]
    fn the_index_chooses_as_a_full_look_does(
        speeds in prop::collection::vec(prop_oneof![Just(1.0), Just(2.0), 0.3_f64..3.0], 40),
        rule in prop::sample::select(super::DELEGATIONS[..4].to_vec()),
        moves in moves(),
    ) {
        let (mut book, mut lanes, mut rng) = (Book::default(), Lanes::default(), Rng::new(1, "index"));
        for (n, speed) in speeds.iter().enumerate() {
            book.join(AgentId(n as u32), &digger("x").speed(*speed).slots(1 + n as u32 % 3));
        }
        lanes.open(&dig(0, 1.0), Time::ZERO, &book);
        let demand = dig(0, 1.0).demand.id;
        let (mut now, mut jobs, mut number) = (0.0, Vec::new(), 1);
        for (pause, agent, given, asked, data) in moves {
            now += pause;
            book.begin(Time::from_secs_f64(now));
            if given > 4.0 && !jobs.is_empty() {
                let (agent, task) = jobs.remove(agent as usize % jobs.len());
                let outcome = Outcome { load: Load::default(), ..Outcome::new(Ended::Succeeded, Duration::from_secs_f64(given)) };
                book.ended(agent, task, &outcome);
            } else {
                let task = TaskId::new(0, number);
                (0..3).for_each(|_| book.give(AgentId(agent), task, given, given / speeds[agent as usize], Time::ZERO));
                jobs.extend([(AgentId(agent), task); 3]);
                number += 1;
            }
            let input = data.map(|(holder, seconds)| Input {
                holder: AgentId(holder),
                bytes: 1,
                elsewhere: Time::from_secs_f64(now + seconds),
            });
            let inputs: Vec<Input> = input.into_iter().collect();
            let open = dig(0, asked).avoiding(vec![AgentId(agent), AgentId(agent + 1)]).needing(inputs);
            lanes.open(&open, Time::ZERO, &book);
            let lane = lanes.lane_mut(demand).expect("it is open");
            lane.sync(rule, &book);
            let plain = lane.without_index();
            prop_assert!(lane.index().is_some() && plain.index().is_none());
            let order = lane.first().expect("it is open");
            let open = lane.get(order).expect("it is open").clone();
            book.plan();
            let mut choice = Choice::new(rule);
            for _ in 0..5 {
                let quick = choice.of_all(&open, lane, &mut book, &mut rng);
                let full = choice.clone().of_all(&open, &plain, &mut book, &mut rng);
                match (quick, full) {
                    (Step::Start(a), Step::Start(b)) => prop_assert_eq!(a.agent, b.agent),
                    (Step::Wait(a, one), Step::Wait(b, other)) => {
                        prop_assert_eq!((a.agent, one), (b.agent, other));
                        book.reserve(a.agent, a.seconds);
                    }
                    (Step::Full, Step::Full) => {}
                    (quick, full) => prop_assert!(false, "{quick:?} and {full:?}"),
                }
            }
        }
    }
}
