//! 繁體中文, as it is written in Taiwan. It says 您, puts full-width punctuation around Chinese and a space between Chinese
//! and letters or digits, but for dates.
//!
//! | English | 中文 | | English | 中文 |
//! |---|---|---|---|---|
//! | message | 訊息 | | sign in, sign out | 登入、登出 |
//! | inbox | 收件匣 | | account, username | 帳號、使用者名稱 |
//! | read, unread | 已讀、未讀 | | admin, member, owner | 管理員、成員、擁有者 |
//! | sent | 已傳送 | | invitation | 邀請 |
//! | topic | 主題 | | session, login (a device's) | 登入、登入的裝置 |
//! | recipient | 收件者 | | token, key | 權杖、金鑰 |
//! | archive, archived | 封存、已封存 | | audit log | 稽核記錄 |
//! | save, saved (a message) | 收藏、已收藏 | | connection, offline | 連線、離線 |
//! | draft | 草稿 | | settings | 設定 |
//! | tag | 標籤 | | character, text | 字元、文字 |

#[cfg(feature = "ports")]
mod desk;
mod sentences;
mod ui;

use super::{Catalogue, Templates};

/// 繁體中文.
pub static ZH_HANT: Catalogue = Catalogue {
    ui: ui::UI,
    #[cfg(feature = "ports")]
    desk: desk::DESK,
    sentences: Templates::Of(sentences::chinese),
};
