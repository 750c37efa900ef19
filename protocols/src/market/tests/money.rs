//! The books: they balance at every turn, whatever the weather, and no budget is exceeded.

use crate::market::{Auction, Auctioneer, Contractor, Ledger, Market, Message, Money, Payment};
use crate::testing::{Table, suite};
use crate::{
    AgentId, Capabilities, Demand, DemandId, Ended, Initiator, Memory, Outcome, Profile, Protocol, Rng, TaskId, TaskView, Time,
    Turn,
};
use core::time::Duration;
use proptest::prelude::*;
use std::sync::Arc;

/// A market whose books are looked at after every turn.
#[derive(Clone, Debug)]
struct Audited(Market);
struct Auditor(Auctioneer);

impl Protocol for Audited {
    const NAME: &'static str = "market";
    type Message = Message;
    type Initiator = Auditor;
    type Participant = Contractor;
    fn initiator(&self) -> Auditor {
        Auditor(self.0.initiator())
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Contractor {
        self.0.participant(me, profile)
    }
}
impl Auditor {
    fn audit(&self) {
        self.0.ledger().check().unwrap();
    }
}
impl Initiator for Auditor {
    type Message = Message;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.0.on_join(agent, profile, turn);
        self.audit();
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.0.on_leave(agent, turn);
        self.audit();
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        self.0.on_task(task, turn);
        self.audit();
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.0.on_withdraw(task, turn);
        self.audit();
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        self.0.on_message(from, message, turn);
        self.audit();
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        self.0.on_outcome(task, agent, outcome, turn);
        self.audit();
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        self.0.on_wake(turn);
        self.audit();
    }
    fn next_wake(&self) -> Option<Time> {
        self.0.next_wake()
    }
    fn save(&self) -> Memory {
        self.0.save()
    }
    fn restore(&mut self, memory: &Memory) {
        self.0.restore(memory);
    }
}

#[test]
fn the_books_balance_in_any_weather() {
    for payment in [Payment::Performance, Payment::OnAward] {
        let set = Market { payment, budget: Some(40.0), ..Market::default() };
        suite(|| Audited(set.clone()), 100);
    }
}

#[derive(Clone, Debug)]
enum Act {
    Reserve(u32, u32, f64),
    PayNow(u32),
    Settle(u32, u32, f64),
    Annul(u32, u32),
}
fn act() -> impl Strategy<Value = Act> {
    let (task, agent, price) = (0_u32..6, 0_u32..3, 0.0..4.0_f64);
    prop_oneof![
        4 => (task.clone(), agent.clone(), price.clone()).prop_map(|(t, a, p)| Act::Reserve(t, a, p)),
        1 => task.clone().prop_map(Act::PayNow),
        4 => (task.clone(), agent.clone(), price).prop_map(|(t, a, p)| Act::Settle(t, a, p)),
        1 => (task, agent).prop_map(|(t, a)| Act::Annul(t, a)),
    ]
}

proptest! {
    #[test]
    fn the_books_balance_whatever_is_entered(acts in proptest::collection::vec(act(), 1..80), budget in 0.0..20.0_f64, before in 0.0..30.0_f64) {
        let (mut ledger, id) = (Ledger::new(Some(budget)), |n| TaskId::new(0, n));
        ledger.restore(Money::from_price(before));
        let mut refused = 0;
        for act in acts {
            let spent = ledger.spent();
            match act {
                Act::Reserve(task, agent, price) => {
                    let left = ledger.left().unwrap();
                    let price = Money::from_price(price);
                    if ledger.reserve(id(task), AgentId(agent), price).is_err() {
                        refused += 1;
                        prop_assert!(price > left || ledger.left().unwrap() < price);
                    }
                    prop_assert_eq!(ledger.spent(), spent, "an award is no payment");
                }
                Act::PayNow(task) => _ = ledger.pay_now(id(task)),
                Act::Settle(task, agent, due) => {
                    let open = ledger.open(id(task)).copied();
                    let paid = ledger.settle(id(task), AgentId(agent), Money::from_price(due));
                    prop_assert_eq!(paid.is_some(), open.is_some_and(|entry| entry.agent == AgentId(agent)), "no payment without its award");
                    prop_assert!(paid.is_none_or(|paid| paid <= open.unwrap().price), "never more than was agreed");
                    prop_assert!(paid.is_none() || ledger.settle(id(task), AgentId(agent), Money::from_price(due)).is_none(), "nor twice");
                }
                Act::Annul(task, agent) => ledger.annul(id(task), AgentId(agent)),
            }
            prop_assert_eq!(ledger.check(), Ok(()));
            prop_assert!(ledger.committed() <= Money::from_price(budget.max(before)));
        }
        prop_assert!(before <= budget || refused > 0 || ledger.spent() == Money::from_price(before));
    }
}

fn digger(cost: f64) -> Profile {
    Profile::new("ann", Capabilities::default().and("dig", 1.0)).cost(cost)
}
fn dig(n: u32) -> TaskView {
    TaskView::new(TaskId::new(0, n), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(2.0)
}

/// One award, one outcome: what ann has earned of a price of 10.
fn paid(payment: Payment, outcome: Outcome) -> f64 {
    let mut house = Market { payment, reserve: Some(10.0), ..Market::default() }.initiator();
    let (mut rng, mut effects) = (Rng::new(1, "paid"), Vec::new());
    let ann = AgentId(0);
    house.on_join(ann, &digger(1.0), &mut Turn::new(Time::ZERO, &mut rng, &mut effects));
    house.on_task(&dig(0), &mut Turn::new(Time::ZERO, &mut rng, &mut effects));
    let Some(crate::Effect::Send(_, Message::CallForProposals { task, call, .. })) = effects.pop() else { panic!() };
    let finish = Time::from_secs_f64(2.0);
    let propose = Message::Propose { task, call, price: 2.0, start: Time::ZERO, finish };
    house.on_message(ann, propose, &mut Turn::new(Time::ZERO, &mut rng, &mut effects));
    house.on_outcome(task, ann, &outcome, &mut Turn::new(finish, &mut rng, &mut effects));
    house.ledger().check().unwrap();
    house.ledger().earned(ann).to_price()
}

#[test]
fn payment_follows_the_stated_rule() {
    let outcome = |ended, seconds| Outcome::new(ended, Duration::from_secs_f64(seconds));
    let performance = |outcome| paid(Payment::Performance, outcome);
    assert_eq!(performance(outcome(Ended::Succeeded, 2.0)), 10.0, "a lone bidder is paid the reserve");
    assert_eq!(performance(outcome(Ended::Succeeded, 5.0)), 7.0, "three seconds late at an urgency of 1");
    assert_eq!(performance(outcome(Ended::Succeeded, 50.0)), 0.0);
    assert_eq!(performance(Outcome { quality: 0.5, ..outcome(Ended::Succeeded, 2.0) }), 5.0);
    assert_eq!(performance(outcome(Ended::Cancelled, 0.5)), 2.5, "a quarter of the work was done");
    for ended in [Ended::Failed, Ended::Lost, Ended::Refused] {
        assert_eq!(performance(outcome(ended, 1.0)), 0.0);
    }
    assert_eq!(paid(Payment::OnAward, outcome(Ended::Failed, 1.0)), 10.0);
    assert_eq!(paid(Payment::OnAward, outcome(Ended::Refused, 0.0)), 0.0);
}

#[test]
fn a_budget_ends_the_awards_and_says_so() {
    let set = Market { budget: Some(25.0), reserve: Some(10.0), ..Market::default() };
    let table = Table::new(set, 1).agent(digger(0.1));
    let table = table.announce_at(Time::ZERO, dig(0)).announce_after(&[TaskId::new(0, 0)], dig(1));
    let report = table.announce_after(&[TaskId::new(0, 1)], dig(2)).run_until_quiet();
    assert_eq!(report.awards.len(), 2);
    let why = report.declines[0].2.to_string();
    assert!(why.contains("it would cost 10, but only 5 of market.budget is left"), "{why}");
}

/// Through the whole protocol: one task, agents of equal speed, one of which asks something else than its cost.
fn earned(auction: Auction, costs: &[f64], liar: usize, asked: f64) -> f64 {
    let set = Market { auction, reserve: Some(10.0), ..Market::default() };
    let tell = |(n, cost): (usize, &f64)| digger(if n == liar { asked } else { *cost });
    let table = costs.iter().enumerate().map(tell).fold(Table::new(set, 1), Table::agent);
    let report = table.announce_at(Time::ZERO, dig(0)).run_until_quiet();
    let won = report.awards.first().filter(|award| award.agent == AgentId(liar as u32));
    won.map_or(0.0, |award| award.decision.price.unwrap() - 2.0 * costs[liar])
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_participant_does_best_by_its_true_cost(costs in proptest::collection::vec(0.0..4.9_f64, 2..6), liar in 0_usize..2, asked in 0.0..5.5_f64) {
        let truth = earned(Auction::SecondPrice, &costs, liar, costs[liar]);
        prop_assert!(truth >= 0.0 && earned(Auction::SecondPrice, &costs, liar, asked) <= truth + 1e-5);
        // At first prices the truth earns nothing, so whoever wins with more gains.
        prop_assert!(earned(Auction::FirstPrice, &costs, liar, costs[liar]).abs() < 1e-5);
    }
}
#[test]
fn at_first_prices_asking_more_gains() {
    assert!(earned(Auction::FirstPrice, &[1.0, 2.0], 0, 1.5) > 0.5);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let wrong = |set: Market| set.check().unwrap_err();
    let fine = Market::default();
    assert_eq!(fine.check(), Ok(()));
    assert_eq!(
        wrong(Market { deadline: Duration::ZERO, ..fine.clone() }),
        "market.deadline must be above 0s, but is 0s: nobody could answer a call in time"
    );
    assert_eq!(
        wrong(Market { reserve: Some(-1.0), ..fine.clone() }),
        "market.reserve must be a number above 0, but is -1: it is the most that a proposal may ask; leave it out to pay any price"
    );
    assert_eq!(wrong(Market { budget: Some(f64::NAN), ..fine.clone() }), "market.budget must be a number from 0 on, but is NaN");
    assert_eq!(wrong(Market { urgency: -0.5, ..fine.clone() }), "market.urgency must be a number from 0 on, but is -0.5");
    assert!(wrong(Market { shortlist: Some(0), ..fine }).starts_with("market.shortlist must be at least 1, but is 0"));
    let text = serde_json::from_str::<Market>(r#"{ "deadline": 200 }"#).unwrap_err().to_string();
    assert!(text.contains("write \"200ms\" or \"200s\""), "{text}");
    let written = serde_json::to_string(&Market::default()).unwrap();
    assert!(written.contains(r#""deadline":"200ms""#), "{written}");
    assert_eq!(serde_json::from_str::<Market>(&written).unwrap(), Market::default());
}
