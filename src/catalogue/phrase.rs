//! Texts with values in them.

use std::fmt::{Display, Write as _};

/// What stands between the forms of a text, and between the items of a list.
pub(super) const FORMS: char = '|';

/// The text with each `{name}` replaced by the value of that name. Of two forms, the one for the first value.
pub(super) fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut rest = form(text, values);
    let mut filled = String::new();
    while let Some((before, name, after)) = next_value(rest) {
        filled.push_str(before);
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            // Writing to a string cannot fail.
            let _ = write!(filled, "{value}");
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What stands before the first value, its name, and what stands after it.
pub(super) fn next_value(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn form<'a>(text: &'a str, values: &[(&str, &dyn Display)]) -> &'a str {
    let Some((one, other)) = text.split_once(FORMS) else { return text };
    let is_one = values.first().is_some_and(|(_, value)| value.to_string() == "1");
    if is_one { one } else { other }
}

/// An item of a list, counted from zero; nothing beyond its end.
pub(super) fn item(list: &'static str, place: usize) -> &'static str {
    list.split(FORMS).nth(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_names_do() {
        assert_eq!(fill("{b} of {a}", &[("a", &"x"), ("b", &2)]), "2 of x");
        assert_eq!(fill("no value", &[]), "no value");
    }

    #[test]
    fn what_a_value_holds_is_not_read_again() {
        assert_eq!(fill("“{who}”", &[("who", &"{who}|{x}")]), "“{who}|{x}”");
    }

    #[test]
    fn one_is_counted_where_the_language_does() {
        let days = |text, n: u32| fill(text, &[("days", &n)]);
        assert_eq!(days("1 day|{days} days", 1), "1 day");
        assert_eq!([0, 2, 11, 21].map(|n| days("1 day|{days} days", n)), ["0 days", "2 days", "11 days", "21 days"]);
        assert_eq!([1, 2].map(|n| days("{days} 天", n)), ["1 天", "2 天"]);
    }

    #[test]
    fn lists_have_items() {
        assert_eq!(item("a|b", 1), "b");
        assert_eq!(item("a|b", 2), "");
    }
}
