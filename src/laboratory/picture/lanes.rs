//! Where jobs lie in a timeline, so that none hides another; and how many become few.

/// A stretch of time in a lane, made of one job or of several.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) lane: usize,
    pub(super) from: f64,
    pub(super) to: f64,
    /// What it looks like.
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

/// At most `most` stretches: if there are more, those of a lane that begin in the same part of time become one. Returns how long such a part is,
/// if anything was merged. `most` is at least the number of lanes. O(n log n).
pub(super) fn merged(mut all: Vec<Stretch>, most: usize) -> (Vec<Stretch>, Option<f64>) {
    all.sort_by(|a, b| a.lane.cmp(&b.lane).then(a.from.total_cmp(&b.from)).then(a.job.cmp(&b.job)));
    if all.len() <= most {
        return (all, None);
    }
    let lanes = all.chunk_by(|a, b| a.lane == b.lane).count();
    let begin = all.iter().map(|s| s.from).fold(f64::INFINITY, f64::min);
    let end = all.iter().map(|s| s.from).fold(f64::NEG_INFINITY, f64::max);
    let parts = (most / lanes).max(1);
    let part = (end - begin) / parts as f64;
    let part_of = |s: &Stretch| if part > 0.0 { (((s.from - begin) / part) as usize).min(parts - 1) } else { 0 };
    let few = all.chunk_by(|a, b| a.lane == b.lane && part_of(a) == part_of(b)).map(one).collect();
    (few, Some(part))
}
/// One stretch of several; the longest says what it looks like.
fn one(of: &[Stretch]) -> Stretch {
    let mut whole = of[0].clone();
    let mut longest = whole.to - whole.from;
    for next in &of[1..] {
        if next.to - next.from > longest {
            longest = next.to - next.from;
            (whole.look, whole.job) = (next.look, next.job);
        }
        whole.to = whole.to.max(next.to);
        whole.jobs += next.jobs;
    }
    whole
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
        fn merging_loses_no_job_and_no_time(times in times(), most in 3usize..30) {
            let one = |(n, t): (usize, &(f64, f64))| Stretch { lane: n % 3, from: t.0, to: t.1, look: n % 2, job: n, jobs: 1 };
            let all: Vec<Stretch> = times.iter().enumerate().map(one).collect();
            let (few, closed) = merged(all.clone(), most);
            prop_assert!(few.len() <= most);
            prop_assert_eq!(few.iter().map(|s| s.jobs).sum::<usize>(), all.len());
            prop_assert_eq!(closed.is_some(), all.len() > most);
            for s in &all {
                prop_assert!(few.iter().any(|f| f.lane == s.lane && f.from <= s.from && s.to <= f.to));
            }
        }
    }
}
