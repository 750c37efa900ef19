//! A run begins: what it says of itself, and what it knows of an earlier one.

use super::RunActor;
use super::scope::inputs_object;
use crate::actors::Book;
use crate::event::{Office, RunHead, What};
use crate::plan::Join;
use crate::planned::asked_for;
use actix::Context;
use std::rc::Rc;
use std::sync::Arc;

impl RunActor {
    pub(super) fn begin(&mut self, context: &mut Context<RunActor>) {
        self.world.record(self.id, What::RunStarted(Arc::new(self.head())));
        self.world.boards.open(self.id, &self.workflow.state);
        self.ledger.start(&mut self.effects);
        self.take_recalls(context);
        self.proceed(context);
    }
    pub(super) fn head(&self) -> RunHead {
        let tasks = &self.workflow.tasks;
        let roster = self.world.directory.roster();
        RunHead {
            name: self.name.clone(),
            workflow: self.workflow.name.clone(),
            hash: self.workflow.hash.clone(),
            strategy: self.offices.usual().government.name().into(),
            settings: asked_for(&self.offices.usual().government),
            offices: self.office_heads(),
            compensates: self.compensates() || self.recall.undoing(),
            undoes: self.undoes(),
            resumes: self.recall.run(),
            salt: Some(self.nest.origin.salt.clone()).filter(|salt| !salt.is_empty()),
            parent: self.nest.origin.parent,
            memory: self.memory.clone(),
            seed: self.world.seed(),
            simulated: self.world.is_virtual(),
            tasks: tasks.iter().map(|task| task.id.clone()).collect(),
            kinds: tasks.iter().map(|task| task.kind.clone()).collect(),
            dependencies: tasks.iter().map(|t| t.dependencies.iter().map(|d| d.on as u32).collect()).collect(),
            joins: (0..).zip(tasks).map(|(n, task)| (n, task.join)).filter(|(_, join)| *join != Join::AllSuccess).collect(),
            agents: roster.iter().map(|profile| profile.name.clone()).collect(),
            slots: roster.iter().map(|profile| profile.slots).collect(),
            inputs: inputs_object(&self.inputs),
        }
    }
    /// What is governed by another coordinator than the usual one.
    pub(super) fn office_heads(&self) -> Vec<Office> {
        let head = |(book, tasks): (Rc<Book>, Vec<u32>)| Office {
            team: book.team().cloned(),
            strategy: book.government.name().into(),
            settings: asked_for(&book.government),
            tasks,
        };
        self.offices.all().into_iter().skip(1).map(head).collect()
    }
}
