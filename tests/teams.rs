//! Several teams and strategies in one run, whoever says so: the file, a flag, the environment, a program.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use polity::protocols::market::Market;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

const FLOW: &str = r#"
version: "2.0"
name: houses
strategy: round_robin
agents:
  - { id: ann, can: { work: 0.9 } }
  - { id: bob, replicas: 2, can: { work: 0.5 } }
  - { id: cy, can: { work: 0.7 } }
teams:
  - { id: lords, agents: [ann, cy], strategy: { market: { auction: first_price } } }
  - { id: commons, agents: [bob, cy], strategy: consensus }
  - { id: plain, agents: [cy] }
tasks:
  - { id: law, type: work, team: lords, for_each: "range(6)", simulate: 1s }
  - { id: vote, type: work, team: commons, for_each: "range(6)", simulate: 1s }
  - { id: own, type: work, team: commons, strategy: hierarchical, simulate: 1s }
  - { id: alone, type: work, strategy: stigmergic, simulate: 1s }
  - { id: rest, type: work, team: plain, simulate: 1s }
  - { id: all, type: work, for_each: "range(8)", simulate: 1s }
"#;

/// Of each task: by whom it was given away, and to whom.
fn awards(text: &str, options: impl FnOnce() -> RunOptions) -> BTreeSet<(String, String, String)> {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    polity::simulate(3, async {
        let flow = polity::workflow::parse(text, None, &Known::default()).unwrap().workflow;
        let society = Polity::builder().sink(events.clone()).start().unwrap();
        society.run_with(flow, options()).await.unwrap();
    });
    let mut names = polity::event::Names::default();
    let mut all = BTreeSet::new();
    for event in events.borrow().iter() {
        names.take(event);
        if let What::Assigned { task, agent, decision, .. } = &event.what {
            let task = names.task(*task).split('[').next().unwrap().to_owned();
            all.insert((task, decision.protocol.to_string(), names.agent(*agent).to_string()));
        }
    }
    all
}
fn of<'a>(awards: &'a BTreeSet<(String, String, String)>, task: &str) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let own = awards.iter().filter(|(of, ..)| of == task);
    own.map(|(_, by, to)| (by.as_str(), to.as_str())).unzip()
}

#[test]
fn teams_and_tasks_are_governed_in_their_own_ways() {
    let awards = awards(FLOW, RunOptions::default);
    assert_eq!(of(&awards, "law"), (["market"].into(), ["ann", "cy"].into()), "{awards:?}");
    assert_eq!(of(&awards, "vote").0, ["consensus"].into(), "{awards:?}");
    assert!(of(&awards, "vote").1.is_subset(&["bob-1", "bob-2", "cy"].into()), "{awards:?}");
    assert_eq!(of(&awards, "own").0, ["hierarchical"].into(), "{awards:?}");
    assert_eq!(of(&awards, "alone").0, ["stigmergic"].into(), "{awards:?}");
    assert_eq!(of(&awards, "rest"), (["round_robin"].into(), ["cy"].into()), "{awards:?}");
    assert_eq!(of(&awards, "all"), (["round_robin"].into(), ["ann", "bob-1", "bob-2", "cy"].into()), "{awards:?}");
}

/// "The same run under another government": a strategy that is stronger than the file holds for every team and every task.
#[test]
fn a_stronger_word_governs_all_teams() {
    let awards = awards(FLOW, || RunOptions::default().strategy(Market::default()));
    let protocols: BTreeSet<&str> = awards.iter().map(|(_, by, _)| by.as_str()).collect();
    assert_eq!(protocols, ["market"].into());
    assert_eq!(of(&awards, "rest").1, ["cy"].into(), "but the teams stay: {awards:?}");
    let market = polity::workflow::Strategy { name: "market".into(), settings: json!({}) };
    let known = Known { overrides: polity::workflow::Overrides::strategy(market), ..Known::default() };
    let flow = polity::workflow::parse(FLOW, None, &known).unwrap().workflow;
    assert!(flow.teams.iter().all(|team| team.strategy.is_none()) && flow.tasks.iter().all(|task| task.strategy.is_none()));
}

/// A coordinator outlives a run: one for each team and strategy, however many runs there are.
#[test]
fn what_a_team_learned_outlives_a_run() {
    polity::simulate(5, async {
        let society = Polity::builder().start().unwrap();
        let flow = polity::workflow::parse(FLOW, None, &Known::default()).unwrap().workflow;
        society.run(flow.clone()).await.unwrap();
        let first = society.coordinators();
        society.run(flow).await.unwrap();
        assert_eq!(society.coordinators(), first);
        assert_eq!(first.len(), 6, "{first:?}");
    });
}

/// Who works for two teams tells both when it is free: a wrong estimate of one government's job does not keep the other waiting.
#[test]
fn a_shared_agent_is_not_believed_busy_for_longer_than_it_is() {
    for strategy in ["market", "stigmergic", "consensus", "fifo_fastest_idle", "hierarchical", "round_robin", "auto"] {
        let text = format!(
            r#"
name: shared
strategy: hierarchical
agents: [{{ id: ann, queue: 0, can: {{ work: 1 }} }}]
teams: [{{ id: other, agents: [ann], strategy: {strategy} }}]
tasks:
  - {{ id: long, type: work, estimate: 1h, simulate: 1s }}
  - {{ id: short, type: work, team: other, simulate: 1s }}
"#
        );
        let took = polity::simulate(2, async {
            let flow = polity::workflow::parse(&text, None, &Known::default()).unwrap().workflow;
            let society = Polity::builder().start().unwrap();
            assert_eq!(society.run(flow).await.unwrap().tally().completed, 2);
            society.now().as_secs_f64()
        });
        assert!(took < 5.0, "{strategy}: {took} s");
    }
}

#[test]
fn a_team_of_nobody_is_refused() {
    polity::simulate(5, async {
        let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("work", 1.0))).start().unwrap();
        let team = |name: &str| polity::workflow::Team::new("t", [name.to_owned()]);
        let flow = |name: &str| Workflow::new("w").team(team(name)).task("a", simulated(Simulation::default()).team("t"));
        let wrong = society.run(flow("zoe")).await.unwrap_err().to_string();
        assert!(wrong.contains("team \"t\" has no agent that lives here: there is no zoe"), "{wrong}");
        society.run(flow("ann")).await.unwrap();
    });
}

#[test]
fn two_agents_of_one_id_are_refused() {
    let spec = |id: &str| AgentSpec::new(id, can("dig", 1.0));
    let wrong = polity::simulate(1, async {
        Polity::builder()
            .agent_spec(spec("ann"))
            .agent_spec(spec("bob"))
            .agent_spec(spec("ann"))
            .start()
            .err()
            .map(|why| why.to_string())
    });
    assert!(wrong.is_some_and(|why| why.contains("agent \"ann\" is given twice; give one of them another id")));
}
