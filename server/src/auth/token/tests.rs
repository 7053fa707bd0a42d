//! Tokens that are none of ours. Each differs from a good one in what it is named for.

use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::*;
use crate::{auth::keys::random_key, store::SigningKey};

const NOW: i64 = 1_800_000_000_000;
const SECRET: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

fn now() -> Timestamp {
    Timestamp::from_unix_ms(NOW)
}

fn keys() -> Keys {
    let created = now().plus_ms(-1_000_000_000);
    Keys::of(vec![SigningKey { kid: "ours".to_owned(), access: SECRET, ..random_key(created) }]).unwrap()
}

fn access() -> Access {
    Access::new(UserId(7), SessionId(Uuid::from_u128(9)), 3, now())
}

fn read(token: &str) -> Result<Access, TokenError> {
    Access::read(token, &keys(), now())
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "at+jwt", "kid": "ours" })
}

fn claims() -> Value {
    let iat = NOW / 1_000;
    json!({ "sub": "7", "iat": iat, "exp": iat + 900, "iss": "push-system", "aud": "push-system", "jti": "3.x",
            "sid": Uuid::from_u128(9).simple().to_string() })
}

/// A JWT of these texts with a good signature of this key.
fn sealed(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(key);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, ALGORITHM).unwrap();
    format!("{message}.{signature}")
}

fn signed(header: &Value, claims: &Value) -> String {
    sealed(&header.to_string(), &claims.to_string(), &SECRET)
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[track_caller]
fn assert_none_of_ours(token: &str, why: &str) {
    assert_eq!(read(token), Err(TokenError::Invalid), "{why}");
}

#[test]
fn a_signed_token_says_what_was_signed() {
    let token = access().sign(&keys(), now());
    assert_eq!(read(&token), Ok(access()));
    assert!(token.len() < TOKEN_BYTES / 4, "{}", token.len());
    assert_eq!(read(&signed(&header(), &claims())), Ok(access()), "what the corpus alters is good");
}

#[test]
fn a_token_is_over_after_its_time_and_a_little_leeway() {
    let token = access().sign(&keys(), now());
    let at = |ms| Access::read(&token, &keys(), access().expires.plus_ms(ms));
    assert!(at(LEEWAY_MS - 1).is_ok());
    assert_eq!(at(LEEWAY_MS), Err(TokenError::Expired));
}

#[test]
fn no_algorithm_but_ours_is_taken_whatever_the_header_says() {
    for algorithm in ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256"] {
        assert_none_of_ours(&signed(&with(header(), "alg", json!(algorithm)), &claims()), algorithm);
    }
    let unsigned = signed(&with(header(), "alg", json!("none")), &claims());
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    assert_none_of_ours(&format!("{message}."), "alg none without a signature");
    assert_none_of_ours(message, "alg none in two parts");
    for algorithm in [json!(null), json!(256), json!(["HS256"])] {
        assert_none_of_ours(&signed(&with(header(), "alg", algorithm.clone()), &claims()), &algorithm.to_string());
    }
    assert_none_of_ours(&signed(&without(header(), "alg"), &claims()), "no alg");
}

/// The key everybody knows, taken as a shared secret.
#[test]
fn a_public_key_is_no_secret_of_ours() {
    let public = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    for algorithm in ["RS256", "HS256"] {
        let header = with(header(), "alg", json!(algorithm)).to_string();
        assert_none_of_ours(&sealed(&header, &claims().to_string(), public), algorithm);
    }
    for key in [&b""[..], b"another", &[0; 32]] {
        assert_none_of_ours(&sealed(&header().to_string(), &claims().to_string(), key), "another key");
    }
}

#[test]
fn only_our_own_names_of_keys_count() {
    for kid in ["theirs", "", "OURS", "../../dev/null", "ours' OR '1'='1"] {
        assert_none_of_ours(&signed(&with(header(), "kid", json!(kid)), &claims()), kid);
    }
    for kid in [json!(null), json!(1), json!(["ours"])] {
        assert_none_of_ours(&signed(&with(header(), "kid", kid.clone()), &claims()), &kid.to_string());
    }
    assert_none_of_ours(&signed(&without(header(), "kid"), &claims()), "no kid");
}

#[test]
fn keys_and_conditions_in_the_header_are_refused() {
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET), "alg": "HS256" });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
    ] {
        assert_none_of_ours(&signed(&with(header(), name, value), &claims()), name);
    }
}

#[test]
fn another_kind_of_token_is_no_access_token() {
    for kind in [json!("JWT"), json!("ticket+jwt"), json!("rt+jwt"), json!("AT+JWT"), json!(null)] {
        assert_none_of_ours(&signed(&with(header(), "typ", kind.clone()), &claims()), &kind.to_string());
    }
    assert_none_of_ours(&signed(&without(header(), "typ"), &claims()), "no typ");
    assert_none_of_ours(&crate::auth::RefreshToken::random().expose(), "a refresh token");
    assert_none_of_ours(&crate::auth::ticket::Ticket::random().expose(), "a ticket");
}

#[test]
fn every_claim_is_required_and_of_its_type() {
    for claim in ["sub", "iat", "exp", "iss", "aud", "jti", "sid"] {
        assert_none_of_ours(&signed(&header(), &without(claims(), claim)), claim);
        for value in [json!(null), json!([]), json!({}), json!(true), json!("")] {
            let token = signed(&header(), &with(claims(), claim, value.clone()));
            assert_none_of_ours(&token, &format!("{claim}: {value}"));
        }
    }
    let exp = NOW / 1_000 + 900;
    for (claim, value) in [
        ("exp", json!(exp.to_string())),
        ("exp", json!(1_800_000_900.5)),
        ("exp", json!(1_800_000_900.0)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(-exp)),
        ("iat", json!((NOW / 1_000).to_string())),
        ("iat", json!(i64::MIN)),
        ("nbf", json!("0")),
        ("sub", json!(7)),
        ("sub", json!("seven")),
        ("sub", json!("-7")),
        ("aud", json!(["push-system"])),
        ("aud", json!(["push-system", "another"])),
        ("iss", json!(["push-system"])),
        ("sid", json!("not-a-session")),
        ("jti", json!("no generation")),
        ("jti", json!("-1.x")),
    ] {
        assert_none_of_ours(&signed(&header(), &with(claims(), claim, value.clone())), &format!("{claim}: {value}"));
    }
}

#[test]
fn another_issuer_or_audience_is_not_meant() {
    for claim in ["iss", "aud"] {
        for value in ["someone-else", "Push-System", "push-system ", "https://push.example"] {
            assert_none_of_ours(&signed(&header(), &with(claims(), claim, json!(value))), claim);
        }
    }
}

#[test]
fn what_is_not_true_yet_is_not_true() {
    let soon = NOW / 1_000 + 60;
    assert_none_of_ours(&signed(&header(), &with(claims(), "nbf", json!(soon))), "nbf");
    let far = NOW / 1_000 + 901;
    let later = with(with(claims(), "iat", json!(far)), "exp", json!(far + 900));
    assert_none_of_ours(&signed(&header(), &later), "iat");
    let past = with(claims(), "nbf", json!(NOW / 1_000 - 60));
    assert!(read(&signed(&header(), &past)).is_ok());
}

#[test]
fn a_token_of_an_instance_whose_clock_is_ten_minutes_ahead_is_good() {
    let there = NOW / 1_000 + 600;
    let ahead = with(with(claims(), "iat", json!(there)), "exp", json!(there + 900));
    assert!(read(&signed(&header(), &ahead)).is_ok());
}

#[test]
fn no_token_of_ours_lives_longer_than_ours_do() {
    let exp = NOW / 1_000 + 901;
    assert_none_of_ours(&signed(&header(), &with(claims(), "exp", json!(exp))), "an hour");
    assert_none_of_ours(&signed(&header(), &with(claims(), "iat", json!(0))), "since 1970");
}

#[test]
fn an_expired_token_is_expired_only_if_it_was_good() {
    let old = with(with(claims(), "iat", json!(1_000)), "exp", json!(1_900));
    assert_eq!(read(&signed(&header(), &old)), Err(TokenError::Expired));
    assert_none_of_ours(&sealed(&header().to_string(), &old.to_string(), b"another"), "another key");
    assert_none_of_ours(&signed(&header(), &with(old, "aud", json!("x"))), "another audience");
}

#[test]
fn a_million_bytes_are_refused_before_they_are_read() {
    let long = signed(&header(), &with(claims(), "pad", json!("x".repeat(1_000_000))));
    assert_none_of_ours(&long, "1 MB with a good signature");
    assert_none_of_ours(&"a".repeat(1_000_000), "1 MB of nothing");
    assert_none_of_ours(&".".repeat(1_000_000), "a million parts");
    let short = signed(&header(), &with(claims(), "pad", json!("x".repeat(500))));
    assert!(
        read(&short).is_ok(),
        "it was the length that was refused; claims we do not know are ignored (RFC 7519, 4)"
    );
}

#[test]
fn what_is_cut_altered_or_added_breaks_the_signature() {
    let token = access().sign(&keys(), now());
    for end in 0..token.len() {
        assert_none_of_ours(&token[..end], &format!("cut at {end}"));
    }
    for place in 0..token.len() {
        let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
        let altered = format!("{}{other}{}", &token[..place], &token[place + 1..]);
        assert!(read(&altered).is_err(), "altered at {place}");
    }
    for added in [" ", "\n", "=", "==", ".", "A", ".A", "\0", "%00"] {
        assert_none_of_ours(&format!("{token}{added}"), "something behind it");
        assert_none_of_ours(&format!("{added}{token}"), "something before it");
    }
}

#[test]
fn names_that_stand_twice_and_data_behind_the_end_are_refused() {
    let (header, claims) = (header().to_string(), claims().to_string());
    let double = |text: &str, pair: &str| format!("{},{pair}}}", text.strip_suffix('}').unwrap());
    for pair in [r#""alg":"HS256""#, r#""kid":"ours""#, r#""typ":"at+jwt""#] {
        assert_none_of_ours(&sealed(&double(&header, pair), &claims, &SECRET), pair);
    }
    for pair in [
        r#""sub":"8""#,
        r#""exp":1900000000"#,
        r#""iat":1"#,
        r#""iss":"push-system""#,
        r#""aud":"push-system""#,
        r#""sid":"00000000000000000000000000000008""#,
        r#""jti":"9.x""#,
    ] {
        assert_none_of_ours(&sealed(&header, &double(&claims, pair), &SECRET), pair);
    }
    for behind in ["{}", " x", "\0", "]"] {
        assert_none_of_ours(&sealed(&header, &format!("{claims}{behind}"), &SECRET), behind);
        assert_none_of_ours(&sealed(&format!("{header}{behind}"), &claims, &SECRET), behind);
    }
    for no_object in ["", "null", "[]", "\"x\"", "7"] {
        assert_none_of_ours(&sealed(&header, no_object, &SECRET), no_object);
        assert_none_of_ours(&sealed(no_object, &claims, &SECRET), no_object);
    }
}
