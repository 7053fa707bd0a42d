use super::Catalogue;

/// English.
pub static EN: Catalogue = Catalogue {
    username_too_short: "A username needs at least 2 characters.",
    username_too_long: "A username has at most 32 characters.",
    username_characters: "Use letters a to z, digits, '_', '.' and '-'; start with a letter or digit.",
    password_too_short: "Use at least 8 characters.",
    password_too_long: "Use at most 256 characters.",
    email_invalid: "That does not look like an e-mail address.",
    message_empty: "Write a message first.",
    message_too_large: "The message is too long: at most 16 KiB of text.",
    event_too_large: "The message with everything attached to it is over 60 KiB. Shorten it or drop some extras.",
    title_too_long: "The title is too long: at most 200 characters.",
    priority_range: "Priority is a number from 0 to 10.",
    tags_limits: "At most 10 tags of 1 to 32 characters each.",
    click_invalid: "The link must start with http:// or https:// and have at most 2,000 characters.",
    nul: "The text contains a NUL character. Remove it.",
    key_invalid: "The key must be 1 to 128 visible ASCII characters.",
    too_many_recipients: "Name at most 50 people, or send to everyone.",
    unknown_recipient: |who| format!("There is no recipient “{who}”. Use everyone or @name."),
    bad_frame: "This frame could not be read",
    resume_out_of_turn: "A resume is only expected after a reset.",
};
