//! Sub-workflows are checked as the workflow is, with its agents around them.

use super::able::everyone;
use super::check::{Check, check};
use super::draft::{At, Draft, DraftTask, Sub, templates};
use super::load::{Checked, Known, load};
use super::model::{Action, OnFailure};
use super::nested::Nesting;
use super::problem::Problem;
use super::reference::Root;
use super::text::nearest;
use crate::actors::DECOMPOSE;
use polity_agents::AgentSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files within files.
const MAX_FILES: usize = 16;

impl Check<'_> {
    /// Checks every sub-workflow, and makes it what its task does.
    pub(super) fn sub_workflows(&mut self, draft: &mut Draft) {
        if draft.tasks.iter().all(|task| task.sub.is_none()) {
            return;
        }
        let undone_above = self.known.undone_above || draft.on_failure == OnFailure::Compensate;
        let known = Known { agents: everyone(draft, self.known), undone_above, ..self.known.clone() };
        let (path, hash) = (draft.path.clone(), draft.hash.clone());
        for task in &mut draft.tasks {
            let Some(sub) = task.sub.take() else { continue };
            let checked = match sub {
                Sub::Inline(inner) => {
                    let id = &task.id.value;
                    let inner = Draft { path: path.clone(), hash: format!("{hash}/{id}"), ..*inner };
                    check(inner, &known, Vec::new())
                }
                Sub::File(file) => self.file(&file, path.as_deref(), &known, task),
            };
            if let Ok(checked) = &checked
                && checked.workflow.faults.is_some()
            {
                let message = format!("the sub-workflow of task \"{}\" has faults of its own", task.id.value);
                let help = "move them to the workflow around it: they are of the whole society";
                self.problems.push(Problem::new(task.action_span, message).help(help));
            }
            match checked {
                Ok(checked) => {
                    self.warnings.extend(checked.warnings);
                    self.missing.extend(checked.missing_agents);
                    self.notes.extend(checked.notes);
                    task.action = Action::Workflow(Arc::new(checked.workflow));
                }
                Err(problems) => self.problems.extend(problems),
            }
        }
    }
    fn file(&self, file: &str, from: Option<&Path>, known: &Known, task: &DraftTask) -> Result<Checked, Vec<Problem>> {
        let path = from.and_then(Path::parent).map_or_else(|| PathBuf::from(file), |folder| folder.join(file));
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut within = known.within.clone();
        within.extend(from.map(whole));
        if within.contains(&whole(&path)) || within.len() > MAX_FILES {
            let all: Vec<String> = within.iter().filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned())).collect();
            let message =
                format!("task \"{}\" is the workflow {file}, which is read already: {}", task.id.value, all.join(" → "));
            return Err(vec![
                Problem::new(task.action_span, message).help("a file can't be a part of itself; an agent may `delegate`"),
            ]);
        }
        load(&path, &Known { within, ..known.clone() }).map_err(|errors| {
            let message = format!("task \"{}\" is the workflow {file}, which is not right", task.id.value);
            vec![Problem::new(task.action_span, message).help(errors.to_string())]
        })
    }

    /// Who is asked for another way.
    pub(super) fn decomposer(&mut self, draft: &Draft, agents: &[AgentSpec]) {
        let Some(At { value, span }) = &draft.decomposer else {
            let someone = agents.iter().any(|agent| agent.can.score(DECOMPOSE) > 0.0);
            if draft.adaptive && !someone {
                let message = "`mode: adaptive` asks for another way when a task has failed, and nobody can `decompose`";
                let help = "give an agent the capability `decompose`, or say how: decomposer: { run: … }";
                self.problems.push(Problem::new(draft.mode_span, message).help(help));
            }
            return;
        };
        if !draft.adaptive {
            self.problems.push(Problem::new(*span, "`decomposer` is asked in mode adaptive only").help("add `mode: adaptive`"));
        }
        if let Action::Function(name) = &value.by
            && !self.known.functions.contains(name)
        {
            self.problems.push(Problem::new(*span, format!("`decomposer` calls \"{name}\", which is no registered function")));
        }
        let script = value.by.script();
        let used = script.iter().flat_map(|script| templates(script)).flat_map(|t| t.bindings()).flat_map(|e| e.references());
        let inputs: Vec<&str> = draft.inputs.iter().map(|input| &*input.value.name).collect();
        for reference in used {
            let fine = match reference.root {
                Root::Inputs => inputs.contains(&&*reference.name),
                Root::Env | Root::Run | Root::Workflow => true,
                _ => false,
            };
            if !fine {
                let message = format!("`decomposer.run` uses \"{}\": it sees inputs, env, run and workflow", reference.name);
                self.problems.push(Problem::new(*span, message).help("what failed is on its standard input, as JSON"));
            }
        }
    }
    /// What a task that hands its work on may and may not say.
    pub(super) fn nesting(&mut self, task: &DraftTask) {
        let id = &task.id.value;
        match &task.action {
            Action::Workflow(inner) => {
                let said = [
                    ("type", !task.kind.value.is_empty()),
                    ("agent", task.agent.is_some()),
                    ("needs", !task.needs.is_empty()),
                    ("retry", task.retry.is_some()),
                    ("redundancy", task.redundancy.is_some()),
                ];
                for (key, _) in said.iter().filter(|(_, said)| *said) {
                    let message = format!("task \"{id}\" is a workflow, which no agent does: `{key}` has nothing to act on");
                    self.problems.push(Problem::new(task.id.span, message).help(format!("give `{key}` to its tasks")));
                }
                let given = |name: &str| task.with.iter().any(|(n, _)| **n == *name);
                for (name, _) in &task.with {
                    if !inner.inputs.iter().any(|input| input.name == *name) {
                        let near = nearest(name, inner.inputs.iter().map(|i| &*i.name)).map(|w| format!("did you mean \"{w}\"?"));
                        let message = format!("task \"{id}\" gives \"{name}\", which is no input of workflow \"{}\"", inner.name);
                        self.problems.push(Problem::new(task.action_span, message).maybe(near));
                    }
                }
                for input in inner.inputs.iter().filter(|i| i.required && i.default.is_none() && !given(&i.name)) {
                    let message =
                        format!("task \"{id}\" does not give \"{}\", which workflow \"{}\" needs", input.name, inner.name);
                    self.problems
                        .push(Problem::new(task.action_span, message).help(format!("add it under `with`: {}", input.name)));
                }
                let pools = inner.agents.iter().any(|agent| agent.elastic.is_some());
                if pools || !inner.supervision.is_empty() {
                    let what = if pools { "elastic pools" } else { "supervisors" };
                    let message =
                        format!("workflow \"{}\" of task \"{id}\" brings {what} along, which a sub-run can't have", inner.name);
                    self.problems.push(Problem::new(task.action_span, message).help("give them to the workflow above it"));
                }
            }
            Action::Delegate(_) => {
                if let Some(redundancy) = &task.redundancy {
                    let message = format!("task \"{id}\" is decomposed, and so can't be done by several agents");
                    self.problems.push(Problem::new(redundancy.span, message).help("give `redundancy` to its parts"));
                }
            }
            Action::Run(_) | Action::Simulate(_) if task.nesting != Nesting::default() => {
                let message = format!("task \"{id}\" hands nothing on: `synthesize` and `parent_close` have nothing to act on");
                let span = task.nesting_span.unwrap_or(task.id.span);
                self.problems
                    .push(Problem::new(span, message).help("they are for `workflow`, `delegate`, and agents that delegate"));
            }
            _ => {}
        }
    }
}
