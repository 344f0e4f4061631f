//! Find, replay, prove and teach lost writes in Kubernetes controllers.
#![forbid(unsafe_code)]

pub mod apiserver;
