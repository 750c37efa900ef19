use super::arbitrary::{events, lawful};
use super::story::{Teller, hostile, market, task, weather};
use crate::event::{Event, RunId, Sink, What};
use crate::laboratory::picture::tests::escape;
use crate::report::{Chronicle, Close, Stint, Timeline};
use core::time::Duration;
use polity_protocols::{AgentId, Time};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

fn timeline(events: &[Event]) -> Timeline {
    let mut timeline = Timeline::of(RunId(0));
    events.iter().for_each(|event| timeline.take(event));
    timeline
}
fn stints(events: &[Event]) -> Vec<Stint> {
    timeline(events).stints().collect()
}
fn chronicle(events: &[Event]) -> Chronicle {
    let mut chronicle = Chronicle::of(RunId(0));
    events.iter().for_each(|event| chronicle.take(event));
    chronicle
}
fn traced(events: &[Event]) -> Value {
    let mut file = Vec::new();
    chronicle(events).write_trace(&mut file).unwrap();
    serde_json::from_slice(&file).unwrap()
}
/// Milliseconds of a stint.
fn moments(s: &Stint) -> [u64; 5] {
    [s.ready, s.able, s.assigned, s.started, s.ended].map(|t| t.as_nanos() / 1_000_000)
}

/// The slices of each thread, in nanoseconds.
fn threads(trace: &Value) -> BTreeMap<(u64, u64), Vec<(u64, u64)>> {
    let mut all: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    for event in trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X") {
        let nanos = |key: &str| (event[key].as_f64().unwrap() * 1e3).round() as u64;
        let thread = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        all.entry(thread).or_default().push((nanos("ts"), nanos("ts") + nanos("dur")));
    }
    all
}
fn overlaps(trace: &Value) -> usize {
    let mut count = 0;
    for mut slices in threads(trace).into_values() {
        slices.sort_unstable();
        count += slices.windows(2).filter(|pair| pair[1].0 < pair[0].1).count();
    }
    count
}

#[test]
fn each_launch_is_a_stint_and_a_failed_one_too() {
    let all = stints(&weather());
    assert_eq!(all.iter().map(|s| s.task.instance()).collect::<Vec<_>>(), [0, 1, 1, 5, 6, 4]);
    assert_eq!((all[0].agent, moments(&all[0])), (AgentId(1), [0, 0, 1, 2, 23]));
    assert_eq!((all[1].close, moments(&all[1])), (Close::Retried, [23, 23, 24, 25, 335]));
    // It could be announced again when it had failed; until it was, it waited.
    assert_eq!((all[2].attempt, moments(&all[2])), (2, [335, 1_135, 1_136, 1_137, 1_149]));
}

#[test]
fn waiting_for_a_slot_is_no_coordination() {
    let mut tell = Teller::default();
    tell.begin(&["a", "b"], &[&[], &[]], &["ann"]);
    tell.launch(0, 0, 0, 1, market(&[], 1.0));
    tell.at(0, What::Announced { task: task(1), attempt: 1 });
    tell.complete(100, 0, 0, 1, 98, Value::Null);
    let decision = Arc::new(market(&[], 1.0));
    tell.at(103, What::Assigned { task: task(1), agent: AgentId(0), attempt: 1, launch: 1, decision });
    tell.at(104, What::Started { task: task(1), agent: AgentId(0), launch: 1 });
    let open = stints(&tell.events);
    assert_eq!((open.last().unwrap().close, moments(open.last().unwrap())), (Close::Open, [0, 100, 103, 104, 104]));
    tell.complete(110, 1, 0, 1, 6, Value::Null);
    assert_eq!(moments(stints(&tell.events).last().unwrap()), [0, 100, 103, 104, 110]);
}

#[test]
fn slices_that_would_overlap_get_threads_of_their_own() {
    let mut tell = Teller::default();
    tell.begin(&["a", "b", "c"], &[&[], &[], &[]], &["ann"]);
    for n in 0..3 {
        tell.launch(n, n as u32, 0, 1, market(&[], 1.0));
    }
    for n in 0..3 {
        tell.complete(50 + n, n as u32, 0, 1, 48, Value::Null);
    }
    let trace = traced(&tell.events);
    assert_eq!(threads(&trace).keys().filter(|(pid, tid)| *pid == 2 && *tid < 1_000).count(), 3);
    assert_eq!(overlaps(&trace), 0);
    let name = |event: &&Value| event["name"] == "thread_name" && event["args"]["name"] == "slot 3";
    assert_eq!(trace["traceEvents"].as_array().unwrap().iter().filter(name).count(), 1);
}

#[test]
fn what_a_trace_has_no_thread_for_is_counted() {
    let mut tell = Teller::default();
    let ids: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    tell.begin(&ids, &vec![&[][..]; 300], &["ann"]);
    for n in 0..300 {
        tell.launch(0, n, 0, 1, market(&[], 1.0));
    }
    for n in 0..300 {
        tell.complete(9, n, 0, 1, 7, Value::Null);
    }
    let trace = traced(&tell.events);
    assert_eq!(overlaps(&trace), 0);
    // Of the jobs, the queued ones, and the decisions there is room for 256 each.
    assert_eq!(trace["otherData"]["slices_left_out"], 3 * 44);
}

#[test]
fn a_page_tells_what_went_wrong_and_keeps_text_text() {
    let html = chronicle(&hostile()).page("polity run flow.yaml --seed 7");
    let (text, _) = escape::read(&html).unwrap();
    assert!(
        text.contains("What went wrong") && text.contains("gave up: too many") && text.contains("polity run flow.yaml --seed 7")
    );
    assert!(!html.contains('\u{1b}'));
    let html = chronicle(&weather()).page("");
    let (text, values) = escape::read(&html).unwrap();
    assert!(!text.contains("What went wrong") && !text.contains("Run it again"));
    assert!(text.contains("brave-otter: weather-report") && text.contains("Critical path"));
    assert!(values.iter().any(|(_, value)| value == "Who did what when: 6 jobs of 4 agents over 1.253 s"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn stints_add_up_to_what_the_report_says(seed in any::<u64>()) {
        let events = lawful(seed);
        let (all, chronicle) = (stints(&events), chronicle(&events));
        for (id, agent) in chronicle.report().agents() {
            let worked: Duration = all.iter().filter(|s| s.agent == id).map(|s| s.ended.since(s.started)).sum();
            prop_assert_eq!(worked, agent.busy);
        }
        let trace = traced(&events);
        prop_assert_eq!(overlaps(&trace), 0);
        let slots = threads(&trace).into_iter().filter(|((pid, tid), _)| *pid > 1 && *tid < 1_000);
        prop_assert_eq!(slots.map(|(_, slices)| slices.len()).sum::<usize>(), all.len());
    }
    #[test]
    fn whatever_a_log_says_the_files_are_sound(events in events()) {
        for s in stints(&events) {
            let [ready, able, assigned, started, ended] = [s.ready, s.able, s.assigned, s.started, s.ended];
            prop_assert!(Time::ZERO <= ready && ready <= able && able <= assigned && assigned <= started && started <= ended);
        }
        prop_assert!(traced(&events)["traceEvents"].is_array());
        let page = chronicle(&events).page("");
        prop_assert!(escape::read(&page).is_ok(), "{:?}", escape::read(&page).err());
    }
}
