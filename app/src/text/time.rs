use push_system::{
    catalogue::Ui,
    timestamp::{Date, Timestamp},
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn minute_of_day(then: Timestamp, offset_minutes: i32) -> i64 {
    (then.unix_s().div_euclid(60) + i64::from(offset_minutes)).rem_euclid(24 * 60)
}

/// How long ago, for someone `offset_minutes` east of UTC: "now", "12 min ago", "3 h ago", then the day.
pub fn relative(words: &Ui, then: Timestamp, now: Timestamp, offset_minutes: i32) -> String {
    let ms = now.unix_ms() - then.unix_ms();
    let (day, today) = (then.day(offset_minutes), now.day(offset_minutes));
    match ms {
        // The sender's server may be a little ahead of this clock.
        ..MINUTE_MS => words.now.to_owned(),
        MINUTE_MS..HOUR_MS => words.minutes_ago(ms / MINUTE_MS),
        _ if day == today => words.hours_ago(ms / HOUR_MS),
        _ => {
            let (date, now) = (Date::at(day), Date::at(today));
            let month = words.month_short(date.month);
            if date.year == now.year {
                words.date_short(month, date.day)
            } else {
                words.date_short_of_year(month, date.day, date.year)
            }
        }
    }
}

/// The time of day, `15:04`.
fn clock(then: Timestamp, offset_minutes: i32) -> String {
    let minute = minute_of_day(then, offset_minutes);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Day and time, `2026-11-22 15:04`.
pub fn absolute(then: Timestamp, offset_minutes: i32) -> String {
    format!("{} {}", iso_day(then.day(offset_minutes)), clock(then, offset_minutes))
}

/// The heading of a day.
pub fn day_label(words: &Ui, day: i64, today: i64) -> String {
    match today - day {
        0 => words.today.to_owned(),
        1 => words.yesterday.to_owned(),
        _ => {
            let (date, now) = (Date::at(day), Date::at(today));
            let weekday = words.weekday(date.weekday_from_monday());
            let month = words.month(date.month);
            if date.year == now.year {
                words.date_long(weekday, month, date.day)
            } else {
                words.date_long_of_year(weekday, month, date.day, date.year)
            }
        }
    }
}

/// A day as `datetime` wants it, `2026-11-22`.
pub fn iso_day(day: i64) -> String {
    Date::at(day).to_string()
}

#[cfg(test)]
mod tests {
    use push_system::catalogue::Language;

    use super::*;

    /// 2026-11-22T14:23:45.007Z, a Sunday.
    const NOW: i64 = 1_795_357_425_007;

    fn words(language: Language) -> &'static Ui {
        &language.catalogue().ui
    }

    fn ago_in(language: Language, ms: i64, offset: i32) -> String {
        relative(words(language), Timestamp::from_unix_ms(NOW - ms), Timestamp::from_unix_ms(NOW), offset)
    }

    fn ago(ms: i64, offset: i32) -> String {
        ago_in(Language::En, ms, offset)
    }

    #[test]
    fn recent_times_are_relative() {
        assert_eq!(ago(-90_000, 0), "now");
        assert_eq!(ago(59_999, 0), "now");
        assert_eq!(ago(12 * MINUTE_MS, 0), "12 min ago");
        assert_eq!(ago(3 * HOUR_MS + MINUTE_MS, 0), "3 h ago");
    }

    #[test]
    fn older_ones_name_the_day_of_the_reader() {
        assert_eq!(ago(15 * HOUR_MS, 0), "Nov 21");
        assert_eq!(ago(15 * HOUR_MS, 8 * 60), "15 h ago");
        assert_eq!(ago(365 * 24 * HOUR_MS, 0), "Nov 22, 2025");
    }

    #[test]
    fn times_are_told_in_chinese() {
        let ago = |ms| ago_in(Language::ZhHant, ms, 0);
        assert_eq!([ago(0), ago(MINUTE_MS), ago(2 * HOUR_MS)], ["剛剛", "1 分鐘前", "2 小時前"]);
        assert_eq!([ago(15 * HOUR_MS), ago(365 * 24 * HOUR_MS)], ["11月21日", "2025年11月22日"]);
        let today = Timestamp::from_unix_ms(NOW).day(0);
        let label = |day| day_label(words(Language::ZhHant), day, today);
        assert_eq!([label(today), label(today - 1)], ["今天", "昨天"]);
        assert_eq!([label(today - 2), label(today - 365)], ["11月20日 星期五", "2025年11月22日 星期六"]);
    }

    #[test]
    fn minutes_count_over_midnight() {
        let just_after_midnight = Timestamp::from_unix_ms(1_795_305_600_000 + 5 * MINUTE_MS);
        let before = just_after_midnight.plus_ms(-20 * MINUTE_MS);
        assert_eq!(relative(words(Language::En), before, just_after_midnight, 0), "20 min ago");
    }

    #[test]
    fn absolute_time_is_the_readers() {
        let now = Timestamp::from_unix_ms(NOW);
        assert_eq!(absolute(now, 0), "2026-11-22 14:23");
        assert_eq!(absolute(now, 10 * 60), "2026-11-23 00:23");
        assert_eq!(clock(now, -15 * 60), "23:23");
    }

    #[test]
    fn days_have_headings() {
        let today = Timestamp::from_unix_ms(NOW).day(0);
        let label = |day| day_label(words(Language::En), day, today);
        assert_eq!(label(today), "Today");
        assert_eq!(label(today - 1), "Yesterday");
        assert_eq!(label(today - 2), "Friday, 20 November");
        assert_eq!(label(today - 365), "Saturday, 22 November 2025");
        assert_eq!(iso_day(today), "2026-11-22");
    }
}
