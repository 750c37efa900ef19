//! What arrives, to whom, and when.

use crate::stage::{Stage, errand, second};
use polity::prelude::*;
use std::time::Duration;

fn numbers(heard: &[(String, String, u64)], who: &str) -> Vec<u64> {
    heard.iter().filter(|(whose, ..)| whose == who).map(|(.., number)| *number).collect()
}

#[test]
fn a_calm_line_keeps_the_order_and_a_letter_is_answered() {
    for live in [true, false] {
        let stage = Stage::new().ear("ann").ear("bob");
        let (heard, events) = (stage.heard.clone(), stage.events.clone());
        let scene = async {
            let society = stage.builder.start()?;
            let letters: Vec<(&str, u64)> =
                (0..100).map(|n| ("bob", n)).filter(|(_, n)| *n != 13).chain([("bob", 5_000)]).collect();
            society.run(Workflow::new("talk").task("say", errand("ann", &letters))).await?;
            while heard.borrow().len() < 103 {
                society.sleep(Duration::from_millis(1)).await;
            }
            Ok::<_, Failure>(())
        };
        if live {
            polity::run(scene).unwrap()
        } else {
            polity::simulate(1, scene).unwrap()
        }
        let heard = heard.borrow();
        let expected: Vec<u64> = (0..100).filter(|n| *n != 13).chain([5_000, 1_250]).collect();
        assert_eq!(numbers(&heard, "bob"), expected, "live: {live}");
        assert_eq!(numbers(&heard, "ann"), [2_500, 625]);
        assert_eq!(Stage::dead(&events.borrow()), []);
    }
}

#[test]
fn a_group_is_told_in_turn_and_a_topic_as_a_whole() {
    let stage = Stage::new().ear("ann").ear_with("crew", 3, &["news"], Duration::ZERO).ear_with(
        "eve",
        1,
        &["news", "gossip"],
        Duration::ZERO,
    );
    let (heard, events) = (stage.heard.clone(), stage.events.clone());
    polity::simulate(1, async {
        let society = stage.builder.start()?;
        let say = errand("ann", &[("crew", 1), ("crew", 2), ("crew", 3), ("crew-2", 4)])
            .with("publish", json!([["news", 5], ["gossip", 6]]));
        let echo = kind("eve").with("publish", json!([["news", 7], ["gossip", 8]]));
        society.run(Workflow::new("talk").task("say", say).task("echo", echo.depends_on("say"))).await?;
        society.sleep(second()).await;
        society.publish("news", &9u64)?;
        society.sleep(second()).await;
        Ok::<_, Failure>(())
    })
    .unwrap();
    let heard = heard.borrow();
    assert_eq!(numbers(&heard, "eve"), [5, 6, 9], "not what it says itself");
    assert_eq!(numbers(&heard, "crew"), [1, 2, 3, 4, 5, 5, 5, 7, 7, 7, 9, 9, 9]);
    let dead: Vec<String> = Stage::dead(&events.borrow()).into_iter().map(|(to, _)| to).collect();
    assert_eq!(dead, ["gossip"], "nobody but its sender listens");
}

#[test]
fn a_job_takes_letters_and_what_it_leaves_is_heard_before_the_next_job() {
    let stage = Stage::new().ear("ann").ear("bob");
    let (heard, events) = (stage.heard.clone(), stage.events.clone());
    let taken = polity::simulate(1, async {
        let society = stage.builder.start()?;
        let flow = Workflow::new("talk")
            .task("listen", kind("bob").with("work", 10).with("take", 2))
            .task("again", kind("bob").with("work", 10).depends_on("listen"))
            .task("say", errand("ann", &[("bob", 1), ("bob", 2), ("bob", 3)]))
            .task("later", errand("ann", &[("bob", 4)]).with("work", 12).depends_on("say"));
        let result = society.run(flow).await?;
        Ok::<_, Failure>(result.output("listen").clone())
    })
    .unwrap();
    assert_eq!(taken, json!([1, 2]));
    assert_eq!(numbers(&heard.borrow(), "bob"), [3, 4], "the one while nobody worked, the other after the next job");
    assert_eq!(Stage::dead(&events.borrow()), []);
}

#[test]
fn a_letter_waits_for_jobs_that_came_before_it_and_not_for_those_that_come_after() {
    let stage = Stage::new().ear("ann").ear("bob");
    let heard = stage.heard.clone();
    let at = polity::simulate(1, async {
        let society = stage.builder.start()?;
        let busy = |flow: WorkflowBuilder, n: u32| flow.task(&format!("busy{n}"), kind("bob").with("work", 10));
        let flow = (0..6).fold(Workflow::new("talk"), busy);
        let run = society.launch(flow, RunOptions::default())?;
        society.sleep(second()).await;
        society.tell("bob", &1u64)?;
        while heard.borrow().is_empty() {
            society.sleep(second()).await;
        }
        let at = society.now().as_secs_f64();
        run.join().await?;
        Ok::<_, Failure>(at)
    })
    .unwrap();
    assert!((10.0..=12.0).contains(&at), "heard between the first job and the second: {at}");
}

#[test]
fn two_that_answer_each_other_for_ever_do_not_hold_the_time() {
    struct Parrot(&'static str);
    impl Agent for Parrot {
        fn capabilities(&self) -> Capabilities {
            can("squawk", 1.0)
        }
        async fn heard(&mut self, _: Letter, context: &Context) -> Result<()> {
            context.tell(self.0, "squawk")
        }
        async fn perform(&mut self, _: Job, context: &Context) -> Result<Value> {
            context.tell(self.0, "squawk")?;
            context.sleep(Duration::from_millis(5)).await;
            Ok(Value::Null)
        }
    }
    for live in [true, false] {
        let scene = async {
            // One of them also writes to itself.
            let society =
                Polity::builder().agent("a", || Parrot("b")).agent("b", || Parrot("a")).agent("c", || Parrot("c")).start()?;
            society.tell("c", "squawk")?;
            society.run(Workflow::new("w").task("s", kind("squawk").agent("a"))).await?;
            Ok::<_, Failure>(society.messages())
        };
        let messages = if live { polity::run(scene).unwrap() } else { polity::simulate(1, scene).unwrap() };
        assert!(messages > 50, "they did talk: {messages}");
    }
}
