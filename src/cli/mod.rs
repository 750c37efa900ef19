//! The command line: one file per verb, and what they share.
//!
//! | shared | gives |
//! |---|---|
//! | [`load`] | configuration, workflow, government, made-up agents |
//! | [`crew`] | a task graph with its agents, instead of a workflow |
//! | [`carry`] | a run from its society to its folder |
//! | [`stop`] | why the program ends early, and with which code |
//! | [`output`] | printing that a closed pipe does not break |

mod advise;
mod again;
mod agents;
mod carry;
mod check;
mod compare;
mod config;
mod crew;
mod dead_letters;
mod demo;
mod explain;
mod export;
mod goal;
mod graph;
mod interrupt;
mod json;
mod load;
mod orders;
mod output;
mod picture;
mod plan;
mod progress;
mod record;
mod replay;
mod report;
mod requeue;
mod retry;
mod run;
mod runs;
mod schema;
mod show;
mod simulate;
mod stop;
mod trace;
mod trying;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use stop::Stop;

/// What every help page ends with.
const CODES: &str = "Exit codes: 0 all well · 1 a task failed · 2 usage · 3 invalid file · 5 budget spent · 6 cancelled · \
7 stuck (effects left to undo) · 70 escalated to the root · 130 interrupted.\nSettings: defaults < user config < ./polity.yaml < workflow file < POLITY_* (`__` nests) < flags; \
`polity config --origin` says where each value came from.";

/// Agents carry out a workflow, and you choose how they are governed.
#[derive(Parser)]
#[command(name = "polity", version, after_help = CODES, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Check(check::Check),
    Plan(plan::Plan),
    Run(run::Run),
    Runs(runs::Runs),
    Show(show::Show),
    Report(report::Report),
    Trace(trace::Trace),
    Explain(explain::Explain),
    Graph(graph::Graph),
    Agents(agents::Agents),
    Schema(schema::Schema),
    Compare(compare::Compare),
    Export(export::Export),
    Replay(replay::Replay),
    Simulate(simulate::Simulate),
    Advise(advise::Advise),
    Config(config::Config),
    Retry(retry::Retry),
    Pause(orders::Pause),
    Resume(orders::Resume),
    Cancel(orders::Cancel),
    DeadLetters(dead_letters::DeadLetters),
}

/// Reads the arguments, does what they ask, and tells how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match &cli.verb {
        Verb::Demo(verb) => verb.go(),
        Verb::Check(verb) => verb.go(),
        Verb::Plan(verb) => verb.go(),
        Verb::Run(verb) => verb.go(),
        Verb::Runs(verb) => verb.go(),
        Verb::Show(verb) => verb.go(),
        Verb::Report(verb) => verb.go(),
        Verb::Trace(verb) => verb.go(),
        Verb::Explain(verb) => verb.go(),
        Verb::Graph(verb) => verb.go(),
        Verb::Agents(verb) => verb.go(),
        Verb::Schema(verb) => verb.go(),
        Verb::Compare(verb) => verb.go(),
        Verb::Export(verb) => verb.go(),
        Verb::Replay(verb) => verb.go(),
        Verb::Simulate(verb) => verb.go(),
        Verb::Advise(verb) => verb.go(),
        Verb::Config(verb) => verb.go(),
        Verb::Retry(verb) => verb.go(),
        Verb::Pause(verb) => verb.go(),
        Verb::Resume(verb) => verb.go(),
        Verb::Cancel(verb) => verb.go(),
        Verb::DeadLetters(verb) => verb.go(),
    };
    ExitCode::from(done.unwrap_or_else(|stop: Stop| stop.tell()))
}
