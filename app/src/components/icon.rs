use leptos::prelude::*;

/// The icons there are: one stroked path each on a 24 by 24 grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// A warning.
    Alert,
    /// Put away.
    Archive,
    /// Left.
    ArrowLeft,
    /// Right.
    ArrowRight,
    /// Up.
    ArrowUp,
    /// The product.
    Bell,
    /// Kept at hand.
    Bookmark,
    /// Done.
    Check,
    /// All done.
    CheckAll,
    /// Opens a list.
    ChevronDown,
    /// Unread.
    Circle,
    /// Time.
    Clock,
    /// Copies.
    Copy,
    /// Closes or removes.
    Cross,
    /// Signs out.
    Exit,
    /// Shows.
    Eye,
    /// A topic.
    Hash,
    /// Incoming.
    Inbox,
    /// A link to give away.
    Link,
    /// What happened.
    #[cfg(feature = "ssr")]
    List,
    /// Only for some.
    Lock,
    /// The dark theme.
    Moon,
    /// Everybody.
    #[cfg(feature = "ssr")]
    People,
    /// No connection.
    PlugOff,
    /// Writes.
    Plus,
    /// Once more.
    Retry,
    /// A screen.
    Screen,
    /// Searches.
    Search,
    /// Sends.
    Send,
    /// Administration.
    Shield,
    /// Settings.
    Sliders,
    /// The light theme.
    Sun,
}

impl Symbol {
    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.8 19.5h18.4z M12 10v4 M12 16.8v.2",
            Self::Archive => "M3.5 4.5h17v4h-17z M5 8.5v11h14v-11 M10 12.5h4",
            Self::ArrowLeft => "M19 12H5.5 M11 6l-6 6 6 6",
            Self::ArrowRight => "M5 12h13.5 M13 6l6 6-6 6",
            Self::ArrowUp => "M12 19V5.5 M6 11l6-6 6 6",
            Self::Bell => "M5 17h14l-1.7-2.8v-3.7a5.3 5.3 0 0 0-10.6 0v3.7z M10 20.5h4",
            Self::Bookmark => "M6.5 4h11v16L12 16l-5.5 4z",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::CheckAll => "M2.5 12.5 7 17l8.5-9 M12.5 16.5l.5.5 8.5-9",
            Self::ChevronDown => "M6 9.5l6 6 6-6",
            Self::Circle => "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z M12 7.5V12l3 2",
            Self::Copy => "M9 9h11v11H9z M15 9V4H4v11h5",
            Self::Cross => "M6.5 6.5l11 11 M17.5 6.5l-11 11",
            Self::Exit => "M14 4.5H5v15h9 M10 12h10.5 M17 8.5l3.5 3.5-3.5 3.5",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z M12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z"
            }
            Self::Hash => "M5 9.5h15 M4 15h15 M10 4.5l-2 15 M16 4.5l-2 15",
            Self::Inbox => "M3 13.5 6 5h12l3 8.5V19H3z M3 13.5h5.5l1.2 2.5h4.6l1.2-2.5H21",
            Self::Link => {
                "M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12.3 6 M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.3-1.3"
            }
            #[cfg(feature = "ssr")]
            Self::List => "M9 6h11 M9 12h11 M9 18h11 M4.5 6v.1 M4.5 12v.1 M4.5 18v.1",
            Self::Lock => "M6 11h12v9H6z M8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
            Self::Moon => "M19.5 14A8 8 0 0 1 10 4.5 8 8 0 1 0 19.5 14z",
            #[cfg(feature = "ssr")]
            Self::People => {
                "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z M2.5 20v-1a5 5 0 0 1 5-5h3a5 5 0 0 1 5 5v1 M16 5.3a3.5 3.5 0 0 1 0 6.5 M18.5 14.6a5 5 0 0 1 3 4.6v.8"
            }
            Self::PlugOff => {
                "M3 3l18 18 M5 9.5a11 11 0 0 1 3.2-1.9 M12.5 6.6A11 11 0 0 1 19.5 10 M8 13.5a6.5 6.5 0 0 1 4-1.7 M12 17.5v.1"
            }
            Self::Plus => "M12 5v14 M5 12h14",
            Self::Retry => "M19.5 12a7.5 7.5 0 1 1-2.3-5.4 M19.5 3.5V8H15",
            Self::Screen => "M3 5h18v11.5H3z M8.5 20.5h7 M12 16.5v4",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M16 16l4.5 4.5",
            Self::Send => "M21 3 3 10.2l7.2 3.6L13.8 21z M21 3 10.2 13.8",
            Self::Shield => "M12 3.5 5 6v5.5c0 4.4 2.9 7.4 7 9 4.1-1.6 7-4.6 7-9V6z",
            Self::Sliders => {
                "M4 7h9 M18 7h2 M4 17h2 M11 17h9 M15.5 4.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6z M8.5 14.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6z"
            }
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2.5v2 M12 19.5v2 M2.5 12h2 M19.5 12h2 M5.3 5.3l1.4 1.4 M17.3 17.3l1.4 1.4 M5.3 18.7l1.4-1.4 M17.3 6.7l1.4-1.4"
            }
        }
    }
}

/// A picture beside words; never alone, so it is hidden from assistive technology.
#[component]
pub fn Icon(
    /// Which.
    symbol: Symbol,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=symbol.path() />
        </svg>
    }
}
