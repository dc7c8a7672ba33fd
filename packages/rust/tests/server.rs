use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use resp_server::{Error, Fault, Reply, Server};

#[test]
fn runs_until_it_is_dropped() {
    let server = Server::start().unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}/0", server.port()));
    assert_eq!(server.call(["PING"]).unwrap(), "PONG".into());
    let port = server.port();
    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn several_run_at_once() {
    let (one, two) = (Server::start().unwrap(), Server::start().unwrap());
    one.call(["SET", "k", "1"]).unwrap();
    assert_eq!(two.call(["GET", "k"]).unwrap(), Reply::Null);
}

#[test]
fn answers_every_kind_of_reply() {
    let server = Server::start().unwrap();
    assert_eq!(server.call([b"SET".as_slice(), b"k", b"\x00\xff"]).unwrap(), "OK".into());
    assert_eq!(server.call(["GET", "k"]).unwrap(), Reply::Bytes(b"\x00\xff".to_vec()));
    assert_eq!(server.call(["RPUSH", "l", "é", ""]).unwrap(), 2.into());
    assert_eq!(server.call(["LRANGE", "l", "0", "-1"]).unwrap(), Reply::Array(vec!["é".into(), "".into()]));
    let error = server.call(["GET", "l"]).unwrap_err();
    assert_eq!(error.to_string(), "WRONGTYPE Operation against a key holding the wrong kind of value");
    assert_eq!(server.call(["BLPOP", "none", "0.001"]).unwrap(), Reply::Null);
}

#[test]
fn takes_settings() {
    let folder = Folder::new("settings");
    fs::write(folder.0.join("redis.conf"), "maxmemory 50mb\ndatabases 3\nsave \"\"\n").unwrap();
    let server = Server::builder()
        .config_file(folder.0.join("redis.conf"))
        .config("dir", folder.0.to_str().unwrap())
        .config("maxmemory", "100mb")
        .config("save", "900 1 300 10")
        .start()
        .unwrap();
    let get = |name| server.call(["CONFIG", "GET", name]).unwrap();
    assert_eq!(get("maxmemory"), Reply::Array(vec!["maxmemory".into(), "104857600".into()]));
    assert_eq!(get("databases"), Reply::Array(vec!["databases".into(), "3".into()]));
    assert_eq!(get("save"), Reply::Array(vec!["save".into(), "900 1 300 10".into()]));
}

#[test]
fn saves_at_the_end() {
    let folder = Folder::new("save");
    let kept = Server::builder().config("dir", folder.0.to_str().unwrap()).config("save", "3600 1");
    kept.clone().start().unwrap().call(["SET", "k", "v"]).unwrap();
    assert_eq!(kept.start().unwrap().call(["GET", "k"]).unwrap(), "v".into());
}

#[test]
fn says_why_it_does_not_start() {
    let error = Server::builder().config("maxclients", "many").start().err().unwrap().to_string();
    assert!(error.contains("maxclients"), "{error}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Server::builder().port(taken.local_addr().unwrap().port()).start().err().unwrap().to_string();
    assert!(error.contains("in use"), "{error}");
}

#[test]
fn keeps_a_log() {
    let server = Server::start().unwrap();
    assert!(server.log().contains("Ready to accept connections"), "{}", server.log());
}

/// Not a test of its own: `ends_with_a_killed_parent` runs it as a process.
#[test]
#[ignore = "waits to be killed"]
fn parent() {
    let server = Server::start().unwrap();
    println!("port {}", server.port());
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn ends_with_a_killed_parent() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "parent"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|l| l.split_once("port ").map(|(_, n)| n.to_owned())).unwrap();
    let mut connection = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection.write_all(b"PING\r\n").unwrap();
    connection.read_exact(&mut [0; 7]).unwrap(); // now it is accepted, so that its end is no reset
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap(), 0); // closed by the end of the server
}

#[test]
fn is_async_in_any_runtime() {
    let pong = block_on(async {
        let server = Server::start_async().await.unwrap();
        let reply = server.call(["PING"]);
        server.stop_async().await;
        reply
    });
    assert_eq!(pong.unwrap(), "PONG".into());
    assert!(block_on(Server::builder().config("port", "none").start_async()).is_err());
}

#[test]
fn moves_the_clock() {
    let server = Server::start().unwrap();
    server.call(["SET", "session", "x", "EX", "3600"]).unwrap();
    server.clock().freeze().unwrap();
    server.clock().advance(Duration::from_secs(3599)).unwrap();
    assert_eq!(server.call(["GET", "session"]).unwrap(), "x".into());
    server.clock().advance(Duration::from_secs(1)).unwrap();
    assert_eq!(server.call(["GET", "session"]).unwrap(), Reply::Null);
    let day = SystemTime::UNIX_EPOCH + Duration::from_secs(2_214_000_000);
    server.clock().set(day).unwrap();
    assert_eq!(server.clock().now().unwrap(), day);
    server.clock().resume().unwrap();
}

#[test]
fn snapshots_and_resets() {
    let server = Server::start().unwrap();
    server.call(["SET", "k", "before"]).unwrap();
    server.snapshot("fixture").unwrap();
    server.call(["SET", "k", "after"]).unwrap();
    server.restore("fixture").unwrap();
    assert_eq!(server.call(["GET", "k"]).unwrap(), "before".into());
    server.reset().unwrap();
    assert_eq!(server.call(["DBSIZE"]).unwrap(), 0.into());
}

#[test]
fn forks() {
    let server = Server::start().unwrap();
    server.call(["SET", "k", "shared"]).unwrap();
    let fork = server.fork().unwrap();
    assert_eq!(fork.call(["GET", "k"]).unwrap(), "shared".into());
    fork.call(["SET", "k", "changed"]).unwrap();
    assert_eq!(server.call(["GET", "k"]).unwrap(), "shared".into());
    let port = fork.port();
    drop(fork);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn names_spaces() {
    let server = Server::start().unwrap();
    let url = format!("redis://space%3Aworker%201:x@127.0.0.1:{}/0", server.port());
    assert_eq!(server.space_url("worker 1"), url);
}

#[test]
fn injects_faults() {
    let server = Server::start().unwrap();
    let busy = Fault::error("LOADING Redis is loading the dataset in memory").command("GET").key("user:*");
    let injected = server.inject(busy).unwrap();
    assert!(matches!(server.call(["GET", "user:1"]), Err(Error::Reply(text)) if text.starts_with("LOADING")));
    assert_eq!(server.call(["GET", "other"]).unwrap(), Reply::Null);
    drop(injected);
    assert_eq!(server.call(["GET", "user:1"]).unwrap(), Reply::Null);

    let _lost = server.inject(Fault::close_after().command("INCR").times(1)).unwrap();
    assert!(matches!(server.call(["INCR", "counter"]), Err(Error::Io(_))));
    assert_eq!(server.call(["INCR", "counter"]).unwrap(), 2.into()); // a retry counts twice
}

#[test]
fn records_what_clients_do() {
    let server = Server::start().unwrap();
    let recording = server.record().unwrap();
    server.call(["SET", "user:1", "ann"]).unwrap();
    server.call(["GET", "user:1"]).unwrap();
    assert_eq!(recording.count("...").unwrap(), 2);
    assert_eq!(recording.count("SET user:* *").unwrap(), 1);
    assert!(recording.transcript().unwrap().contains("> GET user:1\n\"ann\"\n"));
    drop(recording);
    server.call(["GET", "user:2"]).unwrap();
    assert_eq!(server.call(["TESTING", "RECORD", "COUNT"]).unwrap(), 2.into());
}

#[test]
fn finds_what_bites_later() {
    let server = Server::start().unwrap();
    server.strict(["all warn", "cross-slot error"]).unwrap();
    assert!(matches!(server.call(["MSET", "a", "1", "b", "2"]), Err(Error::Reply(_))));
    let report = server.strict_report().unwrap();
    assert_eq!(report[0].rule, "cross-slot");
    assert_eq!(report[0].level, "error");
    assert_eq!(report[0].line, "MSET a 1 b 2");
    assert_eq!(report[0].count, 1);
    server.reset_strict().unwrap();
    assert_eq!(server.strict_report().unwrap(), []);
}

#[test]
fn every_fault_is_understood() {
    let server = Server::start().unwrap();
    let second = Duration::from_secs(1);
    for action in [
        Fault::error("ERR x"),
        Fault::delay(second),
        Fault::close_before(),
        Fault::close_after(),
        Fault::cut(3),
        Fault::blackhole(),
        Fault::trickle(second),
        Fault::expire(),
        Fault::evict(),
    ] {
        drop(server.inject(action.command("GET").space("nowhere")).unwrap());
    }
    drop(server.inject(Fault::disk_full()).unwrap());
    drop(server.inject(Fault::disk_error()).unwrap());
    drop(server.inject(Fault::refuse().client("nobody")).unwrap());
    let now = server.clock().now().unwrap();
    let all = Fault::error("ERR x").command("CONFIG|SET").category("admin").key("k*").client("c*").user("default");
    let all = all.from(2).every(3).times(4).probability(0.5).after(now).before(now + second);
    drop(server.inject(all).unwrap());
    assert_eq!(server.call(["TESTING", "FAULT", "LIST"]).unwrap(), Reply::Array(vec![]));
}

#[test]
fn strict_mode_fails_the_test() {
    let server = Server::builder().strict("all warn").strict("large-values error 10").start().unwrap();
    server.assert_strict();
    server.call(["SET", "a", "12345678901"]).unwrap_err();
    server.assert_strict(); // an error is no warning
    server.call(["MSET", "a", "1", "b", "2"]).unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.assert_strict())).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("strict mode warns of what the test has done:\n  cross-slot: MSET a 1 b 2: "), "{text}");
    server.reset_strict().unwrap();
    server.assert_strict();
}

#[test]
fn loads_fixtures() {
    let folder = Folder::new("fixtures");
    let file = folder.0.join("seed.redis");
    fs::write(&file, "SET user:1 ann\nRPUSH queue a b\n").unwrap();
    let server = Server::builder().load(&file).start().unwrap();
    server.load(r#"{"databases": {"0": {"n": "5"}}}"#).unwrap();
    assert_eq!(server.call(["INCR", "n"]).unwrap(), 6.into());
    let dump = server.dump().unwrap();
    server.call(["FLUSHALL"]).unwrap();
    server.load(&dump).unwrap();
    assert_eq!(server.dump().unwrap(), dump);
    server.load_file(&file).unwrap();
    assert_eq!(server.call(["LLEN", "queue"]).unwrap(), 4.into());
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("resp-server-test-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A runtime of one thread, which sleeps until the future is woken.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
