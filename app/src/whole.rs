//! JSON of pages and answers, read in one way.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// A value read by way of [`Value`], as the frames of the socket are. The compiler makes a reader for each type and each
/// kind of source; with this there is one source, and the WebAssembly is a tenth smaller.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Whole<T> {
    /// The value; in JSON there is nothing around it.
    pub value: T,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::from_value(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
        Ok(Self { value })
    }
}

#[cfg(test)]
mod tests {
    use push_system::{ids::MessageId, read_state::ReadState};

    use super::*;

    #[test]
    fn nothing_is_around_the_value() {
        let state = ReadState::starting_at(MessageId(4));
        let text = serde_json::to_string(&Whole { value: state.clone() }).unwrap();
        assert_eq!(text, serde_json::to_string(&state).unwrap());
        assert_eq!(serde_json::from_str::<Whole<ReadState>>(&text).unwrap().value, state);
    }
}
