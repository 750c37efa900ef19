//! What a program prints, kept within bounds: memory stays flat however much comes.

use super::tape::Tape;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are read at a time: what a Linux pipe holds.
const CHUNK: usize = 64 * 1024;
/// Bytes of the error stream's end that are kept.
pub(super) const TAIL: usize = 4 * 1024;

/// What takes chunks, one after the other.
pub(super) trait Sink {
    async fn take(&mut self, chunk: &[u8]);
    /// The stream could not be read to its end.
    fn broken(&mut self, error: &std::io::Error);
}

/// Reads a stream to its end into a sink. What comes is a sign of life.
pub(super) async fn pump<R: AsyncRead + Unpin>(stream: Option<R>, sink: &mut impl Sink, beat: &dyn Fn()) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0; CHUNK];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return,
            Ok(n) => {
                beat();
                sink.take(&buffer[..n]).await;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return sink.broken(&error),
        }
    }
}

/// The beginning of a stream, up to a limit. What exceeds it goes to a file, whole, or is dropped and counted.
pub(super) struct Head {
    pub(super) kept: Vec<u8>,
    pub(super) total: u64,
    limit: usize,
    spill: Option<Tape>,
    log: Option<Tape>,
    trouble: Option<String>,
}
impl Head {
    pub(super) fn new(limit: usize, spill: Option<Tape>, log: Option<Tape>) -> Head {
        Head { kept: Vec::new(), total: 0, limit, spill, log, trouble: None }
    }
    /// True if all of it is in `kept`.
    pub(super) fn is_whole(&self) -> bool {
        self.total == self.kept.len() as u64
    }
    /// Where the rest is, as a half sentence.
    pub(super) fn rest(&self) -> String {
        self.spill.as_ref().map_or_else(|| "the rest was dropped".to_owned(), Tape::holds)
    }
    /// Writes its files out; gives what went wrong.
    pub(super) async fn finish(&mut self) -> Vec<String> {
        for tape in [&mut self.spill, &mut self.log].into_iter().flatten() {
            tape.finish().await;
        }
        self.trouble.take().into_iter().chain(self.log.as_ref().and_then(Tape::trouble)).collect()
    }
}
impl Sink for Head {
    async fn take(&mut self, chunk: &[u8]) {
        let was_whole = self.is_whole();
        let (fits, rest) = chunk.split_at(chunk.len().min(self.limit - self.kept.len()));
        self.kept.extend_from_slice(fits);
        self.total += chunk.len() as u64;
        if let Some(log) = &mut self.log {
            log.write(chunk).await;
        }
        if let Some(spill) = &mut self.spill
            && !rest.is_empty()
        {
            if was_whole {
                spill.write(&self.kept).await;
            }
            spill.write(rest).await;
        }
    }
    fn broken(&mut self, error: &std::io::Error) {
        self.trouble = Some(format!("its output could not be read to the end: {error}"));
    }
}

/// The end of a stream.
pub(super) struct Tail {
    kept: Vec<u8>,
    log: Option<Tape>,
}
impl Tail {
    pub(super) fn new(log: Option<Tape>) -> Tail {
        Tail { kept: Vec::new(), log }
    }
    /// The last [`TAIL`] bytes as text, beginning at a whole character; what isn't UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        let from = self.kept.len().saturating_sub(TAIL);
        let end = &self.kept[from..];
        // Only a cut leaves the end of a character at the beginning: at most three bytes.
        let torn = if from == 0 { 0 } else { end.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count() };
        String::from_utf8_lossy(&end[torn..]).into_owned()
    }
    pub(super) async fn finish(&mut self) -> Vec<String> {
        if let Some(log) = &mut self.log {
            log.finish().await;
        }
        self.log.as_ref().and_then(Tape::trouble).into_iter().collect()
    }
}
impl Sink for Tail {
    async fn take(&mut self, chunk: &[u8]) {
        self.kept.extend_from_slice(&chunk[chunk.len().saturating_sub(TAIL + 1)..]);
        // One byte more than is shown tells a stream that was cut from one that just fits.
        if self.kept.len() > 2 * TAIL {
            self.kept.drain(..self.kept.len() - (TAIL + 1));
        }
        if let Some(log) = &mut self.log {
            log.write(chunk).await;
        }
    }
    fn broken(&mut self, _: &std::io::Error) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run<F: core::future::Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    proptest! {
        #[test]
        fn head_and_tail_are_those_of_the_whole(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3_000), 0..9),
                                                limit in 0..9_000usize) {
            let whole = chunks.concat();
            let (mut head, mut tail) = (Head::new(limit, None, None), Tail::new(None));
            run(async {
                for chunk in &chunks {
                    head.take(chunk).await;
                    tail.take(chunk).await;
                }
            });
            prop_assert_eq!(&head.kept[..], &whole[..whole.len().min(limit)]);
            prop_assert_eq!(head.total, whole.len() as u64);
            prop_assert_eq!(head.is_whole(), whole.len() <= limit);
            prop_assert!(tail.kept.len() <= 2 * TAIL);
            let from = whole.len().saturating_sub(TAIL);
            let text = String::from_utf8_lossy(&whole[from..]).into_owned();
            prop_assert!(text.ends_with(&tail.text()) || tail.text().len() >= text.len().saturating_sub(9));
        }

        #[test]
        fn a_tail_is_text_if_the_stream_is(text in "[aäß€𝄞]{0,5000}") {
            let mut tail = Tail::new(None);
            run(tail.take(text.as_bytes()));
            prop_assert!(text.ends_with(&tail.text()));
            prop_assert!(tail.text().len() + 3 >= text.len().min(TAIL));
        }
    }

    #[test]
    fn the_spill_holds_the_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.out");
        let mut head = Head::new(4, Some(Tape::create(path.clone(), 100)), None);
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
            for chunk in ["ab", "cdef", "gh"] {
                head.take(chunk.as_bytes()).await;
            }
            assert!(head.finish().await.is_empty());
        });
        assert_eq!(head.kept, b"abcd");
        assert_eq!(std::fs::read(&path).expect("the file"), b"abcdefgh");
    }
}
