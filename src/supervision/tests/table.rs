//! The table is true: every transition in it happens, and nothing else does.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

type Seen = BTreeMap<(Option<ChildState>, Cause), BTreeSet<Option<ChildState>>>;

const KINDS: [fn(Id) -> ChildSpec<Id>; 3] = [ChildSpec::permanent, ChildSpec::transient, ChildSpec::temporary];

/// An input about one child.
fn about(id: Id, supervision: &Supervision<Id>, rng: &mut Rng) -> Input<Id> {
    let current = supervision.child(&id).map_or(1, |child| child.incarnation);
    let incarnation = if rng.chance(0.1) { current + 1 } else { current };
    let grace = Duration::from_secs(rng.below(2) as u64);
    match rng.below(6) {
        0 => Input::Add(KINDS[rng.below(3)](id).shutdown(grace)),
        1 => Input::Started { id, incarnation },
        2 => Input::Exited { id, incarnation, reason: Exit::Normal },
        3 => Input::Exited { id, incarnation, reason: panic() },
        4 if rng.chance(0.2) => Input::Remove(id),
        5 if rng.chance(0.3) => Input::StopChild(id),
        _ => Input::Exited { id, incarnation, reason: panic() },
    }
}

/// Walks through the lives of `x` beside three others, and notes what became of `x`.
fn walk(seed: u64, seen: &mut Seen, refused: &mut BTreeSet<(Option<ChildState>, Cause)>) {
    let mut dice = Rng::numbered(7, "walk", seed);
    let strategy = [Strategy::OneForAll, Strategy::RestForOne, Strategy::OneForAll, Strategy::OneForOne][dice.below(4)];
    let intensity = Intensity::new(dice.below(4) as u32, Duration::from_secs(10));
    let (mut supervision, mut now) = (Supervision::new(strategy, intensity), Time::ZERO);
    let (mut order, turn) = (["x", "w", "y", "z"], dice.below(4));
    order.rotate_left(turn);
    for id in order {
        if dice.chance(0.7) {
            let spec = KINDS[dice.below(3)](id).shutdown(Duration::from_secs(dice.below(2) as u64));
            supervision.take(Input::Add(spec), now, &mut dice, &mut Vec::new()).expect("it is new");
        }
    }
    for _ in 0..15 {
        if dice.chance(0.4) {
            now = now + Duration::from_millis(500 * dice.below(5) as u64);
        }
        let (input, cause) = match dice.below(11) {
            0..=3 => {
                let input = about("x", &supervision, &mut dice);
                let cause = input.cause();
                (input, cause)
            }
            4..=7 => (about(["w", "y", "z"][dice.below(3)], &supervision, &mut dice), Cause::Sibling),
            8 if dice.chance(0.4) => (Input::Stop, Cause::Stop),
            _ => {
                now = supervision.next_wake().filter(|_| dice.chance(0.7)).map_or(now, |due| now.max(due));
                (Input::Wake, Cause::Wake)
            }
        };
        let state = |supervision: &Supervision<Id>| supervision.child(&"x").map(|child| child.state);
        let mut effects = Vec::new();
        // A copy of each moment is slow: the first walks are enough to see that a refusal changes nothing.
        let (before, copy) = (state(&supervision), (seed < 3_000).then(|| supervision.clone()));
        let answer = supervision.take(input, now, &mut dice, &mut effects);
        if answer.is_ok() {
            seen.entry((before, cause)).or_default().insert(state(&supervision));
        } else {
            if let Some(copy) = copy {
                assert_eq!(format!("{supervision:?}"), format!("{copy:?}"), "a refused input changed something");
            }
            assert!(effects.is_empty(), "a refused input had effects");
            refused.insert((before, cause));
        }
    }
}

#[test]
fn every_transition_of_the_table_happens_and_no_other() {
    let (mut seen, mut refused) = (Seen::new(), BTreeSet::new());
    let table: Seen = TRANSITIONS.iter().map(|t| ((t.from, t.by), t.to.iter().copied().collect())).collect();
    assert_eq!(table.len(), TRANSITIONS.len(), "the table has a row twice");
    // Some transitions need three siblings in the right mood: walk on until all were met, but not for ever.
    for seed in 0..400_000 {
        walk(seed, &mut seen, &mut refused);
        if seed >= 10_000 && seen == table {
            break;
        }
    }
    assert_eq!(seen, table);
    for state in std::iter::once(None).chain(ChildState::ALL.map(Some)) {
        for cause in Cause::ALL {
            assert!(
                table.contains_key(&(state, cause)) || refused.contains(&(state, cause)),
                "{state:?} × {cause:?} was never tried"
            );
        }
    }
}

fn word(state: Option<ChildState>) -> &'static str {
    state.map_or("unknown", ChildState::word)
}

#[test]
fn the_comment_at_the_head_of_the_machine_is_the_table() {
    let source = include_str!("../machine.rs");
    let lines = source.lines().skip_while(|l| *l != "//! from         by         to").skip(1);
    let rows: Vec<_> = lines.take_while(|l| *l != "//! ```").collect();
    assert_eq!(rows.len(), TRANSITIONS.len());
    for (row, transition) in rows.iter().zip(TRANSITIONS) {
        let words: Vec<_> = row.trim_start_matches("//!").split_whitespace().collect();
        assert_eq!(words[..2], [word(transition.from), &format!("{:?}", transition.by)], "in the row {row}");
        assert_eq!(words[2..], transition.to.iter().map(|s| word(*s)).collect::<Vec<_>>(), "in the row {row}");
    }
}
