//! What nobody takes is a dead letter, with its cause; and what ends an agent does not end its letters.

use crate::stage::{Stage, errand, second};
use polity::agents::Undeliverable::*;
use polity::event::What;
use polity::prelude::*;
use std::time::Duration;

#[test]
fn every_cause_is_told() {
    let stage = Stage::new().ear("ann").ear_with("bob", 1, &[], second());
    let (heard, events) = (stage.heard.clone(), stage.events.clone());
    polity::simulate(1, async {
        struct Deaf;
        impl Agent for Deaf {
            async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
                Ok(Value::Null)
            }
        }
        let builder = stage.builder.agent("deaf", || Deaf).agent_spec(AgentSpec::new("shell", can("text", 1.0)));
        let society = builder.start()?;
        let say = errand("ann", &[("bobb", 1), ("deaf", 2), ("shell", 3), ("bob", 13), ("bob", 666), ("bob", 7)]);
        society.run(Workflow::new("talk").task("say", say.with("publish", json!([["void", 4]])))).await?;
        society.tell("bob", "no number")?;
        society.sleep(Duration::from_secs(60)).await;
        (0..300u64).try_for_each(|_| society.tell("bob", &8u64))?;
        society.sleep(Duration::from_secs(600)).await;
        assert!(society.tell("bob", &"x".repeat(70_000)).unwrap_err().message.contains("65536 bytes"));
        Ok::<_, Failure>(())
    })
    .unwrap();
    let mut dead = Stage::dead(&events.borrow());
    let full: Vec<_> = dead.extract_if(.., |(_, cause)| *cause == InboxFull).collect();
    assert_eq!(full.len(), 300 - 256 - 1, "one was in hand, and 256 lay there");
    let expected = [
        ("bobb", UnknownName),
        ("void", NoSubscriber),
        ("deaf", NoHandler),
        ("shell", NoHandler),
        ("bob", Refused),
        ("bob", Panicked),
        ("bob", WrongType),
    ];
    assert_eq!(dead, expected.map(|(to, cause)| (to.to_owned(), cause)));
    let bob: Vec<u64> = heard.borrow().iter().map(|(.., number)| *number).filter(|n| *n != 8).collect();
    assert_eq!(bob, [13, 7], "its next life heard what came after the letter that ended it");
    let hint = events
        .borrow()
        .iter()
        .any(|e| matches!(&e.what, What::Undelivered { reason, .. } if reason.contains("did you mean \"bob\"")));
    assert!(hint);
}

#[test]
fn a_panic_in_the_handler_ends_that_life_only_and_blames_no_job() {
    let stage = Stage::new().ear("ann").ear("bob");
    let (heard, events) = (stage.heard.clone(), stage.events.clone());
    let tally = polity::simulate(1, async {
        let slots = AgentSpec { slots: 2, ..AgentSpec::new("mix", can("mix", 1.0)) };
        struct Mix;
        impl Agent for Mix {
            async fn heard(&mut self, _: Letter, _: &Context) -> Result<()> {
                panic!("it can't bear letters")
            }
            async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
                Ok(Value::Null)
            }
        }
        let builder = stage.builder.agent_with(slots, || Mix).function("nap", |_, context| async move {
            context.sleep(Duration::from_secs(100)).await;
            Ok(Value::Null)
        });
        let society = builder.start()?;
        let run = society.launch(Workflow::new("w").task("nap", function("nap").agent("mix")), RunOptions::default())?;
        // More lives than make a job poison, all of them ended by letters while the job runs.
        for _ in 0..4 {
            society.sleep(Duration::from_secs(20)).await;
            society.tell("mix", "hello")?;
            society.tell("bob", &1u64)?;
        }
        Ok::<_, Failure>(run.join().await?.tally())
    })
    .unwrap();
    assert_eq!((tally.completed, tally.failed), (1, 0), "the job was displaced each time, and is no poison");
    let displaced = events.borrow().iter().filter(|event| matches!(event.what, What::Displaced { .. })).count();
    assert_eq!(displaced, 4);
    assert_eq!(heard.borrow().len(), 4, "the neighbour heard all of its letters");
}

#[test]
fn letters_to_one_that_is_gone_for_good_are_dead() {
    let stage = Stage::new().ear("ann").ear("bob");
    let events = stage.events.clone();
    polity::simulate(1, async {
        let society = stage.builder.start()?;
        // Six panics within a minute are more than an agent survives.
        for _ in 0..12 {
            society.tell("bob", &666u64)?;
        }
        society.sleep(Duration::from_secs(59)).await;
        society.tell("bob", &1u64)
    })
    .unwrap();
    let dead = Stage::dead(&events.borrow());
    let count = |cause| dead.iter().filter(|(_, of)| *of == cause).count();
    assert_eq!((count(Panicked), count(Gone)), (6, 7), "{dead:?}");
}
