//! scratch
use polity::plan::Wants;
use polity::prelude::*;
use polity::workflow::{Action, Dependency, Task, Workflow};
use std::sync::Arc;
use std::time::Instant;

fn base() -> Workflow {
    polity::workflow::parse(
        "version: \"2.0\"\nname: x\nagents: [{id: w, replicas: 8}]\ntasks: [{id: a, fn: noop}]\n",
        None,
        &polity::workflow::Known { functions: vec!["noop".into()], ..Default::default() },
    )
    .unwrap()
    .workflow
}
fn layered(width: usize, depth: usize) -> Workflow {
    let mut w = base();
    let proto: Task = w.tasks[0].clone();
    w.tasks.clear();
    for l in 0..depth {
        for i in 0..width {
            let mut t = proto.clone();
            t.id = format!("t{l}_{i}").into();
            t.estimate = Some(0.0);
            if l > 0 {
                for k in 0..3 {
                    t.dependencies.push(Dependency { on: (l - 1) * width + (i + k * 7) % width, wants: Wants::Success });
                }
            }
            w.tasks.push(t);
        }
    }
    w
}
fn main() {
    let _ = Action::Own;
    for (name, w, d) in [("layered 1000x100", 1000, 100), ("wide 10000", 10000, 1), ("chain 10000", 1, 10000)] {
        let flow = layered(w, d);
        let n = flow.tasks.len();
        let flow = Arc::new(flow);
        let t = Instant::now();
        let took = polity::run(async {
            let s = Polity::builder().function("noop", |_, _| async { Ok(Value::Null) }).start().unwrap();
            let t = Instant::now();
            let r = s.run((*flow).clone()).await.unwrap();
            assert_eq!(r.tally().completed as usize, n);
            t.elapsed()
        });
        println!(
            "{name}: {n} tasks {:?} = {:.2} us/task, {:.0} tasks/s (whole {:?})",
            took,
            took.as_secs_f64() * 1e6 / n as f64,
            n as f64 / took.as_secs_f64(),
            t.elapsed()
        );
    }
}
