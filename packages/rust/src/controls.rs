use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::wire::{unexpected, Connection, Error, Reply};
use crate::Fault;

/// What a test can do with this server and with no other: each method is a
/// subcommand of TESTING.
///
/// The guide is docs/testing.md of the server. A call takes a fraction of a
/// millisecond, and blocks the thread for this time, also in async code.
pub struct Controls {
    host: String,
    port: u16,
    connection: Mutex<Option<Connection>>,
}

impl Controls {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Controls { host: host.to_owned(), port, connection: Mutex::new(None) }
    }

    /// The address that the server listens on.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What clients connect to: `redis://127.0.0.1:34567/0`.
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address())
    }

    /// Runs one command on a connection of this object.
    ///
    /// ```no_run
    /// # let server = resp_server::Server::start().unwrap();
    /// assert_eq!(server.call(["INCR", "visits"]).unwrap(), 1.into());
    /// ```
    pub fn call<W: AsRef<[u8]>>(&self, words: impl IntoIterator<Item = W>) -> Result<Reply, Error> {
        let words: Vec<W> = words.into_iter().collect();
        let mut connection = self.connection();
        if connection.is_none() {
            *connection = Some(Connection::open(&self.host, self.port)?);
        }
        let reply = connection.as_mut().expect("it is open").call(&words);
        if let Err(Error::Io(_)) = reply {
            *connection = None;
        }
        reply
    }

    /// The server's clock.
    pub fn clock(&self) -> Clock<'_> {
        Clock(self)
    }

    /// Remembers data, users, scripts, functions, settings and time under a name.
    pub fn snapshot(&self, name: &str) -> Result<(), Error> {
        self.testing(["SNAPSHOT", name]).map(drop)
    }

    /// Goes back to a snapshot. Clients stay connected.
    pub fn restore(&self, name: &str) -> Result<(), Error> {
        self.testing(["RESTORE", name]).map(drop)
    }

    /// Makes the server as it was after its start.
    pub fn reset(&self) -> Result<(), Error> {
        self.testing(["RESET"]).map(drop)
    }

    /// Makes an independent server with the same data, without copying them.
    pub fn fork(&self) -> Result<Fork, Error> {
        let mut owner = Connection::open(&self.host, self.port)?;
        let reply = owner.call(&["TESTING", "FORK"])?;
        let parts = reply.as_str().and_then(|name| {
            let (host, port) = name.rsplit_once(':')?;
            Some((name, host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?))
        });
        let (name, host, port) = parts.ok_or_else(|| unexpected(&format!("{reply:?}")))?;
        Ok(Fork { controls: Controls::new(host, port), name: name.to_owned(), owner })
    }

    /// Injects a fault until the returned guard is dropped.
    pub fn inject(&self, fault: Fault) -> Result<Injected<'_>, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("rust-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let words = ["FAULT", "ADD", &name].map(str::to_owned).into_iter().chain(fault.words());
        self.testing(words)?;
        Ok(Injected { controls: self, name })
    }

    /// Records commands and replies of clients until the returned `Recording` is dropped.
    pub fn record(&self) -> Result<Recording<'_>, Error> {
        self.testing(["RECORD", "START"])?;
        Ok(Recording { controls: self })
    }

    /// `record` that has what scripts call and what clients in the spaces of the server do, too.
    pub fn record_all(&self) -> Result<Recording<'_>, Error> {
        self.testing(["RECORD", "START", "SCRIPTS", "SPACES"])?;
        Ok(Recording { controls: self })
    }

    /// Sets rules of strict mode, which finds what works in tests but fails in
    /// production: `strict(["all warn", "large-reads error 100"])`.
    pub fn strict<'a>(&self, rules: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        for rule in rules {
            self.testing(["STRICT", "SET"].into_iter().chain(rule.split_whitespace()))?;
        }
        Ok(())
    }

    /// What strict mode has found since the start or `reset_strict`.
    pub fn strict_report(&self) -> Result<Vec<StrictFinding>, Error> {
        let reply = self.testing(["STRICT", "REPORT"])?;
        let Reply::Array(found) = &reply else { return Err(unexpected(&format!("{reply:?}"))) };
        let findings: Option<_> = found.iter().map(StrictFinding::new).collect();
        findings.ok_or_else(|| unexpected(&format!("{reply:?}")))
    }

    /// Panics if strict mode has warned since the start or the last reset, with
    /// the commands and the rules. A test that expects warnings calls
    /// `reset_strict`.
    ///
    /// ```no_run
    /// let server = resp_server::Server::builder().strict("all warn").start().unwrap();
    /// // Here the code under test uses the server.
    /// server.assert_strict();
    /// ```
    #[track_caller]
    pub fn assert_strict(&self) {
        let report = self.strict_report().expect("the report of strict mode");
        let warnings: Vec<_> = report
            .iter()
            .filter(|f| f.level == "warn")
            .map(|f| format!("\n  {}: {}: {}", f.rule, f.line, f.message))
            .collect();
        assert!(warnings.is_empty(), "strict mode warns of what the test has done:{}", warnings.concat());
    }

    /// Forgets what strict mode has found. The rules stay.
    pub fn reset_strict(&self) -> Result<(), Error> {
        self.testing(["STRICT", "RESET"]).map(drop)
    }

    /// The URL of a private server behind this port.
    ///
    /// Clients that connect with it have their own data, time, users and faults.
    /// The space begins as a fork of this server when its first client
    /// connects. It needs the directive `spaces yes`.
    pub fn space_url(&self, name: &str) -> String {
        let mut user = String::new();
        for byte in format!("space:{name}").bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                user.push(byte.into());
            } else {
                user.push_str(&format!("%{byte:02X}"));
            }
        }
        format!("redis://{user}:x@{}/0", self.address())
    }

    /// Adds the data of a fixture: an RDB file's content, JSON, or commands as redis-cli reads them.
    pub fn load(&self, data: impl AsRef<[u8]>) -> Result<(), Error> {
        self.call([b"TESTING", b"LOAD".as_slice(), data.as_ref()]).map(drop)
    }

    /// Adds the data of a fixture that is a file.
    pub fn load_file(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        self.load(fs::read(file)?)
    }

    /// All data as commands that make them again, in a stable order.
    pub fn dump(&self) -> Result<String, Error> {
        text(self.testing(["DUMP"])?)
    }

    fn testing<W: AsRef<[u8]>>(&self, words: impl IntoIterator<Item = W>) -> Result<Reply, Error> {
        let mut all = vec![b"TESTING".to_vec()];
        all.extend(words.into_iter().map(|w| w.as_ref().to_vec()));
        self.call(all)
    }

    fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The server's clock. Expiry, TIME, stream ids and timeouts follow it.
pub struct Clock<'a>(&'a Controls);

impl Clock<'_> {
    /// Moves the clock forward. Fractions of a millisecond are cut off.
    ///
    /// Everything that becomes due has happened when this returns: keys have
    /// expired, blocked clients have their replies.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        self.call(["ADVANCE", &by.as_millis().to_string()]).map(drop)
    }

    /// Sets the clock, to the millisecond.
    pub fn set(&self, to: SystemTime) -> Result<(), Error> {
        self.call(["SET", &millis(to).to_string()]).map(drop)
    }

    /// Stops the clock: it moves only by `advance` and `set`.
    pub fn freeze(&self) -> Result<(), Error> {
        self.call(["FREEZE"]).map(drop)
    }

    /// Lets the clock run on from where it is.
    pub fn resume(&self) -> Result<(), Error> {
        self.call(["RESUME"]).map(drop)
    }

    /// The server's time.
    pub fn now(&self) -> Result<SystemTime, Error> {
        let reply = self.call(["NOW"])?;
        let now = reply.as_int().and_then(|n| n.try_into().ok()).ok_or_else(|| unexpected(&format!("{reply:?}")))?;
        Ok(UNIX_EPOCH + Duration::from_millis(now))
    }

    fn call<const N: usize>(&self, words: [&str; N]) -> Result<Reply, Error> {
        self.0.testing([&["CLOCK"], words.as_slice()].concat())
    }
}

pub(crate) fn millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// A server in the process of the one that it was forked from, and independent
/// of it. It ends when this is dropped.
pub struct Fork {
    controls: Controls,
    name: String,
    owner: Connection,
}

impl std::ops::Deref for Fork {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        &self.controls
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        // If it fails, the fork is gone already, alone or with its server.
        let _ = self.owner.call(&["TESTING", "CLOSE", &self.name]);
    }
}

/// A fault that is in force until this is dropped.
#[must_use]
pub struct Injected<'a> {
    controls: &'a Controls,
    name: String,
}

impl Drop for Injected<'_> {
    fn drop(&mut self) {
        let _ = self.controls.testing(["FAULT", "DEL", &self.name]);
    }
}

/// A rule of strict mode that a command has broken, as it was the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrictFinding {
    /// The name of the rule.
    pub rule: String,
    /// `warn`, or `error` if the reply was one.
    pub level: String,
    /// The name of the command.
    pub command: String,
    /// What is wrong.
    pub message: String,
    /// The command as redis-cli reads it, cut if it is long.
    pub line: String,
    /// The client's address or name.
    pub client: String,
    /// How often.
    pub count: i64,
    /// When, on the server's clock.
    pub first: SystemTime,
}

impl StrictFinding {
    fn new(reply: &Reply) -> Option<Self> {
        let Reply::Array(fields) = reply else { return None };
        let field =
            |name: &str| fields.chunks_exact(2).find(|pair| pair[0].as_str() == Some(name)).map(|pair| &pair[1]);
        let text = |name: &str| field(name)?.as_str().map(str::to_owned);
        Some(StrictFinding {
            rule: text("rule")?,
            level: text("level")?,
            command: text("command")?,
            message: text("message")?,
            line: text("line")?,
            client: text("client")?,
            count: field("count")?.as_int()?,
            first: UNIX_EPOCH + Duration::from_millis(field("first")?.as_int()?.try_into().ok()?),
        })
    }
}

/// The commands that clients send, with the replies, until this is dropped.
pub struct Recording<'a> {
    controls: &'a Controls,
}

impl Recording<'_> {
    /// How many commands came that match a pattern: a glob for each word,
    /// `SET user:* *`. As the last word `...` stands for any further ones, so
    /// `...` alone is all commands.
    pub fn count(&self, pattern: &str) -> Result<i64, Error> {
        let reply = self.controls.testing(["RECORD", "COUNT", pattern])?;
        reply.as_int().ok_or_else(|| unexpected(&format!("{reply:?}")))
    }

    /// All of it as a transcript, for a person to read.
    pub fn transcript(&self) -> Result<String, Error> {
        text(self.controls.testing(["RECORD", "GET"])?)
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        let _ = self.controls.testing(["RECORD", "STOP"]);
    }
}

fn text(reply: Reply) -> Result<String, Error> {
    match reply {
        Reply::Text(text) => Ok(text),
        other => Err(unexpected(&format!("{other:?}"))),
    }
}
