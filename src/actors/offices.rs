//! Who governs what in a run: a coordinator for each team and strategy that its tasks name.

use super::Book;
use crate::mutation::planted;
use crate::plan::NodeIx;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The coordinators of a run.
#[derive(Clone)]
pub(crate) struct Offices {
    /// Of all tasks that name no other.
    usual: Rc<Book>,
    /// By the place of the task.
    special: BTreeMap<u32, Rc<Book>>,
}
impl Offices {
    /// One for all tasks.
    pub(crate) fn new(usual: Rc<Book>) -> Offices {
        Offices { usual, special: BTreeMap::new() }
    }
    /// A task has another one.
    pub(crate) fn assign(&mut self, node: u32, book: Rc<Book>) {
        if book.id != self.usual.id {
            self.special.insert(node, book);
        }
    }
    /// The one of all tasks that name no other.
    pub(crate) fn usual(&self) -> &Rc<Book> {
        &self.usual
    }
    /// The one of a task.
    pub(crate) fn of(&self, node: NodeIx) -> &Rc<Book> {
        self.special.get(&node.0).filter(|_| !planted("ignore_the_team")).unwrap_or(&self.usual)
    }
    /// Each of them once, with its tasks; the usual one first, of which only the others' are not.
    pub(crate) fn all(&self) -> Vec<(Rc<Book>, Vec<u32>)> {
        let mut all = vec![(self.usual.clone(), Vec::new())];
        for (node, book) in &self.special {
            match all.iter_mut().find(|(known, _)| known.id == book.id) {
                Some((_, nodes)) => nodes.push(*node),
                None => all.push((book.clone(), vec![*node])),
            }
        }
        all
    }
}
