//! Names and values as a query or a plain form carries them.

use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    limits,
};
use std::{collections::BTreeMap, convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::problem::Refusal;

/// The fields of a query or a form, in the order they were sent. Printed by name alone: passwords come in them.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    /// Reads `a=1&b=2`. A name `x[message]` is read as `message`: some frameworks of other people write forms so.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).map(|(name, value)| (plain(&name), value.into_owned())).collect())
    }

    /// The first value of that name. An empty one means not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// That value, or nothing.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// All values of that name that are not empty.
    pub fn all(&self, name: &str) -> Vec<String> {
        let given = self.0.iter().filter(|(field, value)| field == name && !value.is_empty());
        given.map(|(_, value)| value.clone()).collect()
    }

    /// That value as a number.
    ///
    /// # Errors
    /// It is none, or negative, or has a fraction.
    pub fn number(&self, name: &'static str) -> Result<Option<u64>, Rejection> {
        let refuse = |_| Rejection::at(ErrorCode::Invalid, name, Sentence::NotANumber);
        self.get(name).map(|text| text.parse().map_err(refuse)).transpose()
    }

    /// The size of a page: `limit`, or the usual one.
    ///
    /// # Errors
    /// It is outside [`limits::PAGE`].
    pub fn limit(&self) -> Result<u32, Rejection> {
        let limit = self.number("limit")?.map_or(Ok(limits::PAGE_DEFAULT), u32::try_from);
        let limit = limit.ok().filter(|limit| limits::PAGE.contains(limit));
        limit.ok_or_else(|| Rejection::at(ErrorCode::Invalid, "limit", Sentence::PageLimit))
    }

    /// What may be shown again: everything but `secrets`. Several values of one name are joined as people write them.
    pub fn shown_again(&self, secrets: &[&str]) -> BTreeMap<String, String> {
        let mut shown: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !secrets.contains(&name.as_str())) {
            let known = shown.entry(name.clone()).or_default();
            if !known.is_empty() && !value.is_empty() {
                known.push_str(", ");
            }
            known.push_str(value);
        }
        shown
    }
}

fn plain(name: &str) -> String {
    let inner = name.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(name).to_owned()
}

/// The query of a request.
#[derive(Clone, Debug)]
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// The part of an address that is a parameter. One that is no text is nobody's.
#[derive(Clone, Debug)]
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text));
        text.map_err(|_| Refusal::new(ErrorCode::NotFound, Sentence::NotFound))
    }
}

/// Two such parts of an address.
#[derive(Clone, Debug)]
pub struct Segments(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let texts = Path::from_request_parts(parts, state).await.map(|Path((one, other))| Self(one, other));
        texts.map_err(|_| Refusal::new(ErrorCode::NotFound, Sentence::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracketed_name_is_the_name_inside() {
        let fields = Fields::parse(b"x[message]=hi&to[]=a&to[]=b&plain=1");
        assert_eq!(fields.get("message"), Some("hi"));
        assert_eq!(fields.all("to[]"), ["a", "b"]);
        assert_eq!(fields.get("plain"), Some("1"));
    }

    #[test]
    fn an_empty_value_is_not_given() {
        let fields = Fields::parse(b"title=&priority=");
        assert_eq!(fields.get("title"), None);
        assert_eq!(fields.number("priority"), Ok(None));
    }

    #[test]
    fn a_number_is_whole_and_not_negative() {
        for text in ["limit=-1", "limit=1.5", "limit=ten", "limit=99999999999999999999"] {
            let refusal = Fields::parse(text.as_bytes()).number("limit").unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::Invalid, Some("limit")), "{text}");
        }
        assert_eq!(Fields::parse(b"limit=7").number("limit"), Ok(Some(7)));
    }

    #[test]
    fn what_was_typed_is_not_printed() {
        let printed = format!("{:?}", Fields::parse(b"username=ana&password=correct+horse"));
        assert_eq!(printed, r#"{"username", "password"}"#);
    }

    #[test]
    fn passwords_are_not_shown_again() {
        let fields = Fields::parse(b"username=ana&password=secret&to=a&to=b");
        let shown = fields.shown_again(&["password"]);
        assert_eq!(
            shown.into_iter().collect::<Vec<_>>(),
            [("to".into(), "a, b".into()), ("username".into(), "ana".into())]
        );
    }
}
