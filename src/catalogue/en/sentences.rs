use std::fmt::Display;

use crate::catalogue::{phrase, sentences};

sentences! {
    UsernameTooShort = "A username needs at least 2 characters.",
    UsernameTooLong = "A username has at most 32 characters.",
    UsernameCharacters = "Use letters a to z, digits, '_', '.' and '-'; start with a letter or digit.",
    UsernameReserved = "That name means all people. Choose another one.",
    PasswordTooShort = "Use at least 8 characters.",
    PasswordTooLong = "Use at most 256 characters.",
    PasswordTooCommon = "This password is easy to guess. Choose another one; a few words make a good one.",
    EmailInvalid = "That does not look like an e-mail address.",
    MessageEmpty = "Write a message first.",
    MessageTooLarge = "The message is too long: at most 16 KiB of text.",
    EventTooLarge = "The message with everything attached to it is over 60 KiB. Shorten it or drop some extras.",
    TitleTooLong = "The title is too long: at most 200 characters.",
    PriorityRange = "Priority is a number from 0 to 10.",
    TagsLimits = "At most 10 tags of 1 to 32 characters each.",
    ClickInvalid = "The link must start with http:// or https:// and have at most 2,000 characters.",
    Nul = "The text contains a NUL character. Remove it.",
    KeyInvalid = "The key must be 1 to 128 visible ASCII characters.",
    TooManyRecipients = "Name at most 50 people, or send to everyone.",
    NoRecipient = "Name somebody, or leave the field out to send to everyone.",
    UnknownRecipient(who: String) = "There is no recipient “{who}”. Use everyone, @name or #topic.",
    AmbiguousRecipient(who: String) = "You can see several topics called “{who}”. Say which one by the number in the address of its page, as in #ops:12.",
    MixedAudience = "A message to a private topic is for its members alone. Name nobody else.",
    TopicArchived(name: String) = "#{name} is archived: nothing can be sent to it any more.",
    TopicNameCharacters = "Use letters, digits, '_', '.' and '-'; start with a letter or digit.",
    TopicNameTooLong = "The name has at most 32 characters.",
    TopicNameTaken = "There is a topic of that name. Choose another one.",
    TopicDescriptionTooLong = "The description has at most 500 characters.",
    TooManyTopics = "One person can be in at most 500 topics. Leave some first.",
    TooManyStays = "One person can come into a topic at most 50 times.",
    NoSuchTopic = "There is no such topic.",
    NoSuchMessage = "There is no such message.",
    NotYourMessage = "Only its sender or an admin may change a message.",
    NotYourTopic = "Only its owners may do this.",
    TooManyMarks = "Too many scattered messages are archived or saved. Archive the ones between as well, or remove some.",
    FrameNotJson = "This frame is not JSON.",
    BadFrame = "This frame could not be read: its type is not known, or a field is missing or of another type.",
    ResumeOutOfTurn = "A resume is only expected after a reset.",
    MalformedJson(why: String) = "The body is not valid JSON: {why}.",
    NotAnObject = "This must be an object.",
    NotAText = "This must be a text.",
    NotTexts = "This must be a text or a list of texts.",
    NotAList = "This must be a list.",
    NotAYesOrNo = "This must be true or false.",
    WrongType = "This value has another type than is expected here.",
    UpgradeRequired = "This address speaks WebSocket: ask for an upgrade, version 13.",
    MediaType(expected: String) = "Send the body as {expected}.",
    BodyTooLarge = "The request is too large: at most 64 KiB.",
    BodyTooSlow = "The body did not come in time. Send it again.",
    Required = "Fill this in.",
    PageLimit = "The limit is a number from 1 to 200.",
    NotANumber = "This must be a whole number that is not negative.",
    QueryTooLong = "The search is too long: at most 200 characters.",
    FilterUnknown(filters: String) = "The filter is one of {filters}.",
    DensityUnknown = "Choose comfortable or compact.",
    ThemeUnknown = "The theme is one of system, light and dark.",
    GrantType = "The grant type must be password.",
    BadCredentials = "The username or the password is wrong.",
    WrongPassword = "That is not your current password.",
    Unauthorized = "Sign in first.",
    TokenExpired = "This login needs to be refreshed.",
    Revoked = "This login was ended. Sign in again.",
    ForeignOrigin = "This came from another site and was not accepted.",
    UsernameTaken = "That username is taken. Choose another one.",
    RegistrationClosed = "This server takes no new accounts. Ask its admin for one.",
    RegistrationFixed = "The configuration of this server keeps registration closed. Change PUSH_REGISTRATION there.",
    Forbidden = "Only admins may do this.",
    OwnPassword = "Change your own password in the settings, where the old one is asked for.",
    LastAdmin = "This is the last admin. Make somebody else an admin first.",
    NoSuchUser = "There is no such account.",
    NoSuchMember = "This account is no member of the topic.",
    NoSuchSession = "There is no such login, or it was ended already.",
    NoSuchInvite = "There is no such invitation.",
    InviteInvalid = "This invitation was used, or is over. Ask for another one.",
    InviteDays = "An invitation is good for 1 to 30 days.",
    TooManyInvites = "There are 1,000 open invitations. Take some back first.",
    RateLimited(seconds: u64) = "Too many attempts. Try again in a second.|Too many attempts. Try again in {seconds} seconds.",
    RateLimitedForLong(minutes: u64) = "Too many attempts. Try again in {minutes} minutes.",
    NotFound = "There is nothing at this address.",
    MethodNotAllowed = "This address does not take that method.",
    Unavailable = "The server cannot do this right now. Try again in a moment.",
    SearchIndexing = "The search index is being made, as after an update, and does not reach far enough back yet. Try again in a few minutes.",
    OutcomeUnknown = "Whether this was stored is not known. Send it again with the same key to find out.",
    IdempotencyConflict = "This key was used for another message. Use a fresh key.",
    TooManyRanges = "Name at most 200 ranges at once.",
    TooManyExceptions = "Too many scattered messages are marked. Mark older ones as read first.",
    Draining = "The server is shutting down. Another one, or the same, takes over.",
    Internal = "Something went wrong on the server. Its log has the cause.",
    NameDiffers = "That is not the name of this account.",
    LanguageUnknown = "The language is one of en and zh-Hant.",
}

impl Sentence {
    /// What the browser's program refuses by itself, so that pages carry the texts.
    pub(in crate::catalogue) const ON_PAGES: &'static [Self] = &[
        Self::MessageEmpty,
        Self::MessageTooLarge,
        Self::EventTooLarge,
        Self::TitleTooLong,
        Self::Nul,
        Self::TooManyRecipients,
        Self::NoRecipient,
        Self::UnknownRecipient(String::new()),
        Self::AmbiguousRecipient(String::new()),
        Self::MixedAudience,
        Self::TopicArchived(String::new()),
    ];

    /// "Too many attempts", and how long to wait.
    pub fn too_many_attempts(seconds: u64) -> Self {
        match seconds {
            ..120 => Self::RateLimited(seconds),
            _ => Self::RateLimitedForLong(seconds.div_ceil(60)),
        }
    }

    /// Whether both are the same entry, whatever their values.
    pub(in crate::catalogue) fn is_entry_of(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// In English: for logs, the command line and tests.
impl Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fill(english(self)))
    }
}
