//! The language as tables: every key, what it takes, and whether it is built. The check of a file's shape, the JSON Schema and the
//! configuration all read these.

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A name that expressions can use.
    Id,
    /// The language's version.
    Version,
    /// One of some words.
    Words(&'static [Word]),
    /// `true` or `false`.
    Bool,
    /// A whole number, at least this.
    Whole(u64),
    /// A number in this range, ends included.
    Number(f64, f64),
    /// A number above 0.
    Positive,
    /// A number above 0 and at most 1; also `2/3`.
    Share,
    /// `5m`, `200ms`.
    Duration,
    /// An expression, bare.
    Expression,
    /// An expression over a failure: `error` and `attempt`.
    Condition,
    /// An expression over results: `item` and `index`.
    OverItem,
    /// A text with `{{ … }}`.
    Template,
    /// Any value, with `{{ … }}` in its texts.
    Binding,
    /// Any value.
    Any,
    /// A list of these.
    List(&'static Kind),
    /// A map from names to these.
    Map(&'static Kind),
    /// A map with these keys.
    Record(&'static Record),
    /// A protocol's name, or a map with that as its only key and its settings.
    Strategy,
    /// One of these, told apart by form: a list, a map, or neither.
    Either(&'static [Kind]),
}

/// A word, and whether what it asks for is built.
#[derive(Debug)]
pub(crate) struct Word(pub(crate) &'static str, pub(crate) bool);

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Record {
    /// What it describes, for sentences: `a task`.
    pub(crate) what: &'static str,
    pub(crate) keys: &'static [Field],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) built: bool,
    pub(crate) about: &'static str,
}

pub(super) const fn key(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: false, built: true, about }
}
pub(super) const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { required: true, ..key(name, kind, about) }
}
const fn later(name: &'static str, about: &'static str) -> Field {
    Field { built: false, ..key(name, Kind::Any, about) }
}
pub(super) const fn yes(word: &'static str) -> Word {
    Word(word, true)
}
const fn not_yet(word: &'static str) -> Word {
    Word(word, false)
}

pub(crate) static TOP: Record = Record {
    what: "a workflow",
    keys: &[
        key("version", Kind::Version, "the language's version"),
        must("name", Kind::Text, "the workflow's name"),
        key("description", Kind::Text, "what it is for"),
        key("inputs", Kind::List(&Kind::Record(&INPUT)), "what a run is given"),
        key("strategy", Kind::Strategy, "how its agents are governed"),
        key("teams", Kind::List(&Kind::Record(&TEAM)), "agents that are governed together"),
        key("delegation", Kind::Record(&DELEGATION), "bounds of what tasks hand on to sub-runs"),
        key("agents", Kind::List(&Kind::Record(&AGENT)), "who can work"),
        key("defaults", Kind::Record(&DEFAULTS), "what holds for tasks that don't say otherwise"),
        key("supervision", Kind::List(&Kind::Record(&SUPERVISOR)), "supervisors that some agents have to themselves"),
        key(
            "breaker",
            Kind::Either(&[Kind::Record(&BREAKER), Kind::Words(&[yes("off"), yes("on")])]),
            "when an agent that fails is left alone for a while; off: never",
        ),
        key(
            "on_failure",
            Kind::Words(&[yes("continue"), yes("fail_fast"), yes("compensate")]),
            "what a failed task means for the rest",
        ),
        key(
            "decomposer",
            Kind::Record(&DECOMPOSER),
            "who is asked for another way in mode adaptive; whoever can `decompose` by default",
        ),
        key("state", Kind::Record(&STATE), "what its tasks share"),
        key("resources", Kind::Map(&Kind::Whole(1)), "what its tasks use one after the other: resource: units that there are"),
        key("faults", Kind::Record(&FAULTS), "what shall go wrong on purpose"),
        key("mode", Kind::Words(MODES), "how much happens at a time"),
        key("limits", Kind::Record(&LIMITS), "bounds of a run"),
        must("tasks", Kind::List(&Kind::Record(&TASK)), "what is to be done"),
        key("outputs", Kind::List(&Kind::Record(&OUTPUT)), "what a run gives back"),
    ],
};

static STATE: Record = Record {
    what: "`state`",
    keys: &[
        key(
            "on_conflict",
            Kind::Words(&[yes("last_writer_wins"), yes("reject")]),
            "what happens when a task sets what another has changed since it was seen",
        ),
        key("initial", Kind::Map(&Kind::Any), "the keys that are there from the beginning"),
    ],
};

const MODES: &[Word] =
    &[yes("parallel"), yes("sequential"), yes("adaptive"), yes("SIMPLE"), yes("HIERARCHICAL"), yes("ADAPTIVE")];

static INPUT: Record = Record {
    what: "an input",
    keys: &[
        must("name", Kind::Id, "its name"),
        key("type", Kind::Words(INPUT_TYPES), "its type; `any` by default"),
        key("required", Kind::Bool, "true if a run can't start without it"),
        key("default", Kind::Any, "its value if none is given"),
        key("description", Kind::Text, "what it is for"),
    ],
};
const INPUT_TYPES: &[Word] = &[
    yes("string"),
    yes("int"),
    yes("number"),
    yes("bool"),
    yes("list"),
    yes("map"),
    yes("path"),
    yes("date"),
    yes("duration"),
    yes("dataset"),
    yes("any"),
];

pub(crate) static AGENT: Record = Record {
    what: "an agent",
    keys: &[
        must("id", Kind::Text, "its id"),
        key("description", Kind::Text, "what a person should know of it"),
        key("replicas", Kind::Either(&[Kind::Whole(1), Kind::Record(&POOL)]), "how many of it there are"),
        key("can", Kind::Map(&Kind::Number(0.0, 1.0)), "capability: score in 0..1"),
        key("speed", Kind::Positive, "work per second, relative"),
        key("cost", Kind::Number(0.0, f64::MAX), "cost of a second of its work"),
        key("slots", Kind::Whole(1), "jobs at a time"),
        key("queue", Kind::Whole(0), "jobs that may wait for a slot"),
        key("behaviour", Kind::Text, "what it does when a task names no way to execute it"),
        key("placement", Kind::Words(&[yes("local"), not_yet("blocking"), not_yet("worker")]), "where its functions run"),
        key("drain", Kind::Duration, "how long it may take to finish when it is stopped"),
    ],
};
static TEAM: Record = Record {
    what: "a team",
    keys: &[
        must("id", Kind::Text, "its id"),
        must("agents", Kind::List(&Kind::Text), "the ids of its agents"),
        key("strategy", Kind::Strategy, "how they are governed; as the workflow says if it is not given"),
    ],
};
static SUPERVISOR: Record = Record {
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
static BREAKER: Record = Record {
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
static RETRY_BUDGET: Record = Record {
    what: "a retry budget",
    keys: &[
        key("share", Kind::Number(0.0, f64::MAX), "retries are at most this share of the first attempts; 0.1 by default"),
        key("floor", Kind::Whole(1), "so many are allowed in any case; 10 by default"),
        key("window", Kind::Duration, "the time that both are counted over; 10s by default"),
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

pub(crate) static DEFAULTS: Record = Record {
    what: "`defaults`",
    keys: &[
        key("timeout", TIMEOUT_KIND, "time limits of a task"),
        key("retry", Kind::Record(&RETRY), "whether a failed task is tried again"),
    ],
};

const TIMEOUT_KIND: Kind = Kind::Either(&[Kind::Duration, Kind::Record(&TIMEOUT)]);
static TIMEOUT: Record = Record {
    what: "a timeout",
    keys: &[
        key("queue", Kind::Duration, "from ready to executing"),
        key("attempt", Kind::Duration, "one attempt's execution"),
        key("total", Kind::Duration, "from ready to the end, with all attempts and delays"),
        key("heartbeat", Kind::Duration, "the longest silence of a job: functions call context.heartbeat(), commands print"),
    ],
};
static RETRY: Record = Record {
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
const FAILURES: &[Word] = &[
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

pub(crate) static LIMITS: Record = Record {
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

pub(crate) static TASK: Record = Record {
    what: "a task",
    keys: &[
        must("id", Kind::Id, "its id"),
        key("type", Kind::Text, "the kind of work: a capability that an agent must have"),
        key("agent", Kind::Text, "only this agent, or a replica of it"),
        key("needs", Kind::Map(&Kind::Number(0.0, 1.0)), "minimum scores"),
        key("description", Kind::Text, "what it is for"),
        key("run", Kind::Template, "a shell command"),
        key("fn", Kind::Text, "a registered Rust function"),
        key("simulate", Kind::Either(&[Kind::Duration, Kind::Record(&SIMULATE)]), "takes time, has no effect"),
        later("http", "a REST or GraphQL request"),
        later("tool", "an MCP tool"),
        later("llm", "a chat completion"),
        key("workflow", Kind::Either(&[Kind::Text, Kind::Record(&TOP)]), "another workflow, by file or as it stands here"),
        key("delegate", Kind::Either(&[Kind::Template, Kind::Record(&DELEGATE)]), "an agent decomposes it when it is done"),
        later("approve", "a person's answer"),
        later("wait", "an event, a signal, a time"),
        key("with", Kind::Map(&Kind::Binding), "its input"),
        key("inputs", Kind::List(&Kind::Text), "workflow inputs that it is given, by name"),
        key(
            "depends_on",
            Kind::List(&Kind::Either(&[Kind::Text, Kind::Record(&DEPENDS)])),
            "tasks that it waits for, as `join` says: by default they must have succeeded",
        ),
        key("when", Kind::Expression, "it is skipped unless this is true"),
        key("for_each", Kind::Expression, "one instance per item of this list"),
        key("priority", Kind::Words(&[yes("low"), yes("normal"), yes("high"), yes("critical")]), "how urgent it is"),
        key("estimate", Kind::Duration, "how long it takes at speed 1 and fit 1"),
        key("timeout", TIMEOUT_KIND, "time limits"),
        key("retry", Kind::Record(&RETRY), "whether it is tried again"),
        key(
            "output",
            Kind::Either(&[Kind::Words(&[yes("text"), yes("json"), yes("lines")]), Kind::Record(&OUTPUT_FORM)]),
            "what the text of `run` is read as",
        ),
        key("stdin", Kind::Template, "what `run` reads"),
        key("env", Kind::Map(&Kind::Template), "environment variables of `run`"),
        key("cwd", Kind::Template, "the working directory of `run`"),
        key("parallel", Kind::Bool, "accepted for the short form; tasks always run side by side where the graph allows"),
        key(
            "join",
            Kind::Either(&[Kind::Words(JOINS), Kind::Record(&JOIN)]),
            "how many of `depends_on` it waits for; all_success by default",
        ),
        key("concurrency", Kind::Whole(1), "instances of its for_each at a time"),
        later("repeat", "runs it again until a condition holds"),
        later("choose", "picks one of several paths"),
        later("paths", "the paths to choose from"),
        later("interleave", "tasks in any order, never two at a time"),
        key(
            "hedge",
            Kind::Either(&[Kind::Text, Kind::Record(&HEDGE)]),
            "a second agent does it too when it takes long; the first answer wins",
        ),
        key(
            "fallback",
            Kind::Either(&[Kind::Record(&FALLBACK), Kind::List(&Kind::Record(&FALLBACK))]),
            "another way to execute it when it has failed for good, or several, in order",
        ),
        key(
            "fallback_to",
            Kind::Id,
            "a task that is done only when this one has failed for good, and whose output takes its place",
        ),
        key("compensate", Kind::Record(&COMPENSATE), "what undoes it, where `on_failure: compensate`"),
        later("on_error", "handlers by kind of error"),
        key(
            "resources",
            Kind::Either(&[Kind::List(&Kind::Id), Kind::Map(&Kind::Whole(1))]),
            "what it uses while it is done: resource: units, or a list of which it takes one each",
        ),
        key(
            "redundancy",
            Kind::Either(&[Kind::Whole(1), Kind::Record(&REDUNDANCY)]),
            "several agents do it, and vote by their results",
        ),
        key("strategy", Kind::Strategy, "how it alone is allocated"),
        key("team", Kind::Text, "the team that does it"),
        key(
            "synthesize",
            Kind::Either(&[Kind::Words(SYNTHESES), Kind::Record(&SYNTHESIS)]),
            "what its output is made of, where a sub-run did it; outputs by default",
        ),
        key("parent_close", Kind::Words(CLOSES), "what becomes of its sub-run if it is cancelled; terminate by default"),
        key("set_state", Kind::Id, "the key of `state` that its output is written to"),
        later("cache", "remembers its result"),
        later("quality", "conditions that a result must meet"),
    ],
};

const JOINS: &[Word] = &[
    yes("all_success"),
    yes("all_done"),
    yes("one_success"),
    yes("any_done"),
    yes("all_failed"),
    yes("one_failed"),
    yes("none_failed"),
];
static JOIN: Record = Record {
    what: "a join",
    keys: &[
        key("rule", Kind::Words(JOINS), "how many it waits for, in a word"),
        key("at_least", Kind::Whole(1), "it starts when so many have succeeded"),
        key(
            "cancel_rest",
            Kind::Bool,
            "true if those that have not ended when it starts are cancelled, for one_success and at_least; false by default",
        ),
    ],
};

static COMPENSATE: Record = Record {
    what: "a compensation",
    keys: &[
        key("run", Kind::Template, "a shell command"),
        key("fn", Kind::Text, "a registered Rust function"),
        key("simulate", Kind::Either(&[Kind::Duration, Kind::Record(&SIMULATE)]), "takes time, has no effect"),
        key("with", Kind::Map(&Kind::Binding), "its input"),
        key("stdin", Kind::Template, "what `run` reads"),
        key("env", Kind::Map(&Kind::Template), "environment variables of `run`"),
        key("cwd", Kind::Template, "the working directory of `run`"),
        key("timeout", TIMEOUT_KIND, "time limits"),
        key("retry", Kind::Record(&RETRY), "whether it is tried again; 10 attempts by default"),
    ],
};
static HEDGE: Record = Record {
    what: "a hedge",
    keys: &[must("after", Kind::Text, "how long after the award: a duration, or a percentile of its kind like p95")],
};
static FALLBACK: Record = Record {
    what: "a fallback",
    keys: &[
        key("run", Kind::Template, "a shell command"),
        key("fn", Kind::Text, "a registered Rust function"),
        key("simulate", Kind::Either(&[Kind::Duration, Kind::Record(&SIMULATE)]), "takes time, has no effect"),
        key("with", Kind::Map(&Kind::Binding), "its input; that of the task by default"),
        key("stdin", Kind::Template, "what `run` reads"),
        key("env", Kind::Map(&Kind::Template), "environment variables of `run`"),
        key("cwd", Kind::Template, "the working directory of `run`"),
        key(
            "output",
            Kind::Words(&[yes("text"), yes("json"), yes("lines")]),
            "what the text of `run` is read as; as the task's by default",
        ),
        key("timeout", TIMEOUT_KIND, "time limits"),
        key("retry", Kind::Record(&RETRY), "whether it is tried again; one attempt by default"),
    ],
};
static DELEGATION: Record = Record {
    what: "`delegation`",
    keys: &[
        key("max_depth", Kind::Whole(0), "levels of sub-runs; 3 by default"),
        key("max_tasks", Kind::Whole(1), "tasks of one sub-run; 100 by default"),
        key("max_total", Kind::Whole(1), "tasks of all sub-runs together; 100000 by default"),
        key("max_agents", Kind::Whole(0), "sub-agents at a time; 64 by default"),
        key("budget", Kind::Record(&BUDGET), "what all sub-runs together may use up"),
        key(
            "may",
            Kind::Map(&Kind::List(&Kind::Text)),
            "to which agents an agent may delegate; everybody to everybody by default",
        ),
        key("parent_close", Kind::Words(CLOSES), "what becomes of a sub-run whose task is cancelled; terminate by default"),
        key("converge", Kind::Record(&CONVERGE), "when delegation in rounds ends"),
    ],
};
static BUDGET: Record = Record {
    what: "a budget",
    keys: &[
        key("cost", Kind::Number(0.0, f64::MAX), "seconds of work by what they cost"),
        key("tokens", Kind::Whole(0), "tokens that agents say that they spent"),
        key("wall", Kind::Duration, "time from the beginning"),
    ],
};
static CONVERGE: Record = Record {
    what: "`converge`",
    keys: &[
        key("until", Kind::OverItem, "it ends when this holds, over `item` (the result) and `index` (the round, from 0)"),
        key("patience", Kind::Whole(1), "it ends when the result was the same for so many further rounds; 1 by default"),
        key("max_rounds", Kind::Whole(1), "it ends after so many rounds; 10 by default"),
    ],
};
static DELEGATE: Record = Record {
    what: "`delegate`",
    keys: &[
        key("goal", Kind::Template, "what is wanted"),
        key("fn", Kind::Text, "a registered Rust function that decomposes it; the agent's own behaviour by default"),
        key("run", Kind::Template, "a shell command that prints the sub-workflow"),
        key("stdin", Kind::Template, "what `run` reads; the input as JSON by default"),
        key("env", Kind::Map(&Kind::Template), "environment variables of `run`"),
        key("cwd", Kind::Template, "the working directory of `run`"),
        key("converge", Kind::Record(&CONVERGE), "it is asked again until the results converge"),
        key("replans", Kind::Whole(0), "so many times it is asked for another way when a sub-run failed; 0 by default"),
    ],
};
static DECOMPOSER: Record = Record {
    what: "`decomposer`",
    keys: &[
        key("fn", Kind::Text, "a registered Rust function"),
        key("run", Kind::Template, "a shell command that prints a workflow; it reads what failed, as JSON"),
        key("replans", Kind::Whole(1), "so many times another way is asked for; 1 by default"),
    ],
};
const SYNTHESES: &[Word] = &[yes("outputs"), yes("collect"), yes("merge"), yes("concat"), yes("vote")];
static SYNTHESIS: Record = Record {
    what: "a synthesis",
    keys: &[
        key("best", Kind::OverItem, "the result for which this is the highest number"),
        key("reduce", Kind::OverItem, "what this gives, over `item`: the list of the results"),
    ],
};
const CLOSES: &[Word] = &[yes("terminate"), yes("cancel"), yes("abandon")];

static REDUNDANCY: Record = Record {
    what: "a redundancy",
    keys: &[
        must("copies", Kind::Whole(1), "how many agents do it"),
        key(
            "agree",
            Kind::Words(&[yes("weighted_majority"), yes("plurality"), yes("unanimous"), yes("borda"), yes("approval")]),
            "how results are counted; weighted_majority by default",
        ),
        key("quorum", Kind::Share, "the share of copies that must give a result, inclusive; 0.5 by default"),
        key("threshold", Kind::Share, "the share of results that must agree, inclusive; the rule's own by default"),
        key("weights", Kind::Words(&[yes("equal"), yes("expertise")]), "what a vote weighs; equal by default"),
        key(
            "tolerance",
            Kind::Number(0.0, f64::MAX),
            "numbers that differ by no more are equal, absolutely or relatively; 0 by default",
        ),
        key(
            "conflict_resolution",
            Kind::Words(&[yes("expertise"), yes("leader"), yes("rerun"), yes("decline")]),
            "what happens when no result wins; expertise by default",
        ),
    ],
};

static DEPENDS: Record = Record {
    what: "a dependency",
    keys: &[
        must("task", Kind::Text, "the upstream task"),
        key("optional", Kind::Bool, "true if this goes on without it"),
        later("when", "the edge is there only if this is true"),
        later("data", "the parts of its output that are passed"),
    ],
};
static OUTPUT_FORM: Record =
    Record { what: "an output form", keys: &[later("schema", "a JSON Schema that the output must meet")] };

static SIMULATE: Record = Record {
    what: "a simulation",
    keys: &[
        key("work", Kind::Either(&[Kind::Duration, Kind::Record(&DISTRIBUTION)]), "how long it takes at speed 1 and fit 1"),
        key("failure", Kind::Number(0.0, 1.0), "the probability that an attempt fails at its end"),
        key("crash", Kind::Number(0.0, 1.0), "the probability that the agent crashes half-way"),
        key("hang", Kind::Number(0.0, 1.0), "the probability that it never ends"),
        key("output", Kind::Any, "what it answers; its input by default"),
    ],
};
static DISTRIBUTION: Record = Record {
    what: "a distribution",
    keys: &[
        key("constant", Kind::Duration, "always the same"),
        key("uniform", Kind::List(&Kind::Duration), "evenly between two durations"),
        key("exponential", Kind::Duration, "exponential with this mean"),
        key("lognormal", Kind::List(&Kind::Any), "the median, and the standard deviation of its logarithm"),
    ],
};

pub(super) static FAULTS: Record = Record {
    what: "`faults`",
    keys: &[
        key("crash", Kind::Either(&[Kind::Duration, Kind::Record(&CRASH)]), "agents crash; a duration is the mean time between"),
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

static OUTPUT: Record = Record {
    what: "an output",
    keys: &[must("name", Kind::Text, "its name"), must("from", Kind::Expression, "what it is computed from")],
};

/// A configuration file.
pub(crate) static CONFIG: Record = Record {
    what: "a configuration",
    keys: &[
        key("strategy", Kind::Strategy, "how agents are governed"),
        key("agents", Kind::List(&Kind::Record(&AGENT)), "who can work"),
        key("defaults", Kind::Record(&DEFAULTS), "what holds for tasks that don't say otherwise"),
        key("limits", Kind::Record(&LIMITS), "bounds of a run"),
        key("runs", Kind::Text, "the folder that keeps the runs"),
        key("seed", Kind::Whole(0), "the seed of every random choice"),
    ],
};
