//! How a client finds a server of ours, and why it trusts it: the kubeconfig, an authority for TLS,
//! and the files that are mounted into a pod.
//!
//! `crate::serve` and `crate::programs` hand these out. An authority is made for one process: its
//! key is written nowhere, and only its certificate is told.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a client is told.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Where the server is.
    pub url: &'a str,
    /// The name of the user in the kubeconfig.
    pub user: &'a str,
    /// The bearer token, if it has one.
    pub token: Option<&'a str>,
    /// The certificate of the authority, as PEM, if the server speaks TLS.
    pub authority: Option<&'a str>,
}

impl Access<'_> {
    /// A kubeconfig with one context, `lostwrite`.
    pub fn kubeconfig(&self) -> Value {
        let user = self.token.map_or(json!({}), |token| json!({ "token": token }));
        let mut cluster = json!({ "server": self.url });
        match self.authority {
            Some(pem) => {
                let data = base64::engine::general_purpose::STANDARD.encode(pem);
                cluster["certificate-authority-data"] = data.into();
            }
            // Some clients take no plain HTTP unless they are told not to ask for a certificate.
            None => cluster["insecure-skip-tls-verify"] = true.into(),
        }
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "lostwrite", "cluster": cluster }],
            "users": [{ "name": self.user, "user": user }],
            "contexts": [{
                "name": "lostwrite",
                "context": { "cluster": "lostwrite", "user": self.user, "namespace": "default" },
            }],
            "current-context": "lostwrite",
        })
    }

    /// The files of `/var/run/secrets/kubernetes.io/serviceaccount`, by `write`.
    pub fn service_account(
        &self,
        folder: &Path,
        write: impl Fn(&Path, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        write(&folder.join("ca.crt"), self.authority.unwrap_or_default())?;
        // Clients take an empty token for none.
        write(&folder.join("token"), self.token.unwrap_or(self.user))?;
        write(&folder.join("namespace"), "default")
    }
}

/// An authority of our own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// By which names a server is called, besides the address at which it listens.
const NAMES: [&str; 6] =
    ["127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

impl Authority {
    /// A new one, with a new key.
    pub fn new() -> io::Result<Authority> {
        let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "lostwrite");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        Ok(Authority { issuer })
    }

    /// Its certificate, as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// What a server at this address answers a handshake with: HTTP/2 and HTTP/1.1.
    pub fn acceptor(&self, address: IpAddr) -> io::Result<TlsAcceptor> {
        let mut names = NAMES.map(str::to_owned).to_vec();
        if !address.is_unspecified() && !names.contains(&address.to_string()) {
            names.push(address.to_string());
        }
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "kubernetes");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        let mut config = config.map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
