//! Shows an agent with a state of its own, which panics: its supervisor makes a new one, and the task goes on there.

use polity::event::{Event, Sink, What};
use polity::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// It numbers what it is given, and breaks at the first word that it can't read.
struct Clerk {
    entries: u32,
    broken: Rc<Cell<bool>>,
}
impl Agent for Clerk {
    fn capabilities(&self) -> Capabilities {
        can("filing", 0.9)
    }
    async fn perform(&mut self, job: Job, _: &Context) -> Result<Value> {
        let word: String = job.input("word")?;
        if word == "illegible" && !self.broken.replace(true) {
            panic!("I can't read \"{word}\"");
        }
        self.entries += 1;
        Ok(json!(format!("{}. {word}", self.entries)))
    }
}

/// Tells of the lives of agents.
struct Chronicle(Rc<RefCell<Vec<String>>>);
impl Sink for Chronicle {
    fn take(&mut self, event: &Event) {
        self.0.borrow_mut().extend(match &event.what {
            What::AgentJoined { name, incarnation, .. } => Some(format!("{name} joined, life {incarnation}")),
            What::AgentLost { reason, .. } => Some(format!("lost: {reason}")),
            _ => None,
        });
    }
}

/// What became of the words, and what happened to the clerk.
pub fn file(words: &[&str]) -> Result<(Value, Vec<String>)> {
    let (told, broken) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(false)));
    let entries = polity::run(async {
        let clerk = move || Clerk { entries: 0, broken: broken.clone() };
        let society = Polity::builder().sink(Chronicle(told.clone())).agent("clerk", clerk).start()?;
        let flow = Workflow::new("filing")
            .input_or("words", InputType::List, words.to_vec())
            .task("file", kind("filing").for_each("inputs.words").with("word", item()));
        Ok::<_, Failure>(society.run(flow).await?.output("file").clone())
    })?;
    Ok((entries, told.take()))
}

/// Files four words, one of which is illegible at first.
pub fn main() -> Result<()> {
    let (entries, told) = file(&["alpha", "beta", "illegible", "gamma"])?;
    println!("{entries}\n{}", told.join("\n"));
    Ok(())
}
