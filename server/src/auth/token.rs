//! Access tokens: JWTs (RFC 7519, profiled as in RFC 9068) that live 15 minutes and name the session they belong to.
//!
//! Read as RFC 8725 wants it: one algorithm (3.1), which the header is compared with and never chooses; keys of ours
//! alone, by `kid` (3.8, 3.10), so that a header with `jwk`, `jku`, `x5u`, `x5c` or `crit` is refused for having them;
//! every claim required and of its type (3.9); a type of its own (3.11), so that no other token of this system passes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation};
use push_system::{ids::UserId, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::Keys;
use crate::store::SessionId;

/// How long an access token lives.
pub const ACCESS_SECONDS: u32 = 15 * 60;
/// How much later than it says a token begins and ends, for what is on the wire and for clocks that are kept.
const LEEWAY_MS: i64 = 5_000;
/// The one algorithm.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// The same in a header.
const ALGORITHM_NAME: &str = "HS256";
/// What it is (RFC 9068, 2.1).
const TYPE: &str = "at+jwt";
/// Four times what ours have: more is refused before a byte of it is decoded.
const TOKEN_BYTES: usize = 2_048;
/// Who issues and who reads. Not the base URL: instances, and starts on another port, are one system.
const ISSUER: &str = "push-system";
const AUDIENCE: &str = "push-system";

/// A header as ours are, and nothing else in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// All required: a claim that is missing, of another type or there twice fails to parse. Ours have no `nbf`; one that is
/// there counts.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
    jti: String,
    sid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

/// What a valid token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// Of the refresh token that came with it.
    pub(super) generation: u32,
    pub(super) expires: Timestamp,
}

/// Why a token is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    Invalid,
    Expired,
}

/// A token with a header of ours, whose signature nobody has looked at.
pub(super) struct Sealed<'a> {
    token: &'a str,
    /// The key it names.
    pub(super) kid: String,
}

impl<'a> Sealed<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenError> {
        let header = Some(token).filter(|token| token.len() <= TOKEN_BYTES).and_then(own_header);
        let header = header.ok_or(TokenError::Invalid)?;
        Ok(Self { token, kid: header.kid })
    }

    pub(super) fn open(&self, keys: &Keys, now: Timestamp) -> Result<Access, TokenError> {
        let key = keys.verifying(&self.kid, now).ok_or(TokenError::Invalid)?;
        let claims = jsonwebtoken::decode::<Claims>(self.token, key, &validation());
        let claims = claims.map_err(|_| TokenError::Invalid)?.claims;
        let access = claims.parse(now).ok_or(TokenError::Invalid)?;
        if now >= access.expires.plus_ms(LEEWAY_MS) { Err(TokenError::Expired) } else { Ok(access) }
    }
}

fn own_header(token: &str) -> Option<OwnHeader> {
    let mut parts = token.split('.');
    let (header, _claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(Some(header).filter(|_| parts.next().is_none())?).ok()?;
    let header: OwnHeader = serde_json::from_slice(&bytes).ok()?;
    (header.alg == ALGORITHM_NAME && header.typ == TYPE).then_some(header)
}

impl Access {
    pub(super) fn new(user: UserId, session: SessionId, generation: u32, now: Timestamp) -> Self {
        Self { user, session, generation, expires: now.plus_ms(i64::from(ACCESS_SECONDS) * 1_000) }
    }

    /// The JWT. Its id starts with the generation, so that the first use tells which refresh it came from.
    pub(super) fn sign(&self, keys: &Keys, now: Timestamp) -> String {
        let claims = Claims {
            sub: self.user.to_string(),
            iat: self.expires.unix_s() - i64::from(ACCESS_SECONDS),
            exp: self.expires.unix_s(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: format!("{}.{:016x}", self.generation, rand::random::<u64>()),
            sid: self.session.to_string(),
            nbf: None,
        };
        let (kid, key) = keys.signing(now);
        let header = Header { kid: Some(kid.to_owned()), typ: Some(TYPE.to_owned()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, &claims, key).expect("claims of texts and numbers are signed with HMAC")
    }

    /// Reads a token with the keys at hand.
    pub(super) fn read(token: &str, keys: &Keys, now: Timestamp) -> Result<Self, TokenError> {
        Sealed::parse(token)?.open(keys, now)
    }
}

impl Claims {
    /// None of what is not true yet, and none that lives longer than ours do.
    fn parse(&self, now: Timestamp) -> Option<Access> {
        // By the clock of the instance that issued it, which may be ahead by as long as a token lives: `iat` is no "not
        // before" (RFC 7519, 4.1.6). What is signed in a farther future is none of ours.
        let ahead_ms = i64::from(ACCESS_SECONDS) * 1_000;
        let is_after = |seconds: i64, now| Some(Timestamp::from_unix_ms(seconds.checked_mul(1_000)?) > now);
        let lives = self.exp.checked_sub(self.iat)?;
        let not_yet =
            is_after(self.nbf.unwrap_or(0), now.plus_ms(LEEWAY_MS))? || is_after(self.iat, now.plus_ms(ahead_ms))?;
        if not_yet || !(1..=i64::from(ACCESS_SECONDS)).contains(&lives) {
            return None;
        }
        let (generation, _) = self.jti.split_once('.')?;
        Some(Access {
            user: UserId(self.sub.parse().ok()?),
            session: SessionId(Uuid::try_parse(&self.sid).ok()?),
            generation: generation.parse().ok()?,
            expires: Timestamp::from_unix_ms(self.exp.checked_mul(1_000)?),
        })
    }
}

/// Times are checked by hand, against the clock that is a parameter; the library only knows the system's.
fn validation() -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

#[cfg(test)]
mod tests;
