//! Too many restarts: supervision gives up, level by level, and says why.

use super::stage::{BOTH, Log, ended, worker};
use polity::event::What;
use polity::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

struct Ghost;
impl Agent for Ghost {
    fn started(&mut self) {
        panic!("boom of a ghost");
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(Value::Null)
    }
}
/// Does its work, after some lives that could not begin.
struct Late(bool);
impl Agent for Late {
    fn started(&mut self) {
        assert!(self.0, "boom of a late one");
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(json!("at last"))
    }
}

#[test]
fn an_agent_that_can_never_begin_ends_the_run_with_the_reason() {
    for world in BOTH {
        let log = Log::default();
        let result = world.play(async {
            let society = Polity::builder().sink(log.sink()).agent_with(worker("ghost"), || Ghost).start().unwrap();
            ended(society.run(Workflow::new("w").task("job", kind("work"))).await)
        });
        let said = format!("{world:?}\n{}", log.words());
        assert_eq!(result.status(), RunStatus::Escalated, "{said}");
        assert!(result.problems().iter().any(|problem| problem.contains("boom of a ghost")), "{:?}\n{said}", result.problems());
        assert_eq!(log.count(|what| matches!(what, What::Escalated { .. })), 1, "{said}");
        assert!(log.losses().len() > 5, "{said}");
    }
}

#[test]
fn a_run_that_begins_after_all_was_given_up_ends_at_once() {
    for world in BOTH {
        let results = world.play(async {
            let society = Polity::builder().agent_with(worker("ghost"), || Ghost).start().unwrap();
            let flow = Workflow::new("w").task("job", kind("work"));
            [ended(society.run(flow.clone()).await), ended(society.run(flow).await)]
        });
        for result in results {
            assert_eq!(result.status(), RunStatus::Escalated, "{world:?}");
            assert_eq!(result.tally().cancelled, 1, "{world:?}");
        }
    }
}

#[test]
fn a_society_whose_agents_were_given_up_once_goes_on_with_new_ones() {
    // Six failures at once are one too many for the supervisor of one agent, and one for the root above it, which grants that.
    for world in BOTH {
        let log = Log::default();
        let lives = Rc::new(Cell::new(0));
        let result = world.play(async {
            let lives = lives.clone();
            let late = move || {
                lives.set(lives.get() + 1);
                Late(lives.get() > 7)
            };
            let society = Polity::builder().sink(log.sink()).agent_with(worker("late"), late).start().unwrap();
            ended(society.run(Workflow::new("w").task("job", kind("work"))).await)
        });
        let said = format!("{world:?}\n{}", log.words());
        assert_eq!(result.output("job"), "at last", "{said}");
        assert_eq!(lives.get(), 8, "{said}");
    }
}
