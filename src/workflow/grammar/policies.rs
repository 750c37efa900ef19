//! What holds for tasks in general: limits, retries, and kinds of failure.

use super::{Kind, Record, Word, key, yes};

pub(super) static DEFAULTS: Record = Record {
    what: "`defaults`",
    keys: &[
        key("timeout", TIMEOUT_KIND, "time limits of a task"),
        key("retry", Kind::Record(&RETRY), "whether a failed task is tried again"),
    ],
};

pub(super) const TIMEOUT_KIND: Kind = Kind::Either(&[Kind::Duration, Kind::Record(&TIMEOUT)]);
static TIMEOUT: Record = Record {
    what: "a timeout",
    keys: &[
        key("queue", Kind::Duration, "from ready to executing"),
        key("attempt", Kind::Duration, "one attempt's execution"),
        key("total", Kind::Duration, "from ready to the end, with all attempts and delays"),
        key("heartbeat", Kind::Duration, "the longest silence of a job: functions call context.heartbeat(), commands print"),
    ],
};
pub(crate) static RETRY: Record = Record {
    what: "a retry policy",
    keys: &[
        key("attempts", Kind::Whole(0), "attempts in all; 1 is no retry, 0 is without end"),
        key("initial", Kind::Duration, "the first delay"),
        key("factor", Kind::Number(1.0, f64::MAX), "each further delay is so many times as long"),
        key("max", Kind::Duration, "no delay is longer"),
        key("jitter", Kind::Words(&[yes("none"), yes("full")]), "how the delay is spread"),
        key("never", Kind::List(&Kind::Words(FAILURES)), "kinds of failure that are not retried"),
        key("only_if", Kind::Condition, "only such failures are retried, over `error` and `attempt`"),
        key("unless", Kind::Condition, "such failures are not retried, over `error` and `attempt`"),
    ],
};
pub(super) const FAILURES: &[Word] = &[
    yes("error"),
    yes("not_runnable"),
    yes("timeout"),
    yes("panic"),
    yes("bad_output"),
    yes("validation"),
    yes("authentication"),
    yes("killed"),
    yes("unassigned"),
    yes("binding"),
    yes("poison"),
    yes("disagreement"),
    yes("delegation"),
    yes("budget"),
    yes("cancelled"),
];

pub(super) static LIMITS: Record = Record {
    what: "`limits`",
    keys: &[
        key("max_parallel_tasks", Kind::Whole(1), "tasks that may be open at a time"),
        key("max_tasks", Kind::Whole(1), "task instances that a run may have"),
        key(
            "max_open",
            Kind::Either(&[Kind::Whole(1), Kind::Words(&[yes("auto")])]),
            "tasks that may be announced and not yet awarded",
        ),
        key(
            "rank_trials",
            Kind::Either(&[Kind::Whole(1), Kind::Words(&[yes("off")])]),
            "orders of ready tasks that are tried on paper before the run begins; off: by the longest path to the end alone",
        ),
        key(
            "retry_budget",
            Kind::Either(&[Kind::Record(&RETRY_BUDGET), Kind::Words(&[yes("off")])]),
            "how many retries there may be in a while; beyond it they wait; off: without bound",
        ),
    ],
};

pub(crate) static RETRY_BUDGET: Record = Record {
    what: "a retry budget",
    keys: &[
        key("share", Kind::Number(0.0, f64::MAX), "retries are at most this share of the first attempts; 0.1 by default"),
        key("floor", Kind::Whole(1), "so many are allowed in any case; 10 by default"),
        key("window", Kind::Duration, "the time that both are counted over; 10s by default"),
    ],
};
