//! Who can work, and who watches over them.

use super::{Kind, Record, key, must, not_yet, yes};

/// Jobs at a time of one agent.
const MOST_SLOTS: u64 = 100_000;

pub(super) static AGENT: Record = Record {
    what: "an agent",
    keys: &[
        must("id", Kind::Text, "its id"),
        key("description", Kind::Text, "what a person should know of it"),
        key("replicas", Kind::Either(&[Kind::Whole(1), Kind::Record(&POOL)]), "how many of it there are"),
        key("can", Kind::Map(&Kind::Number(0.0, 1.0)), "capability: score in 0..1"),
        key("speed", Kind::Positive, "work per second, relative"),
        key("cost", Kind::Number(0.0, f64::MAX), "cost of a second of its work"),
        key("slots", Kind::Count(1, MOST_SLOTS), "jobs at a time"),
        key("queue", Kind::Whole(0), "jobs that may wait for a slot"),
        key("behaviour", Kind::Text, "what it does when a task names no way to execute it"),
        key("placement", Kind::Words(&[yes("local"), not_yet("blocking"), not_yet("worker")]), "where its functions run"),
        key("drain", Kind::Duration, "how long it may take to finish when it is stopped"),
    ],
};
pub(super) static TEAM: Record = Record {
    what: "a team",
    keys: &[
        must("id", Kind::Text, "its id"),
        must("agents", Kind::List(&Kind::Text), "the ids of its agents"),
        key("strategy", Kind::Strategy, "how they are governed; as the workflow says if it is not given"),
    ],
};
pub(super) static SUPERVISOR: Record = Record {
    what: "a supervisor",
    keys: &[
        must("id", Kind::Text, "its name"),
        must("agents", Kind::List(&Kind::Text), "the ids of its agents, in the order of starting"),
        key("strategy", Kind::Words(&[yes("one_for_one"), yes("one_for_all"), yes("rest_for_one")]), "who is restarted along"),
        key("restart", Kind::Words(&[yes("permanent"), yes("transient"), yes("temporary")]), "when an agent is restarted"),
        key("intensity", Kind::Whole(0), "restarts that it bears in a period"),
        key("period", Kind::Duration, "the period of its intensity"),
        key("initial", Kind::Duration, "the first delay before a restart that is not the first"),
        key("max", Kind::Duration, "no delay is longer"),
    ],
};
pub(super) static BREAKER: Record = Record {
    what: "`breaker`",
    keys: &[
        key("failures", Kind::Share, "it opens when this share of the last outcomes are failures; 0.5 by default"),
        key("window", Kind::Whole(1), "so many outcomes are looked back on, at most 128; 20 by default"),
        key("least", Kind::Whole(1), "with fewer outcomes nothing is concluded; 10 by default"),
        key("open", Kind::Duration, "so long it stays open; 30s by default"),
        key("probes", Kind::Whole(1), "so many probes must end well before it closes, at most 32; 3 by default"),
        key("probe_timeout", Kind::Duration, "after so long another probe may be sent for one without an answer; 10m by default"),
    ],
};
static POOL: Record = Record {
    what: "an elastic pool",
    keys: &[
        key("min", Kind::Whole(1), "the fewest replicas; 1 by default"),
        must("max", Kind::Whole(1), "the most replicas"),
        key("grow_after", Kind::Duration, "so long work must have waited with no room anywhere before it grows; 1s by default"),
        key("idle_after", Kind::Duration, "so long a replica must have been idle before it is stopped; 30s by default"),
    ],
};
