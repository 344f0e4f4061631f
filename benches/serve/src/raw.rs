//! A watch's fan-out to readers that do nothing but read: what of it is the server's.
//!
//! Each watcher is a socket that is read, blocking, one after the other, until the chunk with the
//! event has ended; the kernel keeps what comes before its turn. Nothing is decoded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

const PODS: &str = "/api/v1/namespaces/default/pods";

/// What is written: the Pod `p`, which must be there, and the only one.
fn status(round: u32) -> String {
    let metadata = json!({ "name": "p", "namespace": "default" });
    let spec = json!({ "containers": [{ "name": "c", "image": "i" }] });
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
        "status": { "reason": round.to_string() } })
    .to_string()
}

/// The median time from the beginning of a PUT until each of the watchers has its whole event.
pub fn fan_out(address: SocketAddr, watchers: usize, writes: u32) -> Duration {
    let mut watching: Vec<TcpStream> = (0..watchers).map(|_| watch(address)).collect();
    let mut writer = TcpStream::connect(address).expect("a connection");
    writer.set_nodelay(true).expect("a socket");
    let mut took: Vec<Duration> = (0..writes)
        .map(|round| {
            let began = Instant::now();
            put(&mut writer, round);
            let mark = format!("\"reason\":\"{round}\"");
            for stream in &mut watching {
                let event = until(stream, b"}\n\r\n");
                assert!(event.contains(&mark), "another event: {event}");
            }
            let elapsed = began.elapsed();
            let answer = until(&mut writer, b"}\n");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            elapsed
        })
        .collect();
    took.sort();
    took[took.len() / 2]
}

fn watch(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!("GET {PODS}?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    // The head of the answer, and what is there already: one Pod.
    let first = until(&mut stream, b"}\n\r\n");
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    stream
}

fn put(writer: &mut TcpStream, round: u32) {
    let body = status(round);
    let request = format!(
        "PUT {PODS}/p/status HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    writer.write_all(request.as_bytes()).expect("sent");
}

fn until(stream: &mut TcpStream, end: &[u8]) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 1 << 14]);
    while !read.ends_with(end) {
        let length = stream.read(&mut buffer).expect("readable");
        assert!(length > 0, "closed: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&read).into_owned()
}
