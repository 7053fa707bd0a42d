//! Dates as people write them, and where they begin.

use std::fmt;

use time::{Date, Month, OffsetDateTime};

use crate::timestamp::Timestamp;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// A moment by which days are told, and where: days begin at midnight of the person who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// Now.
    pub now: Timestamp,
    /// How many minutes east of UTC the person is.
    pub offset_minutes: i32,
}

/// A day or a month, which stands for its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// `2026-11-20`
    Day(Date),
    /// `2026-11`: its first day.
    Month(Date),
    /// `7d`: so many days before today; `0d` is today.
    DaysAgo(u16),
}

impl When {
    /// Reads a year with four digits, its month, and perhaps its day; or a number of days and `d`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(days) = text.strip_suffix(['d', 'D']) {
            return days.parse().ok().filter(|_| digits(days)).map(Self::DaysAgo);
        }
        let parts: Vec<_> = text.split('-').collect();
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        if !parts.iter().all(|part| digits(part)) || (lengths != [4, 2] && lengths != [4, 2, 2]) {
            return None;
        }
        let month = Month::try_from(parts[1].parse::<u8>().ok()?).ok()?;
        let day = parts.get(2).map_or(Some(1), |day| day.parse().ok())?;
        let date = Date::from_calendar_date(parts[0].parse().ok()?, month, day).ok()?;
        Some(if parts.len() == 3 { Self::Day(date) } else { Self::Month(date) })
    }

    /// Its first moment, in milliseconds since 1970; before that it is negative.
    pub fn begins(self, today: Today) -> i64 {
        let day = match self {
            Self::Day(date) | Self::Month(date) => {
                i64::from(date.to_julian_day()) - i64::from(OffsetDateTime::UNIX_EPOCH.date().to_julian_day())
            }
            Self::DaysAgo(days) => today.now.day(today.offset_minutes) - i64::from(days),
        };
        day * DAY_MS - i64::from(today.offset_minutes) * MINUTE_MS
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()),
            Self::Month(date) => write!(f, "{:04}-{:02}", date.year(), u8::from(date.month())),
            Self::DaysAgo(days) => write!(f, "{days}d"),
        }
    }
}
