//! What the roles of all governments say.

use crate::{consensus, hierarchical, market, stigmergic};
use serde::Serialize;

/// A message of one of the governments: it goes to that government's role and to no other.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Of the hierarchy.
    Hierarchical(hierarchical::Message),
    /// Of the assembly.
    Consensus(consensus::Message),
    /// Of the market.
    Market(market::Message),
    /// Of the colony.
    Stigmergic(stigmergic::Message),
}

/// A government's own message, in and out of the common one.
pub(super) trait Dialect: Sized {
    fn wrap(self) -> Message;
    /// `None` if it is of another government.
    fn open(message: Message) -> Option<Self>;
}

macro_rules! dialect {
    ($($variant:ident, $own:ty;)*) => {$(
        impl Dialect for $own {
            fn wrap(self) -> Message {
                Message::$variant(self)
            }
            fn open(message: Message) -> Option<Self> {
                if let Message::$variant(own) = message { Some(own) } else { None }
            }
        }
    )*};
}
dialect! {
    Hierarchical, hierarchical::Message;
    Consensus, consensus::Message;
    Market, market::Message;
    Stigmergic, stigmergic::Message;
}

impl Message {
    /// Whose message it is.
    ///
    /// ```
    /// use polity_protocols::auto::{Choice, Message};
    /// use polity_protocols::{TaskId, market};
    /// let said = market::Message::RejectProposal { task: TaskId::new(0, 0), why: market::Rejection::Late };
    /// assert_eq!(Message::Market(said).of(), Choice::Market);
    /// ```
    pub fn of(&self) -> super::Choice {
        match self {
            Message::Hierarchical(_) => super::Choice::Hierarchical,
            Message::Consensus(_) => super::Choice::Consensus,
            Message::Market(_) => super::Choice::Market,
            Message::Stigmergic(_) => super::Choice::Stigmergic,
        }
    }
}
