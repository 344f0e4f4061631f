//! The least HTTP/1.1 client that a test needs: keep-alive, chunks, and streams.
//!
//! It is ours so that a test can also send what no proper client would.

#![allow(dead_code)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub code: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }
}

/// A client with at most one connection.
#[derive(Debug)]
pub struct Client {
    authority: String,
    connection: Option<BufReader<TcpStream>>,
    pub headers: Vec<(String, String)>,
}

impl Client {
    /// For a base URL such as `http://127.0.0.1:8001`.
    pub fn new(url: &str) -> Self {
        let authority = url.trim_start_matches("http://").trim_end_matches('/').to_string();
        Client { authority, connection: None, headers: Vec::new() }
    }

    pub fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(70)))?;
        stream.set_write_timeout(Some(Duration::from_secs(70)))?;
        Ok(stream)
    }

    /// The bytes of a request.
    pub fn head(&self, method: &str, target: &str, length: Option<usize>) -> String {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.authority);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(length) = length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head + "\r\n"
    }

    /// Sends a request and waits for the whole answer; once more if a kept connection was closed.
    pub fn send(&mut self, method: &str, target: &str, body: &[u8]) -> io::Result<Reply> {
        let kept = self.connection.is_some();
        match self.try_send(method, target, body) {
            Err(_) if kept => self.try_send(method, target, body),
            other => other,
        }
    }

    fn try_send(&mut self, method: &str, target: &str, body: &[u8]) -> io::Result<Reply> {
        let length = (!body.is_empty() || method != "GET").then_some(body.len());
        let mut bytes = self.head(method, target, length).into_bytes();
        bytes.extend_from_slice(body);
        let mut reader = match self.connection.take() {
            Some(reader) => reader,
            None => BufReader::new(self.connect()?),
        };
        reader.get_mut().write_all(&bytes)?;
        let (code, headers) = read_head(&mut reader)?;
        let mut stream = Stream::new(reader, code, headers);
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        let reply = Reply { code, headers: stream.headers.clone(), body: all };
        let closes = stream.header("connection").is_some_and(|it| it == "close");
        if !closes {
            self.connection = Some(stream.reader);
        }
        Ok(reply)
    }

    /// Sends a request on a connection of its own and gives its body as it comes.
    pub fn open(&self, target: &str) -> io::Result<Stream> {
        let mut reader = BufReader::new(self.connect()?);
        reader.get_mut().write_all(self.head("GET", target, None).as_bytes())?;
        let (code, headers) = read_head(&mut reader)?;
        Ok(Stream::new(reader, code, headers))
    }
}

pub fn read_head(reader: &mut impl BufRead) -> io::Result<(u16, Vec<(String, String)>)> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let code = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
    }
    Ok((code, headers))
}

/// A body that is being read.
#[derive(Debug)]
pub struct Stream {
    pub code: u16,
    pub headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
    left: usize,
    chunked: bool,
    over: bool,
    lines: Vec<u8>,
}

impl Stream {
    fn new(reader: BufReader<TcpStream>, code: u16, headers: Vec<(String, String)>) -> Self {
        let mut stream =
            Stream { code, headers, reader, left: 0, chunked: false, over: false, lines: vec![] };
        stream.chunked = stream.header("transfer-encoding").is_some_and(|it| it == "chunked");
        if !stream.chunked {
            let length = stream.header("content-length").and_then(|it| it.parse().ok());
            stream.left = length.unwrap_or(0);
            stream.over = stream.left == 0;
        }
        stream
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The next line as JSON; `None` at the end.
    pub fn event(&mut self) -> io::Result<Option<serde_json::Value>> {
        loop {
            if let Some(at) = self.lines.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.lines.drain(..=at).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            let mut piece = [0; 16 * 1024];
            match self.read(&mut piece)? {
                0 => return Ok(None),
                length => self.lines.extend_from_slice(&piece[..length]),
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunked && self.left == 0 && !self.over {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.left = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            if self.left == 0 {
                self.over = true;
                self.reader.read_line(&mut line)?;
            }
        }
        if self.over {
            return Ok(0);
        }
        let most = buffer.len().min(self.left);
        let length = self.reader.read(&mut buffer[..most])?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= length;
        if self.left == 0 && self.chunked {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
        }
        self.over = self.left == 0 && !self.chunked;
        Ok(length)
    }
}
