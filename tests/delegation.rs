//! Work within work: sub-workflows, agents that hand their work on, goals that are decomposed, and the bounds of all that.

#![allow(clippy::unwrap_used)]

use polity::event::{Event, Sink, What};
use polity::prelude::*;
use polity::protocols::Name;
use polity::protocols::baselines::RoundRobin;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// Everything that happened.
#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<Event>>>);
impl Sink for Seen {
    fn take(&mut self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}
impl Seen {
    fn count(&self, which: impl Fn(&What) -> bool) -> usize {
        self.0.borrow().iter().filter(|event| which(&event.what)).count()
    }
    fn tree(&self) -> String {
        polity::report::tree(&self.0.borrow())
    }
}

fn echo(name: &'static str, kinds: &'static [&'static str]) -> AgentSpec {
    AgentSpec::new(name, kinds.iter().fold(Capabilities::default(), |can, kind| can.and(*kind, 1.0)))
}
/// An agent that says what it was given as `x`.
fn echoing(kind: &'static str) -> impl Agent {
    agent_fn(can(kind, 1.0), |job, context: Context| async move {
        context.sleep(Duration::from_secs(1)).await;
        job.input::<Value>("x")
    })
}
fn read(text: &str, society: &Society) -> polity::workflow::Workflow {
    parse(text, None, &society.known()).unwrap_or_else(|errors| panic!("{errors}")).workflow
}
fn failure(error: RunError) -> Failure {
    match error {
        RunError::Failed(result) => (*result.failures().first().expect("a task failed").1).clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_task_may_be_a_workflow_with_inputs_and_outputs_of_its_own() {
    let seen = Seen::default();
    let log = seen.clone();
    let output = polity::simulate(1, async {
        let society = Polity::builder().agent("ann", || echoing("say")).sink(log).start()?;
        let text = "
name: outer
tasks:
  - id: twice
    for_each: '[1, 2, 3]'
    with: { n: '{{ item }}' }
    workflow:
      name: inner
      inputs: [{ name: n, type: int, required: true }]
      tasks:
        - { id: first, type: say, with: { x: '{{ inputs.n }}' } }
        - { id: second, type: say, with: { x: '{{ first.output * 2 }}' } }
      outputs: [{ name: both, from: '[first.output, second.output]' }]
  - { id: all, type: say, with: { x: '{{ twice.output }}' } }
outputs: [{ name: all, from: all.output }]
";
        Ok::<_, Failure>(society.run(read(text, &society)).await?.output("all").clone())
    });
    assert_eq!(output.unwrap(), json!([{ "both": [1, 2] }, { "both": [2, 4] }, { "both": [3, 6] }]));
    assert_eq!(seen.count(|what| matches!(what, What::Nested { depth: 0, .. })), 3, "it is no delegation");
    assert_eq!(seen.count(|what| matches!(what, What::RunEnded(_))), 4);
    let tree = seen.tree();
    assert!(tree.contains("twice[2]  completed") && tree.contains("second  completed  by ann"), "{tree}");
}

#[test]
fn what_fails_in_a_sub_run_fails_its_task_with_the_whole_story() {
    let failed = polity::simulate(1, async {
        let broken = || agent_fn(can("break", 1.0), |_, _| async { Err(Failure::error("no glue")) });
        let society = Polity::builder().agent("bob", broken).agent("ann", || echoing("say")).start()?;
        let inner = Workflow::new("inner").task("mend", kind("break"));
        let flow =
            Workflow::new("outer").task("repair", sub_workflow(inner)).task("after", kind("say").with("x", output("repair")));
        Ok::<_, Failure>(failure(society.run(flow).await.unwrap_err()))
    })
    .unwrap();
    assert!(failed.message.contains(".repair, task \"mend\" failed: no glue"), "{failed}");
}

/// Splits a list until it is short.
struct Adder {
    at_most: usize,
}
impl Agent for Adder {
    fn capabilities(&self) -> Capabilities {
        can("add", 1.0)
    }
    async fn perform(&mut self, job: Job, context: &Context) -> Result<Value> {
        let of: Vec<i64> = job.input("of")?;
        if of.len() <= self.at_most {
            return Ok(json!(of.iter().sum::<i64>()));
        }
        let (left, right) = of.split_at(of.len() / 2);
        let half = |of: &[i64]| kind("add").with("of", of.to_vec()).synthesize(total());
        context.delegate(Workflow::new("halves").task("left", half(left)).task("right", half(right)))
    }
}
fn total() -> Synthesis {
    Synthesis::Reduce(Expression::parse("item | sum").unwrap())
}

#[test]
fn agents_hand_on_to_each_other_as_deep_as_they_may_and_no_deeper() {
    let run = |max_depth: u32| {
        let seen = Seen::default();
        let log = seen.clone();
        let outcome = polity::simulate(1, async move {
            let society = Polity::builder()
                .agent_with(AgentSpec { replicas: 2, replicated: true, ..echo("ann", &["add"]) }, || Adder { at_most: 1 });
            let society = society.sink(log).start()?;
            let of: Vec<i64> = (1..=8).collect();
            let bounds = Delegation { max_depth, ..Delegation::default() };
            let flow = Workflow::new("sum").delegation(bounds).task("all", kind("add").with("of", of).synthesize(total()));
            Ok::<_, Failure>(society.run(flow).await.map(|result| result.output("all").clone()).map_err(failure))
        });
        (outcome.unwrap(), seen)
    };
    let (sum, seen) = run(3);
    assert_eq!(sum, Ok(json!(36)));
    assert_eq!(seen.count(|what| matches!(what, What::Nested { .. })), 7);
    assert_eq!(seen.count(|what| matches!(what, What::Nested { depth: 3, .. })), 4);
    let (refused, _) = run(2);
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Delegation);
    assert!(refused.message.contains("for the 3rd time: all → left → left; the limit is 2 (delegation.max_depth)"), "{refused}");
}

#[test]
fn work_that_goes_in_a_circle_is_found_by_its_content() {
    let refused = polity::simulate(1, async {
        let circling = || {
            agent_fn(can("plan", 1.0), |job, context: Context| async move {
                context.delegate(Workflow::new("again").task("again", kind("plan").with("x", job.input::<i64>("x")? % 2 + 1)))
            })
        };
        let society = Polity::builder().agent("ann", circling).start()?;
        let flow = Workflow::new("w").delegation(Delegation { max_depth: 99, ..Delegation::default() });
        Ok::<_, Failure>(failure(society.run(flow.task("plan", kind("plan").with("x", 1))).await.unwrap_err()))
    })
    .unwrap();
    assert_eq!(refused.kind, FailureKind::Delegation);
    assert!(refused.message.contains("\"again\" asks for the same as \"plan\" above it: plan → again → again"), "{refused}");
}

#[test]
fn a_fork_bomb_ends_at_the_limits_with_a_clear_word() {
    let bomb = || {
        agent_fn(can("grow", 1.0), |job, context: Context| async move {
            let seed: u64 = job.input("x")?;
            let tasks =
                (0..10).fold(Workflow::new("bomb"), |flow, n| flow.task(&format!("t{n}"), kind("grow").with("x", seed * 10 + n)));
            context.delegate(tasks)
        })
    };
    let (refused, started) = polity::simulate(1, async {
        let society = Polity::builder().agent_with(AgentSpec { slots: 4, ..echo("ann", &["grow"]) }, bomb).start()?;
        let bounds = Delegation { max_depth: 99, max_total: 500, ..Delegation::default() };
        let flow = Workflow::new("w").delegation(bounds).task("seed", kind("grow").with("x", 1));
        let refused = failure(society.run(flow).await.unwrap_err());
        Ok::<_, Failure>((refused, society.messages()))
    })
    .unwrap();
    assert_eq!(refused.kind, FailureKind::Delegation);
    assert!(refused.message.contains("the limit is 500 (delegation.max_total)"), "{refused}");
    assert!(started < 100_000, "{started} messages");
}

#[test]
fn who_may_delegate_to_whom_is_obeyed_by_the_real_thing() {
    let run = |may: &[(&str, &[&str])]| {
        let may = may.iter().map(|(who, whom)| (Name::from(*who), whom.iter().map(|w| Name::from(*w)).collect())).collect();
        let seen = Seen::default();
        let log = seen.clone();
        let outcome = polity::simulate(1, async move {
            let boss = || {
                agent_fn(can("plan", 1.0), |_, context: Context| async move {
                    context.delegate(
                        (0..6).fold(Workflow::new("parts"), |flow, n| flow.task(&format!("t{n}"), kind("say").with("x", n))),
                    )
                })
            };
            let society = Polity::builder().strategy(RoundRobin::default()).agent("boss", boss);
            let society = society.agent("ann", || echoing("say")).agent("bob", || echoing("say")).sink(log).start()?;
            let flow = Workflow::new("w").delegation(Delegation { may, ..Delegation::default() });
            let result = society.run(flow.task("plan", kind("plan").synthesize(Synthesis::Collect))).await;
            Ok::<_, Failure>(result.map(|result| result.output("plan").clone()).map_err(failure))
        });
        (outcome.unwrap(), seen.tree())
    };
    let (free, tree) = run(&[]);
    assert_eq!(free, Ok(json!([0, 1, 2, 3, 4, 5])));
    assert!(tree.contains("by ann") && tree.contains("by bob"), "{tree}");
    let (bound, tree) = run(&[("boss", &["ann"])]);
    assert_eq!(bound, Ok(json!([0, 1, 2, 3, 4, 5])));
    assert!(tree.contains("by ann") && !tree.contains("by bob"), "{tree}");
    assert!(run(&[("ann", &["bob"])]).0.unwrap_err().message.contains("agent \"boss\" may not delegate"));
}

#[test]
fn sub_agents_are_made_for_a_sub_run_alone_and_retired_after_it() {
    let (seen, names) = (Seen::default(), Rc::new(RefCell::new(Vec::new())));
    let (log, noted) = (seen.clone(), names.clone());
    let living = polity::simulate(1, async move {
        let boss = || {
            agent_fn(can("plan", 1.0), |job, context: Context| async move {
                let helper =
                    AgentSpec { replicas: 2, replicated: true, behaviour: Some("help".into()), ..echo("helper", &["help"]) };
                let n: i64 = job.input("x")?;
                let flow = Workflow::new("parts").agent(helper);
                context
                    .delegate(flow.task("a", kind("help").with("x", n)).task("b", kind("help").agent("helper").with("x", n + 1)))
            })
        };
        let society = Polity::builder().agent("boss", boss).function("help", move |job, _| {
            let noted = noted.clone();
            async move {
                noted.borrow_mut().push(job.name.to_string());
                job.input::<Value>("x")
            }
        });
        let society = society.sink(log).start()?;
        for round in 0..5 {
            let flow = Workflow::new("w").task("plan", kind("plan").with("x", round).synthesize(Synthesis::Collect));
            assert_eq!(society.run(flow).await?.output("plan"), &json!([round, round + 1]));
            society.sleep(Duration::from_secs(60)).await;
        }
        Ok::<_, Failure>((society.agents().len(), society.coordinators().len()))
    });
    // The same two helpers came back each time, and no coordinator was left behind.
    assert_eq!(living.unwrap(), (3, 1));
    assert_eq!(names.borrow().len(), 10);
    assert_eq!(seen.count(|what| matches!(what, What::AgentJoined { name, .. } if name.contains("helper@1"))), 10);
    assert_eq!(seen.count(|what| matches!(what, What::AgentLost { reason, .. } if **reason == *"ended")), 10 + 1);
    assert!(seen.tree().contains("by helper@1-"), "{}", seen.tree());
}

#[test]
fn a_goal_is_decomposed_and_planned_anew_until_it_is_reached() {
    let asked = Rc::new(Cell::new(0));
    let count = asked.clone();
    let result = polity::simulate(1, async move {
        let planner = move || {
            let count = count.clone();
            agent_fn(can("decompose", 1.0), move |job, context: Context| {
                let count = count.clone();
                async move {
                    count.set(count.get() + 1);
                    assert_eq!(job.input::<String>("goal")?, "a house of wood");
                    let how = match job.input.get("failure") {
                        None => "straw",
                        Some(failure) if failure["message"].as_str().unwrap().contains("straw") => "sticks",
                        Some(_) => "bricks",
                    };
                    context.delegate(Workflow::new("build").task("build", kind("build").with("x", how)))
                }
            })
        };
        let builder = || {
            agent_fn(can("build", 1.0), |job, _| async move {
                let of: String = job.input("x")?;
                if of == "bricks" { Ok(json!("it stands")) } else { Err(Failure::error(format!("the house of {of} fell"))) }
            })
        };
        let society = Polity::builder().agent("planner", planner).agent("builder", builder).start()?;
        Ok::<_, Failure>(society.pursue("a house of wood", json!({ "budget": 3 })).await?.output("result").clone())
    });
    assert_eq!(result.unwrap(), json!({ "build": "it stands" }));
    assert_eq!(asked.get(), 3);
}

#[test]
fn in_mode_adaptive_another_way_takes_the_place_of_what_failed_while_the_rest_goes_on() {
    let run = |mode: &'static str, way: Option<&'static str>| {
        let seen = Seen::default();
        let log = seen.clone();
        let result = polity::simulate(1, async move {
            let broken = || agent_fn(can("fetch", 1.0), |_, _| async { Err(Failure::error("the line is dead")) });
            let planner = move || {
                agent_fn(can("decompose", 1.0), move |job, context: Context| async move {
                    assert_eq!((&job.input["task"], &job.input["tasks"]["after"]), (&json!("get"), &json!("pending")));
                    assert_eq!(job.input["failure"]["message"], json!("the line is dead"));
                    context.sleep(Duration::from_secs(5)).await;
                    match way {
                        Some(say) => context.delegate(Workflow::new("by_hand").task("copy", kind("say").with("x", say))),
                        None => Ok(Value::Null),
                    }
                })
            };
            let society = Polity::builder().agent("fetcher", broken).agent("planner", planner);
            let society = society.agent("ann", || echoing("say")).sink(log).start()?;
            let text = format!(
                "name: w\nmode: {mode}\ntasks:\n  - {{ id: get, type: fetch }}\n  - {{ id: after, type: say, with: {{ x: '{{{{ get.output }}}}' }} }}\n  - {{ id: beside, type: say, with: {{ x: 1 }} }}\n"
            );
            let flow = read(&text, &society);
            let result = society.launch(flow, RunOptions::default())?.join().await?;
            Ok::<_, Failure>((result.status(), result.output("after").clone(), result.tally()))
        });
        (result.unwrap(), seen)
    };
    let ((status, after, _), seen) = run("adaptive", Some("by pigeon"));
    assert_eq!((status, after), (RunStatus::Completed, json!("by pigeon")), "one result is what the task would have given");
    assert_eq!(seen.count(|what| matches!(what, What::Replanned { .. })), 1);
    assert_eq!(seen.count(|what| matches!(what, What::Failed { .. } | What::DeadLettered { .. })), 0);
    let ((status, _, tally), seen) = run("adaptive", None);
    assert_eq!((status, tally.failed, tally.blocked, tally.completed), (RunStatus::Failed, 1, 1, 1));
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 1, "it failed for good after all");
    let ((status, _, tally), seen) = run("parallel", Some("by pigeon"));
    assert_eq!((status, tally.blocked), (RunStatus::Failed, 1));
    assert_eq!(seen.count(|what| matches!(what, What::Replanned { .. })), 0);
}

#[test]
fn rounds_go_on_until_the_result_stands_still() {
    let seen = Seen::default();
    let log = seen.clone();
    let result = polity::simulate(1, async move {
        // Newton's way to the root of 2, to two digits.
        let refine = || {
            agent_fn(can("refine", 1.0), |job, context: Context| async move {
                let x = job.input.get("previous").and_then(|p| p["next"].as_f64()).unwrap_or(1.0);
                context
                    .delegate(Workflow::new("step").task("next", kind("say").with("x", ((x + 2.0 / x) * 50.0).round() / 100.0)))
            })
        };
        let society = Polity::builder().agent("ann", refine).agent("bob", || echoing("say")).sink(log).start()?;
        let flow = Workflow::new("w")
            .task("root", delegate("the root").kind("refine").converge(Converge { patience: 1, ..Converge::default() }));
        Ok::<_, Failure>(society.run(flow).await?.output("root").clone())
    });
    assert_eq!(result.unwrap(), json!({ "next": 1.41 }));
    let rounds: Vec<u32> =
        seen.0.borrow().iter().filter_map(|e| if let What::Nested { round, .. } = e.what { Some(round) } else { None }).collect();
    assert_eq!(rounds, [0, 1, 2, 3], "1.5, 1.42, 1.41, 1.41");
}

#[test]
fn a_budget_is_drawn_by_all_below_and_exceeded_by_no_more_than_what_was_in_flight() {
    let run = |cost: f64| {
        let done = Rc::new(Cell::new(0));
        let counted = done.clone();
        let outcome = polity::simulate(1, async move {
            let boss = || {
                agent_fn(can("plan", 1.0), |_, context: Context| async move {
                    context.delegate((0..20).fold(Workflow::new("parts"), |flow, n| flow.task(&format!("t{n}"), kind("work"))))
                })
            };
            let worker = move || {
                let counted = counted.clone();
                agent_fn(can("work", 1.0), move |_, context: Context| {
                    let counted = counted.clone();
                    async move {
                        context.sleep(Duration::from_secs(2)).await;
                        counted.set(counted.get() + 1);
                        Ok(json!(1))
                    }
                })
            };
            let society = Polity::builder()
                .agent("boss", boss)
                .agent_with(AgentSpec { cost: 0.5, ..echo("worker", &["work"]) }, worker)
                .start()?;
            let budget = Budget { cost: Some(cost), ..Budget::default() };
            let flow = Workflow::new("w").delegation(Delegation { budget, ..Delegation::default() }).task("plan", kind("plan"));
            let result = society.launch(flow, RunOptions::default())?.join().await?;
            Ok::<_, Failure>((result.status(), result.failures().first().map(|(_, failure)| failure.message.clone())))
        });
        (outcome.unwrap(), done.get())
    };
    let ((status, message), done) = run(5.0);
    assert_eq!(status, RunStatus::Overspent);
    assert!(message.unwrap().contains("the limit is 5 (delegation.budget.cost)"));
    // A task costs 1; what is open when the fifth ends may go on.
    assert!((5..20).contains(&done), "{done} were done");
    assert_eq!(run(100.0), ((RunStatus::Completed, None), 20));
}

#[test]
fn a_sub_run_ends_with_its_task_unless_it_is_abandoned() {
    let run = |close: ParentClose| {
        let seen = Seen::default();
        let log = seen.clone();
        let outcome = polity::simulate(1, async move {
            let society = Polity::builder().agent("ann", || echoing("say")).sink(log).start()?;
            let slow = (0..10).fold(Workflow::new("slow"), |flow, n| {
                let task = kind("say").with("x", n);
                flow.task(&format!("t{n}"), if n == 0 { task } else { task.depends_on(&format!("t{}", n - 1)) })
            });
            let timeouts = polity::lifecycle::Timeouts { total: Some(Duration::from_millis(2_500)), ..Default::default() };
            let flow = Workflow::new("w").task("slow", sub_workflow(slow).timeouts(timeouts).parent_close(close));
            let failed = failure(society.run(flow).await.unwrap_err());
            let then = society.now().as_secs_f64();
            society.sleep(Duration::from_secs(60)).await;
            Ok::<_, Failure>((failed.kind, then))
        });
        let (kind, then) = outcome.unwrap();
        assert_eq!((kind, then), (FailureKind::Timeout, 2.5));
        seen.count(|what| matches!(what, What::Completed { .. }))
    };
    assert_eq!(run(ParentClose::Terminate), 2);
    assert_eq!(run(ParentClose::Abandon), 10);
}

#[test]
fn cancelling_a_run_cancels_everything_below_it() {
    let seen = Seen::default();
    let log = seen.clone();
    polity::simulate(1, async move {
        let society = Polity::builder()
            .agent_with(AgentSpec { replicas: 4, replicated: true, ..echo("ann", &["add"]) }, || Adder { at_most: 1 });
        let society = society.agent("bob", || echoing("say")).sink(log).start()?;
        let inner = Workflow::new("inner").task("a", kind("say").with("x", 1)).task("b", kind("say").with("x", output("a")));
        let flow = Workflow::new("w").task("inner", sub_workflow(inner)).task("after", kind("say").with("x", output("inner")));
        let handle = society.launch(flow, RunOptions::default())?;
        society.sleep(Duration::from_millis(1_500)).await;
        handle.cancel();
        let result = handle.join().await?;
        assert_eq!((result.status(), result.tally().cancelled), (RunStatus::Cancelled, 2));
        Ok::<_, Failure>(())
    })
    .unwrap();
    let ended = |status| seen.count(|what| matches!(what, What::RunEnded(tail) if tail.status == status));
    assert_eq!((ended(RunStatus::Cancelled), ended(RunStatus::Completed)), (2, 0));
}

#[test]
fn equal_seeds_give_equal_trees() {
    let run = |seed| {
        let seen = Seen::default();
        let log = seen.clone();
        polity::simulate(seed, async move {
            let society = Polity::builder()
                .agent_with(AgentSpec { replicas: 3, replicated: true, ..echo("ann", &["add"]) }, || Adder { at_most: 1 });
            let society = society.sink(log).start()?;
            let of: Vec<i64> = (1..=8).collect();
            society.run(Workflow::new("sum").task("all", kind("add").with("of", of).synthesize(total()))).await?;
            Ok::<_, Failure>(())
        })
        .unwrap();
        seen.0.borrow().clone()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

/// Kilobytes that this process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "a soak: cargo nextest run --test delegation --run-ignored all ten_thousand --no-capture"]
fn ten_thousand_delegations_three_deep_leave_nothing_behind() {
    polity::simulate(1, async move {
        let boss = || {
            agent_fn(can("plan", 1.0), |job, context: Context| async move {
                let (n, depth): (u64, u64) = (job.input("x")?, job.input("depth")?);
                if depth == 3 {
                    let helper = AgentSpec { behaviour: Some("help".into()), ..echo("helper", &["help"]) };
                    return context.delegate(Workflow::new("leaf").agent(helper).task("a", kind("help").with("x", n)));
                }
                context.delegate(Workflow::new("node").task("a", kind("plan").with("x", n).with("depth", depth + 1)))
            })
        };
        let society = Polity::builder().agent_with(AgentSpec { slots: 4, ..echo("boss", &["plan"]) }, boss);
        let society = society.function("help", |job, _| async move { job.input::<Value>("x") }).start()?;
        let mut held = Vec::new();
        for batch in 0..11_u64 {
            for n in 0..303 {
                let flow = Workflow::new("w").task("plan", kind("plan").with("x", batch * 1_000 + n).with("depth", 1));
                society.run(flow).await?;
            }
            held.push(resident());
        }
        println!(
            "kB after each 909 delegations: {held:?}; {} agents, {} coordinators",
            society.agents().len(),
            society.coordinators().len()
        );
        assert_eq!((society.agents().len(), society.coordinators().len()), (2, 1));
        assert!(held[10] < held[1] + held[1] / 5, "it grows: {held:?}");
        Ok::<_, Failure>(())
    })
    .unwrap();
}

/// A team that was made for one run is forgotten with it: the thousandth run costs as many letters as the third.
#[test]
fn teams_of_a_moment_leave_nothing_behind() {
    let letters = polity::simulate(1, async {
        let boss = || {
            agent_fn(can("plan", 1.0), |_, context: Context| async move {
                let parts = Workflow::new("parts").task("a", kind("say").with("x", 1)).task("b", kind("say").with("x", 2));
                context.delegate_to(["ann", "bob"], parts)
            })
        };
        let society = Polity::builder().strategy(RoundRobin::default()).agent("boss", boss);
        let society = society.agent("ann", || echoing("say")).agent("bob", || echoing("say")).start()?;
        let mut letters = Vec::new();
        for _ in 0..40 {
            let before = society.messages();
            let flow = Workflow::new("w").task("plan", kind("plan").synthesize(Synthesis::Collect));
            assert_eq!(society.run(flow).await?.output("plan"), &json!([1, 2]));
            society.sleep(Duration::from_secs(5)).await;
            letters.push(society.messages() - before);
        }
        Ok::<_, Failure>(letters)
    });
    let letters = letters.unwrap();
    assert!(letters[39] <= letters[2] + 2, "{letters:?}");
}
