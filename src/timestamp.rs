//! Wall-clock time for people to read. It orders nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

    /// Reads RFC 3339, in any offset; a part of a millisecond is cut off. Of a leap second it keeps the moment after.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = (text.get(..10)?, text.get(11..)?);
        let (year, month, day) = (digits(date, 0..4)?, digits(date, 5..7)?, digits(date, 8..10)?);
        let (hour, minute, second) = (digits(time, 0..2)?, digits(time, 3..5)?, digits(time, 6..8)?);
        let marks = [date.get(4..5)?, date.get(7..8)?, time.get(2..3)?, time.get(5..6)?];
        let between = text.get(10..11)?;
        let days = Date { year: i32::try_from(year).ok()?, month: month.try_into().ok()?, day: day.try_into().ok()? };
        let whole = marks == ["-", "-", ":", ":"] && "Tt ".contains(between) && days.exists();
        if !whole || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (ms, zone) = fraction(time.get(8..)?)?;
        let seconds = days.days() * 86_400 + hour * 3_600 + minute * 60 + second - offset_minutes(zone)? * 60;
        Some(Self::from_unix_ms(seconds * 1_000 + ms))
    }
}

/// A number that stands in a fixed place.
fn digits(text: &str, place: std::ops::Range<usize>) -> Option<i64> {
    let digits = text.get(place)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The milliseconds after the seconds, and what follows them.
fn fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(fraction) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let end = fraction.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
    let (digits, zone) = fraction.split_at(end);
    let ms = digits.bytes().chain(*b"00").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some((ms, zone))
}

/// How far east of UTC a zone is.
fn offset_minutes(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(zone, 1..3)?, digits(zone, 4..6)?);
    let whole = zone.len() == 6 && zone.get(3..4) == Some(":") && hours < 24 && minutes < 60;
    whole.then_some(sign * (hours * 60 + minutes))
}

/// A day of the Gregorian calendar.
///
/// Computed here, as a crate for it brings readers and writers of any format into the browser's program. The arithmetic
/// counts days from 1 March of a year 0, so that the leap day is a year's last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Of the common era.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 1 March of the year 0 to 1970-01-01.
const EPOCH: i64 = 719_468;

impl Date {
    /// The day so many days after 1970-01-01; the years 0 to 9999.
    pub fn at(days: i64) -> Self {
        let days = (days + EPOCH).clamp(0, 3_652_425);
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / (ERA_DAYS - 1)) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        Self {
            year: year.try_into().unwrap_or_default(),
            month: month.try_into().unwrap_or_default(),
            day: day.try_into().unwrap_or_default(),
        }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        let (month, year) = (i64::from(self.month), i64::from(self.year) - i64::from(self.month <= 2));
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let from_march = (month + 9) % 12;
        let day_of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
    }

    /// Whether there was or will be such a day.
    fn exists(self) -> bool {
        (1..=12).contains(&self.month) && Self::at(self.days()) == self
    }

    /// 0 for a Monday to 6 for a Sunday.
    pub fn weekday_from_monday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((self.days() + 3).rem_euclid(7)).unwrap_or_default()
    }
}

/// As in an address or an element's `datetime`: `2026-11-22`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, ms) = (Date::at(self.day(0)), self.0.rem_euclid(86_400_000));
        let (second, ms) = (ms / 1_000, ms % 1_000);
        write!(f, "{date}T{:02}:{:02}:{:02}.{ms:03}Z", second / 3_600, second / 60 % 60, second % 60)
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
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time as RFC 3339 writes it"))
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
    fn is_read_in_every_way_that_rfc_3339_writes_and_in_no_other() {
        let read = |text| Timestamp::parse(text).map(Timestamp::unix_ms);
        assert_eq!(read("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(read("2000-02-29T23:59:59.9z"), Some(951_868_799_900));
        assert_eq!(read("2026-11-22 22:23:45.0079999+08:00"), Some(1_795_357_425_007));
        assert_eq!(read("1990-12-31T15:59:60-08:00"), Some(662_688_000_000));
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T14:23:45",
            "2026-11-22T14:23Z",
            "2026-11-22T14:23:45.Z",
            "2026-11-22T14:23:45+0800",
            "2026-11-22T24:00:00Z",
            "2026-11-22T14:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "+026-11-22T14:23:45Z",
            "2026-11-22T14:23:45Zé",
            "2026-11-2é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back_and_follows_the_one_before() {
        let mut before = Date::at(-1);
        assert_eq!((before.to_string().as_str(), before.weekday_from_monday()), ("1969-12-31", 2));
        for days in 0..200_000 {
            let date = Date::at(days);
            assert_eq!(date.days(), days);
            let next_day = (date.year, date.month, date.day) == (before.year, before.month, before.day + 1);
            assert!(next_day || date.day == 1, "{before} {date}");
            before = date;
        }
        assert_eq!(before.to_string(), "2517-07-31");
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        let before_midnight_utc = Timestamp::from_unix_ms(86_400_000 - 1);
        assert_eq!(before_midnight_utc.day(0), 0);
        assert_eq!(before_midnight_utc.day(60), 1);
    }
}
