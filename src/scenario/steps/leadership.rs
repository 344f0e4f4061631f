//! The steps about leadership: `leader`, `lead` and `resign`.

use super::Compiler;
use crate::reconcilers::{LeadOp, Op, Stopping};
use crate::scenario::node::Node;

impl Compiler<'_> {
    /// `leader`: looks whether the process leads.
    pub(super) fn leader(&mut self, value: &Node) {
        let Some(kind) = self.kind("Lease", &value.span) else { return };
        let name = value.as_str().unwrap_or_default();
        let slot = self.bind(name, &value.span, &kind, None, false);
        self.push(Op::Lead(LeadOp::Look(slot)));
    }

    /// `lead`: the process leads by this Lease.
    pub(super) fn lead(&mut self, value: &Node) {
        let name = value.as_str().unwrap_or_default();
        let Some(bound) = self.named(name, &value.span) else { return };
        if bound.kind.kind != "Lease" {
            let message = format!("`{}` is not a Lease", super::clean(name));
            self.wrong(&value.span, message).help("a process leads by a Lease that it has read");
            return;
        }
        self.push(Op::Lead(LeadOp::Start(bound.slot)));
    }

    /// `resign`: the process has lost the Lease.
    pub(super) fn resign(&mut self, value: &Node) {
        let stopping = match value.as_str() {
            Some("finish") => Stopping::Finish,
            Some("log") => Stopping::Log,
            _ => Stopping::Exit,
        };
        self.push(Op::Lead(LeadOp::Stop(stopping)));
        self.push(Op::Stop);
    }
}
