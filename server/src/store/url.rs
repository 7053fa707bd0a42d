//! The address of a database server, which may hold a password.

use std::fmt;

use url::Url;

/// Where a database server is and which database of it. Prints without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// Reads `scheme://user:password@host:port/database`.
    ///
    /// # Errors
    /// A sentence that says what is missing; never the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("this is no URL: {error}"))?;
        let scheme = url.scheme();
        if url.host_str().is_none_or(str::is_empty) {
            return Err(format!("give a host, as {scheme}://user:password@host/database"));
        }
        if url.path().trim_matches('/').is_empty() {
            return Err(format!("name a database, as {scheme}://user:password@host/database"));
        }
        if url.query_pairs().any(|(name, _)| name == "password") {
            return Err(format!("the password stands before the host: {scheme}://user:password@host/database"));
        }
        Ok(Self(url))
    }

    /// With its password, for the driver.
    pub(super) fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // A URL with a host has room for a password.
        if shown.password().is_some() && shown.set_password(Some("hidden")).is_err() {
            return f.write_str("(hidden)");
        }
        shown.fmt(f)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
