//! A task, and what its keys take.

use super::nested::{CLOSES, DELEGATE, SYNTHESES, SYNTHESIS};
use super::policies::{RETRY, TIMEOUT_KIND};
use super::ways::{COMPENSATE, FALLBACK, HEDGE, ON_ERROR};
use super::{Kind, Record, TOP, Word, key, later, must, yes};

pub(super) static TASK: Record = Record {
    what: "a task",
    keys: &[
        must("id", Kind::Id, "its id"),
        key("type", Kind::Text, "the kind of work: a capability that an agent must have"),
        key("agent", Kind::Text, "only this agent, or a replica of it"),
        key("needs", Kind::Map(&Kind::Number(0.0, 1.0)), "minimum scores"),
        key("description", Kind::Text, "what it is for"),
        key("run", Kind::Template, "a shell command"),
        key("fn", Kind::Text, "a registered Rust function"),
        key("simulate", Kind::Either(&[Kind::Work, Kind::Record(&SIMULATE)]), "takes time, has no effect"),
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
        key(
            "interleave",
            Kind::List(&Kind::Text),
            "lets these tasks begin, in any order that their dependencies allow and never two at a time; no agent does it",
        ),
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
        key(
            "on_error",
            Kind::Either(&[Kind::Record(&ON_ERROR), Kind::List(&Kind::Record(&ON_ERROR))]),
            "what is done when it has failed for good, by kind of failure: the first handler that takes the failure counts",
        ),
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

pub(super) static SIMULATE: Record = Record {
    what: "a simulation",
    keys: &[
        key("work", Kind::Either(&[Kind::Work, Kind::Record(&DISTRIBUTION)]), "how long it takes at speed 1 and fit 1"),
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
