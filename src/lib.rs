//! Find, replay, prove and teach lost writes in Kubernetes controllers.
//!
//! # The race
//!
//! Two controllers write the status of one Node. `health` owns the phase, `usage` the capacity;
//! neither touches the other's field, both read first, both are answered 200:
//!
//! ```
//! use lostwrite::{Scenario, Verdict, Verdicts};
//!
//! let race = "
//! apiVersion: lostwrite.dev/v1alpha1
//! kind: Scenario
//! metadata: { name: our-race }
//! objects:
//!   - { apiVersion: v1, kind: Node, metadata: { name: worker-1 } }
//! workers:
//!   - name: health
//!     write: update-unconditional     # GET, change one field, PUT without a resourceVersion
//!     sets: { status.phase: Running }
//!   - name: usage
//!     write: update-unconditional
//!     sets: { status.capacity.cpu: \"8\" }
//! ";
//! let scenarios = Scenario::from_str("our-race.yaml", race)?;
//! let verdicts = Verdicts::of(scenarios, &Default::default());
//!
//! // Two GETs and two PUTs can come in six orders. In four of them a field is gone.
//! let result = &verdicts.results()?[0];
//! let lost = result.property("no-lost-write").expect("it is always judged");
//! assert_eq!(lost.verdict, Verdict::Violated);
//! assert_eq!(lost.schedules.as_ref().unwrap().to_string(), "4");
//! assert_eq!(result.exploration.schedules.as_ref().unwrap().to_string(), "6");
//!
//! // Who, what, and at which step of the shortest losing order:
//! let witness = lost.witness.as_ref().expect("a violation has a witness");
//! let victim = (witness.victim.worker.as_str(), witness.victim.step, witness.field.as_str());
//! let culprit = witness.culprit.as_ref().unwrap();
//! assert_eq!(victim, ("usage", 3, "status.capacity.cpu"));
//! assert_eq!((culprit.worker.as_str(), culprit.step), ("health", 4));
//! # Ok::<(), lostwrite::scenario::Mistakes>(())
//! ```
//!
//! Nothing was logged and no worker retried: `usage` was told 200 in step 3, and in step 4
//! `health` put back the whole status as it had read it in step 1, before `usage` wrote. Had the
//! PUT carried the resourceVersion of that read, the API server would have answered 409, and the
//! same search says what that is worth:
//!
//! ```
//! # use lostwrite::{Scenario, Verdict, Verdicts};
//! # let race = include_str!("../scenarios/status-race.yaml");
//! # let scenario = Scenario::from_str("-", race)?.remove(0);
//! let safe = |method| {
//!     let verdicts = Verdicts::of(vec![scenario.with_write(method)?], &Default::default());
//!     let lost = verdicts.results()?[0].property("no-lost-write").map(|p| p.verdict);
//!     Ok::<_, lostwrite::scenario::Mistakes>(lost == Some(Verdict::Holds))
//! };
//! assert!(safe("update-retry")?); // PUT with the version that was read; on 409 read again
//! assert!(safe("merge-patch")?); // fields of one's own; a shared list is another story
//! assert!(!safe("update-restamp")?); // on 409 the new version, and the old body again: 200, lost
//! # Ok::<(), lostwrite::scenario::Mistakes>(())
//! ```
//!
//! # In a test of your own
//!
//! ```no_run
//! #[test]
//! fn our_two_controllers_never_lose_a_status_field() {
//!     lostwrite::check("scenarios/ours.yaml").assert_safe();
//! }
//! ```
//!
//! On failure it prints the drawing, the reasons, what would be safe, and the replay command.
//! `examples/own_worker.rs` does the same with a worker that is a Rust type of your own.
//!
//! # The promises
//!
//! - [`Verdict::Holds`] means *in every schedule*. A search that was bounded, or that only sampled,
//!   says [`Verdict::Unknown`].
//! - Each request to the [API server](apiserver) is one atomic step, as it is on a real one; each
//!   cache delivery, each touch of memory shared in a process and each fault is one too.
//! - What is printed is the same byte for byte, each time and everywhere.
//!
//! # Where to look
//!
//! Data flows one way; a module may use only what stands below it. `cli`, `learn`,
//! `client`, `parking`, `access` and whatever is hidden in this documentation are not part of the
//! interface: the program and the tests of this crate use them.
//!
//! | module | what it is |
//! |---|---|
//! | `library` | [`check()`] and [`Verdicts`]: the assertions of a test |
//! | `cli` | commands; nothing in there is needed to use the library |
//! | `learn` | the exercises of the workshop (feature `cli`) |
//! | [`report`] | renderers: read what was found, never run anything |
//! | [`mod@check`] | one check: explore, judge, witness; `compare`; `replay` |
//! | [`scenario`] | the file: text, places, diagnostics; a world made of it |
//! | [`properties`] | judge a history, never touch the store |
//! | [`schedulers`], [`threads`] | who moves next: ours; loom, shuttle and the machine's threads |
//! | [`simulation`] | the closed world: server, caches, workers, faults |
//! | [`reconcilers`], `client` | what a controller does, and what it holds in its hand |
//! | [`history`](mod@history) | what a write meant, what it did, when it is lost, leaf by leaf |
//! | [`apiserver`] | one value, one transition per request; [`rest`] is its HTTP face |
//! | `kube` | real kube-rs controllers under every order (feature `kube`) |
//! | `programs` | unmodified programs, started with a kubeconfig each |
//! | `serve` | that face on a socket, for kubectl and every other client |
//! | `parking`, `access` | inside: real clients of the one server; how they find it and trust it |
#![forbid(unsafe_code)]

#[cfg(feature = "serve")]
pub(crate) mod access;
pub mod apiserver;
pub mod audit;
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub(crate) mod client;
#[cfg(feature = "loom")]
#[doc(hidden)]
pub mod getset;
pub mod history;
#[cfg(feature = "kube")]
pub mod kube;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod learn;
mod library;
#[cfg(any(feature = "kube", feature = "serve"))]
// Part of it is for simulations of kube-rs code alone, part for programs alone.
#[cfg_attr(
    not(all(feature = "kube", feature = "serve", target_os = "linux")),
    allow(dead_code, unused_imports)
)]
pub(crate) mod parking;
#[cfg(all(feature = "serve", target_os = "linux"))]
pub mod programs;
pub mod properties;
pub mod reconcilers;
pub mod report;
pub mod rest;
mod rng;
pub mod scenario;
pub mod schedulers;
#[cfg(feature = "serve")]
pub mod serve;
pub mod simulation;
pub mod threads;
pub mod trace;

pub use check::{CheckResult, Options, Verdict};
pub use library::{Verdicts, check};
pub use scenario::Scenario;
