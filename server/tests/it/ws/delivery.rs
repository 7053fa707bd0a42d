use super::*;

#[tokio::test]
async fn everyone_named_and_the_senders_own_devices_see_a_message_and_nobody_else() {
    let app = TestApp::start().await;
    let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
    let mut sockets = [ana.socket().await, bob.socket().await, eve.socket().await];
    for socket in &mut sockets {
        socket.live().await;
    }
    ana.publishes(json!({"message": "for bob", "to": "@bob"})).await;
    ana.publishes(json!({"message": "for all"})).await;
    let [mut anas, mut bobs, mut eves] = sockets;
    assert_eq!(anas.texts(2).await, ["for bob", "for all"]);
    assert_eq!(bobs.texts(2).await, ["for bob", "for all"]);
    assert_eq!(eves.texts(1).await, ["for all"]);
    app.finish().await;
}

#[tokio::test]
async fn a_publish_over_the_socket_is_answered_and_seen_once_under_its_client_id() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let mut socket = ana.socket().await;
    socket.live().await;
    let publish = json!({"type": "publish", "client_id": "k1", "user_id": ana.me().id, "message": "hi"});
    socket.send(publish.clone()).await;
    let (mut answer, mut event) = (None, None);
    while answer.is_none() || event.is_none() {
        match socket.next().await.unwrap() {
            ServerFrame::Published { client_id, id } => answer = Some((client_id, id)),
            ServerFrame::Event(it) => event = Some(*it),
            _ => {}
        }
    }
    let (event, (client_id, id)) = (event.unwrap(), answer.unwrap());
    let EventBody::MessagePublished { message, client_id: of_event } = event.body else { panic!("{event:?}") };
    assert_eq!((message.id, of_event), (id, client_id.clone()));

    socket.send(publish).await;
    let again = socket.until(|frame| matches!(frame, ServerFrame::Published { .. })).await;
    assert_eq!(again, ServerFrame::Published { client_id, id });
    assert_eq!(ana.texts("/message").await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_publish_is_refused_with_the_code_the_api_would_use() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let me = ana.me().id;
    let mut socket = ana.socket().await;
    let refused = [
        (json!({"client_id": "k", "user_id": 99, "message": "hi"}), ErrorCode::WrongUser),
        (json!({"client_id": "k", "user_id": me, "message": " "}), ErrorCode::Empty),
        (json!({"client_id": "k", "user_id": me, "message": "hi", "to": "@nobody"}), ErrorCode::UnknownRecipient),
        (json!({"client_id": "a b", "user_id": me, "message": "hi"}), ErrorCode::Invalid),
    ];
    for (mut frame, expected) in refused {
        frame["type"] = json!("publish");
        socket.send(frame).await;
        let answer = socket.until(|frame| matches!(frame, ServerFrame::Rejected { .. })).await;
        assert!(matches!(answer, ServerFrame::Rejected { code, .. } if code == expected), "{answer:?}");
    }
    assert!(ana.texts("/message").await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn read_state_reaches_all_devices_of_its_person_and_nobody_else() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let id = ana.publishes(json!({"message": "hi"})).await;
    let (mut phone, mut laptop, mut anas) = (bob.socket().await, bob.socket().await, ana.socket().await);
    for socket in [&mut phone, &mut laptop, &mut anas] {
        socket.live().await;
    }
    bob.post("/read", &json!({"read": [[id, id]]})).await.is(200);
    for socket in [&mut phone, &mut laptop] {
        let event = socket.events(1).await.remove(0);
        let EventBody::ReadStateChanged { state, unread: 0 } = event.body else { panic!("{event:?}") };
        assert!(state.is_read(id));
    }
    bob.post("/read", &json!({"read": [[id, id]]})).await.is(200);
    ana.publishes(json!({"message": "next"})).await;
    assert_eq!(phone.texts(1).await, ["next"], "a change that changes nothing writes no event");
    assert_eq!(anas.texts(1).await, ["next"]);
    app.finish().await;
}

#[tokio::test]
async fn who_is_online_is_told_whole_when_asked_and_as_changes_otherwise() {
    let app = TestApp::with(|parts| {
        parts.push.presence_every = Duration::from_millis(20);
        parts.push.leave_after = Duration::from_millis(40);
    })
    .await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut anas = ana.socket().await;
    anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 1, .. })).await;
    let bobs = bob.socket().await;
    let joined = anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 2, .. })).await;
    let ServerFrame::Presence { change: Some(change), version, .. } = joined else { panic!("{joined:?}") };
    assert_eq!(change.joined, [bob.me()]);
    anas.send(json!({"type": "presence"})).await;
    let whole = anas.until(|frame| matches!(frame, ServerFrame::Presence { people: Some(_), .. })).await;
    let people = Some(vec![ana.me(), bob.me()]);
    assert_eq!(whole, ServerFrame::Presence { version, count: 2, people, change: None });
    drop(bobs);
    let left = anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 1, .. })).await;
    assert!(matches!(left, ServerFrame::Presence { change: Some(change), .. } if change.left == [bob.me()]));
    app.finish().await;
}
