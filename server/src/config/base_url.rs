//! Where people reach this system.

use std::{fmt, net::SocketAddr};

use url::Url;

/// An http or https address without path, query or credentials: `https://push.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads a configured address.
    ///
    /// # Errors
    /// A sentence that says what one looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = || format!("“{text}” is not an address like https://push.example or http://192.0.2.7:8000");
        let url = Url::parse(text).map_err(|_| refuse())?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let plain = url.username().is_empty() && url.password().is_none();
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if web && plain && bare { Ok(Self(url)) } else { Err(refuse()) }
    }

    /// How a listener is reached from its own machine.
    pub(super) fn of_listener(address: SocketAddr) -> Self {
        let authority =
            if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() };
        Self(Url::parse(&format!("http://{authority}")).expect("a socket address is a valid authority"))
    }

    /// Its name or number, as browsers write it in `Host`.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// As browsers write it in `Origin`: default ports left out.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether cookies may insist on encryption.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

/// The address without a slash at its end.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}
