use push_system::{
    error::Rejection,
    topic::{TopicInfo, TopicList},
};

use super::http::Ask;

/// `GET /topic`: those that may be seen.
pub async fn topics() -> Result<Vec<TopicInfo>, Rejection> {
    let list: TopicList = Ask::get("/topic".to_owned()).read().await?;
    Ok(list.topics)
}
