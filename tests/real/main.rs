//! Real kube-rs code under `lostwrite::kube`: counts, verdicts, awkward users.

mod agreement;
mod awkward;
mod reports;
mod stock;
mod support;
