//! The loop that takes connections, and makes room.

use crate::activity::Activity;
use crate::front::Shared;
use crate::{Limits, Settings, Verifier, routes};
use axum::Router;
use core::pin::pin;
use core::sync::atomic::Ordering;
use core::time::Duration;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How often a connection is looked at, and one that is to close.
const TICK: Duration = Duration::from_millis(250);
const SOON: Duration = Duration::from_millis(20);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;
/// What writing an answer may take, beyond what making it may.
const WRITE_TIME: Duration = Duration::from_secs(30);

type Open = Arc<Mutex<BTreeMap<u64, Activity>>>;

/// Serves until `stop` is done: then no connection is taken any more, and requests under way have [`Limits::grace`] left.
///
/// # Errors
/// Never for what a client does.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    verifier: Arc<dyn Verifier>,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let limits = settings.limits;
    let shared = Arc::new(Shared::new(settings, verifier));
    let router = routes::router(Arc::clone(&shared));
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let open: Open = Arc::default();
    let (stopping, stopped) = watch::channel(false);
    let mut stop = pin!(stop);
    let mut next = 0_u64;
    loop {
        let taken = tokio::select! {
            () = &mut stop => break,
            taken = take(&listener, &places, &open, &shared) => taken,
        };
        let (stream, place) = taken;
        next = next.wrapping_add(1);
        let connection = Connection {
            number: next,
            place,
            activity: Activity::new(),
            open: Arc::clone(&open),
            shared: Arc::clone(&shared),
            router: router.clone(),
            stopped: stopped.clone(),
        };
        tokio::spawn(connection.run(stream));
    }
    drop(listener);
    // Nobody listens where no connection is open.
    let _ = stopping.send(true);
    let all = u32::try_from(limits.connections.max(1)).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(limits.grace, places.acquire_many(all)).await;
    Ok(())
}

/// The next connection and its place. Errors of accepting are those of a connection that is gone already, or of a machine
/// without room: neither ends the server.
async fn take(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    open: &Open,
    shared: &Shared,
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let place = loop {
            if let Ok(place) = Arc::clone(places).try_acquire_owned() {
                break place;
            }
            make_room(open, shared);
            let soon = tokio::time::timeout(TICK, Arc::clone(places).acquire_owned()).await;
            if let Ok(Ok(place)) = soon {
                break place;
            }
        };
        match listener.accept().await {
            Ok((stream, _address)) => return (stream, place),
            Err(_error) => {
                make_room(open, shared);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Closes the connection that has been silent longest, of those that no request is under way on.
fn make_room(open: &Open, shared: &Shared) {
    let Ok(open) = open.lock() else { return };
    let idle = open.values().filter(|activity| !activity.is_busy() && !activity.is_closing());
    if let Some(activity) = idle.max_by_key(|activity| activity.silent()) {
        activity.close();
        shared.metrics.evicted.fetch_add(1, Ordering::Relaxed);
    }
}

struct Connection {
    number: u64,
    place: OwnedSemaphorePermit,
    activity: Activity,
    open: Open,
    shared: Arc<Shared>,
    router: Router,
    stopped: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        if let Ok(mut open) = self.open.lock() {
            open.insert(self.number, self.activity.clone());
        }
        self.shared.metrics.connections.fetch_add(1, Ordering::Relaxed);
        // Answers are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        self.serve(stream).await;
        if let Ok(mut open) = self.open.lock() {
            open.remove(&self.number);
        }
        self.shared.metrics.connections.fetch_sub(1, Ordering::Relaxed);
        drop(self.place);
    }

    async fn serve(&mut self, stream: TcpStream) {
        let limits = self.shared.settings.limits;
        let service = service_fn(|request| {
            Arc::clone(&self.shared).answer(self.router.clone(), self.activity.clone(), request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_buf_size(HEAD_BYTES);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut closing = *self.stopped.borrow();
        loop {
            tokio::select! {
                _done = connection.as_mut() => return,
                () = self.activity.closed(), if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                _changed = self.stopped.changed(), if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep(if closing { SOON } else { TICK }) => {
                    let busy = self.activity.is_busy();
                    // hyper waits for the head of a first request even when it is to close.
                    if (closing && !busy) || (busy && self.activity.silent() > longest(&limits)) {
                        return;
                    }
                }
            }
        }
    }
}

/// Nothing moves for so long only where nobody reads or writes any more.
const fn longest(limits: &Limits) -> Duration {
    limits
        .body_time
        .saturating_add(limits.work_time)
        .saturating_add(limits.work_time)
        .saturating_add(WRITE_TIME)
}
