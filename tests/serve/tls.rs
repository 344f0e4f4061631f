//! TLS: who is trusted, by what, and who is not.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve::Authority;
use lostwrite::serve::{self, Limits};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
};

use crate::cli::{file, serve};
use crate::http::{Client, read_head};
use crate::{WIDGETS, crd, widget};

type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts this authority and calls the server by this name.
fn connect(url: &str, pem: &str, name: &str, protocols: &[&str]) -> std::io::Result<Secure> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut stream = TcpStream::connect(url.strip_prefix("https://").expect("TLS"))?;
    stream.set_read_timeout(Some(Duration::from_secs(70)))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// One request: its code, and a reader of what follows.
fn ask(stream: Secure, url: &str, path: &str, token: &str) -> (u16, BufReader<Secure>) {
    let mut client = Client::new(&url.replace("https", "http"));
    client.headers.push(("Authorization".into(), format!("Bearer {token}")));
    let mut reader = BufReader::new(stream);
    reader.get_mut().write_all(client.head("GET", path, None).as_bytes()).expect("it is sent");
    let (code, _) = read_head(&mut reader).expect("an answer");
    (code, reader)
}

#[test]
fn a_kubeconfig_and_the_files_of_a_pod_are_enough_and_nothing_less_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let definition = file(folder.path(), "crd.json", &crd().to_string());
    let object = file(folder.path(), "one.json", &widget("one", json!({ "a": 1 })).to_string());
    let (kubeconfig, account) = (path("kubeconfig"), path("pod/serviceaccount"));
    let serving = serve(&[
        "--tls",
        "--token",
        "secret",
        "--any-namespace",
        "--crd",
        &definition,
        "-f",
        &object,
        "--kubeconfig",
        &kubeconfig,
        "--service-account",
        &account,
    ]);
    let url = serving.url.as_str();
    let config: Value = serde_json::from_slice(&std::fs::read(&kubeconfig).unwrap()).unwrap();
    let cluster = &config["clusters"][0]["cluster"];
    assert_eq!(cluster["server"], url);
    assert_eq!(cluster["insecure-skip-tls-verify"], Value::Null);
    let data = cluster["certificate-authority-data"].as_str().expect("the authority");
    let pem = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
    let pem = String::from_utf8(pem).expect("PEM");
    let mounted = |name: &str| std::fs::read_to_string(format!("{account}/{name}")).unwrap();
    let token = mounted("token");
    assert_eq!((mounted("ca.crt"), token.as_str()), (pem.clone(), "secret"));
    assert_eq!(mounted("namespace"), "default");
    assert_eq!(config["users"][0]["user"]["token"], token.as_str());

    for name in ["127.0.0.1", "localhost", "kubernetes.default.svc"] {
        let stream = connect(url, &pem, name, &["http/1.1"]).expect(name);
        assert_eq!(ask(stream, url, &format!("{WIDGETS}/one"), &token).0, 200, "{name}");
    }
    let stream = connect(url, &pem, "127.0.0.1", &[]).expect("no protocol said");
    assert_eq!(ask(stream, url, WIDGETS, "wrong").0, 401);
    let stream = connect(url, &pem, "127.0.0.1", &["h2", "http/1.1"]).expect("HTTP/2");
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));

    let (code, mut watch) = ask(
        connect(url, &pem, "127.0.0.1", &[]).expect("it is trusted"),
        url,
        &format!("{WIDGETS}?watch=true&resourceVersion=0"),
        &token,
    );
    let mut event = [0; 16];
    watch.read_exact(&mut event).expect("an event");
    assert_eq!(code, 200);
    assert!(String::from_utf8_lossy(&event).contains("{\"type\":"), "{event:?}");

    let other = Authority::new().expect("another authority").pem();
    let refused = connect(url, &other, "127.0.0.1", &[]).expect_err("not trusted");
    assert!(refused.to_string().contains("certificate"), "{refused}");
    connect(url, &pem, "example.com", &[]).expect_err("not its name");
    let plain = Client::new(&url.replace("https", "http")).send("GET", WIDGETS, b"");
    plain.expect_err("no TLS, no answer");
    serving.end("-TERM");
}

#[test]
fn a_handshake_that_is_never_finished_ends_and_delays_no_other() {
    let mut config = serve::Config::new(([127, 0, 0, 1], 0).into());
    config.limits = Limits { head: Duration::from_millis(500), ..Limits::default() };
    config.tls = Some(Authority::new().expect("an authority"));
    let server = ApiServer::new(Config { any_namespace: true, ..Config::default() });
    let running = serve::start(config, server).expect("a free port");
    let mut silent = TcpStream::connect(running.address()).unwrap();
    // A handshake of 64 bytes, of which these are the first.
    silent.write_all(&[22, 3, 1, 0, 64, 1]).unwrap();
    let url = running.url();
    let pem = running.authority().expect("TLS");
    let stream = connect(&url, pem, "127.0.0.1", &[]).expect("served meanwhile");
    assert_eq!(ask(stream, &url, "/version", "any").0, 200);
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(silent.read(&mut [0; 64]).expect("it is closed"), 0);
    running.stop().expect("a good end");
}
