//! JSON objects, read field by field.
//!
//! What serde derives for tagged enums and flattened fields reads every type they hold once more for each of its private
//! buffers. The browser pays for that by the byte, so what arrives there is read from one buffer, [`Value`], alone.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::{Map, Value};

/// The fields that were not taken yet.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }

    /// A field that may be missing, or null, only where `T` may be.
    pub(crate) fn take<T: DeserializeOwned, E: Error>(&mut self, field: &'static str) -> Result<T, E> {
        let value = self.0.remove(field).unwrap_or_default();
        serde_json::from_value(value).map_err(|error| E::custom(format_args!("{field}: {error}")))
    }

    /// The object as far as it was not taken: for what stands in it without a name of its own.
    pub(crate) fn rest<T: DeserializeOwned, E: Error>(self) -> Result<T, E> {
        serde_json::from_value(Value::Object(self.0)).map_err(E::custom)
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
}
