//! TraceForge: the API server is an actor, each worker a thread, each API call a message and its
//! answer.
//!
//! An execution for each order in which the server may receive its messages: `main.rs` compares
//! their number with that of our schedules. Next to read: `object.rs`.

use traceforge::thread::{self, ThreadId};
use traceforge::{Config, recv_msg_block, send_msg, verify};

use crate::object::Object;

#[derive(Clone, Debug, PartialEq)]
enum Message {
    Get(ThreadId),
    Put(ThreadId, Object),
    Answer(Object),
}

fn serve(calls: usize) {
    let mut object = Object::default();
    for _ in 0..calls {
        match recv_msg_block() {
            Message::Get(from) => send_msg(from, Message::Answer(object.clone())),
            Message::Put(from, body) => {
                object.put(body);
                send_msg(from, Message::Answer(object.clone()));
            }
            Message::Answer(_) => unreachable!("the server asks nothing"),
        }
    }
}

fn work(server: ThreadId, field: &str, runs: usize) {
    let own = thread::current_id();
    let answer = || match recv_msg_block() {
        Message::Answer(object) => object,
        _ => unreachable!("only the server answers"),
    };
    for _ in 0..runs {
        send_msg(server, Message::Get(own));
        let body = answer().with(field);
        send_msg(server, Message::Put(own, body));
        answer();
    }
}

/// Executions that it makes of all that there are, at most `most`.
pub fn executions(workers: usize, runs: usize, most: u64) -> u64 {
    let quiet = usize::MAX;
    let config = Config::builder().with_max_iterations(most).with_progress_report(quiet).build();
    let made = verify(config, move || {
        let server = thread::spawn(move || serve(2 * workers * runs)).thread().id();
        for worker in 0..workers {
            thread::spawn(move || work(server, &format!("f{worker}"), runs));
        }
    });
    (made.execs + made.block) as u64
}
