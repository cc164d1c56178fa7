//! The program as a user runs it: the built binary, files in a folder of its own, exit codes, both output streams.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod audits;
mod bounds;
mod cases;
mod chains;
mod collaterals;
mod compared;
mod documents;
mod examples;
mod explain;
mod failures;
mod folders;
mod gaps;
mod gpus;
mod help;
mod images;
mod judged;
mod network;
mod operator;
mod output;
mod packaged;
mod policies;
mod program;
mod quickstart;
mod quotes;
mod reviews;
mod seals;
mod served;
mod shapes;
mod traces;
mod trees;
mod variants;
mod verdicts;
mod watch;
mod writers;
