//! The contract, apart from search, which is each database's own.

use push_system::{ids::Seq, position::Epoch};

use super::MemoryStore;
use crate::store::{
    Log as _,
    contract::{self, Fixture, person, say},
};

struct Memory(MemoryStore);

impl Fixture for Memory {
    type Store = MemoryStore;

    async fn new(_test: &str) -> Option<Self> {
        Some(Self(MemoryStore::new(9)))
    }

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }
}

mod contract_in_memory {
    use super::{Memory, contract};

    contract::suite! { Memory;
        log: {
            places_are_dense_over_batches_with_refused_writes,
            what_is_stored_is_what_is_read,
            a_repeated_key_publishes_once,
            a_key_counts_within_its_batch_too,
            keys_belong_to_their_sender_and_are_compared_byte_for_byte,
            keys_are_forgotten_by_age,
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
            a_topic_is_told_as_it_was_at_that_place,
            nobody_comes_and_goes_without_end,
            members_are_counted_and_come_in_pages,
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
            an_access_token_confirms_its_generation,
            revoking_one_session_spares_the_others,
            revoking_a_person_spares_the_kept_session,
            a_new_password_ends_the_other_sessions,
            a_hash_made_anew_ends_no_session_and_replaces_its_own_kind_alone,
            sessions_are_forgotten_with_their_tokens,
        }
        administration: {
            a_session_says_where_it_is_and_when_it_was_seen,
            people_come_in_pages_with_their_sessions,
            who_is_disabled_has_no_session_and_may_come_back,
            who_is_deleted_stays_as_a_name,
            the_last_admin_stays,
            an_admin_who_may_not_log_in_does_not_count,
            a_changed_role_ends_no_session,
            an_invitation_admits_one,
            an_invitation_is_good_for_a_while_and_while_its_maker_is_an_admin,
            closed_registration_admits_who_is_invited,
            a_note_stands_with_what_it_tells_of,
            signing_keys_rotate_one_at_a_time,
        }
    }
}

async fn renewed(store: &MemoryStore) -> Epoch {
    let known = store.head().await.unwrap().position.epoch;
    store.renew_epoch(&known).await.unwrap().position.epoch
}

#[tokio::test]
async fn a_backup_that_is_put_back_is_the_state_of_then_and_a_new_life_is_never_an_old_one() {
    let store = MemoryStore::new(1);
    let ana = person(&store, "ana").await;
    say(&store, &ana, "kept").await;
    let backup = store.backup();
    say(&store, &ana, "lost").await;
    let second = renewed(&store).await;
    store.restore(backup);
    assert_eq!(store.entries(Seq(0), 10).await.unwrap().len(), 1);
    assert_ne!(renewed(&store).await, second);
}
