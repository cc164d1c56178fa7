//! How many requests are under way at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests to one host at once.
const PER_HOST: usize = 4;

pub(crate) struct Limits {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Leave to make one request; given back when dropped.
pub(crate) struct Permit {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Limits {
    pub(crate) fn new(connections: usize) -> Self {
        let connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        Self { all: Arc::new(Semaphore::new(connections)), hosts: Mutex::default() }
    }

    /// Waits for leave. The host's comes first: who waits for a busy host holds up nobody else. `None` never happens:
    /// the semaphores are not closed.
    pub(crate) async fn permit(&self, host: &str) -> Option<Permit> {
        let host = self.host(host).acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Permit { _host: host, _all: all })
    }

    fn host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return known;
        }
        hosts.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(PER_HOST));
        hosts.insert(host.to_owned(), Arc::downgrade(&semaphore));
        semaphore
    }
}
