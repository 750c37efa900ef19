//! The side of a member.

use super::message::Message;
use crate::{Participant, Reply};

/// A member of the chain of command.
#[derive(Clone, Debug)]
pub struct Member {}

impl Participant for Member {
    type Message = Message;
    fn on_message(&mut self, message: Message, _: &mut Reply<'_, Message>) {
        match message {}
    }
}
