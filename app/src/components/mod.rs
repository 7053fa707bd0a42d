//! The parts of the pages, one file each. Names and structure are those of the style sheet's files.

#[cfg(feature = "ssr")]
mod account;
mod announcer;
#[cfg(feature = "ssr")]
mod auth_form;
mod avatar;
mod banner;
#[cfg(feature = "ssr")]
mod brand;
mod composer;
#[cfg(feature = "ssr")]
mod connection;
#[cfg(feature = "ssr")]
mod desk_frame;
#[cfg(feature = "ssr")]
mod empty;
#[cfg(feature = "ssr")]
mod facts;
mod feed;
mod field;
mod floats;
mod fragment;
mod frame;
mod help;
mod icon;
mod icon_button;
#[cfg(feature = "ssr")]
mod language_form;
#[cfg(feature = "ssr")]
mod moment;
#[cfg(feature = "ssr")]
mod nav;
#[cfg(feature = "ssr")]
mod notice;
#[cfg(feature = "ssr")]
mod once;
#[cfg(feature = "ssr")]
mod own_password;
mod palette;
#[cfg(feature = "ssr")]
mod password;
mod rail;
#[cfg(feature = "ssr")]
mod step_pager;
#[cfg(feature = "ssr")]
mod theme_form;
mod toast;

pub use announcer::Announcer;
#[cfg(feature = "ssr")]
pub use auth_form::AuthCard;
pub use avatar::Avatar;
pub use banner::Banner;
#[cfg(feature = "ssr")]
pub use brand::Brand;
pub use composer::{COMPOSER_ID, Composer, MESSAGE_ID};
#[cfg(feature = "ssr")]
pub use desk_frame::DeskFrame;
#[cfg(feature = "ssr")]
pub use empty::Empty;
#[cfg(feature = "ssr")]
pub use facts::{Fact, SessionFacts, device_name};
pub use feed::FeedList;
#[cfg(feature = "ssr")]
pub use field::Field;
#[cfg(feature = "ssr")]
pub use field::FormNotice;
pub use field::{FieldError, value_of};
pub use floats::Floats;
pub use fragment::focus_at_fragment;
pub use frame::side;
pub use help::{HELP_ID, help};
pub use icon::{Icon, Symbol};
pub use icon_button::IconButton;
#[cfg(feature = "ssr")]
pub use language_form::LanguageForm;
#[cfg(feature = "ssr")]
pub use moment::Moment;
#[cfg(feature = "ssr")]
pub use notice::{BadNotice, GoodNotice};
#[cfg(feature = "ssr")]
pub use once::Once;
#[cfg(feature = "ssr")]
pub use own_password::OwnPassword;
pub use palette::{PALETTE_ID, palette};
#[cfg(feature = "ssr")]
pub use password::PasswordField;
pub use rail::Rail;
#[cfg(feature = "ssr")]
pub use step_pager::StepPager;
#[cfg(feature = "ssr")]
pub use theme_form::{DensityForm, ThemeForm};
pub use toast::ToastNotice;
