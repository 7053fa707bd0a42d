//! Every sentence people read, in one place.
//!
//! English says which entries there are: [`Sentence`] (refusals), [`Ui`] and [`Desk`] (pages). Every other language is a
//! module beside it with the same entries; one that is missing does not compile. An entry with values in it names them in
//! braces, `"Reply to {name}"`; one that counts has a form for one and a form for all other numbers, `"1 day|{days} days"`,
//! where its language has both ([CLDR, plural rules](https://cldr.unicode.org/index/cldr-spec/plural-rules)).
//!
//! All of it is data: a page carries the entries that the browser's program says ([`Catalogue::for_page`]), so that nobody
//! loads a language they do not read.

#![expect(missing_docs, reason = "the English text says what each word is for")]

mod en;
mod entries;
mod language;
mod phrase;
#[cfg(test)]
mod tests;
mod zh_hant;

use entries::{sentences, words};

#[cfg(feature = "ports")]
pub use en::Desk;
pub use en::{EN, Sentence, Ui};
pub use language::Language;
pub use zh_hant::ZH_HANT;

/// What stands between the entries that a page carries, and therefore in none of them.
const BETWEEN: char = '\n';

/// The words of one language.
#[derive(Debug)]
pub struct Catalogue {
    /// The words of the pages.
    pub ui: Ui,
    /// The words of the pages that only the server renders.
    #[cfg(feature = "ports")]
    pub desk: Desk,
    sentences: Templates,
}

/// Where the texts of sentences come from.
#[derive(Debug)]
enum Templates {
    /// All of them.
    Of(fn(&Sentence) -> &'static str),
    /// Some.
    Listed(Vec<(Sentence, &'static str)>),
}

impl Catalogue {
    /// A sentence in this language.
    pub fn say(&self, sentence: &Sentence) -> String {
        sentence.fill(self.template(sentence))
    }

    fn template(&self, sentence: &Sentence) -> &'static str {
        match &self.sentences {
            Templates::Of(template) => template(sentence),
            Templates::Listed(list) => {
                let listed = list.iter().find(|(listed, _)| listed.is_entry_of(sentence));
                listed.map_or(self.ui.refused, |(_, template)| template)
            }
        }
    }

    /// What a page carries for the browser's program.
    pub fn for_page(&self) -> String {
        let mut lines = self.ui.lines();
        lines.extend(Sentence::ON_PAGES.iter().map(|sentence| self.template(sentence)));
        lines.join(BETWEEN.encode_utf8(&mut [0; 4]))
    }

    /// The same catalogue with every text changed so: a language of marks, for tests of what does not come from here.
    #[cfg(feature = "ports")]
    #[must_use]
    pub fn each(&self, change: impl Fn(&'static str) -> &'static str) -> Self {
        let mut desk = self.desk.lines().into_iter().map(&change);
        let sentences = Sentence::all().into_iter().map(|sentence| {
            let text = change(self.template(&sentence));
            (sentence, text)
        });
        Self {
            ui: Ui::read(&mut self.ui.lines().into_iter().map(&change)),
            desk: Desk::read(&mut desk),
            sentences: Templates::Listed(sentences.collect()),
        }
    }

    /// The words that [`Catalogue::for_page`] wrote. For a sentence that a page does not carry it says [`Ui::refused`].
    pub fn of_page(text: &'static str) -> Self {
        let mut lines = text.split(BETWEEN);
        Self {
            ui: Ui::read(&mut lines),
            #[cfg(feature = "ports")]
            desk: Desk::read(&mut std::iter::empty()),
            sentences: Templates::Listed(Sentence::ON_PAGES.iter().cloned().zip(lines).collect()),
        }
    }
}
