/// A stretch of text, and whether it was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, unchanged.
    pub text: &'a str,
    /// Whether to mark it.
    pub hit: bool,
}

/// The words of a search.
pub fn needles(query: &str) -> Vec<String> {
    query.split_whitespace().map(str::to_owned).collect()
}

/// Cuts a text where words occur in it, whatever their case. The pieces together are the text.
pub fn split<'a>(text: &'a str, words: &[String]) -> Vec<Piece<'a>> {
    let letters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, fold(c))).collect();
    let words: Vec<Vec<char>> = words.iter().map(|word| word.chars().map(fold).collect()).collect();
    let byte = |index: usize| letters.get(index).map_or(text.len(), |(at, _)| *at);

    let mut pieces = Vec::new();
    let (mut plain_from, mut at) = (0, 0);
    while at < letters.len() {
        let length = words.iter().filter(|word| starts_with(&letters[at..], word)).map(Vec::len).max().unwrap_or(0);
        if length == 0 {
            at += 1;
            continue;
        }
        push(&mut pieces, &text[byte(plain_from)..byte(at)], false);
        push(&mut pieces, &text[byte(at)..byte(at + length)], true);
        at += length;
        plain_from = at;
    }
    push(&mut pieces, &text[byte(plain_from)..], false);
    pieces
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str, hit: bool) {
    if !text.is_empty() {
        pieces.push(Piece { text, hit });
    }
}

fn starts_with(letters: &[(usize, char)], word: &[char]) -> bool {
    !word.is_empty() && letters.len() >= word.len() && letters.iter().zip(word).all(|((_, a), b)| a == b)
}

/// One lower-case character for each: some have several, of which the first is enough to compare by.
fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, query: &str) -> String {
        let piece = |piece: Piece<'_>| if piece.hit { format!("[{}]", piece.text) } else { piece.text.to_owned() };
        split(text, &needles(query)).into_iter().map(piece).collect()
    }

    #[test]
    fn every_word_is_marked_wherever_it_stands() {
        assert_eq!(marked("Disk full: the disk of db-2", "disk full"), "[Disk] [full]: the [disk] of db-2");
        assert_eq!(marked("disk", "disk"), "[disk]");
        assert_eq!(marked("aaa", "a"), "[a][a][a]");
    }

    #[test]
    fn other_scripts_keep_their_bytes() {
        assert_eq!(marked("週五全員會議改到下午三點", "會議"), "週五全員[會議]改到下午三點");
        assert_eq!(marked("İstanbul İ", "i"), "[İ]stanbul [İ]");
        assert_eq!(marked("ÉCOLE é", "é"), "[É]COLE [é]");
    }

    #[test]
    fn nothing_searched_marks_nothing() {
        assert_eq!(marked("<b>&", " "), "<b>&");
        assert_eq!(split("", &needles("a")), []);
    }
}
