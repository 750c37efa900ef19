//! What a recorded run would have come to in a scenario, by several seeds.

use super::{Course, Recording, ReplayError, Scenario};
use crate::laboratory::statistics::{CONFIDENCE, Interval, Sample};

/// What a recorded run would have come to in a scenario, by one seed or several.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The scenario.
    pub scenario: Scenario,
    /// The replay whose makespan is the median (of an even number, the shorter), among those that ended as the record did if there are any.
    pub course: Course,
    /// The makespans of those that ended as the record did, in seconds.
    pub makespans: Sample,
    /// With how many seeds it was replayed.
    pub seeds: u32,
}
impl Alternative {
    /// By so many seeds, at least one, from the run's own on.
    pub(super) fn of(recording: &Recording, scenario: Scenario, seeds: u32) -> Result<Alternative, ReplayError> {
        let seed = |n: u32| recording.head.seed.wrapping_add(u64::from(n));
        let courses = (0..seeds.max(1)).map(|n| recording.under_seed(&scenario, seed(n)));
        let courses = courses.collect::<Result<Vec<Course>, ReplayError>>()?;
        let status = recording.recorded().status;
        let (mut same, others): (Vec<Course>, Vec<Course>) = courses.into_iter().partition(|course| course.status == status);
        let makespans = Sample::of(same.iter().map(|course| course.measures.makespan));
        if same.is_empty() {
            same = others;
        }
        same.sort_by(|a, b| a.measures.makespan.total_cmp(&b.measures.makespan));
        let course = same.swap_remove((same.len() - 1) / 2); // there is at least one seed
        Ok(Alternative { scenario, course, makespans, seeds: seeds.max(1) })
    }
    /// The median makespan, in seconds.
    pub fn makespan(&self) -> f64 {
        self.makespans.median().unwrap_or(self.course.measures.makespan)
    }
    /// Where the median of all seeds lies, with 95 % confidence or a little more; none of fewer than six.
    pub fn interval(&self) -> Option<Interval> {
        self.makespans.median_interval(CONFIDENCE)
    }
    /// How many seeds ended otherwise than the record.
    pub fn otherwise(&self) -> u32 {
        self.seeds - self.makespans.len() as u32
    }
}
