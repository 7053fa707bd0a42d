use serde::{Deserialize, Serialize};

use super::{Catalogue, EN, ZH_HANT};

/// A language that people can read this system in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English, for whoever asks for none of these.
    #[default]
    #[serde(rename = "en")]
    En,
    /// 繁體中文, as it is written in Taiwan.
    #[serde(rename = "zh-Hant")]
    ZhHant,
}

impl Language {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhHant];
    /// The cookie in which a browser keeps the one its person chose.
    pub const COOKIE: &'static str = "push_lang";

    /// The tag in `lang`, `Content-Language`, the cookie and the form (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhHant => "zh-Hant",
        }
    }

    /// The language of that tag, as [`Self::tag`] writes it.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// What it calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhHant => "繁體中文",
        }
    }

    /// Its words.
    pub fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::En => &EN,
            Self::ZhHant => &ZH_HANT,
        }
    }

    /// The language of whoever sends this cookie and this `Accept-Language`: what they chose, else what their browser says,
    /// else English.
    pub fn of_reader(cookie: Option<&str>, accept: &str) -> Self {
        cookie.and_then(Self::parse).or_else(|| Self::accepted(accept)).unwrap_or_default()
    }

    /// The first of what `Accept-Language` prefers (RFC 9110, 12.5.4) that there is, by lookup (RFC 4647, 3.4).
    fn accepted(accept: &str) -> Option<Self> {
        let mut ranges: Vec<_> = accept.split(',').filter_map(weighted).collect();
        // Stable: among equals the first stays the first.
        ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        ranges.into_iter().find_map(|(range, _)| Self::lookup(range))
    }

    /// Cuts the range from its end until it names a language: `zh-TW`, `zh-HK` and `zh-Hant` end as `zh`, for which there is
    /// one script here. `*` names none.
    fn lookup(range: &str) -> Option<Self> {
        match range.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::ZhHant),
            _ => None,
        }
    }
}

/// A range with its weight in thousandths. What cannot be read is not there, and neither is what is not wanted.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = match parts.next() {
        None => 1_000,
        Some(parameter) => thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?,
    };
    (weight > 0).then_some((range, weight))
}

/// `0.8` as 800 (RFC 9110, 12.4.2): at most three digits after the point, at most 1.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let parts: u16 = digits.then(|| format!("{fraction:0<3}"))?.parse().ok()?;
    match whole {
        "0" => Some(parts),
        "1" if parts == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_prefers_is_what_it_gets() {
        for (accept, language) in [
            ("", Language::En),
            ("*", Language::En),
            ("de", Language::En),
            ("de-AT,fr;q=0.8", Language::En),
            ("en-GB", Language::En),
            ("zh", Language::ZhHant),
            ("zh-TW", Language::ZhHant),
            ("ZH-hk", Language::ZhHant),
            ("zh-Hant", Language::ZhHant),
            ("zh-Hant-TW", Language::ZhHant),
            ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", Language::ZhHant),
            ("en-US,en;q=0.9,zh-TW;q=0.8", Language::En),
            ("en;q=0.5, zh-TW", Language::ZhHant),
            ("en;q=0.5,zh;q=0.500", Language::En),
            ("de,zh-TW;q=0.3,en;q=0.2", Language::ZhHant),
            ("*;q=1,zh;q=0.1", Language::ZhHant),
        ] {
            assert_eq!(Language::of_reader(None, accept), language, "{accept}");
        }
    }

    #[test]
    fn what_is_not_wanted_or_cannot_be_read_does_not_count() {
        for accept in [
            "zh;q=0",
            "zh;q=0.000,en;q=0.1",
            "zh;q=2",
            "zh;q=1.5",
            "zh;q=x",
            "zh;q=0.1234",
            "zh;q=-1",
            ";q=1,,",
            "zh_TW",
        ] {
            assert_eq!(Language::of_reader(None, accept), Language::En, "{accept}");
        }
    }

    #[test]
    fn what_a_person_chose_comes_first() {
        assert_eq!(Language::of_reader(Some("en"), "zh-TW"), Language::En);
        assert_eq!(Language::of_reader(Some("zh-Hant"), "en"), Language::ZhHant);
        for nonsense in ["", "zh", "ZH-HANT", "de", "<b>"] {
            assert_eq!(Language::of_reader(Some(nonsense), "zh-TW"), Language::ZhHant, "{nonsense}");
        }
    }

    #[test]
    fn every_language_is_found_by_its_tag() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.tag()), Some(language));
            assert_eq!(serde_json::to_string(&language).unwrap(), format!("\"{}\"", language.tag()));
        }
    }
}
