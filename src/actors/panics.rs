//! Panics that supervision contains: their reason is kept for the report, and not printed.

use std::cell::{Cell, RefCell};
use std::sync::Once;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
    static REASON: RefCell<Option<String>> = const { RefCell::new(None) };
}
static HOOK: Once = Once::new();

/// From now on panics on this thread are kept quiet and remembered, until the guard is dropped. Other threads print theirs as before.
pub(crate) fn contain() -> Contained {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CONTAINED.try_with(Cell::get).unwrap_or(false) {
                let what = info.payload_as_str().unwrap_or("it gave no reason");
                let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
                REASON.with(|reason| *reason.borrow_mut() = Some(format!("{what}{place}")));
            } else {
                before(info);
            }
        }));
    });
    CONTAINED.set(true);
    Contained
}
/// See [`contain`].
pub(crate) struct Contained;
impl Drop for Contained {
    fn drop(&mut self) {
        CONTAINED.set(false);
    }
}

/// Why this thread panicked last; taken, so that it is told once.
pub(crate) fn reason() -> String {
    REASON.with(|reason| reason.borrow_mut().take()).unwrap_or_else(|| "it panicked".to_owned())
}
