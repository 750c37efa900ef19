//! `--json`: one line of JSON for each event.

use super::output;
use polity::event::{Event, Names, Sink, What, line};
use std::io::{BufWriter, Stdout, Write, stdout};

/// Prints events until the run has ended. When nobody reads any more it is silent, and the run goes on.
pub struct Json {
    out: Option<BufWriter<Stdout>>,
    names: Names,
}
impl Json {
    /// Onto standard output.
    pub fn new() -> Json {
        Json { out: Some(BufWriter::new(stdout())), names: Names::default() }
    }
    fn write(&mut self, what: impl FnOnce(&mut BufWriter<Stdout>) -> std::io::Result<()>) {
        if let Some(Err(error)) = self.out.as_mut().map(what)
            && let Some(out) = self.out.take()
        {
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                output::tell(&format!(
                    "the events can't be written to standard output: {error}; the run goes on, and its folder keeps them"
                ));
            }
            // Not tried again while it is dropped.
            let _ = out.into_parts();
        }
    }
}
impl Sink for Json {
    fn take(&mut self, event: &Event) {
        self.names.take(event);
        if self.out.is_none() {
            return;
        }
        let text = line(event, &self.names);
        self.write(|out| writeln!(out, "{text}"));
        if matches!(event.what, What::RunEnded(_)) {
            self.write(Write::flush);
            self.out = None;
        }
    }
    fn flush(&mut self) {
        self.write(Write::flush);
    }
}
