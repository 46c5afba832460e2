//! Gavel: an online judge and code-execution service.
//!
//! The modules in reading order:

pub mod api;
pub mod batch;
pub mod bench;
pub mod cli;
pub mod cluster;
pub mod config;
#[cfg(test)]
mod fuzz;
pub mod judge;
pub mod problem;
pub mod sandbox;
pub mod store;
pub mod stress;
pub mod unpack;
pub mod verify;
pub mod worker;
