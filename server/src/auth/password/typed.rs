//! What people type: a password to set, and an attempt at one that is set.
//!
//! Both are brought to one normal form, because the same letters typed on another keyboard are other bytes
//! (NIST SP 800-63B, 5.1.1.2: normalise before hashing; here NFC, which leaves what looks different different). An
//! attempt keeps what was typed as well, for passwords that were set before that was done.

use std::fmt;

use push_system::{
    accounts::Username,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    limits,
};
use unicode_normalization::UnicodeNormalization as _;

use super::weak;

/// A password as typed, before its rules are checked. Never printed.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A password that may be set: in NFC, of 8 to 256 characters of any kind and none in particular (OWASP ASVS 2.1), and
/// not one that others would try first (NIST SP 800-63B, 5.1.1.2). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Checks what `name` wants as a password; a refusal blames `field`.
    ///
    /// # Errors
    /// [`ErrorCode::TooShort`], [`ErrorCode::TooLong`], [`ErrorCode::TooCommon`].
    pub fn parse_new(typed: &Typed, name: &Username, field: &'static str) -> Result<Self, Rejection> {
        let text: String = typed.0.nfc().collect();
        let chars = text.chars().count();
        if chars < *limits::PASSWORD_CHARS.start() {
            return Err(Rejection::at(ErrorCode::TooShort, field, Sentence::PasswordTooShort));
        }
        if chars > *limits::PASSWORD_CHARS.end() {
            return Err(Rejection::at(ErrorCode::TooLong, field, Sentence::PasswordTooLong));
        }
        if weak::is_weak(&text, name) {
            return Err(Rejection::at(ErrorCode::TooCommon, field, Sentence::PasswordTooCommon));
        }
        Ok(Self(text))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What somebody types who claims to know a password. Held to no rule of new ones: those change, passwords stay.
#[derive(Clone)]
pub(in crate::auth) struct Attempt {
    normal: Password,
    /// Where it differs.
    as_typed: Option<Password>,
}

impl Attempt {
    /// What is longer than any password can be, in the form that is counted, is none. As typed it may be several times as
    /// long; a body has its own bound.
    pub(in crate::auth) fn of(typed: &Typed) -> Option<Self> {
        let can_be = |text: &str| text.chars().nth(*limits::PASSWORD_CHARS.end()).is_none();
        let normal: String = Some(typed.0.nfc().collect()).filter(|normal: &String| can_be(normal))?;
        let as_typed = (normal != typed.0 && can_be(&typed.0)).then(|| Password(typed.0.clone()));
        Some(Self { normal: Password(normal), as_typed })
    }

    /// What is held against the stored hash, the normal form first.
    pub(super) fn forms(&self) -> impl Iterator<Item = &Password> {
        std::iter::once(&self.normal).chain(&self.as_typed)
    }

    /// The form that is stored from now on.
    pub(super) fn into_normal(self) -> Password {
        self.normal
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample};

    use super::*;

    fn parse(text: &str) -> Result<Password, ErrorCode> {
        let name = Username::parse("ana").unwrap();
        Password::parse_new(&Typed(text.to_owned()), &name, "password").map_err(|rejection| {
            assert_eq!(rejection.field.as_deref(), Some("password"));
            rejection.code
        })
    }

    #[test]
    fn a_password_counts_characters_not_bytes_and_is_not_printed() {
        assert_eq!(parse("密碼很長也很好"), Err(ErrorCode::TooShort));
        let password = parse("密碼很長也很好記").unwrap();
        assert_eq!(format!("{password:?} {:?}", Typed("密碼".into())), "Password(…) Typed(…)");
        let long: String = ('a'..='z').chain('0'..='9').cycle().take(257).collect();
        assert_eq!(parse(&long), Err(ErrorCode::TooLong));
        assert!(parse(&long[1..]).is_ok());
    }

    #[test]
    fn letters_with_accents_are_one_character_however_they_were_typed() {
        let (composed, decomposed) = ("cañón-büro", "can\u{303}o\u{301}n-bu\u{308}ro");
        assert_eq!(parse(composed), parse(decomposed));
        assert!(parse(composed).is_ok());
        assert_eq!(parse("a\u{301}e\u{301}i\u{301}o\u{301}xyz"), Err(ErrorCode::TooShort));
    }

    #[test]
    fn what_looks_different_stays_different() {
        assert_ne!(parse("ﬁne weather"), parse("fine weather"));
        assert_ne!(parse("Fine weather"), parse("fine weather"));
        assert_ne!(parse(" fine weather"), parse("fine weather"));
    }

    #[test]
    fn an_attempt_is_held_to_no_rule_but_a_length_no_password_has() {
        let forms = |text: &str| Attempt::of(&Typed(text.to_owned())).map(|attempt| attempt.forms().count());
        assert_eq!(forms("short"), Some(1));
        assert_eq!(forms("password"), Some(1));
        assert_eq!(forms("e\u{301}"), Some(2));
        assert_eq!(forms(&"x".repeat(256)), Some(1));
        assert_eq!(forms(&"x".repeat(257)), None);
        assert_eq!(forms(&"e\u{301}".repeat(256)), Some(1), "longer as typed than any was when it was set so");
        assert_eq!(forms(&"e\u{301}".repeat(257)), None);
    }

    proptest! {
        #[test]
        fn what_can_be_set_can_be_typed_again(
            letters in vec(sample::select(vec!["e\u{301}", "\u{1112}\u{1161}\u{11ab}", "é", "x", "7", "\u{3b1}\u{313}\u{301}\u{345}"]), 1..600),
        ) {
            let typed = letters.concat();
            let attempt = Attempt::of(&Typed(typed.clone()));
            if let Ok(password) = parse(&typed) {
                let attempt = attempt.expect("no longer than what was set");
                prop_assert!(attempt.forms().next() == Some(&password));
            }
        }
    }
}
