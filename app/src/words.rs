//! What people read, in the language of the page.

use push_system::{
    catalogue::{Catalogue, Sentence, Ui},
    error::ErrorCode,
};

/// The element in which a page carries its words for the browser's program.
pub const WORDS_ID: &str = "words";

/// All words. The one place where a language is chosen: by the server for each request, which says so through Leptos
/// context, and English where nobody does.
#[cfg(not(feature = "hydrate"))]
pub fn catalogue() -> &'static Catalogue {
    leptos::prelude::use_context().unwrap_or(&push_system::catalogue::EN)
}

/// All words: those that the page brought. They are read once, and no other language is loaded.
#[cfg(feature = "hydrate")]
pub fn catalogue() -> &'static Catalogue {
    use std::cell::OnceCell;

    thread_local! {
        static WORDS: OnceCell<&'static Catalogue> = const { OnceCell::new() };
    }
    WORDS.with(|words| {
        *words.get_or_init(|| {
            let text = crate::live::browser::text_of(WORDS_ID);
            Box::leak(Box::new(Catalogue::of_page(text.leak())))
        })
    })
}

/// The words of the pages.
pub fn words() -> &'static Ui {
    &catalogue().ui
}

/// A sentence for who reads this page.
pub fn say(sentence: &Sentence) -> String {
    catalogue().say(sentence)
}

/// Why a message was not sent, as a sentence. A refusal over the socket carries its code alone.
pub fn refusal(code: Option<ErrorCode>, recipients: &str) -> String {
    match code {
        None | Some(ErrorCode::Unavailable | ErrorCode::OutcomeUnknown) => words().unreachable.to_owned(),
        Some(ErrorCode::UnknownRecipient) => say(&Sentence::UnknownRecipient(recipients.to_owned())),
        Some(ErrorCode::AmbiguousRecipient) => say(&Sentence::AmbiguousRecipient(recipients.to_owned())),
        Some(ErrorCode::MixedAudience) => say(&Sentence::MixedAudience),
        Some(ErrorCode::TopicArchived) => {
            // By name alone, where it was written with its number.
            let topics = recipients.split(", ").filter_map(|one| one.strip_prefix('#')?.split(':').next());
            say(&Sentence::TopicArchived(topics.collect::<Vec<_>>().join(", #")))
        }
        Some(ErrorCode::TooLarge | ErrorCode::BodyTooLarge) => say(&Sentence::MessageTooLarge),
        Some(ErrorCode::RateLimited) => words().too_many_requests.to_owned(),
        Some(_) => words().refused.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Literals that look like words and are none: what browsers call keys and properties, parts of a cookie, a platform.
    const NO_WORDS: &[&str] = &[
        "ArrowDown",
        "ArrowUp",
        "Backspace",
        "Control+Enter",
        "Ctrl",
        "Ctrl ↵",
        "Enter",
        "Escape",
        "Tab",
        "defaultChecked",
        "defaultValue",
        "; Secure",
        "{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}",
        "Mac",
        "document.querySelector('.feed')?.classList.add('is-alone')",
    ];

    /// What stands between quotation marks in the code of a file: not in comments, reasons, raw strings or tests.
    fn literals(code: &str) -> Vec<String> {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().map(str::trim_start);
        let lines = lines.filter(|line| {
            !line.starts_with("//") && !line.contains("reason = ") && !line.contains("(r\"") && !line.contains("r#\"")
        });
        // Marks within a literal do not end it.
        let lines = lines.map(|line| line.replace("\\\"", "'"));
        lines.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// Whether somebody might be meant to read it.
    fn looks_like_words(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let capital = chars.windows(2).any(|pair| pair[0].is_ascii_uppercase() && pair[1].is_ascii_lowercase());
        let foreign = chars.iter().any(|c| c.is_alphabetic() && !c.is_ascii());
        capital || foreign || (text.contains(' ') && text.ends_with(['.', '!', '?', '…']))
    }

    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            let words = literals(&code).into_iter();
            let words = words.filter(|text| looks_like_words(text) && !NO_WORDS.contains(&text.as_str()));
            found.extend(words.map(|text| format!("{}: {text}", path.display())));
        }
    }

    #[test]
    fn what_only_the_browser_draws_has_no_words_of_its_own_either() {
        let mut found = Vec::new();
        look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_word_in_the_code_is_found() {
        let code = "<p>\"Nothing here\"</p>\n// \"A comment\"\nclass=\"button small\" \"try again.\" \"訊息\"";
        let found: Vec<_> = literals(code).into_iter().filter(|text| looks_like_words(text)).collect();
        assert_eq!(found, ["Nothing here", "try again.", "訊息"]);
    }
}
