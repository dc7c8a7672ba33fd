use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use redis::streams::{StreamPendingReply, StreamReadOptions, StreamReadReply};
use redis::{
    Client, Commands, Connection, ErrorKind, ExistenceCheck, RedisResult, Script, ServerErrorKind, SetOptions,
};
use resp_server::Server;

fn start() -> (Server, Connection) {
    let server = Server::start().unwrap();
    let connection = connect(&server);
    (server, connection)
}

fn connect(server: &Server) -> Connection {
    Client::open(server.url()).unwrap().get_connection().unwrap()
}

#[test]
fn strings() {
    let (_server, mut redis) = start();
    let once = SetOptions::default().conditional_set(ExistenceCheck::NX);
    assert_eq!(redis.set_options::<_, _, Option<String>>("k", "v", once.clone()).unwrap(), Some("OK".to_owned()));
    assert_eq!(redis.set_options::<_, _, Option<String>>("k", "w", once).unwrap(), None);
    assert_eq!(redis.incr::<_, _, i64>("n", 5).unwrap(), 5);
    assert_eq!(redis.incr::<_, _, f64>("f", 0.25).unwrap(), 0.25);
    assert_eq!(redis.mget::<_, Vec<Option<String>>>(&["k", "none"]).unwrap(), [Some("v".to_owned()), None]);
    let error = redis.incr::<_, _, i64>("k", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::ResponseError));
}

#[test]
fn expiry() {
    let (server, mut redis) = start();
    redis.set_ex::<_, _, ()>("k", "v", 3600).unwrap();
    server.clock().freeze().unwrap();
    server.clock().advance(Duration::from_secs(3600)).unwrap();
    assert_eq!(redis.get::<_, Option<String>>("k").unwrap(), None);
}

#[test]
fn hashes_and_sorted_sets() {
    let (_server, mut redis) = start();
    redis.hset_multiple::<_, _, _, ()>("h", &[("a", 1), ("b", 2)]).unwrap();
    assert_eq!(
        redis.hgetall::<_, HashMap<String, i64>>("h").unwrap(),
        HashMap::from([("a".into(), 1), ("b".into(), 2)])
    );
    redis.zadd_multiple::<_, _, _, ()>("z", &[(2, "ann"), (1, "ben")]).unwrap();
    assert_eq!(redis.zrange::<_, Vec<String>>("z", 0, -1).unwrap(), ["ben", "ann"]);
}

#[test]
fn blocks_for_a_list() {
    let (server, mut redis) = start();
    let mut other = connect(&server);
    let waiting = thread::spawn(move || other.blpop::<_, (String, String)>("queue", 60.0).unwrap());
    while !server.call(["INFO", "clients"]).unwrap().as_str().unwrap().contains("blocked_clients:1\r\n") {
        thread::yield_now();
    }
    redis.rpush::<_, _, ()>("queue", "job").unwrap();
    assert_eq!(waiting.join().unwrap(), ("queue".to_owned(), "job".to_owned()));
}

#[test]
fn streams() {
    let (_server, mut redis) = start();
    let id: String = redis.xadd("s", "*", &[("n", "1")]).unwrap();
    redis.xgroup_create::<_, _, _, ()>("s", "g", "0").unwrap();
    let options = StreamReadOptions::default().group("g", "me").count(10);
    let read: StreamReadReply = redis.xread_options(&["s"], &[">"], &options).unwrap();
    assert_eq!(read.keys[0].ids[0].id, id);
    assert_eq!(read.keys[0].ids[0].get::<i64>("n"), Some(1));
    let pending: StreamPendingReply = redis.xpending("s", "g").unwrap();
    assert_eq!(pending.count(), 1);
    assert_eq!(redis.xack::<_, _, _, i64>("s", "g", &[id]).unwrap(), 1);
}

#[test]
fn pub_sub() {
    let (server, mut redis) = start();
    let mut subscriber = redis.as_pubsub();
    subscriber.subscribe("news").unwrap();
    assert_eq!(server.call(["PUBLISH", "news", "first post"]).unwrap(), 1.into());
    assert_eq!(subscriber.get_message().unwrap().get_payload::<String>().unwrap(), "first post");
}

#[test]
fn pipelines_and_transactions() {
    let (server, mut redis) = start();
    let mut pipeline = redis::pipe();
    for _ in 0..1000 {
        pipeline.rpush("l", "x");
    }
    let lengths: Vec<i64> = pipeline.query(&mut redis).unwrap();
    assert_eq!(lengths[999], 1000);

    redis::cmd("WATCH").arg("k").exec(&mut redis).unwrap();
    server.call(["SET", "k", "10"]).unwrap();
    let lost: RedisResult<Option<(i64,)>> = redis::pipe().atomic().incr("k", 1).query(&mut redis);
    assert_eq!(lost.unwrap(), None);
    assert_eq!(redis::pipe().atomic().incr("k", 1).query::<(i64,)>(&mut redis).unwrap(), (11,));
}

#[test]
fn scripts() {
    let (_server, mut redis) = start();
    let script = Script::new("return {KEYS[1], ARGV[1]}");
    let reply: (String, String) = script.key("k").arg("v").invoke(&mut redis).unwrap();
    assert_eq!(reply, ("k".to_owned(), "v".to_owned()));
}

#[test]
fn spaces() {
    let server = Server::builder().config("spaces", "yes").start().unwrap();
    let mut redis = connect(&server);
    redis.set::<_, _, ()>("k", "v").unwrap();
    let mut space = Client::open(server.space_url("worker 1")).unwrap().get_connection().unwrap();
    redis::cmd("FLUSHALL").exec(&mut space).unwrap();
    assert_eq!(redis.get::<_, String>("k").unwrap(), "v");
}
