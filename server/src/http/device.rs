//! What a `User-Agent` says in a few words, for people who look for the device they lost.
//!
//! A hint and no more: anybody can send anything. What comes out is plain text of a bounded length.

use push_system::limits;

/// Browsers by the product that only they name; the first that is there counts, because each names those it wants to be
/// taken for as well.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, likewise: Android says Linux too, and an iPhone says Mac.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

/// “Firefox on Linux”; of a program that is no browser its first word, like `curl/8.5.0`; empty where nothing is said.
pub fn name(agent: &str) -> String {
    let find =
        |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let text = match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => agent.split_ascii_whitespace().next().unwrap_or_default().to_owned(),
    };
    text.chars().filter(|c| !c.is_control()).take(limits::DEVICE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_and_its_system_are_named() {
        for (agent, device) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari on Mac",
            ),
        ] {
            assert_eq!(name(agent), device);
        }
    }

    #[test]
    fn a_program_is_called_by_its_first_word() {
        assert_eq!(name("curl/8.5.0"), "curl/8.5.0");
        assert_eq!(name("gotify-cli/2.3 (linux; amd64)"), "gotify-cli/2.3");
        assert_eq!(name(""), "");
        assert_eq!(name("   "), "");
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(name(&"x".repeat(10_000)).len(), limits::DEVICE_CHARS);
        assert_eq!(name("<script>alert(1)</script>"), "<script>alert(1)</script>", "text; whoever shows it escapes it");
    }
}
