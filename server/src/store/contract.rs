//! What every store must do, whatever database it stands on: functions over [`Store`], made into tests for each backend by
//! [`suite!`], so that the backend's name stands in the test's name.

pub(super) mod accounts;
pub(super) mod administration;
pub(super) mod changes;
pub(super) mod fold;
pub(super) mod log;
pub(super) mod queries;
pub(super) mod reference;
pub(super) mod search;
pub(super) mod servers;
pub(super) mod sessions;
pub(super) mod topic_search;
pub(super) mod topics;

use push_system::{
    accounts::{Person, Role, Username},
    ids::{MessageId, UserId},
    marks::StateChange,
    message::{ClientId, Draft, Edit, EditRequest, PublishRequest},
    timestamp::Timestamp,
};

use super::{
    Amend, Amendment, Among, Authority, Change, Entry, MarksWrite, NewAccount, Outcome, Publish, ReadWrite, Store,
    Write,
};

/// A database of its own for one test; gone when dropped.
pub(super) trait Fixture: Sized {
    type Store: Store;

    /// An empty one, unless what it stands on is not installed, which is reported then.
    async fn new(test: &str) -> Option<Self>;

    /// Opens it, or opens it again after the first store was dropped.
    async fn open(&self) -> Self::Store;
}

/// Makes a module's worth of tests out of the suite.
macro_rules! suite {
    ($fixture:ty) => {
        $crate::store::contract::suite! { $fixture;
            log: {
                places_are_dense_over_batches_with_refused_writes,
                what_is_stored_is_what_is_read,
                a_repeated_key_publishes_once,
                a_key_counts_within_its_batch_too,
                keys_belong_to_their_sender_and_are_compared_byte_for_byte,
                keys_are_forgotten_by_age,
                more_keys_than_one_step_takes_are_forgotten,
                nobody_publishes_who_does_not_exist,
                text_comes_back_byte_for_byte,
                a_place_is_probed_by_its_own_tag,
                a_new_epoch_moves_nothing,
                a_read_state_from_an_old_version_or_a_lost_log_is_stale,
                all_of_it_is_there_after_opening_again,
                trimming_takes_events_and_leaves_messages,
            }
            fold: {
                what_is_read_is_the_fold_of_the_log,
                messages_that_come_between_count_and_commit_are_counted,
            }
            changes: {
                an_edit_reaches_whom_the_message_reached,
                a_deleted_message_is_what_is_left_of_it_everywhere,
                only_its_sender_or_an_admin_who_sees_it_changes_a_message,
                a_change_that_changes_nothing_writes_nothing,
                an_edit_that_grows_too_large_is_refused,
                changes_are_decided_one_after_the_other_within_a_batch,
                who_was_trimmed_away_is_still_told,
                messages_deleted_between_count_and_commit_are_not_counted,
                marks_are_kept_and_told_as_differences,
            }
            topics: {
                what_is_read_of_topics_is_the_fold_of_the_log,
                a_private_topic_is_seen_by_its_members_alone,
                names_are_unique_among_public_topics_only,
                owners_manage_and_members_where_there_is_none,
                who_leaves_a_public_topic_keeps_what_they_had,
                who_leaves_a_private_topic_has_nothing_left,
                nobody_publishes_to_what_they_cannot_see_or_what_is_archived,
                a_message_on_two_ways_counts_once,
                a_topic_is_told_as_it_was_at_that_place,
                nobody_comes_and_goes_without_end,
                members_are_counted_and_come_in_pages,
                a_message_to_a_public_topic_is_everybodys_to_read,
                who_left_a_private_topic_hears_nothing_more_of_it,
                nobody_counts_the_private_topics_of_others,
            }
            search: {
                a_word_is_found_from_its_beginning_and_folded,
                characters_without_spaces_are_found_anywhere,
                emoji_are_found,
                what_is_typed_is_never_syntax,
                title_and_tags_are_searched_too,
                all_words_must_occur,
                only_what_a_person_may_see_is_found,
                found_messages_come_in_pages,
                a_rare_permission_is_found_behind_many_matches,
                what_nearly_all_have_is_no_reason_to_be_found,
                the_index_follows_in_steps,
                an_edited_message_is_found_by_what_it_says_now,
                a_deleted_message_is_found_by_nothing_it_said,
                changes_are_indexed_in_steps_too,
                an_index_made_anew_is_waited_for_where_nothing_else_tells,
            }
            queries: {
                the_same_queries_find_the_same_messages,
                random_queries_find_what_a_plain_reading_finds,
                filters_go_by_what_the_person_did,
                a_day_is_that_of_the_person,
                a_rare_filter_is_found_behind_many_messages,
                what_is_found_says_how_it_was_understood,
                what_changed_is_found_behind_many_messages,
            }
            topic_search: {
                messages_to_topics_are_found_by_those_they_are_for,
                the_name_of_a_topic_means_one_that_whoever_asks_can_see,
            }
            accounts: {
                the_first_account_is_the_admin,
                a_taken_name_is_refused,
                a_new_person_starts_with_nothing_unread,
                people_are_found_by_name_and_by_prefix,
                signing_keys_are_made_once,
            }
            sessions: {
                a_session_lasts_until_it_is_over,
                a_refresh_token_rotates,
                the_same_answer_is_given_until_it_arrived,
                a_token_used_after_its_successor_is_reuse,
                a_successor_stays_the_same_when_another_key_derives_them,
                a_ticket_is_taken_once,
                a_ticket_is_over_in_time_and_goes_with_its_session,
                tickets_of_a_session_are_few,
                sessions_that_ended_are_not_kept_without_number,
                an_access_token_confirms_its_generation,
                revoking_one_session_spares_the_others,
                revoking_a_person_spares_the_kept_session,
                a_new_password_ends_the_other_sessions,
                a_password_is_changed_by_whoever_proved_the_one_that_is_set,
                a_hash_made_anew_ends_no_session_and_replaces_its_own_kind_alone,
                sessions_are_forgotten_with_their_tokens,
                more_sessions_and_tickets_than_one_step_takes_are_forgotten,
            }
            administration: {
                a_session_says_where_it_is_and_when_it_was_seen,
                people_come_in_pages_with_their_sessions,
                people_are_found_by_name_in_pages,
                who_is_disabled_has_no_session_and_may_come_back,
                who_is_deleted_stays_as_a_name,
                the_last_admin_stays,
                an_admin_who_may_not_log_in_does_not_count,
                a_changed_role_ends_no_session,
                whoever_is_out_or_no_admin_any_more_changes_nothing,
                an_invitation_admits_one,
                an_invitation_is_good_for_a_while_and_while_its_maker_is_an_admin,
                closed_registration_admits_who_is_invited,
                a_note_stands_with_what_it_tells_of,
                signing_keys_rotate_one_at_a_time,
            }
        }
    };
    ($fixture:ty; $($part:ident: { $($test:ident,)* })*) => {
        $($(
            #[tokio::test]
            async fn $test() {
                if let Some(fixture) = <$fixture as $crate::store::contract::Fixture>::new(stringify!($test)).await {
                    $crate::store::contract::$part::$test(fixture).await;
                }
            }
        )*)*
    };
}
pub(super) use suite;

/// Some moment; the suite has no clock.
pub(super) const NOW: i64 = 1_795_000_000_000;

/// [`NOW`] and so many milliseconds.
pub(super) fn moment(after_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(NOW + after_ms)
}

pub(super) fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(super) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: username(name),
        email: None,
        password_hash: format!("$argon2id$of-{name}"),
        at: moment(0),
        role: Role::Member,
        notes: Vec::new(),
    }
}

/// Registers a person.
pub(super) async fn person(store: &impl Store, name: &str) -> Person {
    store.register(new_account(name)).await.unwrap().unwrap().person
}

pub(super) fn write(change: Change) -> Write {
    Write { at: moment(0), tag: 7, by: Authority::System, change, notes: Vec::new() }
}

pub(super) fn key(text: &str) -> ClientId {
    ClientId::parse(text, "client_id").unwrap()
}

pub(super) fn draft(request: serde_json::Value) -> Draft {
    Draft::parse(serde_json::from_value::<PublishRequest>(request).unwrap()).unwrap()
}

/// A message to everyone, or with `to` to those named.
pub(super) fn publish(sender: &Person, client_id: &str, text: &str, to: &[&Person]) -> Write {
    let names: Vec<_> = to.iter().map(|person| format!("@{}", person.name)).collect();
    let names = (!names.is_empty()).then_some(names);
    let draft = draft(serde_json::json!({ "message": text, "to": names }));
    publish_draft(sender, client_id, draft, to.iter().map(|person| person.id).collect())
}

pub(super) fn publish_draft(sender: &Person, client_id: &str, draft: Draft, named: Vec<UserId>) -> Write {
    let mut request_hash = [0; 32];
    let text = draft.message.as_bytes();
    let kept = text.len().min(32);
    request_hash[..kept].copy_from_slice(&text[..kept]);
    let (sender, key, topics) = (sender.clone(), key(client_id), Vec::new());
    write(Change::Publish(Publish { sender, key, request_hash, draft, named, topics }))
}

/// Commits one write that must be stored.
pub(super) async fn store_one(store: &impl Store, write: Write) -> Entry {
    stored(store.commit(&[write]).await.unwrap().remove(0))
}

/// Publishes to everyone under a key made of the text; returns the id.
pub(super) async fn say(store: &impl Store, sender: &Person, text: &str) -> MessageId {
    tell(store, sender, text, &[]).await
}

/// As [`say`], to those named.
pub(super) async fn tell(store: &impl Store, sender: &Person, text: &str, to: &[&Person]) -> MessageId {
    let head = store.head().await.unwrap().position.seq;
    let entry = store_one(store, publish(sender, &format!("k{head}"), text, to)).await;
    entry.position.seq.into()
}

pub(super) fn amend(by: &Person, message: MessageId, to: Amendment) -> Write {
    write(Change::Amend(Amend { by: by.id, message, to }))
}

pub(super) fn edit(by: &Person, message: MessageId, request: serde_json::Value) -> Write {
    let edit = Edit::parse(serde_json::from_value::<EditRequest>(request).unwrap()).unwrap();
    amend(by, message, Amendment::Edit(Box::new(edit)))
}

pub(super) fn delete(by: &Person, message: MessageId) -> Write {
    amend(by, message, Amendment::Delete)
}

/// What a person's change of their state becomes, computed as it is when nobody else changes anything. Gaps between what
/// is read are closed.
pub(super) async fn change_state(store: &impl Store, person: &Person, change: &StateChange) -> Write {
    let stored = store.read_state(person.id).await.unwrap().unwrap();
    let change = change.up_to(stored.head.seq.0);
    let (state, after) = change.apply(&stored.state, &stored.marks);
    let gaps = store.empty_gaps(person.id, &state.gaps(), Among::FromOthers).await.unwrap();
    let state = state.closing(&gaps.empty);
    let counted = store.count_unread(person.id, &state).await.unwrap();
    let marks = (after != stored.marks)
        .then(|| Box::new(MarksWrite { change: stored.marks.change_to(&after), after: after.clone() }));
    write(Change::Read(ReadWrite { user: person.id, state, marks, basis: counted.basis(&stored) }))
}

pub(super) fn stored(outcome: Outcome) -> Entry {
    match outcome {
        Outcome::Stored(entry) => entry,
        other => panic!("not stored: {other:?}"),
    }
}
