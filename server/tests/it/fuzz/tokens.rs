use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::{prelude::*, sample::select};
use reqwest::{Method, header};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{damaged, put};
use crate::http::{Program, outcome, send};

/// What a forger writes into a header (RFC 8725, 2 and 3): other algorithms, other keys, keys that come along.
fn headers(kid: Value) -> impl Strategy<Value = Value> {
    let algorithm = select(vec!["none", "None", "HS256", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""]);
    let kid = select(vec![kid, json!("another"), json!(""), json!(7), json!(null), json!("../../dev/null")]);
    let beside = select(vec![
        json!({}),
        json!({ "typ": "JWT" }),
        json!({ "jwk": { "kty": "oct", "k": URL_SAFE_NO_PAD.encode(FORGED) } }),
        json!({ "jku": "https://evil.example/keys" }),
        json!({ "x5u": "https://evil.example/cert", "x5c": ["AAAA"] }),
        json!({ "crit": ["exp"], "b64": false }),
    ]);
    (algorithm, kid, beside).prop_map(|(algorithm, kid, mut header)| {
        header["alg"] = json!(algorithm);
        header["kid"] = kid;
        header
    })
}

const FORGED: &[u8] = b"the key of somebody else, 32 bytes";

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(unsigned: &str, key: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(unsigned.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn part(token: &str, number: usize) -> &str {
    token.split('.').nth(number).expect("three parts")
}

fn decoded(token: &str, number: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part(token, number)).unwrap()).unwrap()
}

/// Claims as they were, of somebody else, or for ever.
fn claims(good: Value) -> impl Strategy<Value = Value> {
    let change =
        select(vec![("none", json!(0)), ("sub", json!("1")), ("exp", json!(9_999_999_999_i64)), ("aud", json!([]))]);
    change.prop_map(move |(claim, value)| {
        let mut claims = good.clone();
        if claim != "none" {
            claims[claim] = value;
        }
        claims
    })
}

fn forged(token: &str) -> impl Strategy<Value = String> + use<> {
    let (header, payload) = (decoded(token, 0), decoded(token, 1));
    let signature = part(token, 2).to_owned();
    let parts = (headers(header["kid"].clone()), claims(payload), 0..4_u8);
    parts.prop_map(move |(header, claims, kind)| {
        let unsigned = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = match kind {
            0 => String::new(),
            1 => signature.clone(),
            2 => signed(&unsigned, b""),
            _ => signed(&unsigned, FORGED),
        };
        format!("{unsigned}.{signature}")
    })
}

fn tokens(token: &str) -> impl Strategy<Value = String> + use<> {
    prop_oneof![2 => forged(token), 2 => damaged(Just(token.to_owned())), 1 => "[ -~]{0,200}", 1 => "[.A-Za-z0-9_-]{0,40}"]
}

#[test]
fn no_token_but_the_one_that_was_signed_lets_anybody_in() {
    put(
        file!(),
        async |app| app.person("ana").await,
        |ana| tokens(ana.token()),
        |ana: &Program, token| {
            let request = Program { login: None, ..ana.clone() }.request(Method::GET, "/auth/me");
            let expected = if token.trim() == ana.token() { "200" } else { "401 unauthorized" };
            async move {
                let answer = send(request.header(header::AUTHORIZATION, format!("Bearer {token}"))).await;
                prop_assert_eq!(outcome(&answer), expected);
                Ok(())
            }
        },
    );
}
