//! The pages, one file each.

mod error;
mod history;
mod inbox;
mod layout;
mod login;
mod register;
mod settings;

pub use error::ErrorPage;
pub use history::HistoryPage;
pub use inbox::InboxPage;
pub use layout::Layout;
pub use login::LoginPage;
pub use register::RegisterPage;
pub use settings::SettingsPage;
