//! Where jobs lie in a timeline, so that none hides another; and how many become few.

/// A stretch of time in a lane, made of one job or of several.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) lane: usize,
    pub(super) from: f64,
    pub(super) to: f64,
    /// What it looks like: stretches that look different are merged only if nothing else helps.
    pub(super) look: usize,
    /// The first job in it, by its place.
    pub(super) job: usize,
    /// How many jobs it is made of.
    pub(super) jobs: usize,
}

/// Gives each of some stretches of time, in order of their beginnings, the lowest lane that is free; at most `most` lanes: in the last one they may
/// overlap. Returns the lanes, and how many are used. O(n log n).
///
/// This is the greedy colouring of an interval graph, which uses as few lanes as there can be. Source: Kleinberg & Tardos, "Algorithm Design",
/// 2006, section 4.1.
pub(super) fn lanes(times: &[(f64, f64)], most: usize) -> (Vec<usize>, usize) {
    let mut ends: Vec<f64> = Vec::new();
    let lane_of = |(from, to): &(f64, f64)| {
        let free = ends.iter().position(|end| end <= from);
        let lane = free.unwrap_or(ends.len()).min(most - 1);
        if lane == ends.len() {
            ends.push(*to);
        } else {
            ends[lane] = ends[lane].max(*to);
        }
        lane
    };
    let lanes = times.iter().map(lane_of).collect();
    (lanes, ends.len())
}

/// At most `most` stretches: neighbours of a lane that look the same become one where the gap between them is small enough, then all
/// neighbours. `wide` is the whole time. Returns the greatest gap that was closed, if any was. O(n log n · tries).
pub(super) fn merged(mut all: Vec<Stretch>, most: usize, wide: f64) -> (Vec<Stretch>, Option<f64>) {
    let before = |a: &Stretch, b: &Stretch| a.lane.cmp(&b.lane).then(a.from.total_cmp(&b.from)).then(a.job.cmp(&b.job));
    all.sort_by(before);
    let mut gap = wide / 4_000.0;
    let mut closed = None;
    while all.len() > most && gap <= wide {
        all = closer(all, gap, true);
        closed = Some(gap);
        gap *= 2.0;
    }
    let mut gap = wide / 1_000.0;
    while all.len() > most && gap <= wide * 2.0 {
        all = closer(all, gap, false);
        closed = Some(gap);
        gap *= 2.0;
    }
    (all, closed)
}
fn closer(all: Vec<Stretch>, gap: f64, alike: bool) -> Vec<Stretch> {
    let mut few: Vec<Stretch> = Vec::new();
    for next in all {
        match few.last_mut() {
            Some(last) if last.lane == next.lane && next.from - last.to <= gap && (!alike || last.look == next.look) => {
                // The longer one says what it looks like.
                if next.to - next.from > last.to - last.from {
                    (last.look, last.job) = (next.look, next.job);
                }
                last.to = last.to.max(next.to);
                last.jobs += next.jobs;
            }
            _ => few.push(next),
        }
    }
    few
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let one = (0..60u8, 0..9u8).prop_map(|(from, long)| (f64::from(from), f64::from(from + long)));
        prop::collection::vec(one, 0..60).prop_map(|mut all| {
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all
        })
    }
    proptest! {
        #[test]
        fn no_two_of_a_lane_overlap_and_there_are_as_few_as_can_be(times in times()) {
            let (lanes, used) = lanes(&times, 100);
            for (n, a) in times.iter().enumerate() {
                for (m, b) in times.iter().enumerate().skip(n + 1) {
                    prop_assert!(lanes[n] != lanes[m] || b.0 >= a.1, "{a:?} and {b:?}");
                }
            }
            let at_once = times.iter().map(|t| times.iter().filter(|o| o.0 <= t.0 && (t.0 < o.1 || *o == t)).count()).max();
            prop_assert!(used <= at_once.unwrap_or(0));
        }
        #[test]
        fn lanes_are_bounded(times in times()) {
            let (lanes, used) = lanes(&times, 2);
            prop_assert!(used <= 2 && lanes.iter().all(|lane| *lane < 2));
        }
        #[test]
        fn merging_loses_no_job_and_no_time(times in times(), most in 1usize..30) {
            let one = |(n, t): (usize, &(f64, f64))| Stretch { lane: n % 3, from: t.0, to: t.1, look: n % 2, job: n, jobs: 1 };
            let all: Vec<Stretch> = times.iter().enumerate().map(one).collect();
            let (few, closed) = merged(all.clone(), most, 70.0);
            prop_assert!(few.len() <= most.max(3));
            prop_assert_eq!(few.iter().map(|s| s.jobs).sum::<usize>(), all.len());
            prop_assert_eq!(closed.is_some(), all.len() > most);
            for s in &all {
                prop_assert!(few.iter().any(|f| f.lane == s.lane && f.from <= s.from && s.to <= f.to));
            }
        }
    }
}
