//! Who was paid what, for which award. Money is counted in whole millionths, so that sums balance exactly.

use crate::{AgentId, KeyMap, TaskId};
use core::fmt;
use std::collections::BTreeMap;

/// An amount of money, in millionths of a unit of price.
///
/// ```
/// use polity_protocols::market::Money;
/// assert_eq!(Money::from_price(1.25).to_price(), 1.25);
/// assert_eq!(Money::from_price(f64::NAN), Money::NONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

const MILLION: f64 = 1e6;
/// Above this a float no longer counts millionths. Nine thousand million units are enough for anybody.
const MOST: u64 = 1 << 53;

impl Money {
    /// Nothing.
    pub const NONE: Money = Money(0);

    /// A price, to the nearest millionth. Negative and NaN count as nothing; too much as the most.
    pub fn from_price(price: f64) -> Money {
        // The cast saturates, and turns NaN into 0.
        Money(((price * MILLION).round() as u64).min(MOST))
    }
    /// In units of price.
    pub fn to_price(self) -> f64 {
        self.0 as f64 / MILLION
    }
    fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
    fn minus(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

/// An award that the budget does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    /// What it would cost.
    pub price: Money,
    /// What is left.
    pub left: Money,
}
impl fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (price, left) = (self.price.to_price(), self.left.to_price());
        write!(f, "it would cost {price}, but only {left} of market.budget is left; raise the budget")
    }
}
impl std::error::Error for Overdrawn {}

/// A price that is reserved, or was paid before its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who has the award.
    pub agent: AgentId,
    /// What it is paid at most.
    pub price: Money,
    /// What it has been paid already.
    pub paid: Money,
}

/// The books of one market.
///
/// Always true: what is reserved and what was spent never exceed the budget; what agents earned is what was spent (and what earlier
/// lives spent is not forgotten); each payment has one award, and each award at most one payment.
///
/// ```
/// use polity_protocols::{AgentId, TaskId, market::{Ledger, Money}};
/// let mut ledger = Ledger::new(Some(5.0));
/// let (task, ann, price) = (TaskId::new(0, 0), AgentId(0), Money::from_price(3.0));
/// ledger.reserve(task, ann, price).unwrap();
/// assert!(ledger.reserve(TaskId::new(0, 1), ann, price).is_err());
/// assert_eq!(ledger.settle(task, ann, Money::from_price(2.0)), Some(Money::from_price(2.0)));
/// assert_eq!((ledger.earned(ann).to_price(), ledger.left().unwrap().to_price()), (2.0, 3.0));
/// ledger.check().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    budget: Option<Money>,
    /// Of earlier lives: nobody's account here.
    spent_before: Money,
    spent: Money,
    reserved: Money,
    open: KeyMap<TaskId, Entry>,
    earned: BTreeMap<AgentId, Money>,
    payments: u64,
    awards: u64,
}

impl Ledger {
    /// Empty books, with a budget or without.
    pub fn new(budget: Option<f64>) -> Ledger {
        Ledger { budget: budget.map(Money::from_price), ..Ledger::default() }
    }
    /// What is left of the budget; `None` without one.
    pub fn left(&self) -> Option<Money> {
        self.budget.map(|budget| budget.minus(self.committed()))
    }
    /// What was spent, by this life and earlier ones.
    pub fn spent(&self) -> Money {
        self.spent_before.plus(self.spent)
    }
    /// What was spent or may yet be: what an heir has to count as spent.
    pub fn committed(&self) -> Money {
        self.spent().plus(self.reserved)
    }
    /// What the agent was paid.
    pub fn earned(&self, agent: AgentId) -> Money {
        self.earned.get(&agent).copied().unwrap_or_default()
    }
    /// The open award of a task.
    pub fn open(&self, task: TaskId) -> Option<&Entry> {
        self.open.get(&task)
    }
    /// Takes up what an earlier life committed.
    pub fn restore(&mut self, committed: Money) {
        self.spent_before = committed;
    }
    /// Reserves the price of an award. An award of the same task that was never settled is closed unpaid.
    ///
    /// # Errors
    /// [`Overdrawn`] if the budget does not allow it; then nothing has changed.
    pub fn reserve(&mut self, task: TaskId, agent: AgentId, price: Money) -> Result<(), Overdrawn> {
        self.close(task);
        if let Some(left) = self.left().filter(|left| *left < price) {
            return Err(Overdrawn { price, left });
        }
        self.reserved = self.reserved.plus(price);
        self.awards += 1;
        self.open.insert(task, Entry { agent, price, paid: Money::NONE });
        Ok(())
    }
    /// Pays the price of an award before its outcome. `None` if there is no such award, or it is paid.
    pub fn pay_now(&mut self, task: TaskId) -> Option<Money> {
        let entry = self.open.get_mut(&task).filter(|entry| entry.paid == Money::NONE)?;
        let Entry { agent, price, .. } = *entry;
        entry.paid = price;
        self.reserved = self.reserved.minus(price);
        self.pay(agent, price);
        Some(price)
    }
    /// Closes an award and pays what is due, at most its price; the rest is free again. What was paid already is kept, and `due` is
    /// not paid on top. `None` if the agent has no such award.
    pub fn settle(&mut self, task: TaskId, agent: AgentId, due: Money) -> Option<Money> {
        let entry = *self.open.get(&task).filter(|entry| entry.agent == agent)?;
        self.close(task);
        if entry.paid > Money::NONE {
            return Some(entry.paid);
        }
        let due = due.min(entry.price);
        self.pay(agent, due);
        Some(due)
    }
    /// Closes an award that came to nothing, and takes back what was paid for it.
    pub fn annul(&mut self, task: TaskId, agent: AgentId) {
        let Some(entry) = self.open.get(&task).copied().filter(|entry| entry.agent == agent) else { return };
        self.close(task);
        if entry.paid > Money::NONE {
            let account = self.earned.entry(agent).or_default();
            *account = account.minus(entry.paid);
            self.spent = self.spent.minus(entry.paid);
            self.payments -= 1;
        }
    }
    fn close(&mut self, task: TaskId) {
        if let Some(entry) = self.open.remove(&task)
            && entry.paid == Money::NONE
        {
            self.reserved = self.reserved.minus(entry.price);
        }
    }
    fn pay(&mut self, agent: AgentId, amount: Money) {
        if amount > Money::NONE {
            let account = self.earned.entry(agent).or_default();
            *account = account.plus(amount);
            self.spent = self.spent.plus(amount);
            self.payments += 1;
        }
    }
    /// Looks whether the books are in order. O(agents + open awards).
    ///
    /// # Errors
    /// A sentence that names the first fault.
    pub fn check(&self) -> Result<(), String> {
        let earned = self.earned.values().fold(Money::NONE, |sum, account| sum.plus(*account));
        if earned != self.spent {
            return Err(format!("agents earned {earned:?}, but {:?} was spent", self.spent));
        }
        let unpaid = self.open.values().filter(|entry| entry.paid == Money::NONE);
        let reserved = unpaid.fold(Money::NONE, |sum, entry| sum.plus(entry.price));
        if reserved != self.reserved {
            return Err(format!("open awards hold {reserved:?}, but {:?} is reserved", self.reserved));
        }
        if self.payments > self.awards {
            return Err(format!("{} payments for {} awards", self.payments, self.awards));
        }
        match self.budget {
            Some(budget) if self.committed() > budget.max(self.spent_before) => {
                Err(format!("{:?} is spent or reserved of a budget of {budget:?}", self.committed()))
            }
            _ => Ok(()),
        }
    }
}
