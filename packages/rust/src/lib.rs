#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod binary;
mod controls;
mod fault;
mod process;
mod task;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use controls::{Clock, Controls, Fork, Injected, Recording, StrictFinding};
pub use fault::Fault;
pub use process::StartError;
pub use wire::{Error, Reply};

use process::Process;

/// A server process. It ends when this is dropped, or with this process,
/// however that ends.
///
/// If a test panics, the log of the server is printed when it is dropped.
pub struct Server {
    controls: Controls,
    process: Process,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1. Returns when it accepts connections.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// `start` for async code, whatever its runtime.
    pub async fn start_async() -> Result<Self, StartError> {
        Self::builder().start_async().await
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> Builder {
        Builder {
            port: 0,
            host: "127.0.0.1".to_owned(),
            unixsocket: None,
            config_file: None,
            config: Vec::new(),
            load: Vec::new(),
            strict: Vec::new(),
            args: Vec::new(),
            testing: true,
            timeout: Duration::from_secs(10),
        }
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends the server, after a last save if the settings have save points. Dropping it does the same.
    pub fn stop(self) {}

    /// `stop` for async code: dropping would block its thread for some milliseconds.
    pub async fn stop_async(self) {
        task::on_a_thread(move || drop(self)).await
    }
}

impl std::ops::Deref for Server {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        &self.controls
    }
}

/// How to start a server.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    port: u16,
    host: String,
    unixsocket: Option<PathBuf>,
    config_file: Option<PathBuf>,
    config: Vec<(String, String)>,
    load: Vec<PathBuf>,
    strict: Vec<String>,
    args: Vec<OsString>,
    testing: bool,
    timeout: Duration,
}

impl Builder {
    /// The TCP port. 0, the default, picks a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The address to listen on, 127.0.0.1 by default.
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// A Unix socket to listen on as well.
    pub fn unixsocket(mut self, path: impl Into<PathBuf>) -> Self {
        self.unixsocket = Some(path.into());
        self
    }

    /// A directive of redis.conf, such as `config("maxmemory", "100mb")`. No files are written unless there is a `dir`.
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.config.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A redis.conf to read first.
    pub fn config_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.config_file = Some(file.into());
        self
    }

    /// A fixture to load: .rdb, .json, or commands as redis-cli reads them. May be repeated.
    pub fn load(mut self, file: impl Into<PathBuf>) -> Self {
        self.load.push(file.into());
        self
    }

    /// A rule of strict mode, such as `all warn`; see [`Controls::assert_strict`]. May be repeated.
    pub fn strict(mut self, rule: &str) -> Self {
        self.strict.push(rule.to_owned());
        self
    }

    /// One more argument for the binary, as it is.
    pub fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.args.push(word.into());
        self
    }

    /// Whether the test controls are allowed; they are by default.
    pub fn testing(mut self, allowed: bool) -> Self {
        self.testing = allowed;
        self
    }

    /// How long a start may take, 10 seconds by default.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Starts a server. Returns when it accepts connections.
    pub fn start(self) -> Result<Server, StartError> {
        let process = Process::start(&self.words(), &self.host, self.timeout)?;
        Ok(Server { controls: Controls::new(&self.host, process.port), process })
    }

    /// `start` for async code, whatever its runtime.
    pub async fn start_async(self) -> Result<Server, StartError> {
        task::on_a_thread(move || self.start()).await
    }

    fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(file) = &self.config_file {
            words.push(file.into());
        }
        words.extend(["--port".into(), self.port.to_string().into(), "--bind".into(), self.host.clone().into()]);
        if self.config_file.is_none() && !self.config.iter().any(|(name, _)| name == "dir") {
            words.extend(["--dir", "", "--save", ""].map(OsString::from));
        }
        if let Some(path) = &self.unixsocket {
            words.extend(["--unixsocket".into(), path.into()]);
        }
        for (name, value) in &self.config {
            words.push(format!("--{name}").into());
            if value.trim().is_empty() {
                words.push(OsString::new());
            }
            words.extend(value.split_whitespace().map(OsString::from));
        }
        for file in &self.load {
            words.extend(["--load".into(), file.into()]);
        }
        for rule in &self.strict {
            words.extend(["--strict".into(), rule.into()]);
        }
        if self.testing {
            words.push("--testing".into());
        }
        words.extend(self.args.iter().cloned());
        words
    }
}
