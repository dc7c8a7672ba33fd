use std::time::{Duration, SystemTime};

use crate::controls::millis;

/// A rule that makes something go wrong: what happens, and for which commands.
///
/// The constructors say what happens; each condition narrows the rule. Without
/// conditions it applies to all commands.
///
/// ```
/// use resp_server::Fault;
/// Fault::error("LOADING Redis is loading the dataset in memory").command("GET").key("user:*").times(1);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    conditions: Vec<String>,
    action: Vec<String>,
}

impl Fault {
    fn does<const N: usize>(action: [String; N]) -> Self {
        Fault { conditions: Vec::new(), action: action.into() }
    }

    /// An error reply, such as `LOADING Redis is loading the dataset in memory`.
    pub fn error(text: &str) -> Self {
        Self::does(["ERROR".into(), text.into()])
    }

    /// The command is executed later, on the server's clock.
    pub fn delay(by: Duration) -> Self {
        Self::does(["DELAY".into(), by.as_millis().to_string()])
    }

    /// The connection closes, and the command is not executed.
    pub fn close_before() -> Self {
        Self::does(["CLOSE".into(), "BEFORE".into()])
    }

    /// The command is executed, but the connection closes before its reply.
    pub fn close_after() -> Self {
        Self::does(["CLOSE".into(), "AFTER".into()])
    }

    /// The command is executed; this many bytes of the reply arrive, then the connection closes.
    pub fn cut(bytes: usize) -> Self {
        Self::does(["CUT".into(), bytes.to_string()])
    }

    /// The command is not executed, and there is no reply.
    pub fn blackhole() -> Self {
        Self::does(["BLACKHOLE".into()])
    }

    /// The reply comes byte by byte, with this much time between bytes.
    pub fn trickle(pause: Duration) -> Self {
        Self::does(["TRICKLE".into(), pause.as_millis().to_string()])
    }

    /// The keys of the command expire before it runs.
    pub fn expire() -> Self {
        Self::does(["EXPIRE".into()])
    }

    /// The keys of the command are evicted before it runs.
    pub fn evict() -> Self {
        Self::does(["EVICT".into()])
    }

    /// New connections are closed.
    pub fn refuse() -> Self {
        Self::does(["REFUSE".into()])
    }

    /// An operation that writes a file fails, because the disk is full.
    pub fn disk_full() -> Self {
        Self::does(["ENOSPC".into()])
    }

    /// An operation that writes a file fails, because of an input/output error.
    pub fn disk_error() -> Self {
        Self::does(["EIO".into()])
    }

    /// Only commands of this name: `GET`, or `CONFIG|SET`.
    pub fn command(self, name: &str) -> Self {
        self.when("COMMAND", name)
    }

    /// Only commands in this category of ACL, such as `write`.
    pub fn category(self, name: &str) -> Self {
        self.when("CATEGORY", name)
    }

    /// Only commands with a key that matches a glob.
    pub fn key(self, glob: &str) -> Self {
        self.when("KEY", glob)
    }

    /// Only for clients whose name or address matches a glob.
    pub fn client(self, glob: &str) -> Self {
        self.when("CLIENT", glob)
    }

    /// Only for clients of this user.
    pub fn user(self, name: &str) -> Self {
        self.when("USER", name)
    }

    /// Only for clients in this space.
    pub fn space(self, name: &str) -> Self {
        self.when("SPACE", name)
    }

    /// Only from the nth match on.
    pub fn from(self, n: u64) -> Self {
        self.when("FROM", n)
    }

    /// Only every nth match.
    pub fn every(self, n: u64) -> Self {
        self.when("EVERY", n)
    }

    /// At most this many times.
    pub fn times(self, n: u64) -> Self {
        self.when("TIMES", n)
    }

    /// With this probability, from 0 to 1, drawn from the server's seed.
    pub fn probability(self, p: f64) -> Self {
        self.when("PROBABILITY", p)
    }

    /// Only after this time of the server's clock.
    pub fn after(self, time: SystemTime) -> Self {
        self.when("AFTER", millis(time))
    }

    /// Only before this time of the server's clock.
    pub fn before(self, time: SystemTime) -> Self {
        self.when("BEFORE", millis(time))
    }

    fn when(mut self, name: &str, value: impl ToString) -> Self {
        self.conditions.extend([name.to_owned(), value.to_string()]);
        self
    }

    /// The rule as words of TESTING FAULT ADD, after its name.
    pub(crate) fn words(self) -> Vec<String> {
        [self.conditions, vec!["DO".to_owned()], self.action].concat()
    }
}
