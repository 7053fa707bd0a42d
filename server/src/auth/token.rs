//! Access tokens: JWTs (RFC 7519) that live 15 minutes and name the session they belong to.

use jsonwebtoken::{Algorithm, Header, Validation};
use push_system::{ids::UserId, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::Keys;
use crate::store::SessionId;

/// How long an access token lives.
pub const ACCESS_SECONDS: u32 = 15 * 60;
/// How far two clocks of one system may differ.
const LEEWAY_MS: i64 = 5_000;
/// The one algorithm. What a token's header says is compared with it, never believed (RFC 8725, 3.1).
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Who issues and who reads. Not the base URL: instances, and starts on another port, are one system.
const ISSUER: &str = "push-system";
const AUDIENCE: &str = "push-system";

/// All required: a claim that is missing fails to parse.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
    jti: String,
    sid: String,
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

impl Access {
    pub(super) fn new(user: UserId, session: SessionId, generation: u32, now: Timestamp) -> Self {
        Self { user, session, generation, expires: now.plus_ms(i64::from(ACCESS_SECONDS) * 1_000) }
    }

    /// The JWT. Its id starts with the generation, so that the first use tells which refresh it came from.
    pub(super) fn sign(&self, keys: &Keys) -> String {
        let claims = Claims {
            sub: self.user.to_string(),
            iat: self.expires.unix_s() - i64::from(ACCESS_SECONDS),
            exp: self.expires.unix_s(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: format!("{}.{:016x}", self.generation, rand::random::<u64>()),
            sid: self.session.to_string(),
        };
        let header = Header { kid: Some(keys.kid().to_owned()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, &claims, keys.signing())
            .expect("claims of texts and numbers are signed with HMAC")
    }

    pub(super) fn read(token: &str, keys: &Keys, now: Timestamp) -> Result<Self, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key = header.kid.and_then(|kid| keys.verifying(&kid)).ok_or(TokenError::Invalid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation()).map_err(|_| TokenError::Invalid)?.claims;
        let access = claims.parse().ok_or(TokenError::Invalid)?;
        if now >= access.expires.plus_ms(LEEWAY_MS) { Err(TokenError::Expired) } else { Ok(access) }
    }
}

impl Claims {
    fn parse(&self) -> Option<Access> {
        let (generation, _) = self.jti.split_once('.')?;
        Some(Access {
            user: UserId(self.sub.parse().ok()?),
            session: SessionId(Uuid::try_parse(&self.sid).ok()?),
            generation: generation.parse().ok()?,
            expires: Timestamp::from_unix_ms(self.exp.checked_mul(1_000)?),
        })
    }
}

/// Expiry is checked by hand, against the clock that is a parameter; the library only knows the system's.
fn validation() -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

    fn keys() -> Keys {
        Keys::for_tests("kid", SECRET)
    }

    fn access() -> Access {
        Access::new(UserId(7), SessionId(Uuid::from_u128(9)), 3, Timestamp::from_unix_ms(NOW))
    }

    fn claims() -> serde_json::Value {
        let exp = NOW / 1_000 + 60;
        json!({ "sub": "7", "iat": 0, "exp": exp, "iss": "push-system", "aud": "push-system", "jti": "3.x",
                "sid": Uuid::from_u128(9).simple().to_string() })
    }

    fn read(header: &Header, claims: &serde_json::Value, secret: &[u8]) -> Result<Access, TokenError> {
        let token = jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap();
        Access::read(&token, &keys(), Timestamp::from_unix_ms(NOW))
    }

    fn header(algorithm: Algorithm) -> Header {
        Header { kid: Some("kid".to_owned()), ..Header::new(algorithm) }
    }

    #[test]
    fn a_signed_token_says_what_was_signed() {
        let token = access().sign(&keys());
        assert_eq!(Access::read(&token, &keys(), Timestamp::from_unix_ms(NOW)), Ok(access()));
    }

    #[test]
    fn a_token_is_over_after_its_time_and_a_little_leeway() {
        let token = access().sign(&keys());
        let at = |ms| Access::read(&token, &keys(), access().expires.plus_ms(ms));
        assert!(at(LEEWAY_MS - 1).is_ok());
        assert_eq!(at(LEEWAY_MS), Err(TokenError::Expired));
    }

    #[test]
    fn every_claim_is_required() {
        assert!(read(&header(Algorithm::HS256), &claims(), SECRET).is_ok());
        for claim in ["sub", "iat", "exp", "iss", "aud", "jti", "sid"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(read(&header(Algorithm::HS256), &claims, SECRET), Err(TokenError::Invalid), "{claim}");
        }
    }

    #[test]
    fn another_key_algorithm_issuer_or_audience_is_not_ours() {
        assert_eq!(read(&header(Algorithm::HS256), &claims(), b"another"), Err(TokenError::Invalid));
        assert_eq!(read(&header(Algorithm::HS512), &claims(), SECRET), Err(TokenError::Invalid));
        assert_eq!(read(&Header::new(Algorithm::HS256), &claims(), SECRET), Err(TokenError::Invalid));
        for claim in ["iss", "aud"] {
            let mut claims = claims();
            claims[claim] = json!("someone-else");
            assert_eq!(read(&header(Algorithm::HS256), &claims, SECRET), Err(TokenError::Invalid), "{claim}");
        }
    }
}
