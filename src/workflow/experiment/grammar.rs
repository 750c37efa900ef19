//! The grammar of an experiment.

use crate::workflow::grammar::{FAULTS, Kind, RETRY, Record, Word, key, must, yes};

pub(in crate::workflow) static EXPERIMENT: Record = Record {
    what: "an experiment",
    keys: &[
        must("name", Kind::Text, "what it, and the folder of its results, is called"),
        key("description", Kind::Text, "what it is for"),
        key("workload", WORKLOAD_KIND, "what is to be done"),
        key("agents", AGENTS, "how many agents, the speed of each, or what they are drawn from"),
        key("noise", NOISE, "sigma of the factor by which work strays from its estimate; 0 by default"),
        key("faults", FAULTS_KIND, "what goes wrong on purpose"),
        key("retry", Kind::Record(&RETRY), "whether a failed task of a graph is tried again; one attempt by default"),
        key("bandwidth", Kind::Positive, "bytes a second between different agents"),
        key("latency", Kind::Duration, "how long data travels between different agents in any case"),
        key("arrivals", ARRIVALS_KIND, "when the workload comes, if it comes several times"),
        must("strategies", Kind::List(&Kind::Strategy), "how the agents are governed, one after the other"),
        key("vary", Kind::Record(&VARY), "lists of values, every one with every other"),
        key("zip", Kind::Record(&ZIP), "equally long lists of values that go together"),
        key("repeat", Kind::Whole(1), "tries of each cell; 30 by default"),
        key("first_seed", Kind::Whole(0), "the seed of the first try; 1 by default"),
        key("measure", Kind::List(&Kind::Words(MEASURES)), "what is written of each try; all by default"),
        key("stop", Kind::Record(&STOP), "when it ends early"),
    ],
};

const WORKLOAD_KIND: Kind = Kind::Either(&[Kind::Text, Kind::Record(&WORKLOAD)]);
static WORKLOAD: Record = Record {
    what: "a workload",
    keys: &[
        key("file", Kind::Text, "a polity workflow, WfFormat, STG or taskdag, from the experiment's folder"),
        key("inputs", Kind::Map(&Kind::Any), "values for the inputs of a polity workflow"),
        key("shape", Kind::Text, "a graph that is made up, such as layered(layers 10, width 20, density 0.2)"),
        key("work", Kind::Text, "the work of its tasks, such as lognormal(mean 10s, sigma 0.5)"),
        key(
            "seed",
            Kind::Either(&[Kind::Whole(0), Kind::Words(&[yes("each")])]),
            "what it is drawn by; each: another in each try",
        ),
        key("bytes", Kind::List(&Kind::Whole(0)), "the fewest and the most bytes of an edge"),
    ],
};
const AGENTS: Kind = Kind::Either(&[Kind::Count(1, MOST_AGENTS), Kind::List(&Kind::Positive), Kind::Record(&POPULATION)]);
const AMOUNT: Kind = Kind::Either(&[Kind::Number(0.0, f64::MAX), Kind::Text]);
static POPULATION: Record = Record {
    what: "a population of agents",
    keys: &[
        must("count", Kind::Count(1, MOST_AGENTS), "how many"),
        key("speed", AMOUNT, "work per second of each; uniform(0.5, 2) by default"),
        key("cost", AMOUNT, "cost of a second of each; the square of its speed by default"),
        key("slots", AMOUNT, "jobs at a time of each; 1 by default"),
        key("fit", AMOUNT, "how well each can do each kind of work, 0 to 1; 1 by default"),
        key("reliability", AMOUNT, "the probability that an attempt of each succeeds; 1 by default"),
        key(
            "seed",
            Kind::Either(&[Kind::Whole(0), Kind::Words(&[yes("each")])]),
            "what they are drawn by; each: others in each try; 1 by default",
        ),
    ],
};
/// Agents of a graph.
const MOST_AGENTS: u64 = 1_000_000;
/// Workflows that may arrive in one try.
pub(super) const MOST_ARRIVALS: u64 = 1_000_000;
const ARRIVALS_KIND: Kind = Kind::Record(&ARRIVALS);
static ARRIVALS: Record = Record {
    what: "`arrivals`",
    keys: &[
        must("pattern", Kind::Text, "poisson(every 30s), bursts(size 10, every 5m, within 20s) or trace(0s, 4s, 9s)"),
        key("count", Kind::Count(1, MOST_ARRIVALS), "how many workflows arrive; all of a trace by default"),
    ],
};
const NOISE: Kind = Kind::Number(0.0, 37.0);
const FAULTS_KIND: Kind = Kind::Either(&[Kind::Text, Kind::Record(&FAULTS)]);

pub(super) const FACTORS: &[crate::workflow::grammar::Field] = &[
    key("workload", Kind::List(&WORKLOAD_KIND), "workloads"),
    key("shape", Kind::List(&Kind::Text), "shapes of the workload's graph"),
    key("work", Kind::List(&Kind::Text), "distributions of the work of its tasks"),
    key("agents", Kind::List(&AGENTS), "numbers of agents, lists of speeds, or populations"),
    key("noise", Kind::List(&NOISE), "sigmas of the noise"),
    key("faults", Kind::List(&FAULTS_KIND), "what goes wrong on purpose"),
    key("bandwidth", Kind::List(&Kind::Positive), "bytes a second"),
    key("latency", Kind::List(&Kind::Duration), "latencies of data"),
    key("arrivals", Kind::List(&ARRIVALS_KIND), "when the workload comes"),
];
static VARY: Record = Record { what: "`vary`", keys: FACTORS };
static ZIP: Record = Record { what: "`zip`", keys: FACTORS };

pub(super) const MEASURES: &[Word] = &[
    yes("makespan"),
    yes("over_bound"),
    yes("response"),
    yes("response_p95"),
    yes("cost"),
    yes("paid"),
    yes("messages"),
    yes("messages_per_task"),
    yes("rounds"),
    yes("utilisation"),
    yes("fairness"),
    yes("lost_work"),
    yes("retries"),
    yes("displaced"),
    yes("completed"),
    yes("failed"),
    yes("late"),
];

static STOP: Record = Record {
    what: "`stop`",
    keys: &[
        key("after", Kind::Duration, "one command works so long at most; the next goes on"),
        key("precision", Kind::Share, "a cell ends when the 95 % interval of its median makespan is within this share of it"),
    ],
};
