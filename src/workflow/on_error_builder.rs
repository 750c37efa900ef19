//! Error handlers from Rust.

use super::again::condition;
use super::draft::{At, DraftHandler, DraftRemedy};
use super::expression::Expression;
use super::on_error::{Remedy, is_beyond};
use super::task_builder::{Bind, HERE, TaskBuilder};
use polity_agents::FailureKind;

/// An error handler that is being described: which failures it takes, and the one thing that it does about them. For
/// [`TaskBuilder::on_error`].
///
/// ```
/// use polity::agents::FailureKind;
/// use polity::workflow::{OnError, Workflow, command, expr, template};
/// let task = command("./fetch.sh")
///     .on_error(OnError::of([FailureKind::Timeout]).to("mirror"))
///     .on_error(OnError::of([FailureKind::Error]).when("error.exit_code == 75").output(expr("error.message")))
///     .on_error(OnError::any().fail(template("no data: {{ error.message }}")));
/// let flow = Workflow::new("w").task("fetch", task).task("mirror", command("./mirror.sh"));
/// assert_eq!(flow.build().unwrap().tasks[0].on_error.len(), 3);
/// let unclear = Workflow::new("w").task("a", command("ls").on_error(OnError::any()));
/// assert!(unclear.build().unwrap_err().to_string().contains("must say what it does"));
/// ```
#[derive(Clone, Debug)]
pub struct OnError {
    kinds: Vec<FailureKind>,
    when: Option<Expression>,
    remedy: Option<DraftRemedy>,
    wrong: Vec<String>,
}

impl OnError {
    /// One for failures of all kinds.
    pub fn any() -> OnError {
        OnError { kinds: Vec::new(), when: None, remedy: None, wrong: Vec::new() }
    }
    /// One for failures of these kinds.
    pub fn of(kinds: impl IntoIterator<Item = FailureKind>) -> OnError {
        let kinds: Vec<FailureKind> = kinds.into_iter().collect();
        let mut handler = OnError::any();
        if kinds.is_empty() {
            handler.wrong.push("`on_error` takes no kind of failure; for all there is OnError::any()".into());
        }
        for kind in kinds.iter().filter(|kind| is_beyond(**kind)) {
            handler.wrong.push(format!("`on_error` is never asked about {}", kind.word()));
        }
        OnError { kinds, ..handler }
    }
    /// It takes only those for which this is true, over `error` and `attempt`.
    #[must_use]
    pub fn when(mut self, source: &str) -> OnError {
        match condition(source) {
            Ok(when) => self.when = Some(when),
            Err(error) => self.wrong.push(format!("`on_error.when`: {error}")),
        }
        self
    }
    fn does(mut self, remedy: DraftRemedy) -> OnError {
        if self.remedy.replace(remedy).is_some() {
            self.wrong.push("`on_error` must say once what it does".into());
        }
        self
    }
    /// The task is executed in another way: the action, the input (the task's own if none is given), the time limits and the retry policy of
    /// another task, whose expressions see the `error`. If that fails too, the task's fallbacks follow.
    #[must_use]
    pub fn instead(mut self, way: TaskBuilder) -> OnError {
        match way.instead("on_error") {
            Ok(way) => self.does(DraftRemedy::Is(Remedy::Instead(Box::new(way)))),
            Err(wrong) => {
                self.wrong.extend(wrong);
                self
            }
        }
    }
    /// Another task, which is done only then, takes its place.
    #[must_use]
    pub fn to(self, task: &str) -> OnError {
        self.does(DraftRemedy::To(At::new(task.into(), HERE)))
    }
    /// The task has completed with this.
    #[must_use]
    pub fn output(mut self, value: impl Into<Bind>) -> OnError {
        match value.into().0 {
            Ok(value) => self.does(DraftRemedy::Is(Remedy::Output(value))),
            Err(error) => {
                self.wrong.push(format!("`on_error.output`: {error}"));
                self
            }
        }
    }
    /// The task is skipped, for this reason.
    #[must_use]
    pub fn skip(mut self, reason: impl Into<Bind>) -> OnError {
        match reason.into().text() {
            Ok(reason) => self.does(DraftRemedy::Is(Remedy::Skip(Some(reason)))),
            Err(error) => {
                self.wrong.push(format!("`on_error.skip`: {error}"));
                self
            }
        }
    }
    /// The task fails at once with this message, and no other way is tried.
    #[must_use]
    pub fn fail(mut self, message: impl Into<Bind>) -> OnError {
        match message.into().text() {
            Ok(message) => self.does(DraftRemedy::Is(Remedy::Fail(message))),
            Err(error) => {
                self.wrong.push(format!("`on_error.fail`: {error}"));
                self
            }
        }
    }
    /// It as a draft; else what is wrong.
    pub(super) fn drafted(self) -> Result<DraftHandler, Vec<String>> {
        let OnError { kinds, when, remedy, mut wrong } = self;
        match remedy {
            Some(remedy) if wrong.is_empty() => Ok(DraftHandler { kinds, when, remedy, span: HERE, places: Vec::new() }),
            Some(_) => Err(wrong),
            None => {
                if wrong.is_empty() {
                    wrong.push("`on_error` must say what it does".into());
                }
                Err(wrong)
            }
        }
    }
}
