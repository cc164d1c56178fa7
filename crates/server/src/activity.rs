//! When a connection last moved, and whether a request is under way on it.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

/// Shared by a connection's task, its requests and whoever looks for room.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opened: Instant,
    /// Milliseconds from `opened` to the last movement.
    moved: AtomicU64,
    busy: AtomicBool,
    closing: AtomicBool,
    close: Notify,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            opened: Instant::now(),
            moved: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            close: Notify::new(),
        }))
    }

    /// Something came, or went.
    pub(crate) fn moved(&self) {
        let elapsed = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.moved.store(elapsed, Ordering::Relaxed);
    }

    /// A request begins or has been answered.
    pub(crate) fn busy(&self, busy: bool) {
        self.moved();
        self.0.busy.store(busy, Ordering::Relaxed);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed)
    }

    /// How long nothing has moved.
    pub(crate) fn silent(&self) -> Duration {
        let moved = Duration::from_millis(self.0.moved.load(Ordering::Relaxed));
        self.0.opened.elapsed().saturating_sub(moved)
    }

    /// Asks the connection to close.
    pub(crate) fn close(&self) {
        self.0.closing.store(true, Ordering::Relaxed);
        self.0.close.notify_one();
    }

    /// Whether it was asked to.
    pub(crate) fn is_closing(&self) -> bool {
        self.0.closing.load(Ordering::Relaxed)
    }

    /// Until it is asked to.
    pub(crate) async fn closed(&self) {
        self.0.close.notified().await;
    }
}
