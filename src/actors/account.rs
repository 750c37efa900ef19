//! What a coordinator's decisions cost: messages, bytes, rounds, time.

use polity_protocols::Decision;
use std::collections::BTreeMap;
use std::time::Duration;

/// Of so many messages the size of one is measured, and stands for all of them: to write each would cost more than to send it.
const SAMPLE: u64 = 16;

/// The books of one coordinator. Messages and bytes are of the team, and so of all runs that it serves at the time; decisions are of a run.
#[derive(Default)]
pub(super) struct Account {
    messages: u64,
    bytes: u64,
    runs: BTreeMap<u32, Opened>,
}
/// A run's part, from its first announcement on.
#[derive(Default)]
struct Opened {
    messages: u64,
    bytes: u64,
    expense: Expense,
}
/// What the decisions of one run cost.
#[derive(Clone, Default)]
pub(super) struct Expense {
    pub(super) decisions: u64,
    pub(super) declined: u64,
    pub(super) rounds: u64,
    /// Messages between the coordinator and its agents, those that belong to no decision included.
    pub(super) messages: u64,
    /// Bytes of them, as JSON; estimated from a sample.
    pub(super) bytes: u64,
    latencies: Latencies,
}

impl Account {
    /// A message was sent or received; `bytes` measures it.
    pub(super) fn message(&mut self, bytes: impl FnOnce() -> u64) {
        if self.messages.is_multiple_of(SAMPLE) {
            self.bytes += SAMPLE * bytes();
        }
        self.messages += 1;
    }
    /// A task of a run is announced.
    pub(super) fn announced(&mut self, run: u32) {
        let (messages, bytes) = (self.messages, self.bytes);
        self.runs.entry(run).or_insert_with(|| Opened { messages, bytes, expense: Expense::default() });
    }
    pub(super) fn decided(&mut self, run: u32, decision: &Decision) {
        let Some(Opened { expense, .. }) = self.runs.get_mut(&run) else { return };
        expense.decisions += 1;
        expense.rounds += u64::from(decision.rounds);
        expense.latencies.add(decision.latency);
    }
    pub(super) fn declined(&mut self, run: u32) {
        if let Some(Opened { expense, .. }) = self.runs.get_mut(&run) {
            expense.declined += 1;
        }
    }
    /// Closes the books of a run.
    pub(super) fn close(&mut self, run: u32) -> Expense {
        let Some(opened) = self.runs.remove(&run) else { return Expense::default() };
        let (messages, bytes) = (self.messages - opened.messages, self.bytes - opened.bytes);
        // Few messages are a poor sample, but there are not more bytes than of the first of them for each.
        Expense { messages, bytes, ..opened.expense }
    }
}
impl Expense {
    /// The latency that this share of the decisions did not exceed, within 1/8 of its value.
    pub(super) fn latency(&self, share: f64) -> Duration {
        self.latencies.quantile(share)
    }
}

/// Durations in buckets: eight to a power of two, so that a quantile is off by an eighth at most. At most 512 buckets.
#[derive(Clone, Default)]
struct Latencies {
    counts: BTreeMap<u16, u64>,
    total: u64,
}
impl Latencies {
    fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        *self.counts.entry(bucket(nanos)).or_default() += 1;
        self.total += 1;
    }
    fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in &self.counts {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(top(*bucket));
            }
        }
        Duration::ZERO
    }
}
fn bucket(nanos: u64) -> u16 {
    if nanos < 16 {
        return nanos as u16;
    }
    let power = nanos.ilog2();
    (power as u16 - 3) * 8 + ((nanos >> (power - 3)) & 7) as u16 + 8
}
/// The longest duration of a bucket.
fn top(bucket: u16) -> u64 {
    if bucket < 16 {
        return u64::from(bucket);
    }
    let (power, eighth) = ((bucket - 8) / 8 + 3, (bucket - 8) % 8);
    let width = 1_u64 << (power - 3);
    (1_u64 << power) + u64::from(eighth) * width + (width - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polity_protocols::{Measure, Rng};

    #[test]
    fn a_quantile_is_right_within_an_eighth() {
        let mut rng = Rng::new(1, "latencies");
        for _ in 0..50 {
            let mut latencies = Latencies::default();
            let mut exact: Vec<u64> = (0..1 + rng.below(400)).map(|_| (2_f64.powf(rng.between(0.0, 40.0))) as u64).collect();
            exact.iter().for_each(|nanos| latencies.add(Duration::from_nanos(*nanos)));
            exact.sort_unstable();
            for share in [0.01, 0.5, 0.9, 0.99, 1.0] {
                let at = ((exact.len() as f64 * share).ceil() as usize).max(1) - 1;
                let (exact, told) = (exact[at] as f64, latencies.quantile(share).as_nanos() as f64);
                assert!(told >= exact && told <= exact * 1.125 + 1.0, "{share}: {told} for {exact}");
            }
        }
        assert_eq!(Latencies::default().quantile(0.5), Duration::ZERO);
    }

    #[test]
    fn the_books_of_a_run_hold_what_fell_into_its_time() {
        let mut account = Account::default();
        (0..32).for_each(|_| account.message(|| 10));
        account.announced(7);
        (0..64).for_each(|_| account.message(|| 50));
        account.decided(7, &Decision::new("x", Measure::Fit).cost(3, 2, Duration::from_nanos(9)));
        account.decided(8, &Decision::new("x", Measure::Fit));
        let expense = account.close(7);
        assert_eq!((expense.messages, expense.bytes, expense.decisions, expense.rounds), (64, 64 * 50, 1, 2));
        assert_eq!(expense.latency(0.5), Duration::from_nanos(9));
        assert_eq!((account.close(7).messages, account.close(8).decisions), (0, 0));
    }
}
