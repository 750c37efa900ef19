//! Shows a run that a file describes: agents, strategy and tasks are in `config_driven.polity.yaml`, only two functions are in Rust.

use polity::prelude::*;
use std::path::Path;

const FILE: &str = "examples/config_driven.polity.yaml";

/// How long a word is.
async fn letters(job: Job, _: Context) -> Result<Value> {
    Ok(json!(job.input::<String>("word")?.chars().count()))
}
/// The word of the greatest length; the first of equals.
async fn longest(job: Job, _: Context) -> Result<Value> {
    let (words, lengths): (Vec<String>, Vec<usize>) = (job.input("words")?, job.input("lengths")?);
    Ok(json!(words.into_iter().zip(lengths).reduce(|best, next| if next.1 > best.1 { next } else { best })))
}

/// What the file's outputs are for a text; for its own if none is given.
pub fn outputs(text: Option<&str>) -> Result<Value> {
    polity::run(async {
        let society = Polity::builder().function("letters", letters).function("longest", longest).start()?;
        let checked = load(Path::new(FILE), &society.known())?;
        let options = text.into_iter().fold(RunOptions::default(), |options, text| options.input("text", text));
        Ok(society.run_with(checked, options).await?.outputs().clone())
    })
}

/// Runs the file twice.
pub fn main() -> Result<()> {
    println!("{}", outputs(None)?);
    println!("{}", outputs(Some("one other sentence"))?);
    Ok(())
}
