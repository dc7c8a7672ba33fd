use fred::prelude::*;

/// Remembers a page for a minute.
pub async fn remember(redis: &Client, path: &str, page: &str) -> FredResult<()> {
    redis.set(format!("page:{path}"), page, Some(Expiration::EX(60)), None, false).await
}

pub async fn remembered(redis: &Client, path: &str) -> FredResult<Option<String>> {
    redis.get(format!("page:{path}")).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp_server::Server;
    use std::time::Duration;

    #[tokio::test]
    async fn forgets_after_a_minute() {
        let server = Server::start_async().await.unwrap();
        let redis = Client::new(Config::from_url(&server.url()).unwrap(), None, None, None);
        redis.init().await.unwrap();

        remember(&redis, "/", "welcome").await.unwrap();
        assert_eq!(remembered(&redis, "/").await.unwrap(), Some("welcome".to_owned()));
        server.clock().advance(Duration::from_secs(60)).unwrap();
        assert_eq!(remembered(&redis, "/").await.unwrap(), None);
    }
}
