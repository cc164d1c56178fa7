//! What is known of a deployment before any rule is asked: where values from outside arrive, who commands the docker
//! daemon, which images are started from inside, what is handed over whole.
//!
//! Rules read facts; no rule reads another rule, and nothing here reads a rule. All texts are the audited party's.

pub(crate) mod address;
pub(crate) mod arrival;
pub(crate) mod built;
pub(crate) mod chain;
pub(crate) mod code;
pub(crate) mod commits;
pub(crate) mod docker;
pub(crate) mod downloads;
pub(crate) mod exposure;
pub(crate) mod guest;
pub(crate) mod host_files;
pub(crate) mod interactive;
pub(crate) mod keys;
pub(crate) mod lookalike;
pub(crate) mod mounts;
pub(crate) mod nested;
pub(crate) mod openings;
pub(crate) mod outside;
pub(crate) mod printed;
pub(crate) mod protection;
pub(crate) mod repository;
pub(crate) mod settings;
pub(crate) mod spoken;
pub(crate) mod stores;
pub(crate) mod switches;
pub(crate) mod ways_in;
pub(crate) mod words;
pub(crate) mod writable;
