//! *What* can be done now: the immutable graph of a workflow ([`Plan`]) and what has become of it so far ([`Ledger`]). Pure.

mod wants;

pub use wants::Wants;
