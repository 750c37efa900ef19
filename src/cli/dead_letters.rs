//! `polity dead-letters`: what nobody took, and what failed for good.

use super::load::Settings;
use super::output;
use super::record::rfc3339;
use super::requeue::Requeue;
use super::stop::Stop;
use clap::Subcommand;
use polity::report::{self, Dead, Fate, Filed, RunFolder, Verdict};
use polity::workflow::parse_duration;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Look at dead letters: tasks that failed for good, and what agents told each other and nobody took
///
/// Nothing is erased: what is decided about a letter is added to a file beside the run's log. What nobody decides about expires after 30 days.
#[derive(clap::Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    verb: Option<Verb>,
}
#[derive(Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Requeue(Requeue),
    Discard(Discard),
}
impl DeadLetters {
    pub fn go(&self) -> Result<u8, Stop> {
        match &self.verb {
            None => List::default().go(),
            Some(Verb::List(verb)) => verb.go(),
            Some(Verb::Show(verb)) => verb.go(),
            Some(Verb::Requeue(verb)) => verb.go(),
            Some(Verb::Discard(verb)) => verb.go(),
        }
    }
}

/// Which letters.
#[derive(clap::Args, Default)]
pub struct Which {
    /// The run: its name, the beginning of its name, or `last`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// The letters: a task, or a letter's number; all open ones if none is given
    #[arg(value_name = "LETTER")]
    letters: Vec<String>,
    /// Only those that died at least so long ago: 7d, 12h
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    older_than: Option<Duration>,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}
impl Which {
    pub fn root(&self) -> Result<PathBuf, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        Ok(config.runs().to_path_buf())
    }
    /// The one run that is meant.
    pub fn folder(&self) -> Result<RunFolder, Stop> {
        match &self.run {
            Some(run) => Ok(report::find(&self.root()?, run)?),
            None => Err(Stop::usage("name the run: its name, the beginning of its name, or `last`")),
        }
    }
    /// The letters that are meant, each with its run's folder.
    pub fn letters(&self, now: Duration) -> Result<Vec<Filed>, Stop> {
        let mut filed = match &self.run {
            Some(_) => report::filed(&self.folder()?, now).map_err(Stop::invalid)?,
            None => {
                let (filed, broken) = report::all_filed(&self.root()?, now)?;
                broken.iter().for_each(|error| output::tell(&format!("warning: {error}")));
                filed
            }
        };
        filed.retain(|letter| self.older_than.is_none_or(|least| letter.age.is_some_and(|age| age >= least.as_secs())));
        if self.letters.is_empty() {
            return Ok(filed);
        }
        for asked in &self.letters {
            if !filed.iter().any(|letter| is_called(letter, asked)) {
                let names: Vec<String> =
                    filed.iter().map(|l| format!("{} ({})", l.letter.number, output::plain(&title(l)))).collect();
                let known =
                    if names.is_empty() { "there are none".to_owned() } else { format!("there are: {}", names.join(", ")) };
                return Err(Stop::usage(format!("no dead letter is called \"{}\"; {known}", output::plain(asked))));
            }
        }
        filed.retain(|letter| self.letters.iter().any(|asked| is_called(letter, asked)));
        Ok(filed)
    }
}

pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
fn is_called(letter: &Filed, asked: &str) -> bool {
    letter.letter.number.to_string() == asked || letter.letter.what.task().is_some_and(|dead| &*dead.task == asked)
}
/// The task; or who told whom.
fn title(letter: &Filed) -> String {
    match &letter.letter.what {
        Dead::Task(dead) => dead.task.to_string(),
        Dead::Letter { from, to, topic, .. } => format!("{from} → {}{to}", if *topic { "topic " } else { "" }),
    }
}
fn reason(letter: &Filed) -> String {
    match &letter.letter.what {
        Dead::Task(dead) => dead.errors.back().map(|error| error.message.clone()).unwrap_or_default(),
        Dead::Letter { reason, .. } => reason.to_string(),
    }
}
fn age(letter: &Filed) -> String {
    match letter.age {
        None => "?".into(),
        Some(seconds @ ..120) => format!("{seconds}s"),
        Some(seconds @ ..7_200) => format!("{}m", seconds / 60),
        Some(seconds @ ..172_800) => format!("{}h", seconds / 3_600),
        Some(seconds) => format!("{}d", seconds / 86_400),
    }
}
fn json(letters: &[Filed]) -> std::io::Result<()> {
    output::print(&serde_json::to_string_pretty(letters).expect("a dead letter is made of what JSON can hold"))
}

/// List the dead letters of all runs, or of one
#[derive(clap::Args, Default)]
struct List {
    #[command(flatten)]
    which: Which,
    /// Those that were requeued or discarded, or have expired, too
    #[arg(short, long)]
    all: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}
impl List {
    fn go(&self) -> Result<u8, Stop> {
        let mut letters = self.which.letters(now())?;
        let total = letters.len();
        letters.retain(|letter| self.all || letter.fate == Fate::Open);
        if self.json {
            return Ok(json(&letters).map(|()| 0)?);
        }
        if letters.is_empty() {
            let decided = if total > 0 { format!(" ({total} requeued, discarded or expired: --all)") } else { String::new() };
            return Ok(output::print(&format!("no dead letters{decided}\n")).map(|()| 0)?);
        }
        let mut table = output::table(&["run", "letter", "what", "cause", "age", "fate", "why"]);
        for letter in &letters {
            table.add_row([
                letter.run.clone(),
                letter.letter.number.to_string(),
                short(&title(letter), 40),
                letter.letter.what.cause().to_owned(),
                age(letter),
                letter.fate.word().to_owned(),
                short(&reason(letter), 80),
            ]);
        }
        output::print(&format!("{}\n", table.trim_fmt()))?;
        Ok(0)
    }
}
fn short(text: &str, most: usize) -> String {
    let text = output::plain(text);
    if text.chars().count() <= most { text } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// Show dead letters whole: cause, errors, agents that tried, what was decided
#[derive(clap::Args)]
struct Show {
    #[command(flatten)]
    which: Which,
    /// As JSON
    #[arg(long)]
    json: bool,
}
impl Show {
    fn go(&self) -> Result<u8, Stop> {
        let folder = self.which.folder()?;
        let letters = self.which.letters(now())?;
        if self.json {
            return Ok(json(&letters).map(|()| 0)?);
        }
        if letters.is_empty() {
            return Ok(output::print(&format!("{} has no dead letters\n", folder.name())).map(|()| 0)?);
        }
        let mut text = String::new();
        for letter in &letters {
            text += &whole(letter);
            if letter.letter.what.task().is_some() && letters.len() == 1 {
                text += &life(&folder, letter)?;
            }
        }
        output::print(&text)?;
        Ok(0)
    }
}
/// All that is known of a letter.
fn whole(letter: &Filed) -> String {
    let head =
        format!("{} {}: {} ({}), {} old\n", letter.run, letter.letter.number, title(letter), letter.fate.word(), age(letter));
    let mut lines = vec![output::plain(head.trim_end())];
    match &letter.letter.what {
        Dead::Task(dead) => {
            let tried = if dead.agents.is_empty() { "nobody".into() } else { dead.agents.join(", ") };
            lines.push(format!("  cause     {} after {}", dead.cause.word(), output::count(dead.attempts as usize, "attempt")));
            lines.push(format!("  tried by  {}", output::plain(&tried)));
            lines.push(format!("  input     {}", output::plain(&dead.input)));
            for error in &dead.errors {
                let by = error.agent.as_ref().map(|agent| format!(" with {agent}")).unwrap_or_default();
                let said = format!("{}{by}: {}", error.word, error.message);
                lines.push(format!("  {:>7.3}s  {}", error.at.as_secs_f64(), short(&said, 400)));
            }
        }
        Dead::Letter { cause, reason, body, .. } => {
            lines.push(format!("  cause     {}: {}", cause.word(), output::plain(reason)));
            lines.push(format!("  content   {}", output::plain(body)));
        }
    }
    for verdict in &letter.verdicts {
        let run = verdict.run.as_ref().map(|run| format!(" as {run}")).unwrap_or_default();
        lines.push(output::plain(&format!("  {}  {}{run}", verdict.at, verdict.fate.word())));
    }
    lines.join("\n") + "\n\n"
}
/// The task's whole life.
fn life(folder: &RunFolder, letter: &Filed) -> Result<String, Stop> {
    let Some(dead) = letter.letter.what.task() else { return Ok(String::new()) };
    let (report, events) = report::Report::read(&folder.events()).map_err(Stop::invalid)?;
    let mut names = polity::event::Names::default();
    events.iter().for_each(|event| names.take(event));
    report::explain(&report, &names, &dead.task).map_err(Stop::usage)
}

/// Discard dead letters: they are no longer listed
#[derive(clap::Args)]
struct Discard {
    #[command(flatten)]
    which: Which,
    /// As JSON: what was discarded
    #[arg(long)]
    json: bool,
}
impl Discard {
    fn go(&self) -> Result<u8, Stop> {
        if self.which.run.is_none() && self.which.older_than.is_none() {
            return Err(Stop::usage("say which: a run, letters of it, or an age: --older-than 7d"));
        }
        let now = now();
        let mut letters = self.which.letters(now)?;
        letters.retain(|letter| matches!(letter.fate, Fate::Open | Fate::Expired));
        let root = self.which.root()?;
        // One write a run.
        for of_run in letters.chunk_by(|a, b| a.run == b.run) {
            let folder = report::find(&root, &of_run[0].run)?;
            let verdict =
                |letter: &Filed| Verdict { at: rfc3339(now), letter: letter.letter.number, fate: Fate::Discarded, run: None };
            report::decide(&folder, &of_run.iter().map(verdict).collect::<Vec<_>>())?;
        }
        if self.json {
            letters.iter_mut().for_each(|letter| letter.fate = Fate::Discarded);
            json(&letters)?;
        } else {
            output::print(&format!("discarded {}\n", output::count(letters.len(), "dead letter")))?;
        }
        Ok(0)
    }
}
