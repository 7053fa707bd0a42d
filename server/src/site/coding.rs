//! Which content coding a client wants (RFC 9110, 12.5.3).

use axum::http::HeaderValue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// What `Content-Encoding` says; nothing for bytes as they are.
    pub(super) fn name(self) -> Option<HeaderValue> {
        match self {
            Self::Brotli => Some(HeaderValue::from_static("br")),
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Identity => None,
        }
    }
}

/// The weights a request gives to the codings known here; `None` for one it does not speak of.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    brotli: Option<f32>,
    gzip: Option<f32>,
    identity: Option<f32>,
    /// `*`: every coding that is not named.
    others: Option<f32>,
}

impl Accepted {
    /// Reads every `Accept-Encoding` line of a request. What cannot be read counts as refused: plain bytes suit all.
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut accepted = Self::default();
        let items = lines.into_iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        for item in items {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = match name.trim().to_ascii_lowercase().as_str() {
                "br" => &mut accepted.brotli,
                "gzip" | "x-gzip" => &mut accepted.gzip,
                "identity" => &mut accepted.identity,
                "*" => &mut accepted.others,
                _ => continue,
            };
            *weight = Some(quality(parameters));
        }
        accepted
    }

    /// The offer with the highest weight, the first one among equals; `None` when plain bytes are the better answer.
    pub(super) fn best<T>(&self, offers: impl IntoIterator<Item = (Coding, T)>) -> Option<(Coding, T)> {
        // Unnamed, plain bytes are acceptable but the last choice.
        let plain = self.identity.unwrap_or(0.0);
        offers
            .into_iter()
            .map(|(coding, offer)| (self.weight(coding), coding, offer))
            .filter(|(weight, ..)| *weight > 0.0 && *weight >= plain)
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, coding, offer)| (coding, offer))
    }

    fn weight(&self, coding: Coding) -> f32 {
        let named = match coding {
            Coding::Brotli => self.brotli,
            Coding::Gzip => self.gzip,
            Coding::Identity => self.identity,
        };
        named.or(self.others).unwrap_or(0.0)
    }
}

/// The `q` among an item's parameters, 1 where there is none.
fn quality(parameters: &str) -> f32 {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1.0, |(_, value)| value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(header: &'static str) -> Coding {
        let accepted = Accepted::of(&[HeaderValue::from_static(header)]);
        accepted.best([(Coding::Brotli, ()), (Coding::Gzip, ())]).map_or(Coding::Identity, |(coding, ())| coding)
    }

    #[test]
    fn the_heaviest_coding_wins_and_brotli_among_equals() {
        for (header, coding) in [
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br", Coding::Brotli),
            ("GZIP", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("br;q=0.5, gzip", Coding::Gzip),
            ("br; q=0.5 , gzip ; q=0.4", Coding::Brotli),
            ("br;Q=0.001", Coding::Brotli),
            ("*", Coding::Brotli),
            ("br;q=0, *", Coding::Gzip),
            ("*;q=0, gzip;q=0.1", Coding::Gzip),
            ("gzip;q=0.5, identity;q=0.5", Coding::Gzip),
        ] {
            assert_eq!(chosen(header), coding, "{header}");
        }
    }

    #[test]
    fn plain_bytes_are_the_answer_to_everything_else() {
        for header in [
            "",
            "identity",
            "deflate, zstd",
            "br;q=0, gzip;q=0",
            "*;q=0",
            "br;q=0.5, identity",
            "br;q=much",
            "br;q=2",
            "br;q=NaN",
            ",;=,",
        ] {
            assert_eq!(chosen(header), Coding::Identity, "{header}");
        }
    }

    #[test]
    fn several_lines_count_as_one() {
        let lines = [HeaderValue::from_static("gzip"), HeaderValue::from_static("br;q=0.9")];
        let best = Accepted::of(&lines).best([(Coding::Brotli, "b"), (Coding::Gzip, "g")]);
        assert_eq!(best, Some((Coding::Gzip, "g")));
    }

    #[test]
    fn a_coding_that_is_not_offered_is_not_chosen() {
        let accepted = Accepted::of(&[HeaderValue::from_static("br, gzip;q=0.2")]);
        assert_eq!(accepted.best([(Coding::Gzip, ())]), Some((Coding::Gzip, ())));
        assert_eq!(accepted.best::<()>([]), None);
    }
}
