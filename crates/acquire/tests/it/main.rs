//! Whole runs against scripted servers.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod agent;
mod caa;
mod cloud;
mod domain;
mod endpoint;
mod handshake;
mod hostile;
mod judged;
mod real;
mod replicas;
mod support;
mod whole;
