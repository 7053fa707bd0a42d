//! What the English texts are written in: they say which entries there are.

/// A struct with a field for each text, and a method of the same name for each that has values in it.
macro_rules! words {
    ($(#[$doc:meta])* $Words:ident, $ENGLISH:ident:
     $($name:ident $(($($value:ident: $kind:ty),+))? = $text:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $Words { $(pub $name: &'static str,)* }

        pub(super) const $ENGLISH: $Words = $Words { $($name: $text,)* };

        impl $Words {
            /// The entries by name, with the values that stand in each.
            pub const ENTRIES: &'static [(&'static str, &'static [&'static str])] =
                &[$((stringify!($name), &[$($(stringify!($value)),+)?]),)*];

            /// The texts, in order.
            pub fn lines(&self) -> Vec<&'static str> {
                vec![$(self.$name,)*]
            }

            /// What [`Self::lines`] gave; nothing where it is too short.
            pub(in crate::catalogue) fn read(lines: &mut impl Iterator<Item = &'static str>) -> Self {
                Self { $($name: lines.next().unwrap_or_default(),)* }
            }

            $($(
                pub fn $name(&self, $($value: $kind),+) -> String {
                    phrase::fill(self.$name, &[$((stringify!($value), &$value as &dyn Display)),+])
                }
            )?)*
        }
    };
}

/// An enum with a variant for each refusal, which holds the value that stands in its text.
macro_rules! sentences {
    ($($name:ident $(($value:ident: $kind:ty))? = $text:literal,)*) => {
        /// Why something was refused, before it is put into the words of whoever asked.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Sentence {
            $($name $(($kind))?,)*
            /// A sentence that is in its reader's words already.
            Said(String),
        }

        impl Sentence {
            /// The entries by name, with the values that stand in each.
            pub const ENTRIES: &'static [(&'static str, &'static [&'static str])] =
                &[$((stringify!($name), &[$(stringify!($value))?]),)*];

            /// One of each, in the order of [`Self::ENTRIES`].
            pub fn all() -> Vec<Self> {
                vec![$(Self::$name $((<$kind>::default()))?,)*]
            }

            /// The text with the value in it.
            pub(in crate::catalogue) fn fill(&self, template: &str) -> String {
                match self {
                    $(Self::$name $(($value))? =>
                        phrase::fill(template, &[$((stringify!($value), $value as &dyn Display))?]),)*
                    Self::Said(text) => text.clone(),
                }
            }
        }

        pub(super) fn english(sentence: &Sentence) -> &'static str {
            match sentence {
                $(Sentence::$name { .. } => $text,)*
                Sentence::Said(_) => "",
            }
        }
    };
}

pub(super) use {sentences, words};
