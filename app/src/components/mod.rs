//! The parts of the pages, one file each. Names and structure are those of the style sheet's files.

mod account;
mod announcer;
#[cfg(feature = "ssr")]
mod auth_form;
mod avatar;
mod banner;
mod brand;
mod chip;
mod code;
mod composer;
mod connection;
mod day;
#[cfg(feature = "ssr")]
mod desk_frame;
mod dot;
mod empty;
#[cfg(feature = "ssr")]
mod facts;
mod feed;
mod field;
mod floats;
mod fragment;
mod help;
mod highlight;
mod icon;
mod icon_button;
mod message_actions;
mod message_head;
mod message_row;
mod message_text;
#[cfg(feature = "ssr")]
mod moment;
mod nav;
#[cfg(feature = "ssr")]
mod notice;
#[cfg(feature = "ssr")]
mod once;
#[cfg(feature = "ssr")]
mod own_password;
mod pager;
mod password;
mod rail;
mod search;
mod segmented;
#[cfg(feature = "ssr")]
mod step_pager;
mod theme_form;
mod toast;
mod unsent_row;

pub use account::Account;
pub use announcer::Announcer;
#[cfg(feature = "ssr")]
pub use auth_form::AuthCard;
pub use avatar::Avatar;
pub use banner::Banner;
pub use brand::Brand;
pub use chip::RecipientChips;
pub use code::Command;
pub use composer::{COMPOSER_ID, Composer, MESSAGE_ID};
pub use connection::Connection;
pub use day::DayHeading;
#[cfg(feature = "ssr")]
pub use desk_frame::DeskFrame;
pub use dot::UnreadDot;
pub use empty::Empty;
#[cfg(feature = "ssr")]
pub use facts::{Fact, SessionFacts, device_name};
pub use feed::FeedList;
#[cfg(feature = "ssr")]
pub use field::Field;
pub use field::{FieldError, FormNotice, value_of};
pub use floats::Floats;
pub use fragment::focus_at_fragment;
pub use help::{HELP_ID, Help};
pub use highlight::Highlighted;
pub use icon::{Icon, Symbol};
pub use icon_button::IconButton;
pub use message_actions::MessageActions;
pub use message_head::MessageHead;
pub use message_row::MessageRow;
pub use message_text::MessageText;
#[cfg(feature = "ssr")]
pub use moment::Moment;
pub use nav::Nav;
#[cfg(feature = "ssr")]
pub use notice::{BadNotice, GoodNotice};
#[cfg(feature = "ssr")]
pub use once::Once;
#[cfg(feature = "ssr")]
pub use own_password::OwnPassword;
pub use pager::Pager;
pub use password::PasswordField;
pub use rail::Rail;
pub use search::{Search, navigate_to_search};
pub use segmented::{Segmented, filter_name};
#[cfg(feature = "ssr")]
pub use step_pager::StepPager;
pub use theme_form::ThemeForm;
pub use toast::ToastNotice;
pub use unsent_row::UnsentRow;
