//! What a page is told about its request. The server fills it in, the page embeds it, the browser reads it back.

use std::collections::BTreeMap;

use push_system::{
    api::{HistoryPage, Me, Presence},
    catalogue::{Catalogue, Language},
    error::{ErrorCode, Rejection},
    inbox::Snapshot,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Which colours a person chose; kept in the cookie [`Theme::COOKIE`], so that the server renders them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// What the device says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The cookie's name.
    pub const COOKIE: &'static str = "push_theme";
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in the cookie, the form and `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// How close lines stand; kept in the cookie [`Density::COOKIE`], so that the server renders it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// With room around each message.
    #[default]
    Comfortable,
    /// More messages on a screen.
    Compact,
}

impl Density {
    /// The cookie's name.
    pub const COOKIE: &'static str = "push_density";
    /// Both, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::Comfortable, Self::Compact];

    /// The word in the cookie, the form and `data-density`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comfortable => "comfortable",
            Self::Compact => "compact",
        }
    }

    /// The density of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|density| density.as_str() == text)
    }
}

/// The cookie in which a browser tells how many minutes east of UTC it is, so that days begin where its person is.
pub const OFFSET_COOKIE: &str = "push_tz";

/// What `why` in the address of the login page says: somebody ended the login.
pub const WHY_ENDED: &str = "ended";
/// What it says where the login is only known to be over.
pub const WHY_OVER: &str = "over";

/// Everything about a request that a page's first render depends on. Equal on both sides, or hydration breaks.
///
/// The server fills in what it knows, calls [`PageContext::load`], which reads the rest, and provides the result
/// through Leptos context before it renders. Nothing is read during a render.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContext {
    /// Who is logged in.
    pub viewer: Option<Me>,
    /// What they read.
    pub language: Language,
    /// Their colours.
    pub theme: Theme,
    /// How close their lines stand.
    #[serde(default)]
    pub density: Density,
    /// Minutes east of UTC, 0 until the browser has said.
    pub offset_minutes: i32,
    /// The time relative times are rendered against.
    pub now: Timestamp,
    /// The address of this system, without a slash at its end.
    pub base_url: String,
    /// Whether new accounts are taken.
    pub registration_open: bool,
    /// The form that was sent and not accepted, or what it did.
    pub form: Option<FormState>,
    /// The status of the error page to show instead of the page asked for. The render sets it on the response.
    pub failure: Option<u16>,
    /// What [`PageContext::load`] read.
    #[serde(default)]
    pub data: PageData,
}

/// What a page shows at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageData {
    /// The path of the page asked for.
    pub path: String,
    /// Its query string, without the `?`.
    pub search: String,
    /// The inbox, on every page of a person who is logged in: its count is in the navigation, its position in the socket.
    pub inbox: Option<Snapshot>,
    /// Who is online.
    pub presence: Presence,
    /// What the address asks the history for: a filtered inbox, or a page of `/history`.
    pub results: Option<HistoryPage>,
    /// The idempotency key of the message that will be written on this page.
    pub draft_key: String,
}

/// The forms that are rendered again with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `POST /login`
    Login,
    /// `POST /register`
    Register,
    /// `POST /`
    Compose,
    /// `POST /settings/password`
    Password,
}

/// A form as it was sent, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    /// Which.
    pub form: Form,
    /// What was typed, by field name; never a password.
    pub values: BTreeMap<String, String>,
    /// Why it was refused; none when it was accepted and the page says so.
    pub refusal: Option<FormRefusal>,
}

/// Why a form was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormRefusal {
    /// Which way.
    pub code: ErrorCode,
    /// The field to stand beside.
    pub field: Option<String>,
    /// The sentence.
    pub detail: String,
}

impl FormRefusal {
    /// The refusal in these words.
    pub fn new(rejection: Rejection, words: &Catalogue) -> Self {
        let detail = words.say(&rejection.detail);
        Self { code: rejection.code, field: rejection.field.map(Into::into), detail }
    }
}

/// The server's side of a render.
#[cfg(feature = "ssr")]
#[derive(Clone)]
pub struct ServerContext {
    /// Where data comes from.
    pub backend: std::sync::Arc<dyn push_system::ports::Backend>,
    /// Sets the page's status, where it is not 200.
    pub set_status: std::sync::Arc<dyn Fn(u16) + Send + Sync>,
    /// The folder of script, style and WebAssembly, below `/`.
    pub package_dir: &'static str,
}
