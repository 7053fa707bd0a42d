use proptest::prelude::*;
use push_system::{event::Event, protocol::ServerFrame};

use super::{damaged, put};
use crate::http::Program;

/// Somebody with a history, and every place in it.
struct Reader {
    person: Program,
    places: Vec<String>,
}

async fn reader(app: &crate::app::TestApp) -> Reader {
    let person = app.person("ana").await;
    let mut socket = person.socket().await;
    socket.live().await;
    person.publishes_all(&["one".to_owned(), "two".to_owned(), "three".to_owned()]).await;
    let place = |event: Event| event.pos.to_string();
    Reader { places: socket.events(3).await.into_iter().map(place).collect(), person }
}

fn texts(reader: &Reader) -> impl Strategy<Value = String> + use<> {
    let place = proptest::sample::select(reader.places.clone());
    // The right epoch and tag at another place.
    let elsewhere = (place.clone(), any::<u64>()).prop_map(|(place, seq)| {
        let parts: Vec<_> = place.split('.').collect();
        format!("{}.{seq}.{}", parts[0], parts[2])
    });
    prop_oneof![1 => place.clone(), 3 => damaged(place), 2 => elsewhere, 1 => any::<String>()]
}

#[test]
fn a_stream_continues_at_a_place_of_the_log_and_nowhere_else() {
    put(file!(), reader, texts, |reader: &Reader, since| {
        let (person, known) = (reader.person.clone(), reader.places.contains(&since));
        async move {
            let mut socket = person.socket_since(&since).await;
            let hello = socket.next().await;
            prop_assert!(matches!(hello, Ok(ServerFrame::Hello { .. })), "{hello:?}");
            let next = socket.next().await;
            let reset = matches!(next, Ok(ServerFrame::Reset { .. }));
            prop_assert!(next.is_ok() && reset != known, "{next:?} after {since:?}");
            Ok(())
        }
    });
}
