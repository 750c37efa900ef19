//! Work within work.

use super::{Kind, Record, Word, key, yes};

pub(super) static DELEGATION: Record = Record {
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
pub(super) static DELEGATE: Record = Record {
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
pub(super) static DECOMPOSER: Record = Record {
    what: "`decomposer`",
    keys: &[
        key("fn", Kind::Text, "a registered Rust function"),
        key("run", Kind::Template, "a shell command that prints a workflow; it reads what failed, as JSON"),
        key("replans", Kind::Whole(1), "so many times another way is asked for; 1 by default"),
    ],
};
pub(super) const SYNTHESES: &[Word] = &[yes("outputs"), yes("collect"), yes("merge"), yes("concat"), yes("vote")];
pub(super) static SYNTHESIS: Record = Record {
    what: "a synthesis",
    keys: &[
        key("best", Kind::OverItem, "the result for which this is the highest number"),
        key("reduce", Kind::OverItem, "what this gives, over `item`: the list of the results"),
    ],
};
pub(super) const CLOSES: &[Word] = &[yes("terminate"), yes("cancel"), yes("abandon")];
