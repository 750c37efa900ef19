//! What comes to no end is given up, and says so; what only takes long is not.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::laboratory::{Arm, Comparison, Plan, Subject, Trial};
use polity::prelude::*;
use polity::{RunError, RunOptions};

fn hanging() -> (Workflow, Vec<AgentSpec>) {
    let hangs = simulated(Simulation { hang: 1.0, ..Simulation::default() }).kind("dig");
    (Workflow::new("hangs").task("a", hangs).build().unwrap(), vec![AgentSpec::new("ann", can("dig", 1.0))])
}

#[test]
fn what_hangs_in_virtual_time_is_stuck_at_once() {
    let (flow, agents) = hanging();
    let ended = polity::simulate(1, async move {
        let society = Polity::builder().agent_spec(agents[0].clone()).start().unwrap();
        society.launch(flow, RunOptions::default()).unwrap().join().await
    });
    let Err(RunError::Stuck(why)) = ended else { panic!("{ended:?}") };
    assert!(why.contains("nothing can happen any more") && why.contains("timeout"), "{why}");
}

#[test]
fn a_protocol_that_nobody_hears_is_given_up_though_nothing_arrives() {
    let ended = polity::simulate(1, async {
        let builder = Polity::builder().strategy(Stigmergic::default()).most_messages(2_000).faults("loss=1".parse().unwrap());
        let society = builder.agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start().unwrap();
        let flow = Workflow::new("w").task("a", simulated(Simulation::default()).kind("dig"));
        let ended = society.launch(flow, RunOptions::default()).unwrap().join().await;
        (ended, society.talk(), society.now().as_secs_f64())
    });
    let (Err(RunError::Stuck(why)), talk, seconds) = ended else { panic!("{ended:?}") };
    assert!(why.contains("comes to no end"), "{why}");
    assert!((900..2_100).contains(&talk) && seconds < 1e7, "what was lost counts: {talk} said in {seconds} s");
}

#[test]
fn what_is_paused_and_resumed_is_not_stuck() {
    let ended = polity::simulate(1, async {
        let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start().unwrap();
        let flow = Workflow::new("w").task("a", simulated(Simulation::default()).kind("dig"));
        let handle = society.launch(flow, RunOptions::default()).unwrap();
        let controls = handle.controls();
        controls.pause();
        society.sleep(std::time::Duration::from_secs(3600)).await;
        controls.resume();
        handle.join().await.map(|run| run.tally().completed)
    });
    assert_eq!(ended.unwrap(), 1);
}

#[test]
fn a_comparison_tells_why_a_strategy_came_to_no_end() {
    let (flow, agents) = hanging();
    let subject = Subject::of_workflow(&flow, agents).unwrap();
    let plan = Plan { subjects: vec![subject], arms: vec![Arm::new("market")], first: 1, seeds: 3, threads: 1 };
    let comparison = Comparison::make(plan, |_| {}).unwrap();
    assert!(comparison.tries(0, 0).iter().all(|m| m.given_up && !m.well));
    let all = comparison.failures();
    assert!(all.len() == 1 && all[0].contains("comes to no end") && all[0].contains("timeout"), "{all:?}");
}

#[test]
fn however_long_a_message_takes_a_run_comes_to_an_end() {
    let mut done = 0;
    let shape: polity::workloads::Shape = "fork_join(stages 2, width 3)".parse().unwrap();
    let graph = shape.graph(&polity::workloads::Draws::new("5s".parse().unwrap(), 1)).unwrap();
    for delay in ["delay=1ms", "delay=10s", "delay=1m", "delay=10m"] {
        let subject =
            Subject::of_graph(graph.clone(), &[1.0, 0.5, 2.0, 1.0]).unwrap().with_faults(delay.parse().unwrap()).unwrap();
        for strategy in ["hierarchical", "consensus", "market", "stigmergic", "auto"] {
            let measures = Trial::new(&subject, strategy, 3).run().unwrap();
            assert!(!measures.given_up, "{strategy} with {delay}: {measures:?}");
            // A ballot and a call for proposals have a time until which they wait for answers; a chain of command and a trail have none.
            assert!(measures.well || ["consensus", "market"].contains(&strategy), "{strategy} with {delay}: {measures:?}");
            done += usize::from(measures.well);
        }
    }
    assert!(done >= 15, "{done} of 20");
}
