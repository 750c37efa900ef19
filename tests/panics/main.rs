//! Panics and cancellations at every place: what dies is noticed, told with its reason and born again; its task goes on; its neighbours
//! don't feel it; what is stopped is really stopped. Live and in virtual time.

#![allow(clippy::unwrap_used)]

mod agents;
mod governments;
mod limits;
mod stage;
mod stopping;
