//! Reads of a revision that is not there yet: they wait for it, and are recorded once.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve::{self, Record};
use serde_json::{Value, json};

use crate::{WIDGETS, client, crd, post, widget};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// The codes of the recorded reads of objects.
    fn reads(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let reads = lines.filter(|line| line["verb"] == "get");
        reads.map(|line| line["responseStatus"]["code"].clone()).collect()
    }
}

#[test]
fn a_read_that_waits_is_recorded_once_whether_it_is_answered_or_not() {
    let lines = Lines::default();
    let mut server = ApiServer::new(Config { any_namespace: true, ..Config::default() });
    server.install_crd(&crd(), 0).expect("a good definition");
    let mut config = serve::Config::new(([127, 0, 0, 1], 0).into());
    config.record = Some(Record::new(lines.clone()));
    let server = serve::start(config, server).expect("a free port");
    let mut writer = client(&server.url());
    post(&mut writer, &widget("one", json!({})));
    let list = writer.send("GET", WIDGETS, b"").expect("an answer").json();
    let now: u64 = list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    let read = |ahead: u64| {
        let (mut reader, target) =
            (client(&server.url()), format!("{WIDGETS}/one?resourceVersion={}", now + ahead));
        thread::spawn(move || reader.send("GET", &target, b"").expect("an answer").code)
    };
    let (soon, never) = (read(3), read(1000));
    for name in ["two", "three", "four"] {
        thread::sleep(Duration::from_millis(100));
        post(&mut writer, &widget(name, json!({})));
    }
    assert_eq!(soon.join().unwrap(), 200);
    assert_eq!(lines.reads(), [200]);
    assert_eq!(never.join().unwrap(), 504);
    assert_eq!(lines.reads(), [200, 504]);
}
