//! What sub-runs did is undone with the task of the run above, in its turn.

#![allow(clippy::unwrap_used)]

use polity::event::{Event, Names, What};
use polity::prelude::*;
use polity::protocols::{Name, Rng};
use polity::report::{Recall, Report, tree};
use polity::workflow::WorkflowBuilder;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// What was done and undone, in order: `do r.order:hotel`, `undo r.order:hotel`.
type Diary = Rc<RefCell<Vec<String>>>;
type Log = Rc<RefCell<Vec<Event>>>;

/// A society that writes down what it does; undoing what `stubborn` names fails.
fn society(diary: &Diary, log: &Log, stubborn: &'static [&'static str], flows: &[Gen]) -> polity::Builder {
    let (done, undone, flows): (_, _, Vec<Gen>) = (diary.clone(), diary.clone(), flows.to_vec());
    let act = move |job: Job, context: Context| {
        let diary = done.clone();
        async move {
            context.sleep(Duration::from_secs(1)).await;
            if job.input.get("fail").is_some() {
                return Err(Failure::error("no"));
            }
            diary.borrow_mut().push(format!("do {}:{}", job.run, job.name));
            Ok(json!({ "id": format!("{}:{}", job.run, job.name) }))
        }
    };
    let undo = move |job: Job, context: Context| {
        let diary = undone.clone();
        async move {
            context.sleep(Duration::from_secs(1)).await;
            let task = job.name.strip_suffix("/undo").unwrap().to_owned();
            if stubborn.contains(&&*task) {
                return Err(Failure::error("it does not go back"));
            }
            let path = format!("{}:{task}", job.run);
            if let Ok(id) = job.input::<String>("id") {
                assert_eq!(id, path, "it undoes what another did");
            }
            diary.borrow_mut().push(format!("undo {path}"));
            Ok(Value::Null)
        }
    };
    let hand = move |job: Job, context: Context| {
        let flow = flows[job.input::<usize>("flow").unwrap()].clone();
        async move { context.delegate(flow.built("handed")) }
    };
    let ann = AgentSpec { slots: 4, ..AgentSpec::new("ann", Capabilities::default()) };
    let builder = Polity::builder().agent_spec(ann).sink(log.clone());
    builder.function("act", act).function("undo", undo).function("hand", hand)
}
fn act() -> TaskBuilder {
    function("act").compensate(function("undo").with("id", expr("output.id")))
}
fn boom() -> TaskBuilder {
    function("act").with("fail", true)
}
fn saga(name: &str) -> WorkflowBuilder {
    Workflow::new(name).on_failure(OnFailure::Compensate)
}
fn named(recall: Recall) -> RunOptions {
    let mut options = RunOptions::default();
    options.name = Some("r".into());
    options.recalling(recall)
}
fn played(
    flow: WorkflowBuilder,
    stubborn: &'static [&'static str],
    flows: &[Gen],
    recall: Recall,
) -> (RunResult, Vec<String>, Vec<Event>) {
    let (diary, log) = (Diary::default(), Log::default());
    let result = polity::simulate(1, async {
        let society = society(&diary, &log, stubborn, flows).start()?;
        Ok::<_, Failure>(society.launch(flow, named(recall))?.join().await?)
    });
    (result.unwrap(), diary.take(), log.take())
}
fn undone(diary: &[String]) -> Vec<&str> {
    diary.iter().filter_map(|line| line.strip_prefix("undo ")).collect()
}
/// What the log says to who goes on with it.
fn recall(events: &[Event]) -> Recall {
    recall_after(&[], events)
}
fn recall_after(before: &[Vec<Event>], events: &[Event]) -> Recall {
    let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
    events.iter().for_each(|event| {
        names.take(event);
        report.take(event);
    });
    let logs: Vec<Vec<Event>> = before.iter().cloned().chain([events.to_vec()]).collect();
    Recall::of(&report, &names, |_| true).with_sub_runs(&logs)
}

fn inner() -> WorkflowBuilder {
    Workflow::new("order").task("hotel", act()).task("car", act().depends_on("hotel"))
}
/// first → order (hotel → car) → last → boom
fn trip(order: TaskBuilder) -> WorkflowBuilder {
    saga("trip")
        .task("first", act())
        .task("order", order.depends_on("first"))
        .task("last", act().depends_on("order"))
        .task("boom", boom().depends_on("last"))
}

#[test]
fn what_a_completed_sub_run_did_is_undone_in_the_turn_of_its_task() {
    let (result, diary, events) = played(trip(sub_workflow(inner())), &[], &[], Recall::default());
    assert_eq!(undone(&diary), ["r:last", "r.order:car", "r.order:hotel", "r:first"]);
    assert_eq!((result.status(), result.compensated()), (RunStatus::Failed, 3));
    assert!(result.left().is_empty());
    let tree = tree(&events);
    assert!(tree.contains("r.order.undo under hierarchical: completed") && tree.contains("hotel  undone"), "{tree}");
}

#[test]
fn what_the_task_says_of_itself_stands_for_what_its_sub_run_did() {
    let order = sub_workflow(inner()).compensate(function("undo"));
    let (_, diary, _) = played(trip(order), &[], &[], Recall::default());
    assert_eq!(undone(&diary), ["r:last", "r:order", "r:first"]);
}

#[test]
fn a_sub_run_that_failed_half_way_is_undone_unless_it_was_by_itself() {
    for (on_failure, first) in
        [(OnFailure::Continue, "r.order:car"), (OnFailure::FailFast, "r.order:car"), (OnFailure::Compensate, "r.order:car")]
    {
        let order = || inner().on_failure(on_failure).task("fails", boom().depends_on("car"));
        let (result, diary, events) = played(trip(sub_workflow(order())), &[], &[], Recall::default());
        assert_eq!(undone(&diary), [first, "r.order:hotel", "r:first"], "{on_failure:?}");
        assert_eq!(result.status(), RunStatus::Failed);
        let again = events.iter().filter(|event| matches!(event.what, What::RunStarted(_))).count();
        assert_eq!(again, if on_failure == OnFailure::Compensate { 2 } else { 3 }, "{on_failure:?}");
        // Its own undo is of the completed sub-run only.
        let order = sub_workflow(order()).compensate(function("undo"));
        assert_eq!(undone(&played(trip(order), &[], &[], Recall::default()).1), [first, "r.order:hotel", "r:first"]);
    }
}

#[test]
fn each_try_of_a_task_that_needed_two_is_undone_the_last_one_first() {
    // The sub-run fails after the hotel; a fallback does it in another way.
    let order = sub_workflow(Workflow::new("order").task("hotel", act()).task("fails", boom().depends_on("hotel")))
        .fallback(function("act"));
    let (result, diary, _) = played(trip(order), &[], &[], Recall::default());
    assert_eq!(undone(&diary), ["r:last", "r.order:hotel", "r:first"]);
    assert!(result.left().is_empty());
    // With an undo of its own for the way that worked: both.
    let order = sub_workflow(Workflow::new("order").task("hotel", act()).task("fails", boom().depends_on("hotel")))
        .fallback(function("act"))
        .compensate(function("undo"));
    assert_eq!(undone(&played(trip(order), &[], &[], Recall::default()).1), ["r:last", "r:order", "r.order:hotel", "r:first"]);
}

#[test]
fn what_can_t_be_undone_below_leaves_the_root_stuck_with_the_path_of_each_effect() {
    let middle = Workflow::new("middle")
        .task("a", act())
        .task("deep", sub_workflow(inner()).depends_on("a"))
        .task("b", act().depends_on("deep"));
    let (result, diary, events) = played(trip(sub_workflow(middle)), &["hotel"], &[], Recall::default());
    assert_eq!(undone(&diary), ["r:last", "r.order:b", "r.order.deep:car"]);
    assert_eq!((result.status(), result.status().exit_code()), (RunStatus::Stuck, 7));
    let left: Vec<&str> = result.left().iter().map(|(name, _)| &**name).collect();
    assert_eq!(left, ["first", "order/a", "order/deep/hotel"]);
    assert!(result.left()[2].1.contains("10 attempts"), "{:?}", result.left());
    // Who goes on undoes these, and nothing twice; and so does who goes on with that one.
    let (again, second, log) = played(trip(sub_workflow(middle_again())), &["hotel"], &[], recall(&events));
    assert_eq!((undone(&second).len(), again.status(), again.left().len()), (0, RunStatus::Stuck, 3), "{second:?}");
    let known = recall_after(&[events], &log);
    let (third, last, _) = played(trip(sub_workflow(middle_again())), &[], &[], known);
    assert_eq!(undone(&last), ["r.order.deep:hotel", "r.order:a", "r:first"]);
    assert_eq!(last.len(), 3, "nothing was done again: {last:?}");
    assert_eq!(third.status(), RunStatus::Failed);
}
fn middle_again() -> WorkflowBuilder {
    Workflow::new("middle")
        .task("a", act())
        .task("deep", sub_workflow(inner()).depends_on("a"))
        .task("b", act().depends_on("deep"))
}

#[test]
fn a_record_that_ends_anywhere_is_gone_on_with_and_nothing_is_undone_twice() {
    let flow = || trip(sub_workflow(middle_again()).for_each("[1, 2]"));
    let (_, whole, events) = played(flow(), &[], &[], Recall::default());
    let turned = events.iter().position(|event| matches!(event.what, What::TurnedBack { .. })).unwrap();
    let expected: BTreeSet<&str> = undone(&whole).into_iter().collect();
    assert_eq!(expected.len(), 10);
    let mut half = 0;
    for end in turned..events.len() {
        let before = &events[..end];
        let mut names = Names::default();
        let mut did = BTreeSet::new();
        for event in before {
            names.take(event);
            if let What::Compensated { task } = event.what {
                let run = before.iter().find_map(|e| match &e.what {
                    What::RunStarted(head) if e.run.0 == task.run() => Some(head.resumes.clone().unwrap_or(head.name.clone())),
                    _ => None,
                });
                did.insert(format!("{}:{}", run.unwrap(), names.task(task)));
            }
        }
        let known = recall(before);
        if !known.undoing() {
            continue;
        }
        let (result, diary, _) = played(flow(), &[], &[], known);
        assert_eq!(undone(&diary).len(), diary.len(), "the run went forwards from event {end}");
        let now: BTreeSet<String> = undone(&diary).into_iter().map(str::to_owned).collect();
        assert_eq!(now.len(), diary.len(), "twice: {diary:?}");
        let missing: Vec<_> = expected.iter().filter(|path| !did.contains(**path) && !now.contains(**path)).collect();
        assert!(missing.is_empty(), "event {end}: {missing:?} is left and not named");
        let twice: Vec<_> = now.intersection(&did).collect();
        assert!(twice.is_empty(), "event {end}: {twice:?} was undone by both");
        assert!(result.left().is_empty(), "{:?}", result.left());
        half += usize::from(!did.is_empty() && !now.is_empty());
    }
    assert!(half > 10, "{half}");
}

#[test]
fn a_cancelled_run_undoes_what_its_sub_runs_did() {
    let (diary, log) = (Diary::default(), Log::default());
    let result = polity::simulate(1, async {
        let society = society(&diary, &log, &[], &[]).start()?;
        let handle = society.launch(trip(sub_workflow(inner())), named(Recall::default()))?;
        society.sleep(Duration::from_millis(2_500)).await;
        handle.cancel();
        Ok::<_, Failure>(handle.join().await?)
    });
    assert_eq!(result.unwrap().status(), RunStatus::Cancelled);
    assert_eq!(undone(&diary.borrow()), ["r.order:hotel", "r:first"]);
}

#[test]
fn nothing_is_kept_or_undone_where_no_run_above_compensates() {
    let flow = Workflow::new("trip").task("order", sub_workflow(inner())).task("boom", boom().depends_on("order"));
    let (_, diary, events) = played(flow, &[], &[], Recall::default());
    assert!(undone(&diary).is_empty());
    let undoes = events.iter().any(|event| matches!(&event.what, What::RunStarted(head) if !head.undoes.is_empty()));
    assert!(!undoes);
}

/// A workflow that was drawn.
#[derive(Clone, Debug)]
struct Gen {
    on_failure: OnFailure,
    tasks: Vec<GenTask>,
}
#[derive(Clone, Debug)]
struct GenTask {
    on: Vec<usize>,
    can_undo: bool,
    fails: bool,
    list: bool,
    /// A sub-workflow, and its place among those that are handed on if it is one.
    sub: Option<(Box<Gen>, Option<usize>)>,
}
impl Gen {
    fn of(rng: &mut Rng, depth: u32, flows: &mut Vec<Gen>) -> Gen {
        let on_failure = [OnFailure::Continue, OnFailure::FailFast, OnFailure::Compensate][rng.below(3)];
        let tasks = (0..1 + rng.below(4)).map(|n| {
            let on = (0..n).filter(|_| rng.chance(0.4)).collect();
            let sub = (depth > 0 && rng.chance(0.5)).then(|| {
                let flow = Gen::of(rng, depth - 1, flows);
                let handed = rng.chance(0.4).then_some(flows.len());
                if handed.is_some() {
                    flows.push(flow.clone());
                }
                (Box::new(flow), handed)
            });
            let can_undo = rng.chance(if sub.is_some() { 0.25 } else { 0.8 });
            GenTask { on, can_undo, fails: sub.is_none() && rng.chance(0.08), list: rng.chance(0.2), sub }
        });
        Gen { tasks: tasks.collect(), on_failure }
    }
    fn built(&self, name: &str) -> WorkflowBuilder {
        self.tasks.iter().enumerate().fold(Workflow::new(name).on_failure(self.on_failure), |flow, (n, task)| {
            let built = match &task.sub {
                Some((_, Some(at))) => function("hand").with("flow", *at as u64),
                Some((inner, None)) => sub_workflow(inner.built("inner")),
                None if task.fails => boom(),
                None => function("act"),
            };
            let built = if task.can_undo { built.compensate(function("undo")) } else { built };
            let built = if task.list { built.for_each("[1, 2]") } else { built };
            flow.task(&format!("t{n}"), task.on.iter().fold(built, |built, on| built.depends_on(&format!("t{on}"))))
        })
    }
    fn at(&self, task: &str) -> Option<&GenTask> {
        let n: usize = task.split('[').next()?.strip_prefix('t')?.parse().ok()?;
        self.tasks.get(n)
    }
    /// True if one task of a level stands on another.
    fn stands_on(&self, task: &str, other: &str) -> bool {
        let number = |task: &str| task.split('[').next().and_then(|t| t.strip_prefix('t')).and_then(|n| n.parse::<usize>().ok());
        let (Some(task), Some(other)) = (number(task), number(other)) else { return false };
        self.tasks[task].on.iter().any(|on| *on == other || self.stands_on(&format!("t{on}"), &format!("t{other}")))
    }
}
/// `r.t1.t2:t0` as its tasks from the root down.
fn steps(path: &str) -> Vec<String> {
    let (run, task) = path.split_once(':').unwrap();
    run.split('.').skip(1).chain([task]).map(str::to_owned).collect()
}

/// Judges one drawn run: exactly what completed, backwards at each level, and once. How much of it was done by sub-runs.
fn judged(root: &Gen, diary: &[String], events: &[Event]) -> Result<usize, String> {
    // Tasks with sub-runs that came to their end, by path.
    let (mut names, mut well) = (Names::default(), BTreeSet::new());
    let mut runs: std::collections::BTreeMap<u32, Name> = Default::default();
    for event in events {
        names.take(event);
        match &event.what {
            What::RunStarted(head) => drop(runs.insert(event.run.0, head.name.clone())),
            What::Synthesized { task, .. } => drop(well.insert(steps(&format!("{}:{}", runs[&task.run()], names.task(*task))))),
            _ => {}
        }
    }
    let level = |path: &[String]| path.iter().try_fold(root, |flow, task| Some(&*flow.at(task)?.sub.as_ref()?.0));
    let task = |path: &[String]| level(&path[..path.len() - 1]).and_then(|flow| flow.at(path.last()?));
    let stood_for = |path: &[String]| {
        (1..path.len()).any(|n| well.contains(&path[..n]) && task(&path[..n]).is_some_and(|task| task.can_undo))
    };
    let done = diary.iter().filter_map(|line| line.strip_prefix("do ")).map(steps);
    let all: BTreeSet<Vec<String>> = done.chain(well.iter().cloned()).collect();
    let expected: BTreeSet<Vec<String>> =
        all.into_iter().filter(|path| task(path).is_some_and(|task| task.can_undo) && !stood_for(path)).collect();
    let undos: Vec<Vec<String>> = undone(diary).into_iter().map(steps).collect();
    let set: BTreeSet<Vec<String>> = undos.iter().cloned().collect();
    if set.len() != undos.len() {
        return Err(format!("something is undone twice: {undos:?}"));
    }
    if set != expected {
        return Err(format!("undone: {set:?}\nexpected: {expected:?}"));
    }
    for (at, late) in undos.iter().enumerate() {
        for early in &undos[..at] {
            let common = late.iter().zip(early).take_while(|(a, b)| a == b).count();
            let (Some(a), Some(b)) = (early.get(common), late.get(common)) else { continue };
            if level(&late[..common]).is_some_and(|flow| flow.stands_on(b, a)) {
                return Err(format!("{early:?} is undone before {late:?}, which stands on it"));
            }
        }
    }
    Ok(undos.iter().filter(|path| path.len() > 1).count())
}

#[test]
fn of_drawn_workflows_exactly_what_completed_is_undone_backwards_at_each_level_and_once() {
    let (mut inside, mut deep, mut handed) = (0, 0, 0);
    for seed in 0..300 {
        let (mut rng, mut flows) = (Rng::new(seed, "nested"), Vec::new());
        let mut root = Gen::of(&mut rng, 2, &mut flows);
        root.on_failure = OnFailure::Compensate;
        let n = root.tasks.len();
        root.tasks.push(GenTask { on: (0..n).collect(), can_undo: true, fails: true, list: false, sub: None });
        let (result, diary, events) = played(root.built("root"), &[], &flows, Recall::default());
        assert_eq!(result.status(), RunStatus::Failed, "seed {seed}");
        let found =
            judged(&root, &diary, &events).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}\n{diary:#?}\n{}", tree(&events)));
        inside += found;
        deep += undone(&diary).iter().filter(|path| steps(path).len() > 2).count();
        handed += usize::from(found > 0 && !flows.is_empty());
    }
    println!("{inside} {deep} {handed}");
    assert!(inside > 100 && deep > 20 && handed > 20, "{inside} {deep} {handed}");
}
