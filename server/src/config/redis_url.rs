//! Which Redis the instances share.

use std::fmt;

use url::Url;

use super::values::without_password;

/// A Redis or Valkey server: `redis://host:port`, or `rediss://` for TLS, perhaps with `user:password@` before the host
/// and the number of a database behind it. The password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(Url);

impl RedisUrl {
    /// Checks the shape; whether anybody answers there is seen at the start.
    ///
    /// # Errors
    /// A sentence that says what one looks like. It does not repeat the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = || {
            "give a server as redis://host:port, or rediss:// for TLS, \
             with user:password@ before the host where it needs them"
                .to_owned()
        };
        let url = Url::parse(text).map_err(|_| refuse())?;
        let redis = matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some_and(|host| !host.is_empty());
        let database = url.path().trim_matches('/');
        let numbered = database.is_empty() || database.parse::<u16>().is_ok();
        let bare = url.query().is_none() && url.fragment().is_none();
        if redis && numbered && bare { Ok(Self(url)) } else { Err(refuse()) }
    }

    /// The whole URL, password and all, to connect with.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(self.0.as_str()))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}
