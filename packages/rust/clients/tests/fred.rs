use std::collections::HashMap;
use std::time::Duration;

use fred::prelude::*;
use fred::types::streams::XReadResponse;
use resp_server::Server;

async fn start() -> (Server, Client) {
    let server = Server::start_async().await.unwrap();
    let client = connect(&server.url()).await;
    (server, client)
}

async fn connect(url: &str) -> Client {
    let client = Client::new(Config::from_url(url).unwrap(), None, None, None);
    client.init().await.unwrap();
    client
}

#[tokio::test]
async fn strings() {
    let (_server, redis) = start().await;
    let set = |value: &'static str| redis.set::<Option<String>, _, _>("k", value, None, Some(SetOptions::NX), false);
    assert_eq!(set("v").await.unwrap(), Some("OK".to_owned()));
    assert_eq!(set("w").await.unwrap(), None);
    assert_eq!(redis.incr_by::<i64, _>("n", 5).await.unwrap(), 5);
    assert_eq!(redis.mget::<Vec<Option<String>>, _>(vec!["k", "none"]).await.unwrap(), [Some("v".to_owned()), None]);
    assert!(redis.incr::<i64, _>("k").await.unwrap_err().details().contains("not an integer"));
}

#[tokio::test]
async fn expiry() {
    let (server, redis) = start().await;
    redis.set::<(), _, _>("k", "v", Some(Expiration::EX(3600)), None, false).await.unwrap();
    server.clock().freeze().unwrap();
    server.clock().advance(Duration::from_secs(3600)).unwrap();
    assert_eq!(redis.get::<Option<String>, _>("k").await.unwrap(), None);
}

#[tokio::test]
async fn hashes() {
    let (_server, redis) = start().await;
    redis.hset::<(), _, _>("h", HashMap::from([("a", 1), ("b", 2)])).await.unwrap();
    let all: HashMap<String, i64> = redis.hgetall("h").await.unwrap();
    assert_eq!(all, HashMap::from([("a".into(), 1), ("b".into(), 2)]));
}

#[tokio::test]
async fn blocks_for_a_list() {
    let (server, redis) = start().await;
    let other = connect(&server.url()).await;
    let waiting = tokio::spawn(async move { other.blpop::<(String, String), _>("queue", 60.0).await });
    while !server.call(["INFO", "clients"]).unwrap().as_str().unwrap().contains("blocked_clients:1\r\n") {
        tokio::task::yield_now().await;
    }
    redis.rpush::<(), _, _>("queue", "job").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), ("queue".to_owned(), "job".to_owned()));
}

#[tokio::test]
async fn streams() {
    let (_server, redis) = start().await;
    let id: String = redis.xadd("s", false, None, "*", ("n", 1)).await.unwrap();
    redis.xgroup_create::<(), _, _, _>("s", "g", "0", false).await.unwrap();
    let read: XReadResponse<String, String, String, i64> =
        redis.xreadgroup_map("g", "me", Some(10), None, false, "s", ">").await.unwrap();
    assert_eq!(read["s"], [(id.clone(), HashMap::from([("n".to_owned(), 1)]))]);
    assert_eq!(redis.xack::<i64, _, _, _>("s", "g", id).await.unwrap(), 1);
}

#[tokio::test]
async fn pub_sub() {
    let (server, redis) = start().await;
    let mut messages = redis.message_rx();
    redis.subscribe("news").await.unwrap();
    assert_eq!(server.call(["PUBLISH", "news", "first post"]).unwrap(), 1.into());
    let message = messages.recv().await.unwrap();
    assert_eq!(message.value.convert::<String>().unwrap(), "first post");
}

#[tokio::test]
async fn pipelines_and_transactions() {
    let (_server, redis) = start().await;
    let pipeline = redis.pipeline();
    for _ in 0..1000 {
        pipeline.rpush::<(), _, _>("l", "x").await.unwrap();
    }
    let lengths: Vec<i64> = pipeline.all().await.unwrap();
    assert_eq!(lengths[999], 1000);

    let transaction = redis.multi();
    transaction.incr::<(), _>("k").await.unwrap();
    transaction.incr::<(), _>("k").await.unwrap();
    assert_eq!(transaction.exec::<(i64, i64)>(true).await.unwrap(), (1, 2));
}
