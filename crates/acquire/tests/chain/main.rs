//! Chains in memory behind scripted servers: what is asked, in how many requests, and what a liar gets through.

mod anvil;
mod liar;
mod node;
mod protocol;
mod reading;
