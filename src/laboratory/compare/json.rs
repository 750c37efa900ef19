//! The figures for programs.

use super::rows::{Row, Size};
use super::{Comparison, text};
use crate::laboratory::Subject;
use serde_json::{Value, json};

pub(super) fn json(comparison: &Comparison) -> Value {
    let plan = &comparison.plan;
    let of = |(size, subject): (&Size, &Subject)| {
        json!({
            "agents": size.agents,
            "tasks": subject.graph().tasks().len(),
            "bound": size.bound,
            "bound_may_be_undercut": subject.loopholes(),
            "strategies": size.rows.iter().map(row).collect::<Vec<Value>>(),
        })
    };
    json!({
        "workload": plan.subjects[0].name(),
        "first_seed": plan.first,
        "seeds": plan.seeds,
        "version": env!("CARGO_PKG_VERSION"),
        "sizes": comparison.sizes().iter().zip(&plan.subjects).map(of).collect::<Vec<Value>>(),
    })
}

/// What is no number is null.
fn row(row: &Row) -> Value {
    json!({
        "strategy": row.arm.name,
        "offline": row.arm.is_offline(),
        "makespan": row.median,
        "interval": row.interval.map(|interval| [interval.low, interval.high]),
        "over_bound": row.over_bound,
        "over_first": row.over_first,
        "p": row.p,
        "significant": row.p.map(text::is_significant),
        "effect": row.effect,
        "cost": row.cost,
        "messages_per_task": row.messages,
        "rounds_per_task": row.rounds,
        "utilisation": row.utilisation,
        "fairness": row.fairness,
        "lost_work": row.lost_work,
        "late": row.late,
        "ended_otherwise": row.failed,
    })
}
