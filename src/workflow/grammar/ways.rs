//! Other ways to do a task, and what undoes it.

use super::policies::{FAILURES, RETRY, TIMEOUT_KIND};
use super::task::SIMULATE;
use super::{Field, Kind, Record, key, must, yes};

// What every job beside a task's own says of how it is executed.
const RUN: Field = key("run", Kind::Template, "a shell command");
const FUNCTION: Field = key("fn", Kind::Text, "a registered Rust function");
const SIMULATION: Kind = Kind::Either(&[Kind::Work, Kind::Record(&SIMULATE)]);
const SIMULATED: Field = key("simulate", SIMULATION, "takes time, has no effect");
const STDIN: Field = key("stdin", Kind::Template, "what `run` reads");
const ENV: Field = key("env", Kind::Map(&Kind::Template), "environment variables of `run`");
const CWD: Field = key("cwd", Kind::Template, "the working directory of `run`");
const TIMEOUT: Field = key("timeout", TIMEOUT_KIND, "time limits");
// The same of those whose results take the place of the task's.
const WITH: Field = key("with", Kind::Map(&Kind::Binding), "its input; that of the task by default");
const AGAIN: Field = key("retry", Kind::Record(&RETRY), "whether it is tried again; one attempt by default");

pub(super) static HEDGE: Record = Record {
    what: "a hedge",
    keys: &[must("after", Kind::Text, "how long after the award: a duration, or a percentile of its kind like p95")],
};

pub(super) static COMPENSATE: Record = Record {
    what: "a compensation",
    keys: &[
        RUN,
        FUNCTION,
        SIMULATED,
        key("with", Kind::Map(&Kind::Binding), "its input"),
        STDIN,
        ENV,
        CWD,
        TIMEOUT,
        key("retry", Kind::Record(&RETRY), "whether it is tried again; 10 attempts by default"),
    ],
};

pub(super) static FALLBACK: Record = Record {
    what: "a fallback",
    keys: &[
        RUN,
        FUNCTION,
        SIMULATED,
        WITH,
        STDIN,
        ENV,
        CWD,
        key(
            "output",
            Kind::Words(&[yes("text"), yes("json"), yes("lines")]),
            "what the text of `run` is read as; as the task's by default",
        ),
        TIMEOUT,
        AGAIN,
    ],
};

pub(super) static ON_ERROR: Record = Record {
    what: "an error handler",
    keys: &[
        key("kinds", Kind::List(&Kind::Words(FAILURES)), "the kinds of failure that it takes; all by default"),
        key("when", Kind::Condition, "it takes only failures for which this is true, over `error` and `attempt`"),
        RUN,
        FUNCTION,
        SIMULATED,
        WITH,
        STDIN,
        ENV,
        CWD,
        TIMEOUT,
        AGAIN,
        key("to", Kind::Id, "a task that is done only then, and whose output takes its place"),
        key("output", Kind::Binding, "it has completed, with this; beside `run`: what its text is read as"),
        key("skip", Kind::Template, "it is skipped: true, or the reason"),
        key("fail", Kind::Template, "it fails at once with this message, and no other way is tried"),
    ],
};
