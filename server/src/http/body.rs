//! Request bodies: read whole, never beyond the limit, and refused with the field to blame.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    limits,
    message::OneOrMany,
};
use serde::{Serialize, de::DeserializeOwned, de::IgnoredAny};
use serde_json::error::Category;

use super::{fields::Fields, problem::Refusal};

/// How much of a body that is too large is still taken in, so that a client that is busy sending hears the answer
/// before the connection closes on it.
const DRAINED_BYTES: usize = 16 * limits::BODY_BYTES;
/// And for how long.
const DRAINED_FOR: Duration = Duration::from_secs(2);
/// How long a body may take: 64 KiB over the slowest line, not a byte a minute over all connections.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// JSON in and out. Unknown fields are ignored.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(wrong_type("application/json").into());
        }
        Ok(Self(from_json(&read(request.into_body()).await?)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A form as browsers send it without script.
#[derive(Debug)]
pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        if !is_form(request.headers()) {
            return Err(wrong_type("application/x-www-form-urlencoded").into());
        }
        Ok(Self(Fields::parse(&read(request.into_body()).await?)))
    }
}

/// The middleware of routes that ask who somebody is: the body comes first. Who may do something is then asked when there
/// is something to do, and not half a minute before, while somebody holds the rest of it back.
pub async fn first(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match read(body).await {
        Ok(whole) => next.run(Request::from_parts(parts, Body::from(whole))).await,
        Err(rejection) => Refusal::from(rejection).into_response(),
    }
}

/// Whether the body is a plain form.
pub fn is_form(headers: &HeaderMap) -> bool {
    essence(headers).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers).to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn essence(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn wrong_type(expected: &str) -> Rejection {
    Rejection::new(ErrorCode::UnsupportedMediaType, Sentence::MediaType(expected.to_owned()))
}

/// The whole body, with or without a length given, if it comes in time.
pub async fn read(body: Body) -> Result<Bytes, Rejection> {
    let slow = |_| Rejection::new(ErrorCode::MalformedJson, Sentence::BodyTooSlow);
    tokio::time::timeout(READ_WITHIN, collect(body)).await.map_err(slow)?
}

async fn collect(body: Body) -> Result<Bytes, Rejection> {
    let mut body = Limited::new(body, DRAINED_BYTES);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| refuse(&*error))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limits::BODY_BYTES {
            drain(body).await;
            return Err(Rejection::new(ErrorCode::BodyTooLarge, Sentence::BodyTooLarge));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

async fn drain(mut body: Limited<Body>) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever takes longer than that is not waiting for an answer.
    drop(tokio::time::timeout(DRAINED_FOR, all).await);
}

fn refuse(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Rejection {
    if error.is::<LengthLimitError>() {
        return Rejection::new(ErrorCode::BodyTooLarge, Sentence::BodyTooLarge);
    }
    Rejection::new(ErrorCode::MalformedJson, Sentence::MalformedJson(error.to_string()))
}

/// Reads JSON: not JSON at all is one refusal, a value of the wrong type another that names its field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    // Left to itself, serde reads a list as the fields of a struct in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let malformed = serde_json::from_slice::<IgnoredAny>(bytes).err().map(|error| malformed(&error));
        let no_object = || Rejection::new(ErrorCode::Invalid, Sentence::NotAnObject);
        return Err(malformed.unwrap_or_else(no_object));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| blame(&error, bytes))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn blame(error: &serde_path_to_error::Error<serde_json::Error>, bytes: &[u8]) -> Rejection {
    // The wrong type may stand before a mistake in the syntax; then the body is no JSON, whatever it says before that.
    if let Err(syntax) = serde_json::from_slice::<IgnoredAny>(bytes) {
        return malformed(&syntax);
    }
    if error.inner().classify() != Category::Data {
        return malformed(error.inner());
    }
    let what = without_place(error.inner());
    let path = Some(error.path().to_string()).filter(|path| path != ".");
    if let Some(name) = missing(&what) {
        let field = path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
        return Rejection::at(ErrorCode::Empty, field, Sentence::Required);
    }
    let rejection = Rejection::new(ErrorCode::Invalid, in_our_words(&what));
    Rejection { field: path.map(Into::into), ..rejection }
}

/// The field that the parser says is missing: it names the object that lacks it as the place.
fn missing(what: &str) -> Option<&str> {
    what.strip_prefix("missing field `")?.strip_suffix('`')
}

/// What the parser says of a value, for people.
fn in_our_words(what: &str) -> Sentence {
    if what == OneOrMany::EXPECTED {
        return Sentence::NotTexts;
    }
    let expected = what.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    match expected {
        "a string" | "str" | "string" => Sentence::NotAText,
        "a boolean" => Sentence::NotAYesOrNo,
        "a sequence" => Sentence::NotAList,
        "a map" => Sentence::NotAnObject,
        _ if expected.starts_with("struct ") => Sentence::NotAnObject,
        _ if expected.starts_with(['u', 'i']) && expected[1..].parse::<u8>().is_ok() => Sentence::NotANumber,
        _ => Sentence::WrongType,
    }
}

fn malformed(error: &serde_json::Error) -> Rejection {
    Rejection::new(ErrorCode::MalformedJson, Sentence::MalformedJson(error.to_string()))
}

/// The field is named already; "at line 1 column 2" after it would only confuse.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(sentence, _)| sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use push_system::message::PublishRequest;

    use super::*;

    fn refusal(json: &str) -> (ErrorCode, Option<String>) {
        let rejection = from_json::<PublishRequest>(json.as_bytes()).unwrap_err();
        (rejection.code, rejection.field.map(Into::into))
    }

    #[test]
    fn a_wrong_type_names_its_field() {
        for (json, field) in [
            (r#"{"message":5}"#, Some("message")),
            (r#"{"message":"x","priority":"high"}"#, Some("priority")),
            (r#"{"message":"x","tags":["a",1]}"#, Some("tags[1]")),
            (r#"{"message":"x","to":5}"#, Some("to")),
            (r#"{"message":"x","extras":[]}"#, Some("extras")),
            ("5", None),
            (r#"["x"]"#, None),
        ] {
            assert_eq!(refusal(json), (ErrorCode::Invalid, field.map(str::to_owned)), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed_even_after_a_wrong_type() {
        let deep = format!("{{\"message\":\"x\",\"extras\":{}", "{\"a\":".repeat(1_000));
        for json in ["", "{", r#"{"message":"x"} 1"#, r#"{"message":5,"#, r#"{"message":"\ud800"}"#, &deep] {
            assert_eq!(refusal(json).0, ErrorCode::MalformedJson, "{json:.40}");
        }
    }

    #[test]
    fn the_sentence_is_for_people() {
        for (json, words) in [
            (r#"{"message":5}"#, Sentence::NotAText),
            (r#"{"message":null}"#, Sentence::NotAText),
            (r#"{"message":"x","title":["x"]}"#, Sentence::NotAText),
            (r#"{"message":"x","priority":"high"}"#, Sentence::NotANumber),
            (r#"{"message":"x","priority":1.5}"#, Sentence::NotANumber),
            (r#"{"message":"x","tags":"a"}"#, Sentence::NotAList),
            (r#"{"message":"x","tags":["a",1]}"#, Sentence::NotAText),
            (r#"{"message":"x","to":5}"#, Sentence::NotTexts),
            (r#"{"message":"x","extras":[]}"#, Sentence::NotAnObject),
            (r#"["x"]"#, Sentence::NotAnObject),
        ] {
            assert_eq!(from_json::<PublishRequest>(json.as_bytes()).unwrap_err().detail, words, "{json}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only whether it can be read counts")]
        struct Outer {
            inner: Inner,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only whether it can be read counts")]
        struct Inner {
            flag: bool,
        }
        for (json, code, field, words) in [
            ("{}", ErrorCode::Empty, "inner", Sentence::Required),
            (r#"{"inner":{}}"#, ErrorCode::Empty, "inner.flag", Sentence::Required),
            (r#"{"inner":{"flag":"x"}}"#, ErrorCode::Invalid, "inner.flag", Sentence::NotAYesOrNo),
            (r#"{"inner":5}"#, ErrorCode::Invalid, "inner", Sentence::NotAnObject),
        ] {
            let rejection = from_json::<Outer>(json.as_bytes()).unwrap_err();
            assert_eq!((rejection.code, rejection.field.as_deref()), (code, Some(field)), "{json}");
            assert_eq!(rejection.detail, words, "{json}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up() {
        let begun = tokio::time::Instant::now();
        let first = futures::stream::iter([Ok::<_, std::io::Error>("{\"message\":")]);
        let body = Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending()));
        assert_eq!(read(body).await.unwrap_err().detail, Sentence::BodyTooSlow);
        assert_eq!(begun.elapsed(), READ_WITHIN);
    }
}
