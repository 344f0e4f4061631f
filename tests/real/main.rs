//! Real kube-rs code under `lostwrite::kube`: counts, verdicts, awkward users.

mod agreement;
mod apis;
mod awkward;
mod clumsy;
mod figures;
mod invariants;
mod reports;
mod stock;
mod support;
mod tutorial;
