use push_system::limits;

/// A stretch of text, and whether it is an address to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// The text, unchanged. Of a link it is the address as well.
    pub text: &'a str,
    /// Whether to make it a link.
    pub link: bool,
}

/// What a link may begin with. Nothing else is one: no other scheme is safe to open on a stranger's word.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// Cuts a text where web addresses stand in it. The stretches together are the text.
pub fn links(text: &str) -> Vec<Stretch<'_>> {
    let mut stretches = Vec::new();
    let (mut plain_from, mut at) = (0, 0);
    while let Some(found) = text[at..].find(':') {
        let colon = at + found;
        at = colon + 1;
        let Some((start, scheme)) = scheme_before(text, plain_from, colon) else { continue };
        let tail = &text[start..];
        let run = &tail[..tail.find(ends).unwrap_or(tail.len())];
        if run.len() > limits::CLICK_BYTES {
            // Nor is anything in it an address; looking there again and again would take too long.
            at = start + run.len();
            continue;
        }
        let address = without_punctuation(run);
        if address.get(scheme.len()..).is_some_and(|rest| leads_somewhere(scheme, rest)) {
            push(&mut stretches, &text[plain_from..start], false);
            push(&mut stretches, address, true);
            plain_from = start + address.len();
            at = plain_from;
        }
    }
    push(&mut stretches, &text[plain_from..], false);
    stretches
}

/// The scheme whose colon this is and where it begins, at `from` or after.
fn scheme_before(text: &str, from: usize, colon: usize) -> Option<(usize, &'static str)> {
    let (start, scheme) = SCHEMES.iter().find_map(|scheme| {
        let start = colon.checked_sub(scheme.find(':')?).filter(|start| *start >= from)?;
        let written = text.get(start..start + scheme.len())?;
        written.eq_ignore_ascii_case(scheme).then_some((start, *scheme))
    })?;
    // `xhttp:` is another word. Scripts without spaces may stand right before an address.
    let word = text[from..start].ends_with(|c: char| c.is_ascii_alphanumeric());
    (!word).then_some((start, scheme))
}

fn leads_somewhere(scheme: &str, rest: &str) -> bool {
    match scheme {
        "mailto:" => rest.split_once('@').is_some_and(|(name, host)| !name.is_empty() && begins_host(host)),
        _ => begins_host(rest),
    }
}

fn begins_host(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || c == '[')
}

/// What no address goes on after: space, marks around it, and what could make it look like another one.
fn ends(c: char) -> bool {
    let direction =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    // CJK punctuation and its full-width forms, which stand without a space behind an address.
    let wide = matches!(c, '\u{3000}'..='\u{3020}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}');
    c.is_whitespace() || c.is_control() || direction || wide || "<>\"`‘’“”«»…".contains(c)
}

/// An address without what belongs to the sentence around it: marks at its end, and a bracket that opened before it.
fn without_punctuation(mut address: &str) -> &str {
    let count = |wanted: char| address.chars().filter(|c| *c == wanted).count();
    let mut closing = [('(', ')'), ('[', ']'), ('{', '}')]
        .map(|(opening, closing)| (closing, count(closing).saturating_sub(count(opening))));
    while let Some(last) = address.chars().next_back() {
        match closing.iter_mut().find(|(bracket, _)| *bracket == last) {
            Some((_, surplus @ 1..)) => *surplus -= 1,
            None if ".,;:!?'*_~|".contains(last) => {}
            _ => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

fn push<'a>(stretches: &mut Vec<Stretch<'a>>, text: &'a str, link: bool) {
    if !text.is_empty() {
        stretches.push(Stretch { text, link });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> String {
        let stretches = links(text);
        assert_eq!(stretches.iter().map(|stretch| stretch.text).collect::<String>(), text);
        let show = |stretch: &Stretch<'_>| {
            if stretch.link { format!("[{}]", stretch.text) } else { stretch.text.to_owned() }
        };
        stretches.iter().map(show).collect()
    }

    #[test]
    fn web_and_mail_addresses_become_links() {
        for (text, shown) in [
            ("see https://example.org/a?b=c#d now", "see [https://example.org/a?b=c#d] now"),
            ("HTTP://EXAMPLE.ORG", "[HTTP://EXAMPLE.ORG]"),
            ("http://localhost:8000/x", "[http://localhost:8000/x]"),
            ("http://[::1]:8000/", "[http://[::1]:8000/]"),
            ("mailto:ana@example.org", "[mailto:ana@example.org]"),
            ("a: http://x.example b: https://y.example", "a: [http://x.example] b: [https://y.example]"),
            ("請看https://例子.example/路徑。謝謝", "請看[https://例子.example/路徑]。謝謝"),
        ] {
            assert_eq!(marked(text), shown);
        }
    }

    #[test]
    fn the_sentence_around_an_address_is_not_part_of_it() {
        for (text, shown) in [
            ("Look at https://example.org/a.", "Look at [https://example.org/a]."),
            ("(https://example.org/a)", "([https://example.org/a])"),
            ("(see https://example.org/a).", "(see [https://example.org/a])."),
            ("https://example.org/Rust_(language)", "[https://example.org/Rust_(language)]"),
            ("[a](https://example.org/a_(b))!", "[a]([https://example.org/a_(b)])!"),
            ("<https://example.org>", "<[https://example.org]>"),
            ("\"https://example.org\"", "\"[https://example.org]\""),
            (
                "“https://example.org/”, 「https://example.org/」",
                "“[https://example.org/]”, 「[https://example.org/]」",
            ),
            ("https://example.org, http://example.org?!", "[https://example.org], [http://example.org]?!"),
            ("https://example.org\nnext", "[https://example.org]\nnext"),
        ] {
            assert_eq!(marked(text), shown);
        }
    }

    #[test]
    fn nothing_else_becomes_a_link() {
        for text in [
            "",
            "::::",
            "example.org and www.example.org",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)//https",
            "data:text/html,<script>alert(1)</script>",
            "file:///etc/passwd ftp://example.org vbscript:x",
            "http:// https:///path https://?q http://./",
            "xhttp://example.org",
            "mailto: mailto:@example.org mailto:ana@ mailto:ana",
            "會議:https:例子",
        ] {
            assert_eq!(marked(text), text);
        }
    }

    #[test]
    fn markup_and_marks_of_direction_end_an_address() {
        assert_eq!(marked("https://a.example/<b>"), "[https://a.example/]<b>");
        assert_eq!(marked("https://a.example/\"onclick=x"), "[https://a.example/]\"onclick=x");
        assert_eq!(marked("https://a.example/\u{202e}gro"), "[https://a.example/]\u{202e}gro");
        assert_eq!(marked("javascript:https://a.example"), "javascript:[https://a.example]");
    }

    #[test]
    fn an_address_too_long_to_open_stays_text() {
        let long = format!("https://example.org/{}", "a".repeat(limits::CLICK_BYTES - 20));
        assert_eq!(marked(&long), format!("[{long}]"));
        let longer = format!("{long}a");
        assert_eq!(marked(&longer), longer);
        let nested = "https://".repeat(2_000);
        assert_eq!(marked(&nested), nested);
        assert_eq!(marked(&format!("{nested} https://b.example")), format!("{nested} [https://b.example]"));
        let brackets = format!("https://a.example/{}", ")".repeat(500));
        assert_eq!(marked(&brackets), format!("[https://a.example/]{}", ")".repeat(500)));
    }
}
