//! Wall-clock time for people to read. It orders nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z; on the wire RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Last millisecond of the year 9999, where RFC 3339 ends.
    const MAX: i64 = 253_402_300_799_999;

    /// Time as counted by Unix; held within the years 1970 to 9999, which RFC 3339 can write.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(ms.clamp(0, Self::MAX))
    }

    /// Milliseconds since the Unix epoch.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch, rounded down.
    pub fn unix_s(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment and `ms` more.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self::from_unix_ms(self.0.saturating_add(ms))
    }

    /// Whole days since 1970-01-01 for someone `offset_minutes` east of UTC.
    pub fn day(self, offset_minutes: i32) -> i64 {
        (self.0 + i64::from(offset_minutes) * 60_000).div_euclid(86_400_000)
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.date_time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let t = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
        let ms = t.unix_timestamp_nanos() / 1_000_000;
        Ok(Self::from_unix_ms(i64::try_from(ms).unwrap_or(Self::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_with_milliseconds_in_utc_and_read_back() {
        let t = Timestamp::from_unix_ms(1_795_357_425_007);
        assert_eq!(serde_json::to_string(&t).unwrap(), r#""2026-11-22T14:23:45.007Z""#);
        let back: Timestamp = serde_json::from_str(r#""2026-11-22T16:23:45.007+02:00""#).unwrap();
        assert_eq!(back, t);
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        let before_midnight_utc = Timestamp::from_unix_ms(86_400_000 - 1);
        assert_eq!(before_midnight_utc.day(0), 0);
        assert_eq!(before_midnight_utc.day(60), 1);
    }
}
