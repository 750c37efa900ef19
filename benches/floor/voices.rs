//! What it costs to tell another agent something.

use crate::meter::Meter;
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Answers what it hears, until it has heard as many as it was told.
struct Echo {
    other: &'static str,
    left: u32,
    sent: Rc<RefCell<Vec<Instant>>>,
    took: Rc<RefCell<Vec<Duration>>>,
}
impl Agent for Echo {
    async fn heard(&mut self, letter: Letter, context: &Context) -> Result<()> {
        let number: usize = letter.read()?;
        self.took.borrow_mut().push(self.sent.borrow()[number].elapsed());
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.sent.borrow_mut().push(Instant::now());
            context.tell(self.other, &(number + 1))?;
        }
        Ok(())
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(Value::Null)
    }
}

/// Two agents that answer each other, live: messages per CPU second, and the time from `tell` to the handler: p50, p99, the most.
pub fn volley(letters: u32) -> (f64, [Duration; 3]) {
    let (sent, took) = (Rc::new(RefCell::new(vec![Instant::now()])), Rc::<RefCell<Vec<Duration>>>::default());
    let seconds = polity::run(async {
        let echo = |other| {
            let (sent, took) = (sent.clone(), took.clone());
            move || Echo { other, left: letters / 2, sent: sent.clone(), took: took.clone() }
        };
        let society =
            Polity::builder().agent("ann", echo("bob")).agent("bob", echo("ann")).start().expect("the society is right");
        tokio::time::sleep(Duration::from_millis(5)).await;
        let meter = Meter::start();
        society.tell("ann", &0usize).expect("a number is a letter");
        while took.borrow().len() < letters as usize - 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        meter.spent()
    });
    let mut took = took.take();
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    (f64::from(letters) / seconds, [at(0.5), at(0.99), at(1.0)])
}
