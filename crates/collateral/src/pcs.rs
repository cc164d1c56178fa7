//! Asking: all that is needed at once, and nothing twice.

use crate::answers::Received;
use crate::error::Error;
use crate::need::{Evaluation, Need};
use crate::service::{ItemKind, Question, Service};
use core::future::{Future, poll_fn};
use core::task::Poll;
use std::sync::Arc;
use veritee_client::{Answer, Client, FetchError, Get};
use veritee_model::{Budget, UnixTime};

/// Asks `service` for these parts of `need`, all at the same time: one request each.
///
/// Nothing is verified here but that each answer has the form of its part.
///
/// # Errors
/// The first fault in the order of [`ItemKind::ALL`], however the answers came in. Once one is there, what can only
/// come after it is not waited for.
pub async fn ask(
    client: &Client,
    service: &Service,
    need: &Need,
    items: &[ItemKind],
    budget: &Budget,
    now: UnixTime,
) -> Result<Vec<Received>, Error> {
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        let question = service.question(need, *item, budget)?;
        requests.push((*item, async move {
            let request = Get::any(question.url.clone(), question.cap);
            let answer = client.get(&request).await;
            receive(need, &question, answer, now)
        }));
    }
    requests.sort_by_key(|(item, _)| *item);
    all_or_first(requests.into_iter().map(|(_, request)| request).collect()).await
}

fn receive(
    need: &Need,
    question: &Question,
    answer: Result<Answer, FetchError>,
    now: UnixTime,
) -> Result<Received, Error> {
    let answer = answer.map_err(|error| failed(need, question, error))?;
    let chain = question.item.chain_headers().iter().find_map(|header| answer.header(header));
    let chain = chain.map(Arc::from);
    let url = question.url.to_string();
    let received = Received { item: question.item, url, fetched: now, body: answer.body.into(), chain };
    received.check_form().map_err(|fault| Error::Refused {
        item: received.item.title(),
        url: received.url.clone(),
        fault,
    })?;
    Ok(received)
}

fn failed(need: &Need, question: &Question, error: FetchError) -> Error {
    let url = question.url.to_string();
    let of_a_set = matches!(question.item, ItemKind::TcbInfo | ItemKind::QeIdentity);
    match (error.status(), need.evaluation) {
        (Some(404), Evaluation::Number(number)) if of_a_set => Error::NumberUnknown { number, url },
        (Some(410), Evaluation::Number(number)) if of_a_set => Error::NumberWithdrawn { number, url },
        (Some(404), _) if of_a_set => Error::NotServed { need: *need, url },
        _ => Error::Fetch { item: question.item.title(), url, error: Box::new(error) },
    }
}

/// Runs all of them at the same time, in this task. Those after one that has failed are ended: its error would be told
/// before theirs.
async fn all_or_first<T, F: Future<Output = Result<T, Error>>>(futures: Vec<F>) -> Result<Vec<T>, Error> {
    let mut running: Vec<_> = futures.into_iter().enumerate().map(|(at, it)| (at, Box::pin(it))).collect();
    let mut done = Vec::with_capacity(running.len());
    let mut failed: Option<(usize, Error)> = None;
    poll_fn(|context| {
        running.retain_mut(|(at, future)| match future.as_mut().poll(context) {
            Poll::Ready(Ok(output)) => {
                done.push((*at, output));
                false
            }
            Poll::Ready(Err(error)) => {
                if failed.as_ref().is_none_or(|(first, _)| *at < *first) {
                    failed = Some((*at, error));
                }
                false
            }
            Poll::Pending => true,
        });
        if let Some((first, _)) = &failed {
            running.retain(|(at, _)| at < first);
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    if let Some((_, error)) = failed {
        return Err(error);
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, output)| output).collect())
}

/// Runs all of them at the same time, in this task, to their ends. Their outputs stand in their order, whichever came
/// first: what is told does not depend on the network's mood.
pub(crate) async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().enumerate().map(|(at, it)| (at, Box::pin(it))).collect();
    let mut done = Vec::with_capacity(running.len());
    poll_fn(|context| {
        running.retain_mut(|(at, future)| match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                done.push((*at, output));
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, output)| output).collect()
}
