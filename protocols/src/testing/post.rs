//! The table's post: what is to happen when, and what the weather does to messages.

use super::report::Messages;
use super::world::Event;
use crate::ids::AgentId;
use crate::rng::Rng;
use crate::time::Time;
use crate::weather::Weather;
use core::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Old messages kept for nonsense, per direction.
const KEPT_LETTERS: usize = 64;

pub(super) enum Letter<M> {
    ToAgent(AgentId, M),
    ToInitiator(AgentId, M),
}

/// An entry of the heap, the earliest on top; those of one moment in the order in which they were put there.
struct Due<M> {
    at: Time,
    order: u64,
    event: Event<M>,
    /// For a letter: its direction and its number in the order of sending.
    sent: Option<(usize, u64)>,
}
impl<M> PartialEq for Due<M> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<M> Eq for Due<M> {}
impl<M> PartialOrd for Due<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<M> Ord for Due<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

pub(super) struct Post<M> {
    heap: BinaryHeap<Due<M>>,
    order: u64,
    weather: Weather,
    rng: Rng,
    remembers: bool,
    /// By direction: to agents, to the initiator.
    old: [VecDeque<(AgentId, M)>; 2],
    latest: [u64; 2],
    under_way: usize,
    pub(super) messages: Messages,
    pub(super) overtaken: u64,
}

impl<M: Clone> Post<M> {
    pub(super) fn new(weather: Weather, seed: u64, remembers: bool) -> Post<M> {
        Post {
            heap: BinaryHeap::new(),
            order: 0,
            weather,
            rng: Rng::new(seed, "post"),
            remembers,
            old: [VecDeque::new(), VecDeque::new()],
            latest: [0; 2],
            under_way: 0,
            messages: Messages::default(),
            overtaken: 0,
        }
    }
    pub(super) fn schedule(&mut self, at: Time, event: Event<M>) {
        self.order += 1;
        self.heap.push(Due { at, order: self.order, event, sent: None });
    }
    pub(super) fn send_to_agent(&mut self, now: Time, to: AgentId, message: M) {
        self.messages.to_agents += 1;
        self.send(now, 0, to, message, Letter::ToAgent);
    }
    pub(super) fn send_to_initiator(&mut self, now: Time, from: AgentId, message: M) {
        self.messages.to_initiator += 1;
        self.send(now, 1, from, message, Letter::ToInitiator);
    }
    fn send(&mut self, now: Time, way: usize, agent: AgentId, message: M, letter: fn(AgentId, M) -> Letter<M>) {
        if self.remembers {
            if self.old[way].len() == KEPT_LETTERS {
                self.old[way].pop_front();
            }
            self.old[way].push_back((agent, message.clone()));
        }
        let (number, mut copies) = (self.messages.sent(), 0);
        for delay in self.weather.deliveries(&mut self.rng) {
            copies += 1;
            self.order += 1;
            self.under_way += 1;
            let event = Event::Letter(letter(agent, message.clone()));
            self.heap.push(Due { at: now + delay, order: self.order, event, sent: Some((way, number)) });
        }
        self.messages.lost += u64::from(copies == 0);
        self.messages.repeated += u64::from(copies == 2);
    }
    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|due| due.at)
    }
    pub(super) fn pop(&mut self) -> Option<(Time, Event<M>)> {
        let due = self.heap.pop()?;
        if let Some((way, number)) = due.sent {
            self.under_way -= 1;
            self.overtaken += u64::from(number < self.latest[way]);
            self.latest[way] = self.latest[way].max(number);
        }
        Some((due.at, due.event))
    }
    /// Messages that will still be delivered.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }
    pub(super) fn recall_to_agent(&self, rng: &mut Rng) -> Option<(AgentId, M)> {
        self.old[0].get(rng.below(self.old[0].len())).cloned()
    }
    pub(super) fn recall_to_initiator(&self, rng: &mut Rng) -> Option<(AgentId, M)> {
        self.old[1].get(rng.below(self.old[1].len())).cloned()
    }
}
