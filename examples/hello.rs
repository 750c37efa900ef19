//! Shows the smallest program: two agents of your own, a workflow of two tasks, and a society that runs it.

use polity::prelude::*;

struct Reader;
impl Agent for Reader {
    fn capabilities(&self) -> Capabilities {
        can("read", 0.9)
    }
    async fn perform(&mut self, job: Job, _: &Context) -> Result<Value> {
        Ok(json!(tokio::fs::read_to_string(job.input::<String>("path")?).await?))
    }
}

struct Counter;
impl Agent for Counter {
    fn capabilities(&self) -> Capabilities {
        can("count", 0.8)
    }
    async fn perform(&mut self, job: Job, _: &Context) -> Result<Value> {
        Ok(json!(job.input::<String>("text")?.split_whitespace().count()))
    }
}

/// The words of a file.
pub fn words(path: &str) -> Result<Value> {
    polity::run(async {
        let society = Polity::builder()
            .strategy(MinCompletion::default())
            .agent("reader", || Reader)
            .agent("counter", || Counter)
            .start()?;
        let flow = Workflow::new("wordcount")
            .task("read", kind("read").with("path", path))
            .task("count", kind("count").with("text", output("read")));
        Ok(society.run(flow).await?.output("count").clone())
    })
}

/// Prints how many words this project's own manifest has.
pub fn main() -> Result<()> {
    println!("Cargo.toml has {} words", words("Cargo.toml")?);
    Ok(())
}
