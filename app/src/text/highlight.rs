/// A stretch of text, and whether it was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, unchanged.
    pub text: &'a str,
    /// Whether to mark it.
    pub hit: bool,
}

/// Cuts a text where words occur in it, whatever their case, and not as parts of longer ones. The pieces together are the
/// text.
pub fn split<'a>(text: &'a str, words: &[String]) -> Vec<Piece<'a>> {
    let letters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, fold(c))).collect();
    let words: Vec<Vec<char>> = words.iter().map(|word| word.chars().map(fold).collect()).collect();
    let byte = |index: usize| letters.get(index).map_or(text.len(), |(at, _)| *at);

    let mut pieces = Vec::new();
    let (mut plain_from, mut at) = (0, 0);
    while at < letters.len() {
        let length = words.iter().filter(|word| stands_at(&letters, at, word)).map(Vec::len).max().unwrap_or(0);
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

fn stands_at(letters: &[(usize, char)], at: usize, word: &[char]) -> bool {
    let letter = |place: usize| letters.get(place).map(|(_, c)| *c);
    let goes_on = |one: Option<char>, other: Option<char>| one.is_some_and(is_spelled) && other.is_some_and(is_spelled);
    let end = at + word.len();
    !word.is_empty()
        && letters.len() >= end
        && letters[at..end].iter().zip(word).all(|((_, a), b)| a == b)
        && !(at > 0 && goes_on(letter(at - 1), letter(at)))
        && !goes_on(letter(end - 1), letter(end))
}

/// Whether words of such letters end where others begin: in Chinese, Japanese and Korean one may stand in another.
fn is_spelled(c: char) -> bool {
    c < '\u{2E80}' && c.is_alphanumeric()
}

/// One lower-case character for each: some have several, of which the first is enough to compare by.
fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, words: &str) -> String {
        let piece = |piece: Piece<'_>| if piece.hit { format!("[{}]", piece.text) } else { piece.text.to_owned() };
        let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        split(text, &words).into_iter().map(piece).collect()
    }

    #[test]
    fn every_word_is_marked_wherever_it_stands() {
        assert_eq!(marked("Disk full: the disk of db-2", "disk full"), "[Disk] [full]: the [disk] of db-2");
        assert_eq!(marked("disk", "disk"), "[disk]");
        assert_eq!(marked("Café, CAFÉ", "café"), "[Café], [CAFÉ]");
    }

    #[test]
    fn a_part_of_another_word_is_not_marked() {
        assert_eq!(marked("disks, diskless disk_1 a-disk 2disk", "disk"), "disks, diskless [disk]_1 a-[disk] 2disk");
    }

    #[test]
    fn other_scripts_keep_their_bytes() {
        assert_eq!(marked("週五全員會議改到下午三點", "會議"), "週五全員[會議]改到下午三點");
        assert_eq!(marked("東東京", "東"), "[東][東]京");
        assert_eq!(marked("v2版本", "v2 版"), "[v2][版]本");
        assert_eq!(marked("İstanbul İ", "i"), "İstanbul [İ]");
        assert_eq!(marked("ÉCOLE é", "école é"), "[ÉCOLE] [é]");
    }

    #[test]
    fn nothing_searched_marks_nothing() {
        assert_eq!(marked("<b>&", " "), "<b>&");
        assert_eq!(split("", &["a".to_owned()]), []);
    }
}
