//! HTTP clients of the commands that talk with a server.

use reqwest::{Client, ClientBuilder};

/// A client that can also talk over TLS, by the certificates that this system trusts.
pub(super) fn builder() -> ClientBuilder {
    // That it was chosen before is no matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}
