//! Small copyable names for the things that machines talk about. A machine never sees a string where a number will do.

use core::fmt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A name that many things share: an agent's, a capability's, a kind of work. Cloning it copies a pointer.
pub type Name = Arc<str>;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl $name {
            /// The number as an index into a table.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// An agent of a society. Numbers are given densely in order of joining and never given again.
    ///
    /// ```
    /// assert_eq!(format!("{:?}", polity_protocols::AgentId(3)), "a3");
    /// ```
    AgentId(u32), "a"
);
id!(
    /// A distinct [`Demand`](crate::Demand), so that a protocol may keep a table per demand. Dense.
    ///
    /// ```
    /// assert_eq!(polity_protocols::DemandId(2).index(), 2);
    /// ```
    DemandId(u32), "d"
);

/// A task instance, unique among all runs of one runtime: the run's number and the instance's number in that run.
///
/// ```
/// use polity_protocols::TaskId;
/// let id = TaskId::new(7, 42);
/// assert_eq!((id.run(), id.instance()), (7, 42));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(u64);

impl TaskId {
    /// Instance `instance` of run `run`.
    #[inline]
    pub const fn new(run: u32, instance: u32) -> TaskId {
        TaskId((run as u64) << 32 | instance as u64)
    }
    /// The run's number.
    #[inline]
    pub const fn run(self) -> u32 {
        (self.0 >> 32) as u32
    }
    /// The instance's number within its run.
    #[inline]
    pub const fn instance(self) -> u32 {
        self.0 as u32
    }
}
impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}.{}", self.run(), self.instance())
    }
}
