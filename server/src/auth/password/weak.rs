//! Passwords that an attacker tries first: common ones, the person's or this program's name, runs and repetitions
//! (NIST SP 800-63B, 5.1.1.2; OWASP Authentication Cheat Sheet, "Block common and previously breached passwords").

use push_system::accounts::Username;
use unicode_normalization::UnicodeNormalization as _;

/// One a line after its head; see there where it comes from.
const COMMON: &str = include_str!("common.txt");
/// What this program is called, as people write it.
const PRODUCT: [&str; 3] = ["push-system", "push system", "pushsystem"];
/// Shorter names stand in too many words to say anything.
const NAME_CHARS: usize = 3;
/// Digits and signs that may stand beside a name and still add nothing: a year, a date, an exclamation mark.
const TRIMMINGS: usize = 8;
/// The longest part whose repetition makes a repetition.
const PERIOD: usize = 4;

/// Whether `text` is among the first guesses at the password of `name`.
pub(super) fn is_weak(text: &str, name: &Username) -> bool {
    let folded = text.nfkc().collect::<String>().to_lowercase();
    is_common(&folded) || is_a_name(&folded, name.as_str()) || is_a_run(&folded) || repeats(&folded)
}

/// A scan of 90 KB takes a thousandth of the time of the hash that follows.
fn is_common(folded: &str) -> bool {
    COMMON.lines().any(|line| line == folded)
}

/// Whether nothing but a few digits and signs is left once the names are taken out.
fn is_a_name(folded: &str, name: &str) -> bool {
    let names = PRODUCT.into_iter().chain([name]).filter(|name| name.len() >= NAME_CHARS);
    let rest = names.fold(folded.to_owned(), |rest, name| rest.replace(name, ""));
    folded == name || (rest != folded && rest.chars().count() <= TRIMMINGS && !rest.chars().any(char::is_alphabetic))
}

/// Characters that follow each other, up or down: `abcdefgh`, `87654321`, and around the end of the digits.
fn is_a_run(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let up = |pair: &[char]| u32::from(pair[0]) + 1 == u32::from(pair[1]) || pair == ['9', '0'];
    let down = |pair: &[char]| u32::from(pair[0]) == u32::from(pair[1]) + 1 || pair == ['0', '9'];
    chars.windows(2).all(up) || chars.windows(2).all(down)
}

/// One part again and again: `aaaaaaaa`, `abcabcabc`.
fn repeats(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    (1..=PERIOD).any(|period| chars.iter().zip(&chars[period.min(chars.len())..]).all(|(one, next)| one == next))
}

#[cfg(test)]
mod tests {
    use push_system::limits;

    use super::*;

    fn weak(text: &str) -> bool {
        is_weak(text, &Username::parse("mei.chen").unwrap())
    }

    #[test]
    fn common_passwords_are_known_in_any_case_and_width() {
        for text in ["password", "PassWord", "ｐａｓｓｗｏｒｄ", "iloveyou", "trustno1", "1q2w3e4r", "qwertyuiop"]
        {
            assert!(weak(text), "{text}");
        }
    }

    #[test]
    fn names_with_a_year_are_no_passwords() {
        for text in
            ["mei.chen", "Mei.Chen2026!", "push-system", "PushSystem_2026", "mei.chenmei.chen", "mei.chen@push-system"]
        {
            assert!(weak(text), "{text}");
        }
        for text in ["mei.chen likes tea", "mei.chen 573920571840", "push-system is at home"] {
            assert!(!weak(text), "{text}");
        }
        assert!(!is_weak("alpaca-4711", &Username::parse("al").unwrap()), "two letters stand in too many words");
    }

    #[test]
    fn runs_and_repetitions_are_no_passwords() {
        for text in [
            "aaaaaaaaaa",
            "abcabcabc",
            "ababababab",
            "1234123412341",
            "abcdefghij",
            "jihgfedcba",
            "56789012345",
            "αβγδεζηθ",
        ] {
            assert!(weak(text), "{text}");
        }
    }

    #[test]
    fn other_passwords_are_none_of_ours_to_judge() {
        for text in [
            "correct horse battery",
            "a new password",
            "only for measuring",
            "Tr0ub4dor&3",
            "密碼很長也很好記",
            "abcdefgx",
        ] {
            assert!(!weak(text), "{text}");
        }
    }

    #[test]
    fn every_entry_is_folded_and_long_enough_to_matter() {
        let entries: Vec<_> = COMMON.lines().skip_while(|line| line.starts_with('#')).collect();
        assert!(entries.len() >= 5_000, "{}", entries.len());
        for entry in entries {
            assert_eq!(entry, entry.nfkc().collect::<String>().to_lowercase());
            assert!(limits::PASSWORD_CHARS.contains(&entry.chars().count()), "{entry}");
        }
    }
}
