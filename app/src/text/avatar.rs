/// How many colours the style sheet has.
const COLOURS: u32 = 12;

/// One or two characters that stand for a name: the first of its first two parts, or its first two.
pub fn initials(name: &str) -> String {
    let mut parts = name.split(['.', '-', '_', ' ']).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or(name);
    let mut letters = first.chars();
    let one = letters.next();
    let two = match parts.next() {
        Some(second) => second.chars().next(),
        None => letters.next().filter(char::is_ascii),
    };
    one.into_iter().chain(two).collect()
}

/// Which of the colours a name has: always the same one (FNV-1a).
pub fn colour(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % COLOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_parts_of_a_name() {
        assert_eq!(initials("mei.chen"), "mc");
        assert_eq!(initials("release-agent-2"), "ra");
        assert_eq!(initials("ci"), "ci");
        assert_eq!(initials("a"), "a");
        assert_eq!(initials("林怡君"), "林");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(colour("mei.chen"), colour("mei.chen"));
        assert!((0..200).all(|n| colour(&format!("user{n}")) < COLOURS));
        assert_ne!(colour("ana"), colour("bob"));
    }
}
