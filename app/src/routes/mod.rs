//! The pages, one file each.

#[cfg(feature = "ssr")]
mod desk;
#[cfg(feature = "ssr")]
mod error;
mod history;
mod inbox;
mod layout;
#[cfg(feature = "ssr")]
mod login;
#[cfg(feature = "ssr")]
mod register;
mod still;

#[cfg(feature = "ssr")]
pub use desk::DeskRoute;
#[cfg(feature = "ssr")]
pub use error::ErrorPage;
#[cfg(feature = "ssr")]
pub(crate) use error::explain;
pub use history::HistoryPage;
pub use inbox::InboxPage;
pub use layout::Layout;
#[cfg(feature = "ssr")]
pub use login::LoginPage;
#[cfg(feature = "ssr")]
pub use register::RegisterPage;
pub use still::still;
