//! A workflow as a whole, and a configuration.

use super::agents::{AGENT, BREAKER, SUPERVISOR, TEAM};
use super::faults::FAULTS;
use super::nested::{DECOMPOSER, DELEGATION};
use super::policies::{DEFAULTS, LIMITS};
use super::task::TASK;
use super::{Kind, Record, Word, key, must, yes};

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
