//! What shall go wrong on purpose.

use super::{Field, Kind, Record, key, must, yes};

pub(crate) static FAULTS: Record = Record {
    what: "`faults`",
    keys: &[
        key(
            "crash",
            Kind::Either(&[Kind::MeanTime(MTBF), Kind::Record(&CRASH)]),
            "agents crash; a duration is the mean time between",
        ),
        key(
            "fail",
            Kind::Either(&[PROBABILITY, Kind::Record(&FAIL), Kind::List(&FAIL_KIND)]),
            "attempts fail; a number is the chance of each",
        ),
        key("hang", Kind::Either(&[PROBABILITY, Kind::Record(&HANG)]), "jobs hang; a number is the chance of each"),
        key("slow", Kind::Record(&SLOW), "agents are slow at work that only takes time"),
        key("delay", Kind::Either(&[Kind::Duration, Kind::Record(&DELAY)]), "how late protocol talk is"),
        key("loss", PROBABILITY, "the share of protocol talk that never comes"),
        key("repeat", PROBABILITY, "the share of protocol talk that comes twice"),
        key("reorder", PROBABILITY, "the share of protocol talk that is kept back, so that later talk overtakes it"),
        key("reorder_window", Kind::Duration, "for how long it is kept back at most; 100ms by default"),
        key("partitions", Kind::List(&Kind::Record(&PARTITION)), "agents that are cut off for a while"),
        key("low_ball", Kind::Record(&LOW_BALL), "agents that quote too low"),
        key("lying_voters", Kind::Record(&LYING_VOTERS), "agents that lie in ballots and results"),
        key("false_claims", Kind::Record(&FALSE_CLAIMS), "agents that claim to be better than they are"),
    ],
};
const PROBABILITY: Kind = Kind::Number(0.0, 1.0);
const SHARE_OF: Field = key("share", PROBABILITY, "the share of the agents that it is about");
const AGENTS_OF: Field = key("agents", Kind::List(&Kind::Text), "the ids of the agents that it is about");
static CRASH: Record = Record {
    what: "a crash",
    keys: &[
        must("mtbf", Kind::Duration, "the mean time from a repair to the next crash"),
        key("repair", Kind::Duration, "how long a crashed agent is down; 1s by default"),
        SHARE_OF,
        AGENTS_OF,
    ],
};
const MTBF: &str = "it is the mean time from crash to crash; how many there are in a second is said by a text: 'crash=0.02'";
const FAIL_KIND: Kind = Kind::Either(&[PROBABILITY, Kind::Record(&FAIL)]);
static FAIL: Record = Record {
    what: "unreliable agents",
    keys: &[must("chance", PROBABILITY, "the probability that an attempt fails that would have succeeded"), SHARE_OF, AGENTS_OF],
};
static HANG: Record = Record {
    what: "a hang",
    keys: &[
        must("chance", PROBABILITY, "the probability that a job hangs"),
        key("lasting", Kind::Duration, "after so long it goes on, unless its time limit stops it first; 1h by default"),
        SHARE_OF,
        AGENTS_OF,
    ],
};
static SLOW: Record = Record {
    what: "a slowness",
    keys: &[
        key("factor", Kind::Number(1.0, f64::MAX), "so many times as long; 3 by default"),
        key("at", Kind::Duration, "from when on; from the beginning by default"),
        key("lasting", Kind::Duration, "for how long; without end by default"),
        SHARE_OF,
        AGENTS_OF,
    ],
};
static DELAY: Record = Record {
    what: "a delay",
    keys: &[
        key("uniform", Kind::List(&Kind::Duration), "evenly between two durations"),
        key("exponential", Kind::Duration, "exponential with this mean"),
    ],
};
static PARTITION: Record = Record {
    what: "a partition",
    keys: &[
        must("agents", Kind::List(&Kind::Text), "the ids of the agents that are cut off"),
        must("at", Kind::Duration, "from when on"),
        must("lasting", Kind::Duration, "for how long"),
    ],
};
static LOW_BALL: Record = Record {
    what: "a low ball",
    keys: &[key("factor", Kind::Number(0.0, 1.0), "so many times the truth is quoted; 0.5 by default"), SHARE_OF, AGENTS_OF],
};
static LYING_VOTERS: Record = Record {
    what: "a lie",
    keys: &[
        key("how", Kind::Words(&[yes("inverted"), yes("random")]), "what is told instead of the truth; inverted by default"),
        SHARE_OF,
        AGENTS_OF,
    ],
};
static FALSE_CLAIMS: Record = Record {
    what: "a false claim",
    keys: &[key("score", Kind::Number(0.0, 1.0), "the score that is claimed; 1 by default"), SHARE_OF, AGENTS_OF],
};
