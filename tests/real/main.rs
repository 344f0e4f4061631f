//! Real kube-rs code under `lostwrite::kube`: counts, verdicts, awkward users.

mod agreement;
mod awkward;
mod figures;
mod reports;
mod stock;
mod support;
