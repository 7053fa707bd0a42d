use push_system::accounts::Username;

use super::*;

fn password(text: &str) -> Password {
    Password::parse_new(&Typed(text.to_owned()), &Username::parse("ana").unwrap(), "password").unwrap()
}

fn attempt(text: &str) -> Option<Attempt> {
    Attempt::of(&Typed(text.to_owned()))
}

/// A hash as this program would have made it with other parameters, or without bringing the text to a normal form.
fn hash_of_before(text: &str, memory_kib: u32, passes: u32) -> String {
    let params = Params::new(memory_kib, passes, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(text.as_bytes()).unwrap().to_string()
}

#[tokio::test]
async fn a_password_matches_its_own_hash_alone() {
    let passwords = Passwords::default();
    let hash = passwords.hash(password("correct horse")).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let compare = async |typed: &str| passwords.compare(attempt(typed), Some(hash.clone())).await.unwrap();
    assert_eq!(compare("correct horse").await, Verdict::Right);
    assert_eq!(compare("wrong horse").await, Verdict::Wrong);
    assert_eq!(compare(&"x".repeat(300)).await, Verdict::Wrong);
    assert_eq!(passwords.compare(attempt("correct horse"), None).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn the_same_letters_from_another_keyboard_are_the_same_password() {
    let passwords = Passwords::default();
    let hash = passwords.hash(password("cañón-büro")).await.unwrap();
    let decomposed = attempt("can\u{303}o\u{301}n-bu\u{308}ro");
    assert_eq!(passwords.compare(decomposed, Some(hash)).await.unwrap(), Verdict::Right);
}

#[tokio::test]
async fn a_hash_of_what_was_typed_before_still_matches_and_is_outdated() {
    let passwords = Passwords::default();
    let typed = "can\u{303}o\u{301}n-bu\u{308}ro";
    let hash = hash_of_before(typed, MEMORY_KIB, PASSES);
    let verdict = passwords.compare(attempt(typed), Some(hash.clone())).await.unwrap();
    assert_eq!(verdict, Verdict::Outdated(password("cañón-büro")));
    assert_eq!(passwords.compare(attempt("cañón-büro"), Some(hash)).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn a_hash_with_weaker_parameters_is_outdated_and_a_stronger_one_is_not() {
    let passwords = Passwords::default();
    for (memory, passes, outdated) in
        [(MEMORY_KIB - 8, PASSES, true), (MEMORY_KIB, PASSES - 1, true), (MEMORY_KIB + 8, PASSES + 1, false)]
    {
        let hash = hash_of_before("correct horse", memory, passes);
        let verdict = passwords.compare(attempt("correct horse"), Some(hash.clone())).await.unwrap();
        assert_eq!(matches!(verdict, Verdict::Outdated(_)), outdated, "{hash}");
        assert_ne!(verdict, Verdict::Wrong);
        assert_eq!(passwords.compare(attempt("wrong horse"), Some(hash)).await.unwrap(), Verdict::Wrong);
    }
}

#[tokio::test]
async fn no_more_are_worked_on_at_once_than_there_are_workers() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    let (passwords, now, most) = (Passwords::with_places(2, 20), Arc::new(AtomicUsize::new(0)), Arc::default());
    let jobs = (0..12).map(|_| {
        let (now, most) = (Arc::clone(&now), Arc::<AtomicUsize>::clone(&most));
        passwords.work(move || {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            // Stands for the work: others that were let in would be seen in it.
            thread::sleep(std::time::Duration::from_millis(5));
            now.fetch_sub(1, SeqCst);
        })
    });
    for done in futures::future::join_all(jobs).await {
        done.unwrap();
    }
    assert_eq!(most.load(SeqCst), 2);
}

#[tokio::test]
async fn more_than_can_wait_are_turned_away_at_once() {
    let passwords = Passwords::with_places(0, 0);
    let refusal = passwords.hash(password("correct horse")).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::Unavailable);
}
