//! Ours beside dcap-qvl 0.7.1 in one run, as the README shows it:
//! `cargo bench -p veritee-quote --features rayon --bench ratios`
//!
//! Costs are CPU time of the calling thread, contestants taking turns in short rounds; what counts is the tenth
//! percentile of the rounds. That is steady on a busy machine, where wall time is not. Only the rates on one thread and
//! on two are wall time, the best of many short turns, and want a machine with two idle cores: `-- threads` measures
//! them alone. Linux only.
#![allow(missing_docs, clippy::print_stdout)]

#[path = "ratios/clock.rs"]
mod clock;
#[path = "support/sample.rs"]
mod common;
#[path = "ratios/contestants.rs"]
mod contestants;
#[path = "ratios/forged.rs"]
mod forged;
#[path = "ratios/growth.rs"]
mod growth;
#[path = "ratios/memory.rs"]
mod memory;
#[path = "ratios/threads.rs"]
mod threads;

fn main() {
    // `cargo bench -- --test` asks whether it runs at all: seconds, and figures that mean nothing.
    let quick = std::env::args().any(|argument| argument == "--test");
    let sample = common::Sample::read();
    if std::env::args().any(|argument| argument == "threads") {
        return threads::print(&sample, quick);
    }
    // First, while little of the heap is free for reuse.
    let memory = memory::measure(&sample, quick);
    contestants::print(&sample, quick);
    threads::print(&sample, quick);
    growth::print_quotes(quick);
    growth::print_hosts(quick);
    growth::print_lists(quick);
    memory.print();
}
