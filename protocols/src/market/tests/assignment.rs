//! The assignment equals the optimum of solvers that are made differently.

use crate::market::assignment::{Costs, assign, assign_slots};
use proptest::prelude::*;
use serde_json::Value;

/// Tries all ways to give each row a column of its own: most rows first, then the least cost.
fn brute(costs: &Costs, row: usize, taken: &mut Vec<bool>) -> (usize, f64) {
    if row == costs.rows() {
        return (0, 0.0);
    }
    let mut best = brute(costs, row + 1, taken);
    for column in 0..costs.columns() {
        if !taken[column] && costs.get(row, column).is_finite() {
            taken[column] = true;
            let (count, cost) = brute(costs, row + 1, taken);
            taken[column] = false;
            let (count, cost) = (count + 1, cost + costs.get(row, column));
            if count > best.0 || (count == best.0 && cost < best.1) {
                best = (count, cost);
            }
        }
    }
    best
}
fn optimum(costs: &Costs) -> (usize, f64) {
    brute(costs, 0, &mut vec![false; costs.columns()])
}
fn matrix(rows: core::ops::Range<usize>, columns: core::ops::Range<usize>, gaps: bool) -> impl Strategy<Value = Costs> {
    let gap = if gaps { 1 } else { 0 };
    let cell = prop_oneof![4 => (0_u32..20).prop_map(f64::from), 4 => -5.0..20.0_f64, gap => Just(f64::INFINITY)];
    (rows, columns).prop_flat_map(move |(rows, columns)| {
        proptest::collection::vec(proptest::collection::vec(cell.clone(), columns), rows).prop_map(|rows| Costs::from_rows(&rows))
    })
}

proptest! {
    #[test]
    fn it_costs_no_more_than_any_other(costs in matrix(1..7, 1..8, false)) {
        let best = assign(&costs);
        let (count, cost) = if costs.rows() <= costs.columns() { optimum(&costs) } else { return Ok(()) };
        prop_assert_eq!(best.columns().iter().flatten().count(), count);
        prop_assert!((best.cost() - cost).abs() < 1e-9, "{} for {cost}", best.cost());
        let mut seen: Vec<usize> = best.columns().into_iter().flatten().collect();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), count, "each column once");
    }

    /// With gaps and too few columns: as many rows as can be; and no other way to serve just these rows is cheaper.
    #[test]
    fn as_many_rows_as_can_be_are_served(costs in matrix(1..7, 1..6, true)) {
        let best = assign(&costs);
        let served: Vec<usize> = (0..costs.rows()).filter(|row| best.column(*row).is_some()).collect();
        prop_assert_eq!(served.len(), optimum(&costs).0);
        let only: Vec<Vec<f64>> =
            served.iter().map(|row| (0..costs.columns()).map(|column| costs.get(*row, column)).collect()).collect();
        prop_assert!((best.cost() - optimum(&Costs::from_rows(&only)).1).abs() < 1e-9);
        prop_assert!(served.iter().all(|row| costs.get(*row, best.column(*row).unwrap()).is_finite()));
    }

    /// "What if these columns were not there?" is answered from the prices as by a new start.
    #[test]
    fn without_some_columns_it_is_the_optimum_of_the_rest(costs in matrix(1..6, 6..9, false), gone in 0_u32..256) {
        let is_gone = |column: usize| gone >> column & 1 == 1 && column < 3;
        let mut rest = costs.clone();
        for row in 0..costs.rows() {
            (0..costs.columns()).filter(|column| is_gone(*column)).for_each(|column| rest.set(row, column, f64::INFINITY));
        }
        let (repaired, afresh) = (assign(&costs).without(is_gone), assign(&rest));
        prop_assert_eq!(repaired.columns().iter().flatten().count(), afresh.columns().iter().flatten().count());
        // With fewer columns than rows the two may serve different rows.
        if costs.rows() <= 6 - 3 {
            prop_assert!((repaired.cost() - afresh.cost()).abs() < 1e-9, "{} and {}", repaired.cost(), afresh.cost());
        }
        prop_assert!(repaired.columns().into_iter().flatten().all(|column| !is_gone(column)));
    }

    #[test]
    fn slots_are_columns_of_one_cost(costs in matrix(1..6, 1..4, false), slots in proptest::collection::vec(0_usize..4, 3)) {
        let wide: Vec<Vec<f64>> = (0..costs.rows())
            .map(|row| (0..costs.columns()).flat_map(|agent| vec![costs.get(row, agent); slots[agent]]).collect())
            .collect();
        let (given, cost) = assign_slots(&costs, &slots);
        let wide = Costs::from_rows(&wide);
        prop_assert_eq!(given.iter().flatten().count(), optimum(&wide).0);
        if costs.rows() <= wide.columns() {
            prop_assert!((cost - optimum(&wide).1).abs() < 1e-9);
        }
        for (agent, slots) in slots.iter().enumerate() {
            prop_assert!(given.iter().filter(|row| **row == Some(agent)).count() <= *slots);
        }
    }
}

/// Instances with known optima, where the data are at hand: the environment's `POLITY_DATA` names their folder.
#[test]
fn published_instances_have_their_published_optimum() {
    let Ok(folder) = std::env::var("POLITY_DATA") else { return };
    let text = std::fs::read_to_string(format!("{folder}/open/assignment/gap.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let (mut exact, mut bounds) = (0, 0);
    for instance in all["instances"].as_array().unwrap() {
        let name = &instance["id"];
        let number = |value: &Value| value.as_f64().unwrap();
        let sign = if instance["sense"] == "max" { -1.0 } else { 1.0 };
        let value = instance["value"].as_array().unwrap();
        let (agents, tasks) = (value.len(), value[0].as_array().unwrap().len());
        let row = |task: usize| (0..agents).map(|agent| sign * number(&value[agent][task])).collect::<Vec<f64>>();
        let costs = Costs::from_rows(&(0..tasks).map(row).collect::<Vec<_>>());
        let optimum = sign * number(&instance["optimum"]);
        if instance["one_task_per_agent"] == true {
            assert_eq!(assign(&costs).cost(), optimum, "{name}");
            exact += 1;
            continue;
        }
        // Counting tasks instead of weighing them relaxes the knapsacks: no more than the smallest ones can fit.
        let slots: Vec<usize> = (0..agents)
            .map(|agent| {
                let mut uses: Vec<f64> = instance["use"][agent].as_array().unwrap().iter().map(number).collect();
                uses.sort_unstable_by(f64::total_cmp);
                let capacity = number(&instance["capacity"][agent]);
                let mut sum = 0.0;
                uses.iter()
                    .take_while(|weight| {
                        sum += **weight;
                        sum <= capacity
                    })
                    .count()
            })
            .collect();
        let (given, bound) = assign_slots(&costs, &slots);
        assert!(given.iter().all(Option::is_some) && bound <= optimum + 1e-9, "{name}: {bound} over {optimum}");
        bounds += 1;
    }
    assert!(exact > 0 && bounds > 0);
}
