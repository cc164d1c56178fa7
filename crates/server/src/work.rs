//! Work on threads: so much at a time, so much waiting, so long.

use crate::Limits;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotDone {
    /// Too much waits already, or its turn did not come in time.
    Busy,
    /// It took too long. Its thread goes on to its end and keeps its place until then.
    TooLong,
    /// The thread came to grief.
    Failed,
}

/// The places at work and in the queue.
#[derive(Debug, Clone)]
pub(crate) struct Work(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    under_way: AtomicUsize,
    queue: usize,
    time: Duration,
}

/// Leaves the queue when it is dropped, whoever drops it.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Work {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(limits.jobs.max(1))),
            waiting: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            queue: limits.queue,
            time: limits.work_time,
        }))
    }

    /// How much waits, and how much is under way.
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.0.waiting.load(Ordering::Relaxed), self.0.under_way.load(Ordering::Relaxed))
    }

    /// Whether one more would be turned away.
    pub(crate) fn is_full(&self) -> bool {
        self.0.places.available_permits() == 0 && self.load().0 >= self.0.queue
    }

    /// Does it when its turn comes, if not too much waits already.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let place = self.place().await?;
        self.begin(place, work).await
    }

    /// The same for work of which only so much can wait anyway.
    pub(crate) async fn run_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        match Arc::clone(&self.0.places).acquire_owned().await {
            Ok(place) => self.begin(place, work).await,
            Err(_closed) => Err(NotDone::Failed),
        }
    }

    async fn begin<T: Send + 'static>(
        &self,
        place: OwnedSemaphorePermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let inner = Arc::clone(&self.0);
        inner.under_way.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let _counted = Waiting(&inner.under_way);
            // Given back when the work is done, not when nobody waits for it any more.
            let _place: OwnedSemaphorePermit = place;
            work()
        });
        match tokio::time::timeout(self.0.time, done).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_panicked)) => Err(NotDone::Failed),
            Err(_elapsed) => Err(NotDone::TooLong),
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, NotDone> {
        if let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() {
            return Ok(place);
        }
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.0.waiting);
        if before >= self.0.queue {
            return Err(NotDone::Busy);
        }
        let place = Arc::clone(&self.0.places).acquire_owned();
        match tokio::time::timeout(self.0.time, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(NotDone::Busy),
        }
    }
}
