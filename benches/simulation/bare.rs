//! The two floors: the same world of a thousand people as a heap of moments, and as bare actors on tokio's paused clock.
//!
//! Each sleeps for 1 to 120 whole seconds, wakes, greets somebody, and sleeps again, for ten hours. Waking is an event, and being greeted.

use crate::meter::Meter;
use actix::prelude::*;
use polity::protocols::Rng;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

const PEOPLE: usize = 1_000;
const END: u64 = 10 * 3_600;

fn nap(rng: &mut Rng) -> u64 {
    1 + rng.below(120) as u64
}

/// Events a CPU-second of a heap of moments and a match.
pub fn heap() -> f64 {
    let mut rng = Rng::new(1, "people");
    let meter = Meter::start();
    let (mut events, mut greeted, mut number) = (0_u64, vec![0_u32; PEOPLE], 0_u64);
    // When, in which order, who, and whether it wakes or is greeted.
    let mut due: BinaryHeap<Reverse<(u64, u64, usize, bool)>> = BinaryHeap::new();
    for person in 0..PEOPLE {
        due.push(Reverse((nap(&mut rng), number, person, true)));
        number += 1;
    }
    while let Some(Reverse((now, _, person, wakes))) = due.pop() {
        events += 1;
        if !wakes {
            greeted[person] += 1;
            continue;
        }
        let (other, later) = (rng.below(PEOPLE), now + nap(&mut rng));
        due.push(Reverse((now, number, other, false)));
        if later <= END {
            due.push(Reverse((later, number + 1, person, true)));
        }
        number += 2;
    }
    let spent = meter.spent();
    assert_eq!(events - greeted.iter().map(|n| u64::from(*n)).sum::<u64>(), events / 2, "each waking is a greeting");
    events as f64 / spent
}

struct Street {
    rng: Rng,
    all: Vec<Addr<Person>>,
    events: u64,
    began: tokio::time::Instant,
}
struct Person(Rc<RefCell<Street>>);
#[derive(Message)]
#[rtype(result = "()")]
struct Greeting;

impl Person {
    fn sleep(&self, context: &mut Context<Person>) {
        let mut street = self.0.borrow_mut();
        let nap = Duration::from_secs(nap(&mut street.rng));
        if street.began.elapsed() + nap > Duration::from_secs(END) {
            return;
        }
        context.run_later(nap, |person, context| {
            let mut street = person.0.borrow_mut();
            street.events += 1;
            let other = street.rng.below(PEOPLE);
            street.all[other].do_send(Greeting);
            drop(street);
            person.sleep(context);
        });
    }
}
impl Actor for Person {
    type Context = Context<Person>;
    fn started(&mut self, context: &mut Self::Context) {
        self.sleep(context);
    }
}
impl Handler<Greeting> for Person {
    type Result = ();
    fn handle(&mut self, _: Greeting, _: &mut Self::Context) {
        self.0.borrow_mut().events += 1;
    }
}

/// Events a CPU-second of bare actix under a paused clock.
pub fn actors() -> f64 {
    let runtime = || {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        built.expect("the system gives a process one event queue")
    };
    System::with_tokio_rt(runtime).block_on(async {
        let began = tokio::time::Instant::now();
        let street = Rc::new(RefCell::new(Street { rng: Rng::new(1, "people"), all: Vec::new(), events: 0, began }));
        let meter = Meter::start();
        for _ in 0..PEOPLE {
            let person = Person(street.clone()).start();
            street.borrow_mut().all.push(person);
        }
        tokio::time::sleep(Duration::from_secs(END + 1)).await;
        let (events, spent) = (street.borrow().events, meter.spent());
        street.borrow_mut().all.clear();
        events as f64 / spent
    })
}
