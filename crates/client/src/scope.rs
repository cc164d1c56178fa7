//! What is learnt while one connection is made.
//!
//! Each request has a connection of its own (no pool), which is made inside the request's task. So what the resolver
//! and the TLS verifier learn belongs to that request and no other, however many replicas answer for one name and
//! whether a proxy stands between or not.

use crate::resolver::Unresolved;
use core::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static CURRENT: Scope;
}

/// The certificate chain of one server, DER, leaf first.
pub(crate) type Chain = Arc<Vec<Vec<u8>>>;

#[derive(Clone, Default)]
pub(crate) struct Scope {
    learnt: Arc<Mutex<Learnt>>,
}

#[derive(Default)]
struct Learnt {
    unresolved: Option<Unresolved>,
    verified: Vec<(String, Chain)>,
}

impl Scope {
    /// The scope of the request that runs now; one that nobody reads outside of a request.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs a request inside this scope.
    pub(crate) async fn run<F: Future>(&self, request: F) -> F::Output {
        CURRENT.scope(self.clone(), request).await
    }

    pub(crate) fn unresolved(&self, why: &Unresolved) {
        self.with(|learnt| learnt.unresolved = Some(why.clone()));
    }

    pub(crate) fn verified(&self, name: &str, chain: Chain) {
        self.with(|learnt| learnt.verified.push((name.to_owned(), chain)));
    }

    pub(crate) fn why_unresolved(&self) -> Option<Unresolved> {
        self.with(|learnt| learnt.unresolved.clone())
    }

    /// The chain that was verified last for a name: behind a proxy with TLS of its own, the target's comes last.
    pub(crate) fn chain(&self, name: &str) -> Option<Chain> {
        self.with(|learnt| {
            let found = learnt.verified.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, chain)| Arc::clone(chain))
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Learnt) -> T) -> T {
        act(&mut self.learnt.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
