//! Searching what was sent to topics.

use push_system::{
    accounts::Person,
    topic::{Topic, TopicRole},
};

use super::{
    Fixture, person,
    queries::send_many,
    say,
    search::find,
    store_one,
    topics::{create, joining, leaving, message},
};

pub(in super::super) async fn messages_to_topics_are_found_by_those_they_are_for<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob, cleo) = (person(&store, "ana").await, person(&store, "bob").await, person(&store, "cleo").await);
    let (ops, den) = (create(&store, &ana, "ops", false).await, create(&store, &ana, "den", true).await);
    let said =
        async |key: &str, topic: &Topic| store_one(&store, message(&ana, key, &[topic], &[])).await.position.seq.0;
    let join = async |actor: &Person, topic: &Topic| {
        store_one(&store, joining(actor, topic.id, &bob, TopicRole::Member)).await;
    };
    let early = said("alarm-early", &ops).await;
    join(&bob, &ops).await;
    join(&ana, &den).await;
    let (open, secret) = (said("alarm-open", &ops).await, said("alarm-secret", &den).await);
    assert_eq!(find(&store, &bob, "alarm").await, [secret, open]);
    assert_eq!(find(&store, &bob, "in:#den").await, [secret]);
    for topic in [&ops, &den] {
        store_one(&store, leaving(&store, &bob, topic, &bob).await).await;
    }
    let later = said("alarm-later", &ops).await;
    join(&bob, &ops).await;
    join(&ana, &den).await;
    let again = said("alarm-again", &den).await;
    for many in [false, true] {
        if many {
            send_many(&store, &cleo).await;
        }
        for (typed, of_ana, of_bob) in [
            ("alarm", vec![again, later, secret, open, early], vec![again, open]),
            ("in:#ops", vec![later, open, early], vec![open]),
            ("to:#den", vec![again, secret], vec![again]),
            ("alarm -in:#den", vec![later, open, early], vec![open]),
            ("secret", vec![secret], vec![]),
            ("in:#nowhere", vec![], vec![]),
        ] {
            assert_eq!(find(&store, &ana, typed).await, of_ana, "{typed}");
            assert_eq!(find(&store, &bob, typed).await, of_bob, "{typed}");
            assert!(find(&store, &cleo, typed).await.is_empty(), "{typed}");
        }
    }
}

pub(in super::super) async fn the_name_of_a_topic_means_one_that_whoever_asks_can_see<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob, cleo) = (person(&store, "ana").await, person(&store, "bob").await, person(&store, "cleo").await);
    let (anas, bobs) = (create(&store, &ana, "den", true).await, create(&store, &bob, "den", true).await);
    let said = async |sender: &Person, key: &str, topic: &Topic| {
        store_one(&store, message(sender, key, &[topic], &[])).await.position.seq.0
    };
    let (of_ana, of_bob) = (said(&ana, "one", &anas).await, said(&bob, "two", &bobs).await);
    let open = say(&store, &cleo, "three").await.0;
    for many in [false, true] {
        if many {
            send_many(&store, &bob).await;
        }
        assert_eq!(find(&store, &ana, "in:#den").await, [of_ana]);
        assert_eq!(find(&store, &bob, "to:#den").await, [of_bob]);
        assert_eq!(find(&store, &ana, "-in:#den -common").await, [open]);
        for name in ["den", "nowhere"] {
            assert!(find(&store, &cleo, &format!("in:#{name}")).await.is_empty(), "{name}");
            assert!(find(&store, &cleo, &format!("three in:#{name}")).await.is_empty(), "{name}");
            assert_eq!(find(&store, &cleo, &format!("-in:#{name} three")).await, [open], "{name}");
            assert_eq!(find(&store, &cleo, &format!("-in:#{name}")).await, find(&store, &cleo, "").await, "{name}");
        }
    }
    // The same name for all: to those who are in a private one it still means that one.
    let public = create(&store, &cleo, "den", false).await;
    store_one(&store, joining(&ana, public.id, &ana, TopicRole::Member)).await;
    let of_all = said(&cleo, "four", &public).await;
    assert_eq!(find(&store, &cleo, "in:#den").await, [of_all]);
    assert_eq!(find(&store, &ana, "in:#den").await, [of_ana]);
    store_one(&store, leaving(&store, &ana, &anas, &ana).await).await;
    assert_eq!(find(&store, &ana, "in:#den").await, [of_all]);
}
