//! The fixtures of `protocols/conformance` through our own code: what any implementation can check itself against.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity_protocols::consensus::{Receipt, Rules, Tally, Verdict, Voting};
use polity_protocols::market::auction::{self, Bid};
use polity_protocols::market::vcg::{Batch, Place};
use polity_protocols::market::{Market, Message};
use polity_protocols::stigmergic::{Field, Laws, attraction, double_bridge, evaporation, response_probability};
use polity_protocols::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How far a number may be off, relatively: what another order of the same sums may cost.
const TOLERANCE: f64 = 1e-9;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}
fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of} must be a number"))
}
fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(number).collect()
}
/// What a case expects and what came of it: numbers within the tolerance, all else exactly.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => {
            let (a, b) = (number(a), number(b));
            (a - b).abs() <= TOLERANCE * 1_f64.max(a.abs()).max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Every case of a file, with what our code makes of it.
fn results(fixture: &Value) -> Vec<(String, Value, Value)> {
    assert_eq!(fixture["format"], "polity-conformance/1");
    let run: fn(&Value) -> Value = match fixture["kind"].as_str().unwrap() {
        "vote" => vote,
        "jury" => jury,
        "auction" => auctioned,
        "vcg" => vcg,
        "contract_net" => contract_net,
        "pheromone" => pheromone,
        "response" => response,
        other => panic!("there is no kind \"{other}\""),
    };
    let cases = fixture["cases"].as_array().unwrap();
    let expected = |case: &Value| match fixture["kind"] == "contract_net" {
        true => Value::Array(case["steps"].as_array().unwrap().iter().map(|step| step["says"].clone()).collect()),
        false => case["expect"].clone(),
    };
    cases.iter().map(|case| (case["name"].as_str().unwrap().to_owned(), expected(case), run(case))).collect()
}

fn voting(case: &Value) -> Voting {
    serde_json::from_value(case["voting"].clone()).unwrap()
}
fn vote(case: &Value) -> Value {
    let mut rules = Rules::new(voting(case), number(&case["quorum"]));
    if let Some(threshold) = case["threshold"].as_f64() {
        rules = rules.threshold(threshold);
    }
    let mut tally = Tally::new(rules, case["options"].as_u64().unwrap() as usize, numbers(&case["weights"]));
    let mut receipts = Vec::new();
    for ballot in case["ballots"].as_array().unwrap() {
        let voter = ballot["voter"].as_u64().unwrap() as usize;
        let receipt = match ballot.get("ranking") {
            Some(ranking) => tally.vote(voter, &serde_json::from_value::<Vec<u16>>(ranking.clone()).unwrap()),
            None => tally.abstain(voter),
        };
        receipts.push(match receipt {
            Receipt::Counted => "counted",
            Receipt::Abstention => "abstention",
            Receipt::Duplicate => "duplicate",
            Receipt::Late => "late",
            Receipt::Stranger => "stranger",
        });
    }
    tally.close();
    let receipts = |of: Value| {
        let mut of = of;
        of["receipts"] = json!(receipts);
        of
    };
    match tally.verdict() {
        Verdict::Elected { option, share } => receipts(json!({ "verdict": "elected", "option": option, "share": share })),
        Verdict::NoMajority { option, share } => receipts(json!({ "verdict": "no_majority", "option": option, "share": share })),
        Verdict::Tied(options) => receipts(json!({ "verdict": "tied", "options": options })),
        Verdict::NoVotes => receipts(json!({ "verdict": "no_votes" })),
        Verdict::NoQuorum { share } => receipts(json!({ "verdict": "no_quorum", "share": share })),
        Verdict::NoVoters => json!({ "verdict": "no_voters" }),
    }
}
/// All patterns of who is right; option 0 is the right one.
fn jury(case: &Value) -> Value {
    let (competence, weights) = (numbers(&case["competence"]), numbers(&case["weights"]));
    let mut right = 0.0;
    for pattern in 0..1_u32 << competence.len() {
        let is_right = |n: usize| pattern >> n & 1 == 1;
        let chance: f64 = competence.iter().enumerate().map(|(n, p)| if is_right(n) { *p } else { 1.0 - p }).product();
        let mut tally = Tally::new(Rules::new(voting(case), 1.0), 2, weights.iter().copied());
        (0..competence.len()).for_each(|n| assert_eq!(tally.vote(n, &[u16::from(!is_right(n))]), Receipt::Counted));
        right += chance
            * match tally.verdict() {
                Verdict::Elected { option: 0, .. } => 1.0,
                Verdict::Tied(_) => 0.5,
                _ => 0.0,
            };
    }
    json!({ "right": right })
}
fn auctioned(case: &Value) -> Value {
    let bids: Vec<Bid> = (0..)
        .zip(case["bids"].as_array().unwrap())
        .map(|(n, bid)| Bid {
            wait: number(&bid["wait"]),
            trust: number(&bid["trust"]),
            ..Bid::new(AgentId(n), number(&bid["price"]))
        })
        .collect();
    let reserve = number(&case["reserve"]);
    let sale = match case["rule"].as_str().unwrap() {
        "first_price" => auction::first_price(&bids, reserve),
        "second_price" => auction::second_price(&bids, reserve),
        other => panic!("there is no rule \"{other}\""),
    };
    sale.map_or(json!({ "sold": false }), |sale| json!({ "sold": true, "winner": sale.winner, "price": sale.price }))
}
fn vcg(case: &Value) -> Value {
    let asks = case["asks"].as_array().unwrap();
    let reserve = number(&case["reserve"]);
    let agents = asks[0].as_array().unwrap().len() as u32;
    let mut batch = Batch::new(asks.len(), (0..agents).map(|n| Place { agent: AgentId(n), trust: 1.0 }).collect(), reserve);
    for (task, row) in asks.iter().enumerate() {
        for (place, price) in row.as_array().unwrap().iter().enumerate().filter(|(_, price)| !price.is_null()) {
            batch.ask(task, place, number(price), 0.0);
        }
    }
    let sold = batch.sell();
    let cost =
        |(task, sold): (usize, &Option<_>)| sold.map_or(reserve, |sold: market::vcg::Sold| number(&asks[task][sold.place]));
    let total: f64 = sold.iter().enumerate().map(cost).sum();
    let told: Vec<Value> =
        sold.iter().map(|sold| sold.map_or(Value::Null, |sold| json!({ "agent": sold.place, "price": sold.price }))).collect();
    json!({ "cost": total, "sold": told })
}
fn pheromone(case: &Value) -> Value {
    let of = |key: &str| number(&case["laws"][key]);
    let laws = Laws {
        decay: of("decay"),
        period: Duration::from_secs_f64(of("period_s")),
        initial: of("initial"),
        min: of("min"),
        max: of("max"),
    };
    let (mut field, dig, ann) = (Field::new(laws), Demand::of_kind(DemandId(0), "dig"), AgentId(0));
    field.begin(Time::ZERO);
    field.meet(ann, "ann");
    let mut trail = Vec::new();
    for step in case["steps"].as_array().unwrap() {
        field.begin(Time::from_secs_f64(number(&step["at_s"])));
        if let Some(deposit) = step["deposit"].as_f64() {
            field.deposit(&dig, ann, deposit);
        }
        trail.push(field.trail(&dig, ann));
    }
    json!({ "trail": trail })
}
fn response(case: &Value) -> Value {
    let args = numbers(&case["args"]);
    let value = match (case["function"].as_str().unwrap(), &args[..]) {
        ("response", [s, theta, n]) => response_probability(*s, *theta, *n),
        ("attraction", [tau, eta, alpha, beta]) => attraction(*tau, *eta, *alpha, *beta),
        ("double_bridge", [a, b, k, n]) => double_bridge(*a, *b, *k, *n),
        ("evaporation", [decay, periods]) => evaporation(*decay, *periods as u64),
        (other, args) => panic!("there is no function {other} of {} numbers", args.len()),
    };
    json!({ "value": value })
}

/// Plays a transcript; what was said at each step, in the order of the fixture's words.
fn contract_net(case: &Value) -> Value {
    let market: Market = serde_json::from_value(case["market"].clone()).unwrap();
    market.check().unwrap();
    let (mut house, mut rng, mut effects, mut call) = (market.initiator(), Rng::new(1, "fixture"), Vec::new(), 0);
    let id = TaskId::new(0, 0);
    for n in 0..case["agents"].as_u64().unwrap() as u32 {
        let profile = Profile::new(format!("a{n}"), Capabilities::default().and("dig", 1.0));
        house.on_join(AgentId(n), &profile, &mut Turn::new(Time::ZERO, &mut rng, &mut effects));
    }
    let mut told = Vec::new();
    for step in case["steps"].as_array().unwrap() {
        let now = Time::from_secs_f64(number(&step["at_s"]));
        let turn = &mut Turn::new(now, &mut rng, &mut effects);
        let agent = |of: &Value| AgentId(of.as_u64().unwrap() as u32);
        if step.get("task").is_some() {
            house.on_task(&TaskView::new(id, Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(1.0), turn);
        } else if let Some(bid) = step.get("propose") {
            let (price, finish) = (number(&bid["price"]), Time::from_secs_f64(number(&bid["finish_s"])));
            house.on_message(agent(&bid["agent"]), Message::Propose { task: id, call, price, start: now, finish }, turn);
        } else if let Some(refusal) = step.get("refuse") {
            let why = serde_json::from_value(refusal["why"].clone()).unwrap();
            house.on_message(agent(&refusal["agent"]), Message::Refuse { task: id, call, why }, turn);
        } else if let Some(gone) = step.get("leave") {
            house.on_leave(agent(gone), turn);
        } else if step.get("withdraw").is_some() {
            house.on_withdraw(id, turn);
        } else if step.get("wake").is_some() {
            house.on_wake(turn);
        } else {
            panic!("a step of no kind: {step}");
        }
        let said: Vec<Value> = effects
            .drain(..)
            .map(|effect| match effect {
                Effect::Send(to, Message::CallForProposals { call: number, .. }) => {
                    call = number;
                    json!({ "cfp": to.0 })
                }
                Effect::Send(to, Message::RejectProposal { why, .. }) => json!({ "reject": to.0, "why": why }),
                Effect::Send(to, other) => json!({ "said": format!("{other:?}"), "to": to.0 }),
                Effect::Assign(_, to, decision) => json!({ "accept": to.0, "price": decision.price }),
                Effect::Decline(..) => json!({ "decline": true }),
            })
            .collect();
        told.push(in_order_of(step["says"].as_array().unwrap(), said));
    }
    Value::Array(told)
}
/// What was said, the expected first and in their order.
fn in_order_of(expected: &[Value], mut said: Vec<Value>) -> Value {
    let mut ordered = Vec::new();
    for wanted in expected {
        if let Some(at) = said.iter().position(|one| same(wanted, one)) {
            ordered.push(said.remove(at));
        }
    }
    ordered.extend(said);
    Value::Array(ordered)
}

fn fixtures() -> Vec<(PathBuf, Value)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut all: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    all.sort();
    all.into_iter().map(|path| (path.clone(), serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap())).collect()
}

#[test]
fn every_fixture_holds() {
    let all = fixtures();
    let kinds: Vec<&str> = all.iter().map(|(_, fixture)| fixture["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["auction", "contract_net", "jury", "pheromone", "response", "vcg", "vote"]);
    let mut wrong = Vec::new();
    for (path, fixture) in &all {
        let results = results(fixture);
        assert!(results.len() >= 6, "{} has {} cases", path.display(), results.len());
        let bad = results.into_iter().filter(|(_, expected, got)| !same(expected, got));
        wrong.extend(bad.map(|(name, expected, got)| format!("{}: {name}: expected {expected}, got {got}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A number, a word or a truth of what is expected, changed: each must be noticed, in every case of every fixture.
#[test]
fn a_wrong_expectation_is_noticed() {
    fn changed(value: &Value) -> Value {
        match value {
            Value::Number(n) => json!(n.as_f64().unwrap() * 1.001 + 1e-3),
            Value::String(word) => json!(format!("{word}!")),
            Value::Bool(truth) => json!(!truth),
            Value::Null => json!(1),
            Value::Array(items) if items.is_empty() => json!([1]),
            Value::Array(items) => {
                let mut items = items.clone();
                let last = items.len() - 1;
                items[last] = changed(&items[last]);
                Value::Array(items)
            }
            Value::Object(map) => {
                let mut map = map.clone();
                let key = map.keys().next_back().unwrap().clone();
                let value = changed(&map[&key]);
                map.insert(key, value);
                Value::Object(map)
            }
        }
    }
    for (path, fixture) in fixtures() {
        for (name, expected, got) in results(&fixture) {
            assert!(!same(&changed(&expected), &got), "{}: {name}", path.display());
        }
    }
}
