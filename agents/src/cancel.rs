//! How a job is told to stop.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Flag {
    cancelled: AtomicBool,
    notify: Notify,
}

/// A word that is said once, and heard by every clone, also by one that listens later. Cheap to clone, and may cross threads.
///
/// ```
/// use polity_agents::CancelToken;
/// let token = CancelToken::new();
/// let elsewhere = token.clone();
/// assert!(!elsewhere.is_cancelled());
/// token.cancel();
/// assert!(elsewhere.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }
    /// Says the word. Saying it again changes nothing.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }
    /// True once it was said.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }
    /// Ends when the word is said; at once if it was.
    pub async fn cancelled(&self) {
        let mut heard = pin!(self.0.notify.notified());
        // Listen before looking: a word said in between would be missed the other way round.
        heard.as_mut().enable();
        if !self.is_cancelled() {
            heard.await;
        }
    }
    /// The future's result; `None` if the word is said first. The future is dropped then, at the await point where it stands.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let token = polity_agents::CancelToken::new();
    /// assert_eq!(token.unless(async { 1 }).await, Some(1));
    /// token.cancel();
    /// assert_eq!(token.unless(std::future::pending::<u8>()).await, None);
    /// # });
    /// ```
    pub async fn unless<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.is_cancelled() {
            return None;
        }
        // Most light work ends when it is first looked at: only what does not is worth listening for.
        let mut future = pin!(future);
        if let Poll::Ready(output) = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
            return Some(output);
        }
        tokio::select! {
            biased;
            () = self.cancelled() => None,
            output = future => Some(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn every_listener_hears_it_early_or_late() {
        let token = CancelToken::new();
        let (a, b) = (token.clone(), token.clone());
        let (mut first, mut second) = (pin!(a.cancelled()), pin!(b.cancelled()));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        token.cancel();
        assert!(first.now_or_never().is_some());
        assert!(second.now_or_never().is_some());
        assert!(token.cancelled().now_or_never().is_some(), "also who comes late");
    }

    #[tokio::test]
    async fn a_future_is_not_begun_under_a_cancelled_token() {
        let token = CancelToken::new();
        token.cancel();
        let begun = core::cell::Cell::new(false);
        assert_eq!(token.unless(async { begun.set(true) }).await, None);
        assert!(!begun.get());
    }
}
