//! The UI: the same pages on the server (`ssr`) and in the browser (`hydrate`).
//!
//! 1. [`context`]: what the server tells a page; [`load`](context::PageContext::load) reads what it shows first, so that
//!    a render waits for nothing and the browser draws exactly the same.
//! 2. [`shell`], [`App`]: the document and what is in it. [`routes`]: the pages. [`components`]: their parts.
//!    `desk`: the pages that only the server renders for people who are logged in. [`draw`]: messages, as text; [`paint`]
//!    and [`acts`]: what changes in it, and what is pressed in it.
//! 3. [`store`]: what the pages show, as signals. [`live`]: the connection that feeds it. [`api`]: the HTTP API, asked from the browser.
//! 4. [`question`], [`text`], [`words`]: addresses, values as text, and every word there is.
//!
//! Nothing is rendered from the time, from chance or from the browser's state: what a page needs of these is in its
//! context, and what only a browser knows comes after hydration, from an effect.

#![expect(clippy::needless_pass_by_value, reason = "a component owns its properties")]
#![expect(
    clippy::large_types_passed_by_value,
    reason = "bundles of signal handles are copied into closures anyway; most of their size is debug information"
)]

pub mod acts;
pub mod api;
mod app;
pub mod clock;
pub mod components;
pub mod context;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod draw;
pub mod keyboard;
pub mod live;
#[cfg(feature = "ssr")]
mod load;
pub mod paint;
pub mod palette;
pub mod place;
pub mod question;
pub mod routes;
#[cfg(feature = "ssr")]
mod shell;
pub mod store;
pub mod text;
mod title;
mod whole;
pub mod words;

pub use app::App;
#[cfg(feature = "hydrate")]
pub use app::start;
#[cfg(feature = "ssr")]
pub use shell::shell;
