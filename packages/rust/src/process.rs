//! Starts the server as a process and ends it.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::binary;
use crate::wire::{Connection, Error};

/// The server did not start. The text ends with what it logged.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resp-server did not start: {}", self.0)
    }
}

impl std::error::Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        StartError(error.to_string())
    }
}

/// A server process, which ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: Log,
    host: String,
    pub(crate) port: u16,
}

impl Process {
    /// Starts the binary. Returns when it accepts connections on a host.
    pub(crate) fn start(args: &[OsString], host: &str, timeout: Duration) -> Result<Self, StartError> {
        let binary = binary::find().map_err(StartError)?;
        let folder = Folder::new()?;
        let ready = folder.0.join("ready.json");
        // The log is a file: a pipe that nobody reads would block the server.
        let out = File::create(folder.0.join("log"))?;
        let reader = File::open(folder.0.join("log"))?;
        let mut command = Command::new(&binary);
        own_group(&mut command);
        let child = command
            .args(args)
            .arg("--exit-with-parent")
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|e| StartError(format!("{}: {e}", binary.display())))?;
        let log = Log { reader: Mutex::new(reader), folder: Some(folder) };
        let mut process = Process { child, log, host: host.to_owned(), port: 0 };
        match process.await_port(&ready, timeout) {
            Ok(port) => process.port = port,
            Err(why) => {
                let _ = process.child.kill();
                let _ = process.child.wait();
                return Err(StartError(format!("{why}\n{}", process.log()).trim_end().to_owned()));
            }
        }
        if cfg!(unix) {
            process.log.folder = None; // an open file needs no name, so nothing is left when this process is killed
        }
        Ok(process)
    }

    fn await_port(&mut self, ready: &Path, timeout: Duration) -> Result<u16, String> {
        let begin = Instant::now();
        while !ready.exists() {
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                return Err(status.to_string());
            }
            if begin.elapsed() > timeout {
                return Err(format!("not ready within {timeout:?}"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        let text = fs::read_to_string(ready).map_err(|e| e.to_string())?;
        let digits = text.split_once("\"port\":").map_or("", |(_, rest)| rest);
        digits
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or("")
            .parse()
            .map_err(|_| format!("no port in {text}"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what the server has logged.
    pub(crate) fn log(&self) -> String {
        let mut text = Vec::new();
        let mut reader = self.log.reader.lock().unwrap_or_else(|e| e.into_inner());
        match reader.rewind().and_then(|()| reader.read_to_end(&mut text)) {
            Ok(_) => String::from_utf8_lossy(&text).into_owned(),
            Err(e) => format!("the log can't be read: {e}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the log of the server:\n{}", self.log());
        }
        if cfg!(unix) || !shut_down(&self.host, self.port) {
            terminate(&mut self.child);
        }
        let begin = Instant::now();
        while let Ok(None) = self.child.try_wait() {
            if begin.elapsed() > Duration::from_secs(10) {
                // It may have had a snapshot to save.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Makes Ctrl-C in a terminal something for this process, not for the server.
fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        std::os::windows::process::CommandExt::creation_flags(command, CREATE_NEW_PROCESS_GROUP);
    }
    let _ = command;
}

/// Asks a server to end: Windows has no signal that lets a program save its data. Returns false if it does not: it may
/// want a password.
fn shut_down(host: &str, port: u16) -> bool {
    let Ok(mut connection) = Connection::open(host, port) else {
        return false;
    };
    matches!(connection.call(&["SHUTDOWN"]), Err(Error::Io(_))) // there is no other reply to it
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    extern "C" {
        fn kill(pid: i32, signal: i32) -> i32;
    }
    const SIGTERM: i32 = 15;
    if let Ok(None) = child.try_wait() {
        // SAFETY: kill has no precondition, and the id is still that of our child, since nobody has waited for it.
        unsafe { kill(child.id() as i32, SIGTERM) };
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.kill();
}

struct Log {
    reader: Mutex<File>,
    folder: Option<Folder>, // dropped after the reader
}

/// A folder for temporary files, removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("resp-server-{}-{count}-{now}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Folder(path)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
