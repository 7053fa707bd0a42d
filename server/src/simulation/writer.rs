//! Programs that publish over HTTP, with a key and as many tries as it takes, or fewer.

use std::{sync::Arc, time::Duration};

use push_system::{
    accounts::Person,
    error::ErrorCode,
    message::{ClientId, Draft, OneOrMany, PublishRequest},
};
use tokio::time::timeout;

use super::{journal::Answer, world::World};

/// A program that hears nothing for so long asks again.
const PATIENCE: Duration = Duration::from_secs(4);

/// A message whose text begins with its key: to everyone, or to some.
pub fn request(world: &World, key: &str) -> PublishRequest {
    let dice = &world.dice;
    let to = if dice.chance(0.5) {
        None
    } else {
        let count = 1 + dice.below(2);
        Some(OneOrMany::Many((0..count).map(|_| format!("@{}", dice.pick(&world.people).0.name)).collect()))
    };
    let filler = if world.weather.long_texts && dice.chance(0.5) { "x".repeat(12_000) } else { String::new() };
    PublishRequest { message: format!("{key} {filler}."), to, ..PublishRequest::default() }
}

/// Publishes its messages one after the other.
pub async fn run(world: Arc<World>, number: usize) {
    for n in 0..world.weather.messages {
        world.dice.pause(world.weather.storm_ms / world.weather.messages as u64).await;
        // Now and then several at once, which the sequencer takes in one batch.
        let burst = if world.dice.chance(0.15) { world.dice.below(12) } else { 1 };
        let keys = (0..burst).map(|m| format!("w{number}.{n}.{m}"));
        let publishing: Vec<_> = keys.map(|key| tokio::spawn(publish(world.clone(), key))).collect();
        for one in publishing {
            one.await.expect("a writer does not panic");
        }
    }
}

/// Until it is acknowledged, or the program has enough.
pub async fn publish(world: Arc<World>, key: String) {
    let sender = world.dice.pick(&world.people).0.clone();
    let draft = Draft::parse(request(&world, &key)).expect("a good message");
    let key = ClientId::parse(&key, "client_id").expect("a good key");
    loop {
        let answer = attempt(&world, &sender, &key, &draft).await;
        match answer {
            // A program may ask twice although it has an answer; it gets the same one.
            Some(Answer::Acknowledged(_)) if world.dice.chance(0.8) => return,
            None | Some(Answer::Refused(_)) if world.is_stormy() && world.dice.chance(0.25) => return,
            _ => world.dice.pause(700).await,
        }
    }
}

async fn attempt(world: &World, sender: &Person, key: &ClientId, draft: &Draft) -> Option<Answer> {
    let instance = world.any_instance()?;
    world.journal().attempt(key.as_str());
    let publish = instance.app.push.publish(sender, Some(key.clone()), draft.clone());
    let answered = instance.dead.run_until_cancelled(timeout(PATIENCE, publish)).await?.ok()?;
    let answer = match answered {
        Ok(message) => Answer::Acknowledged(message.id),
        Err(rejection) => Answer::Refused(rejection.code),
    };
    world.note(format_args!("{} at {}: {answer:?}", key.as_str(), instance.number));
    if matches!(answer, Answer::Refused(ErrorCode::IdempotencyConflict)) {
        world.journal().violated(format!("{} conflicts with itself", key.as_str()));
    }
    world.journal().answered(key.as_str(), answer);
    Some(answer)
}
