//! Single lives whose every effect is known.

use super::*;
use polity_protocols::Ended;

fn outcome(agent: AgentId, ended: Ended, seconds: u64) -> Effect {
    Effect::Outcome { agent, ended, took: lasting(seconds) }
}
fn announce(attempt: u32, avoid: &[AgentId]) -> Effect {
    Effect::Announce { attempt, avoid: avoid.to_vec() }
}
fn kind(effects: &[Effect]) -> Option<FailureKind> {
    match effects.last() {
        Some(Effect::Settle(Settled::Failed(failure))) => Some(failure.kind),
        _ => None,
    }
}

#[test]
fn a_failed_attempt_is_retried_after_its_delay_and_avoids_who_failed_it() {
    let mut stage = Stage::new(policy(2, Timeouts::default()));
    stage.give(0, Input::Announce);
    let launch = stage.begin(1, A);
    let failed = stage.give(4, Input::Finished { launch, result: Err(boom()) });
    assert_eq!(failed, [outcome(A, Ended::Failed, 3), Effect::Retry { attempt: 1, failure: boom(), at: secs(5) }]);
    assert_eq!(stage.life.next_wake(), Some(secs(5)));
    assert_eq!(stage.give(4, Input::Wake), [], "it is too early");
    assert_eq!(stage.give(5, Input::Wake), [announce(2, &[A])]);
    let launch = stage.begin(6, B);
    let failed = stage.give(7, Input::Finished { launch, result: Err(boom()) });
    assert_eq!(failed, [outcome(B, Ended::Failed, 1), Effect::Settle(Settled::Failed(boom()))]);
}

#[test]
fn without_a_policy_there_is_one_attempt() {
    let mut stage = Stage::new(None);
    stage.give(0, Input::Announce);
    let launch = stage.begin(0, A);
    assert_eq!(
        stage.give(1, Input::Finished { launch, result: Err(boom()) }).last(),
        Some(&Effect::Settle(Settled::Failed(boom())))
    );
}

#[test]
fn a_final_failure_is_never_retried() {
    let mut stage = Stage::new(policy(0, Timeouts::default()));
    stage.give(0, Input::Announce);
    let launch = stage.begin(0, A);
    let failure = Failure::new(FailureKind::Validation, "no such input");
    assert_eq!(kind(&stage.give(1, Input::Finished { launch, result: Err(failure) })), Some(FailureKind::Validation));
}

#[test]
fn a_life_that_waits_for_its_retry_can_give_up_and_only_then() {
    let mut stage = Stage::new(policy(0, Timeouts::default()));
    stage.give(0, Input::Announce);
    let launch = stage.begin(0, A);
    let early = stage.try_give(0, Input::GiveUp(boom()));
    assert_eq!(early, Err(Ignored::Illegal { input: InputKind::GiveUp, state: State::Executing }));
    stage.give(1, Input::Finished { launch, result: Err(boom()) });
    assert_eq!(stage.give(1, Input::GiveUp(boom())), [Effect::Settle(Settled::Failed(boom()))]);
    assert_eq!((stage.life.state(), stage.life.attempt(), stage.life.next_wake()), (State::Failed, 1, None));
}

#[test]
fn a_declined_task_is_announced_again_by_policy_only() {
    let nobody = Failure::new(FailureKind::Unassigned, "no able agent would take it");
    let mut stage = Stage::new(None);
    stage.give(0, Input::Announce);
    assert_eq!(stage.give(1, Input::Declined(nobody.clone())), [Effect::Settle(Settled::Failed(nobody.clone()))]);

    let mut stage = Stage::new(policy(2, Timeouts::default()));
    stage.give(0, Input::Announce);
    assert_eq!(
        stage.give(1, Input::Declined(nobody.clone())),
        [Effect::Retry { attempt: 1, failure: nobody.clone(), at: secs(2) }]
    );
    assert_eq!(stage.give(2, Input::Wake), [announce(2, &[])]);
    assert_eq!(kind(&stage.give(3, Input::Declined(nobody))), Some(FailureKind::Unassigned));
}

#[test]
fn who_refused_is_passed_over_once_and_the_attempt_stays() {
    let mut stage = Stage::new(None);
    stage.give(0, Input::Announce);
    stage.give(1, Input::Awarded { agent: A });
    assert_eq!(stage.give(2, Input::Refused { launch: 1 }), [outcome(A, Ended::Refused, 0), announce(1, &[A])]);
    stage.give(3, Input::Awarded { agent: B });
    assert_eq!(stage.give(4, Input::Refused { launch: 2 }), [outcome(B, Ended::Refused, 0), announce(1, &[B])]);
}

#[test]
fn a_lost_agent_costs_no_attempt_but_three_lost_while_executing_are_poison() {
    let mut stage = Stage::new(policy(2, Timeouts::default()));
    stage.give(0, Input::Announce);
    for _ in 0..5 {
        stage.give(0, Input::Awarded { agent: A });
        let launch = stage.life.launch();
        assert_eq!(
            stage.give(0, Input::AgentLost { launch, suspect: true }),
            [outcome(A, Ended::Lost, 0), announce(1, &[A])],
            "not begun: no poison"
        );
    }
    for _ in 0..2 {
        let launch = stage.begin(1, B);
        assert_eq!(stage.give(3, Input::AgentLost { launch, suspect: true }), [outcome(B, Ended::Lost, 2), announce(1, &[B])]);
    }
    let launch = stage.begin(4, A);
    let effects = stage.give(5, Input::AgentLost { launch, suspect: true });
    assert_eq!((kind(&effects), stage.life.attempt()), (Some(FailureKind::Poison), 1));
    assert_eq!(effects[0], outcome(A, Ended::Lost, 1));
}

#[test]
fn a_timed_out_attempt_is_stopped_blamed_and_retried() {
    let mut stage = Stage::new(policy(2, Timeouts { attempt: Some(lasting(5)), ..Timeouts::default() }));
    stage.give(0, Input::Announce);
    stage.give(1, Input::Awarded { agent: A });
    assert_eq!(stage.life.next_wake(), None, "the attempt's clock does not run before it begins");
    stage.give(100, Input::Started { launch: 1 });
    assert_eq!(stage.life.next_wake(), Some(secs(105)));
    let effects = stage.give(105, Input::Wake);
    assert_eq!(effects[..2], [Effect::CancelJob { agent: A, launch: 1 }, outcome(A, Ended::Failed, 5)]);
    let Effect::Retry { attempt: 1, failure, at } = &effects[2] else { panic!("{effects:?}") };
    assert_eq!((failure.kind, *at), (FailureKind::Timeout, secs(106)));
    assert_eq!(failure.message, "attempt 1 was stopped after 5s of execution: the limit `timeout.attempt` is 5s");
    let late = stage.try_give(106, Input::Finished { launch: 1, result: Ok(()) });
    assert_eq!(late, Err(Ignored::Stale { launch: 1, current: 1 }), "a late answer is discarded");
    assert_eq!(stage.give(106, Input::Wake), [announce(2, &[A])]);
}

#[test]
fn the_queue_clock_runs_through_refusals_and_losses_and_ends_with_the_start() {
    let queue = Timeouts { queue: Some(lasting(10)), ..Timeouts::default() };
    let mut stage = Stage::new(policy(3, queue));
    stage.give(0, Input::Announce);
    stage.give(4, Input::Awarded { agent: A });
    stage.give(6, Input::Refused { launch: 1 });
    assert_eq!(stage.life.next_wake(), Some(secs(10)));
    stage.give(8, Input::Awarded { agent: B });
    let effects = stage.give(10, Input::Wake);
    assert_eq!(effects[..2], [Effect::CancelJob { agent: B, launch: 2 }, outcome(B, Ended::Cancelled, 0)]);
    let Some(Effect::Settle(Settled::Failed(failure))) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(
        failure.message,
        "it did not begin within 10s of becoming ready (assigned, attempt 1): the limit `timeout.queue` is 10s"
    );

    let mut stage = Stage::new(policy(3, queue));
    stage.give(0, Input::Announce);
    stage.begin(9, A);
    assert_eq!(stage.life.next_wake(), None);
    assert_eq!(stage.give(50, Input::AgentLost { launch: 1, suspect: true })[0], outcome(A, Ended::Lost, 41));
    assert_eq!(stage.life.next_wake(), Some(secs(60)), "ready anew: the clock begins anew");
    assert_eq!(stage.give(60, Input::Wake)[0], Effect::Withdraw);
}

#[test]
fn the_total_clock_settles_and_blames_nobody() {
    let mut stage = Stage::new(policy(0, Timeouts { total: Some(lasting(10)), ..Timeouts::default() }));
    stage.give(5, Input::Announce);
    let launch = stage.begin(6, A);
    assert_eq!(stage.life.next_wake(), Some(secs(15)));
    let effects = stage.give(15, Input::Wake);
    assert_eq!(effects[..2], [Effect::CancelJob { agent: A, launch }, outcome(A, Ended::Cancelled, 9)]);
    let Some(Effect::Settle(Settled::Failed(failure))) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(
        failure.message,
        "it was not done 10s after it became ready (executing, attempt 1): the limit `timeout.total` is 10s"
    );
}

#[test]
fn a_retry_that_could_not_begin_in_time_is_not_waited_for() {
    let mut stage = Stage::new(policy(0, Timeouts { total: Some(lasting(10)), ..Timeouts::default() }));
    stage.give(0, Input::Announce);
    let launch = stage.begin(0, A);
    let effects = stage.give(9, Input::Finished { launch, result: Err(boom()) });
    assert_eq!(effects.last(), Some(&Effect::Settle(Settled::Failed(boom()))), "its own failure says more than a timeout");
}

#[test]
fn cancel_takes_back_what_is_under_way_and_wins_over_a_retry() {
    let settled = Effect::Settle(Settled::Cancelled);
    let mut stage = Stage::new(policy(3, Timeouts::default()));
    stage.give(0, Input::Announce);
    assert_eq!(stage.give(1, Input::Cancel), [Effect::Withdraw, settled.clone()]);
    assert_eq!(stage.try_give(1, Input::Awarded { agent: B }), Err(Ignored::Unwanted { agent: B, state: State::Cancelled }));

    let mut stage = Stage::new(policy(3, Timeouts::default()));
    stage.give(0, Input::Announce);
    let launch = stage.begin(1, A);
    assert_eq!(stage.life.clone().take(Input::Cancel, secs(3), &mut stage.rng, &mut stage.effects), Ok(()), "while executing");
    assert_eq!(stage.effects, [Effect::CancelJob { agent: A, launch }, outcome(A, Ended::Cancelled, 2), settled.clone()]);
    stage.give(4, Input::Finished { launch, result: Err(boom()) });
    assert_eq!(stage.life.state(), State::BackingOff);
    assert_eq!(stage.give(4, Input::Cancel), [settled]);
    assert_eq!(stage.give(9, Input::Wake), [], "the retry is off");
    assert_eq!(stage.life.next_wake(), None);
}

#[test]
fn only_the_latest_failers_are_avoided() {
    let mut stage = Stage::new(policy(0, Timeouts::default()));
    stage.give(0, Input::Announce);
    let mut announced = Vec::new();
    for agent in 0..20 {
        let at = u64::from(agent) * 10;
        let launch = stage.begin(at, AgentId(agent));
        stage.give(at + 1, Input::Finished { launch, result: Err(boom()) });
        announced = stage.give(at + 2, Input::Wake);
    }
    let latest: Vec<_> = (20 - MAX_AVOIDED as u32..20).map(AgentId).collect();
    assert_eq!(announced, [announce(21, &latest)]);
}
