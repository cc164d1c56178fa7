//! Lines in, lines out, in the order in which they came, while the request is still being sent.

use crate::activity::Activity;
use crate::body::Pieces;
use crate::metrics::Metrics;
use crate::verifier::JudgeOfLines;
use crate::work::{NotDone, Work};
use crate::{Limits, Verifier};
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

/// One batch with all that it needs.
pub(crate) struct Batch {
    pub(crate) verifier: Arc<dyn Verifier>,
    pub(crate) work: Work,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) activity: Activity,
    /// Its place among the batches at once.
    pub(crate) place: OwnedSemaphorePermit,
}

/// A line that has no verdict, as `veritee batch` writes it.
#[derive(Serialize)]
struct Broken {
    input: String,
    error: String,
}

fn broken(input: String, error: String) -> String {
    let text = serde_json::to_string(&Broken { input, error }).unwrap_or_default();
    veritee_model::text::inert_json(&text)
}

/// What the splitter found.
enum Piece {
    Line(Vec<u8>),
    TooLong,
}

/// Cuts pieces of a body into lines.
struct Splitter {
    line: Vec<u8>,
    /// The line is too long already: the rest of it is passed over.
    over: bool,
    /// Lines so far, empty ones too.
    number: u64,
    limit: usize,
}

impl Splitter {
    const fn new(limit: usize) -> Self {
        Self { line: Vec::new(), over: false, number: 0, limit }
    }

    fn take(&mut self, data: &[u8], out: &mut VecDeque<(u64, Piece)>) {
        let mut parts = data.split(|byte| *byte == b'\n');
        self.add(parts.next().unwrap_or_default());
        for part in parts {
            out.extend(self.end());
            self.add(part);
        }
    }

    fn add(&mut self, part: &[u8]) {
        if self.over || self.line.len().saturating_add(part.len()) > self.limit {
            self.over = true;
            self.line.clear();
        } else {
            self.line.extend_from_slice(part);
        }
    }

    /// The line that ends here, by its number in the body; an empty one counts and is passed over.
    fn end(&mut self) -> Option<(u64, Piece)> {
        self.number = self.number.saturating_add(1);
        let line = core::mem::take(&mut self.line);
        if core::mem::take(&mut self.over) {
            return Some((self.number, Piece::TooLong));
        }
        (!line.trim_ascii().is_empty()).then_some((self.number, Piece::Line(line)))
    }
}

impl Batch {
    /// Starts it; what comes back is the body of the answer.
    pub(crate) fn start(self, body: Body) -> Body {
        let (out, pieces) = mpsc::channel(1);
        tokio::spawn(self.run(body, out));
        Body::new(Pieces(pieces))
    }

    async fn run(self, mut body: Body, out: mpsc::Sender<Bytes>) {
        let judge = self.verifier.batch();
        let mut splitter = Splitter::new(self.limits.line_bytes);
        let mut waiting: VecDeque<(u64, Piece)> = VecDeque::new();
        let mut under_way: VecDeque<JoinHandle<String>> = VecDeque::new();
        let mut total = 0_usize;
        let mut ended = false;
        let mut why: Option<String> = None;
        loop {
            while under_way.len() < self.limits.jobs.max(1)
                && let Some((number, piece)) = waiting.pop_front()
            {
                under_way.push_back(self.begin(piece, number, &judge));
            }
            if ended && under_way.is_empty() && waiting.is_empty() {
                break;
            }
            let reads = !ended && waiting.is_empty() && under_way.len() < self.limits.jobs.max(1);
            let first = under_way.front_mut();
            let judging = first.is_some();
            let done = async {
                match first {
                    Some(first) => first.await.ok(),
                    None => None,
                }
            };
            tokio::select! {
                line = done, if judging => {
                    under_way.pop_front();
                    let line = line.unwrap_or_else(|| broken("batch".to_owned(), "the verification came to grief".to_owned()));
                    self.metrics.line();
                    self.activity.moved();
                    if out.send(Bytes::from(line + "\n")).await.is_err() {
                        // Nobody listens any more.
                        return;
                    }
                }
                frame = tokio::time::timeout(self.limits.body_time, body.frame()), if reads => {
                    match frame {
                        Ok(Some(Ok(frame))) => {
                            let Ok(data) = frame.into_data() else { continue };
                            self.activity.moved();
                            total = total.saturating_add(data.len());
                            if total > self.limits.batch_bytes {
                                why = Some(format!("the batch is larger than {} bytes; what follows was not judged", self.limits.batch_bytes));
                                ended = true;
                            } else {
                                splitter.take(&data, &mut waiting);
                            }
                        }
                        Ok(None) => {
                            waiting.extend(splitter.end());
                            ended = true;
                        }
                        Ok(Some(Err(_cut))) => {
                            why = Some("the batch ended before its length".to_owned());
                            ended = true;
                        }
                        // Verdicts are still being made: that is not the client's silence.
                        Err(_elapsed) if judging => {}
                        Err(_elapsed) => {
                            why = Some(format!("nothing came for {} s", self.limits.body_time.as_secs()));
                            ended = true;
                        }
                    }
                }
            }
        }
        if let Some(why) = why {
            // The last line, whether anybody reads it or not.
            let _ = out.send(Bytes::from(broken("batch".to_owned(), why) + "\n")).await;
        }
        drop(self.place);
    }

    fn begin(&self, piece: Piece, number: u64, judge: &JudgeOfLines) -> JoinHandle<String> {
        let limit = self.limits.line_bytes;
        let (work, judge) = (self.work.clone(), Arc::clone(judge));
        tokio::spawn(async move {
            let name = format!("line {number}");
            let line = match piece {
                Piece::Line(line) => line,
                Piece::TooLong => return broken(name, format!("the line is longer than {limit} bytes")),
            };
            match work.run_in_turn(move || judge(&line, number)).await {
                Ok(line) => line,
                Err(NotDone::TooLong) => {
                    broken(name, "there was no verdict within the time for one".to_owned())
                }
                Err(NotDone::Busy | NotDone::Failed) => {
                    broken(name, "the verification came to grief".to_owned())
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(limit: usize, pieces: &[&str]) -> Vec<Option<String>> {
        let mut splitter = Splitter::new(limit);
        let mut out = VecDeque::new();
        pieces.iter().for_each(|piece| splitter.take(piece.as_bytes(), &mut out));
        out.extend(splitter.end());
        out.into_iter()
            .map(|(_, piece)| match piece {
                Piece::Line(line) => Some(String::from_utf8(line).unwrap()),
                Piece::TooLong => None,
            })
            .collect()
    }

    #[test]
    fn lines_are_the_same_however_the_body_is_cut() {
        let whole = "one\n\n two \nthree";
        let expected = lines(10, &[whole]);
        assert_eq!(expected, [Some("one".into()), Some(" two ".into()), Some("three".into())]);
        for at in 0..whole.len() {
            assert_eq!(lines(10, &[&whole[..at], &whole[at..]]), expected, "{at}");
        }
    }

    #[test]
    fn empty_lines_count() {
        let mut splitter = Splitter::new(10);
        let mut out = VecDeque::new();
        ["\n", "\none", "\n \nmuch too long for it\nlast"]
            .iter()
            .for_each(|text| splitter.take(text.as_bytes(), &mut out));
        out.extend(splitter.end());
        assert_eq!(out.into_iter().map(|(number, _)| number).collect::<Vec<_>>(), [3, 5, 6]);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_costs_no_memory() {
        assert_eq!(lines(3, &["abcd\nef\n", "x", "y", "z", "w", "\n"]), [None, Some("ef".into()), None]);
        let mut splitter = Splitter::new(3);
        (0..1000).for_each(|_| splitter.take(b"aaaa", &mut VecDeque::new()));
        assert!(splitter.line.capacity() < 64);
    }
}
