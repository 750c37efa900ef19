//! Letters that are under way, by the moment at which they arrive.

use super::Letter;
use polity_protocols::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Letters by moment, ties in the order of posting. Posting and taking cost O(log n), taking back O(1): the husk that stays in the
/// heap is dropped when it comes up.
#[derive(Default)]
pub(crate) struct PostOffice {
    heap: BinaryHeap<Reverse<(Time, u64, u32)>>,
    /// The letters, by place; a place is used again, so that a letter is known by place and number.
    places: Vec<(u64, Option<Letter>)>,
    free: Vec<u32>,
    next: u64,
}

/// A letter that can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlarmId {
    place: u32,
    number: u64,
}

impl PostOffice {
    /// Posts a letter.
    pub(crate) fn put(&mut self, at: Time, letter: Letter) -> AlarmId {
        let number = self.next;
        self.next += 1;
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = (number, Some(letter));
                place
            }
            None => {
                self.places.push((number, Some(letter)));
                (self.places.len() - 1) as u32
            }
        };
        self.heap.push(Reverse((at, number, place)));
        AlarmId { place, number }
    }
    /// Takes a letter back, if it has not been delivered.
    pub(crate) fn take_back(&mut self, id: AlarmId) -> Option<Letter> {
        let (number, letter) = self.places.get_mut(id.place as usize)?;
        if *number != id.number {
            return None;
        }
        let letter = letter.take();
        // The place itself stays taken until its husk comes up, lest the husk find a stranger there. Where husks outnumber the
        // letters, they are swept.
        if self.heap.len() > 1024 && self.heap.len() / 4 > self.places.len() - self.free.len() {
            self.sweep();
        }
        letter
    }
    /// The moment of the next letter.
    pub(crate) fn next(&mut self) -> Option<Time> {
        self.skip();
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }
    /// Takes the next letter that is due at `now`.
    pub(crate) fn pop(&mut self, now: Time) -> Option<(Time, Letter)> {
        self.skip();
        let Reverse((at, _, place)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        self.free.push(place);
        let letter = self.places[place as usize].1.take().expect("`skip` has left a letter at the top");
        Some((at, letter))
    }
    fn skip(&mut self) {
        while let Some(Reverse((_, number, place))) = self.heap.peek() {
            let (here, letter) = &self.places[*place as usize];
            if here == number && letter.is_some() {
                break;
            }
            self.free.push(*place);
            self.heap.pop();
        }
    }
    fn sweep(&mut self) {
        let places = &self.places;
        let (live, husks): (Vec<_>, Vec<_>) =
            self.heap.drain().partition(|Reverse((_, _, place))| places[*place as usize].1.is_some());
        self.free.extend(husks.into_iter().map(|Reverse((_, _, place))| place));
        self.heap = live.into();
    }
}
