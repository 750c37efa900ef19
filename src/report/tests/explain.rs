use super::fold::folded;
use super::story::{hostile, names_of, task, weather};
use crate::event::Event;
use crate::report::{Report, explain, show};

fn told(events: &[Event], of: &str) -> String {
    explain(&folded(events), &names_of(events), of).unwrap_or_else(|e| e.to_string())
}

#[test]
fn a_task_that_was_retried() {
    insta::assert_snapshot!("explain_retried", told(&weather(), "clean"));
}
#[test]
fn an_expanded_task_lists_its_instances() {
    insta::assert_snapshot!("explain_family", told(&weather(), "analyse"));
}
#[test]
fn a_skipped_task_says_why() {
    insta::assert_snapshot!("explain_skipped", told(&weather(), "alert"));
}
#[test]
fn a_blocked_task_tells_the_chain() {
    insta::assert_snapshot!("explain_blocked", told(&hostile(), "last"));
}
#[test]
fn a_hostile_task_does_no_harm() {
    let events = hostile();
    let text = told(&events, &names_of(&events).task(task(0)));
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    insta::assert_snapshot!("explain_hostile", text);
}
#[test]
fn a_miss_offers_what_is_near() {
    assert_eq!(
        told(&weather(), "analyse[2014]"),
        "no task is called \"analyse[2014]\"; did you mean analyse[2012], analyse[2013] or analyse?"
    );
    assert_eq!(told(&weather(), "\u{1b}"), "no task is called \"\\x1b\", nor anything like it (7 in all)");
}
#[test]
fn a_report_without_decisions_says_so() {
    let events = weather();
    let mut report = Report::default();
    events.iter().for_each(|e| report.take(e));
    let text = explain(&report, &names_of(&events), "clean").unwrap();
    assert!(text.contains("Its awards were not kept") && text.contains("Attempt 1 failed"), "{text}");
    assert!(!told(&events, "clean").contains("not kept"));
}
#[test]
fn a_run_that_goes_on_can_be_explained() {
    let events = weather();
    let half: Vec<Event> = events[..8].to_vec();
    let text = told(&half, "extract");
    assert!(text.contains("It has not ended: it is executing."), "{text}");
    let text = told(&half, "publish");
    assert!(text.contains("It depends on analyse (pending).") && text.contains("it is pending"), "{text}");
    assert!(show(&folded(&half), &names_of(&half)).contains("has not ended after 0.002s"));
}

#[test]
fn the_whole_run_on_a_page() {
    let (events, bad) = (weather(), hostile());
    insta::assert_snapshot!("show", show(&folded(&events), &names_of(&events)));
    insta::assert_snapshot!("show_hostile", show(&folded(&bad), &names_of(&bad)));
}
#[test]
fn of_many_tasks_those_are_shown_that_one_should_know_of() {
    use super::story::{Teller, exit, market};
    use crate::event::{RunStatus, What};
    let ids: Vec<String> = (0..1_000).map(|n| format!("t{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut tell = Teller::default();
    tell.begin(&ids, &[], &["a"]).launch(0, 999, 0, 1, market(&[(0, 1.0)], 1.0));
    let (agent, failure) = (None, std::sync::Arc::new(exit(2, "")));
    tell.at(3, What::Failed { task: task(999), agent, attempts: 1, failure });
    let events = tell.end(4, RunStatus::Failed, &[]);
    let text = show(&folded(&events), &names_of(&events));
    assert!(text.contains(" t999 ") && text.contains("and 800 more tasks") && !text.contains(" t500 "), "{text}");
}

#[test]
fn of_a_long_chain_the_middle_is_left_out() {
    use super::story::{Teller, exit, market};
    use crate::event::{RunStatus, What};
    let ids: Vec<String> = (0..50).map(|n| format!("t{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut tell = Teller::default();
    tell.begin(&ids, &[], &["a"]).launch(0, 0, 0, 1, market(&[(0, 1.0)], 1.0));
    let (agent, failure) = (None, std::sync::Arc::new(exit(2, "")));
    tell.at(3, What::Failed { task: task(0), agent, attempts: 1, failure });
    (1..50).for_each(|n| drop_in(&mut tell, n));
    let text = told(&tell.end(4, RunStatus::Failed, &[]), "t49");
    assert!(text.contains("it needs t48, which was blocked; t48 needs t47"), "{text}");
    assert!(
        text.contains("; t44 in the end needs t0, which failed: exit 2: the command failed.") && !text.contains("t30"),
        "{text}"
    );
    fn drop_in(tell: &mut Teller, n: u32) {
        tell.at(3, What::Blocked { task: task(n), causes: (0..n).rev().collect() });
    }
}
