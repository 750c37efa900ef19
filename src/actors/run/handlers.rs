//! What a run does about a task that has failed for good where one of its error handlers takes the failure.

use super::RunActor;
use super::detour::{Setback, Which};
use super::progress::Fact;
use super::render::{Unready, bind};
use crate::actors::messages::{TaskEnd, TaskResult};
use crate::event::What;
use crate::mutation::planted;
use crate::plan::{NodeIx, Settlement};
use crate::workflow::{EvalError, Handler, Remedy, error_value};
use actix::Context;
use polity_agents::{Failure, FailureKind};
use serde_json::Value;
use std::sync::Arc;

/// When a task that has failed for good is done in another way.
#[derive(Clone)]
pub(crate) enum Detour {
    Never,
    Always,
    /// If one of these takes the failure.
    If(Arc<[Handler]>),
}
impl Detour {
    /// Whether a failure after so many attempts leads to another way.
    pub(crate) fn is_open(&self, failure: &Failure, attempts: u32) -> bool {
        match self {
            Detour::Never => false,
            Detour::Always => true,
            Detour::If(handlers) => Handler::first(handlers, failure, attempts).is_some(),
        }
    }
}

impl RunActor {
    /// Does what the first handler says that takes a failure; gives the setback back if none does. They are asked once, about the failure of
    /// the task itself.
    pub(super) fn handle(
        &mut self,
        instance: u32,
        node: NodeIx,
        setback: Setback,
        context: &mut Context<RunActor>,
    ) -> Option<Setback> {
        let workflow = self.workflow.clone();
        let handlers = &workflow.tasks[node.index()].on_error;
        if handlers.is_empty() || !self.detours.ask_handlers(instance, self.world.now()) {
            return Some(setback);
        }
        let found = Handler::first(handlers, &setback.failure, setback.attempts);
        let last = |(_, why)| Some((handlers.len() - 1, why));
        let Some((at, why)) = (if planted("take_the_last_handler") { found.and_then(last) } else { found }) else {
            return Some(setback);
        };
        let task = self.task(instance);
        let remedy = &handlers[at].remedy;
        let (handler, does) = (at as u32 + 1, remedy.word().into());
        let reason = format!("it failed with {}; {why}", setback.failure.kind.word()).into();
        self.world.record(self.id, What::Handled { task, handler, does, reason });
        match remedy {
            Remedy::Instead(way) => self.execute_instead(instance, node, (way, Which::Handler(at)), setback, context),
            Remedy::To(stand_in) => self.stand_in(instance, NodeIx(*stand_in as u32), setback),
            Remedy::Output(value) => match self.seeing(instance, node, &setback, |scope| bind(value, scope)) {
                Ok(output) => self.given(instance, &setback, Arc::new(output)),
                Err(error) => self.no_remedy(instance, setback, error, "output"),
            },
            Remedy::Skip(None) => {
                let reason = format!("its `on_error` skips it; it failed: {}", setback.failure);
                self.set_aside(instance, &setback, reason);
            }
            Remedy::Skip(Some(reason)) => match self.seeing(instance, node, &setback, |scope| reason.render_text(scope)) {
                Ok(reason) => self.set_aside(instance, &setback, reason),
                Err(error) => self.no_remedy(instance, setback, error, "skip"),
            },
            Remedy::Fail(message) => {
                let failure = match self.seeing(instance, node, &setback, |scope| message.render_text(scope)) {
                    Ok(message) => Arc::new(Failure { message, ..(*setback.failure).clone() }),
                    Err(error) => {
                        let note = format!("`on_error.fail` has no value: {error}").into();
                        self.world.record(self.id, What::Noted { task, note });
                        setback.failure.clone()
                    }
                };
                self.fail_for_good(instance, Setback { failure, ..setback });
            }
        }
        None
    }
    /// Computes something in the sight of a task that has failed.
    pub(super) fn seeing<T>(
        &self,
        instance: u32,
        node: NodeIx,
        setback: &Setback,
        compute: impl FnOnce(&dyn crate::workflow::Scope) -> T,
    ) -> T {
        let index = self.ledger.locate(instance).map_or(0, |(_, index)| index as usize);
        let item = if self.ledger.is_expanded(node) { self.item(node, index) } else { None };
        let mut scope = self.scope(item);
        scope.error = Some(Arc::new(error_value(&setback.failure)));
        compute(&scope)
    }
    /// What a handler would give has no value: the task's fallbacks follow.
    fn no_remedy(&mut self, instance: u32, setback: Setback, error: EvalError, key: &str) {
        let failure = match Unready::of(error, &format!("on_error.{key}")) {
            Unready::Fails(failure) => failure,
            Unready::Skips(reason) => Failure::new(FailureKind::Binding, reason),
        };
        self.not_so(instance, setback, failure, "its handler");
    }
    /// It has completed with what its handler says.
    fn given(&mut self, instance: u32, setback: &Setback, output: Arc<Value>) {
        let (task, took) = (self.task(instance), self.detours.took(instance, self.world.now()));
        self.world.record(self.id, What::Synthesized { task, took, output: output.clone() });
        self.record_end(task, TaskResult::new(setback.by, setback.attempts, TaskEnd::Completed(output)));
    }
    /// It is not needed, as its handler says.
    fn set_aside(&mut self, instance: u32, setback: &Setback, reason: String) {
        let task = self.task(instance);
        self.detours.forget(instance);
        self.world.boards.forget(task);
        self.progress.set(instance, Fact { attempts: setback.attempts, agent: setback.by, ..Fact::default() });
        self.world.record(self.id, What::Skipped { task, reason: reason.into() });
        self.settle(instance, Settlement::Skipped);
    }
}
