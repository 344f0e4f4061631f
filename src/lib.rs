//! Find, replay, prove and teach lost writes in Kubernetes controllers.
#![forbid(unsafe_code)]

pub mod apiserver;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
#[cfg(feature = "loom")]
pub mod getset;
pub mod properties;
pub mod reconcilers;
pub mod report;
pub mod rest;
mod rng;
pub mod scenario;
pub mod schedulers;
pub mod simulation;
pub mod threads;
pub mod trace;
