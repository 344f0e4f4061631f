//! What all connections share: the server behind its lock, and who is told when it changes.
//!
//! The past is compacted here: a store that has only so much memory forgets, as etcd does every
//! five minutes, and whoever asks for what is forgotten is answered 410. Next to read: `answer.rs`.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};

use crate::apiserver::{ApiServer, Revision};
use crate::rest::{self, HttpAnswer, HttpRequest};

use super::keeper::{Journal, Keeper};
use super::record::{Received, audit_id};
use super::{Config, Limits, Policy, Tokens};

/// The maximum of bodies of more than [`SMALL_BODY`] that are read at a time.
const LARGE_BODIES: usize = 32;
/// Each watch of HTTP/1 holds a connection; this many are left for everything else.
const ROOM: usize = 1024;
/// Bodies up to here do not wait.
pub const SMALL_BODY: usize = 64 * 1024;

/// A sink for audit events.
pub struct Record {
    sink: Box<dyn Write + Send + Sync>,
    /// The bytes that stand in it already.
    after: u64,
}

impl Record {
    /// Lines go there, in the order in which the requests were handled.
    pub fn new(sink: impl Write + Send + Sync + 'static) -> Self {
        Record { sink: Box::new(sink), after: 0 }
    }

    /// The length of the earlier record that it goes on: its auditIDs differ from those.
    #[must_use]
    pub fn after(self, bytes: u64) -> Self {
        Record { after: bytes, ..self }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record")
    }
}

/// The server and what must change together with it.
#[derive(Debug)]
struct State {
    server: ApiServer,
    record: Option<Record>,
    /// Why the record is incomplete, if it is.
    record_error: Option<io::Error>,
    journal: Option<Journal>,
    past: Past,
}

/// Does something that must not take the server down if it panics.
fn careful<T>(act: impl FnOnce() -> T) -> Result<T, &'static str> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|_| "the server panicked: please report this")
}

/// What the log holds: for each write that changed something, its revision and how many bytes
/// remember it.
#[derive(Debug, Default)]
struct Past {
    writes: VecDeque<(Revision, usize)>,
    bytes: usize,
}

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    state: RwLock<State>,
    changed: watch::Sender<Revision>,
    stop: watch::Sender<bool>,
    /// Raised when all watches are to be closed.
    hang_up: watch::Sender<u64>,
    pub watches: Arc<Semaphore>,
    pub connections: Arc<Semaphore>,
    pub large_bodies: Semaphore,
    /// The snapshot's files; one save at a time.
    keeper: Option<Mutex<Keeper>>,
    pub tokens: Tokens,
    pub policy: Policy,
    /// Requests that brought no auditID so far, and the seed of the next one's.
    numbers: AtomicU64,
    seed: u64,
    pub limits: Limits,
}

impl Shared {
    /// What is kept is written down at once: whether that is possible is seen here.
    pub fn new(config: Config, server: ApiServer) -> io::Result<Self> {
        let limits = config.limits;
        let revision = server.revision();
        let mut journal = None;
        if let Some(keeper) = &config.keeper {
            keeper.save(&server.snapshot())?;
            journal = keeper.begin_journal()?;
        }
        let record = config.record;
        let seed = record.as_ref().map_or(0, |record| record.after);
        let past = Past::default();
        let state = State { server, record, record_error: None, journal, past };
        Ok(Shared {
            state: RwLock::new(state),
            changed: watch::Sender::new(revision),
            stop: watch::Sender::new(false),
            hang_up: watch::Sender::new(0),
            watches: Arc::new(Semaphore::new(limits.watches)),
            connections: Arc::new(Semaphore::new(limits.connections.max(limits.watches + ROOM))),
            large_bodies: Semaphore::new(LARGE_BODIES),
            keeper: config.keeper.map(Mutex::new),
            tokens: config.tokens,
            policy: config.policy,
            numbers: AtomicU64::new(0),
            seed,
            limits,
        })
    }

    /// Handles one request, alone if it may write, and records it unless it waits to be handled
    /// again. An error says why there is no answer.
    pub fn handle(
        &self,
        http: &mut HttpRequest,
        entry: Option<&Received>,
    ) -> Result<HttpAnswer, &'static str> {
        http.time = now();
        match rest::only_reads(http) {
            true => self.read(http, entry),
            false => self.write(http, entry),
        }
    }

    /// A read looks at the server together with other reads, and is written down after that.
    fn read(
        &self,
        http: &HttpRequest,
        entry: Option<&Received>,
    ) -> Result<HttpAnswer, &'static str> {
        let Some(entry) = entry else {
            let outcome = careful(|| rest::look(&self.state.read().server, http))?;
            return careful(|| outcome.answer(http));
        };
        // Its line has a place among those of the writes.
        let mut state = self.state.write();
        let answer = careful(|| rest::look(&state.server, http).answer(http))?;
        if !matches!(answer, HttpAnswer::Wait(_)) {
            state.note(&entry.line(http, &answer));
        }
        Ok(answer)
    }

    fn write(
        &self,
        http: &HttpRequest,
        entry: Option<&Received>,
    ) -> Result<HttpAnswer, &'static str> {
        let mut state = self.state.write();
        if state.journal.as_ref().is_some_and(Journal::is_broken) {
            return Err("the journal cannot be written, so the server acknowledges no write");
        }
        let before = state.server.revision();
        let outcome = careful(|| rest::act(&mut state.server, http));
        let revision = state.server.revision();
        let kept = state.remember(before, &self.limits);
        let answer = match entry {
            None => {
                drop(state);
                careful(|| outcome.map(|outcome| outcome.answer(http))).and_then(|answer| answer)
            }
            Some(entry) => {
                let answer = careful(|| outcome.map(|outcome| outcome.answer(http)));
                let answer = answer.and_then(|answer| answer);
                if let Ok(answer) = &answer {
                    state.note(&entry.line(http, answer));
                }
                drop(state);
                answer
            }
        };
        self.tell(revision);
        kept.and(answer)
    }

    /// Writes the snapshot, if one is kept; what the journal has of it is forgotten.
    pub fn save(&self) -> io::Result<()> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let keeper = keeper.lock();
        let (snapshot, length) = {
            let state = self.state.read();
            (state.server.snapshot(), state.journal.as_ref().map(Journal::length))
        };
        keeper.save(&snapshot)?;
        match (&mut self.state.write().journal, length) {
            (Some(journal), Some(length)) => journal.forget(length),
            _ => Ok(()),
        }
    }

    /// Whether there is a snapshot to write.
    pub fn keeps(&self) -> bool {
        self.keeper.is_some()
    }

    /// Why the record is incomplete, if it is.
    pub fn end_record(&self) -> io::Result<()> {
        let mut state = self.state.write();
        state.record = None;
        state.record_error.take().map_or(Ok(()), Err)
    }

    fn tell(&self, revision: Revision) {
        self.changed.send_if_modified(|known| {
            let moved = *known != revision;
            *known = revision;
            moved
        });
    }

    /// Does something to the server between two requests; what it writes is kept like any write.
    pub fn with<T>(&self, act: impl FnOnce(&mut ApiServer) -> T) -> T {
        let mut state = self.state.write();
        let before = state.server.revision();
        let result = act(&mut state.server);
        let revision = state.server.revision();
        // No request waits for it: a broken journal is printed, and refuses the next write.
        let _ = state.remember(before, &self.limits);
        drop(state);
        // Watches look again even if only the past has changed.
        self.changed.send_replace(revision);
        result
    }

    /// Looks at the server.
    pub fn look<T>(&self, look: impl FnOnce(&ApiServer) -> T) -> T {
        look(&self.state.read().server)
    }

    pub fn records(&self) -> bool {
        self.state.read().record.is_some()
    }

    /// The auditID of a request that brings none.
    pub fn audit_id(&self) -> String {
        audit_id(self.seed, self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// Appends a line to the record.
    pub fn note(&self, line: &[u8]) {
        self.state.write().note(line);
    }

    pub fn changes(&self) -> watch::Receiver<Revision> {
        self.changed.subscribe()
    }

    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub fn stops(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub fn close_watches(&self) {
        self.hang_up.send_modify(|count| *count += 1);
    }

    pub fn hang_ups(&self) -> watch::Receiver<u64> {
        self.hang_up.subscribe()
    }

    pub fn watches_open(&self) -> usize {
        self.limits.watches - self.watches.available_permits()
    }
}

impl State {
    fn note(&mut self, line: &[u8]) {
        let Some(record) = &mut self.record else { return };
        // A full disk must not stop the cluster; it is said once.
        if let Err(error) = record.sink.write_all(line).and_then(|()| record.sink.flush()) {
            eprintln!("lostwrite: the record ends here: {error}");
            self.record = None;
            self.record_error = Some(error);
        }
    }

    /// Keeps the writes after a revision, and forgets the oldest if there are too many.
    fn remember(&mut self, before: Revision, limits: &Limits) -> Result<(), &'static str> {
        let revision = self.server.revision();
        if revision == before {
            return Ok(());
        }
        let kept = match &mut self.journal {
            Some(journal) => journal.keep(&self.server, before),
            None => Ok(()),
        };
        let size = self.server.past_bytes(before);
        if let Some(until) = self.past.push(revision, size, limits) {
            self.server.compact(until);
        }
        kept.map_err(|error| {
            eprintln!("lostwrite: the journal cannot be written: {error}");
            "the write is not in the journal"
        })
    }
}

impl Past {
    /// Adds a write. The older half is to be forgotten if there is too much by count or by size,
    /// up to the revision returned; the newest write never is, so that a watch that has only
    /// just fallen behind still finds it.
    fn push(&mut self, revision: Revision, size: usize, limits: &Limits) -> Option<Revision> {
        self.writes.push_back((revision, size));
        self.bytes += size;
        let count = |past: &Past| past.writes.len() as u64;
        let (mut until, few) = (None, limits.history.max(1));
        if count(self) <= 2 * few && self.bytes <= limits.history_bytes {
            return until;
        }
        while self.writes.len() > 1 && (count(self) > few || self.bytes > limits.history_bytes / 2)
        {
            let (forgotten, size) = self.writes.pop_front()?;
            self.bytes -= size;
            until = Some(forgotten);
        }
        until
    }
}

/// The time in seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

/// A number that cannot be guessed, from what the standard library seeds its hash tables with.
pub fn random() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
