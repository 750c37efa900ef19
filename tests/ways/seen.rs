//! Runs of a few tasks that fail as they are told, for the tests of other ways.

use polity::event::{Event, What};
use polity::prelude::*;
use polity::report::Recall;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What a run led to: how it ended, who did what in order, and the events.
pub struct Seen {
    pub result: RunResult,
    pub diary: Vec<String>,
    pub events: Vec<Event>,
}
impl Seen {
    pub fn output(&self, name: &str) -> Value {
        self.result.output(name).clone()
    }
    pub fn count(&self, which: impl Fn(&What) -> bool) -> usize {
        self.events.iter().filter(|event| which(&event.what)).count()
    }
    pub fn skipped(&self) -> Vec<String> {
        let reason = |event: &Event| match &event.what {
            What::Skipped { reason, .. } => Some(reason.to_string()),
            _ => None,
        };
        self.events.iter().filter_map(reason).collect()
    }
}

/// Runs these tasks (YAML). `work` takes a second and gives what it is given as `give`, or fails with what it is given as `fail`, as `kind`
/// says; it writes its job's name down. `odd` fails for even numbers, `no` always.
pub fn run_with(tasks: &str, more: &str, cancel_after: Option<f64>, recall: Recall) -> Seen {
    let text =
        format!("name: w\n{more}\nagents: [{{ id: ann, slots: 4 }}, {{ id: bob, slots: 4 }}, {{ id: eve }}]\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let diary: Rc<RefCell<Vec<String>>> = Rc::default();
    let (sink, lines) = (events.clone(), diary.clone());
    let result = polity::simulate(7, async {
        let work = move |job: Job, context: Context| {
            let lines = lines.clone();
            async move {
                lines.borrow_mut().push(job.name.to_string());
                context.sleep(Duration::from_secs(1)).await;
                let kind = job.input.get("kind").and_then(|kind| serde_json::from_value(kind.clone()).ok());
                match job.input.get("fail") {
                    Some(why) => Err(Failure::new(kind.unwrap_or(FailureKind::Error), why.as_str().unwrap_or("no"))),
                    None => Ok(job.input.get("give").cloned().unwrap_or_default()),
                }
            }
        };
        let no = |_: Job, _: Context| async { Err::<Value, _>(Failure::error("no")) };
        let odd = |job: Job, _: Context| async move {
            let n: i64 = job.input("give")?;
            if n % 2 == 1 { Ok(json!(n)) } else { Err(Failure::error("even")) }
        };
        let builder = Polity::builder().sink(sink).function("work", work).function("no", no);
        let society = builder.function("odd", odd).start().unwrap();
        let handle = society.launch(flow(&text), RunOptions::default().recalling(recall)).unwrap();
        if let Some(seconds) = cancel_after {
            society.sleep(Duration::from_secs_f64(seconds)).await;
            handle.cancel();
        }
        handle.join().await.unwrap()
    });
    let (events, diary) = (events.borrow().clone(), diary.borrow().clone());
    Seen { result, diary, events }
}
pub fn known() -> Known {
    Known { functions: ["work", "no", "odd"].map(Into::into).into(), ..Known::default() }
}
pub fn flow(text: &str) -> Workflow {
    polity::workflow::parse(text, None, &known()).unwrap_or_else(|errors| panic!("{errors}")).workflow
}
