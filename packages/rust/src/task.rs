//! Blocking work for async code, without a runtime.

use std::future::poll_fn;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

/// Runs a function on a thread of its own and returns its result.
pub(crate) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let state = Arc::new(Mutex::new((None, None::<Waker>)));
    let shared = Arc::clone(&state);
    thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        let mut state = shared.lock().expect("nothing panics with the lock");
        state.0 = Some(result);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    });
    let result = poll_fn(move |context| {
        let mut state = state.lock().expect("nothing panics with the lock");
        match state.0.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    result.await.unwrap_or_else(|panic| resume_unwind(panic))
}
