//! A connection that speaks RESP, for the test controls: no client is needed.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(60); // for each reply

/// What a command replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing, such as that of GET for a missing key.
    Null,
    /// A string, or a status such as OK.
    Text(String),
    /// A string whose bytes are not UTF-8.
    Bytes(Vec<u8>),
    /// An integer.
    Int(i64),
    /// A list.
    Array(Vec<Reply>),
}

impl Reply {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Reply::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Reply::Int(n) => Some(*n),
            _ => None,
        }
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Reply::Text(text.to_owned())
    }
}

impl From<i64> for Reply {
    fn from(n: i64) -> Self {
        Reply::Int(n)
    }
}

/// Why a command has no reply.
#[derive(Debug)]
pub enum Error {
    /// The server replied with an error, such as `ERR syntax error`.
    Reply(String),
    /// The connection broke.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Reply(text) => f.write_str(text),
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(host: &str, port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((host, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Connection(BufReader::new(stream)))
    }

    pub(crate) fn call<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<Reply, Error> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            let data = word.as_ref();
            request.extend_from_slice(format!("${}\r\n", data.len()).as_bytes());
            request.extend_from_slice(data);
            request.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&request)?;
        self.read()
    }

    fn read(&mut self) -> Result<Reply, Error> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let Some(line) = line.strip_suffix("\r\n") else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection").into());
        };
        let (kind, rest) = line.split_at(line.len().min(1));
        match kind {
            "+" => Ok(Reply::Text(rest.to_owned())),
            "-" => Err(Error::Reply(rest.to_owned())),
            ":" => rest.parse().map(Reply::Int).map_err(|_| unexpected(line)),
            "$" | "*" if rest == "-1" => Ok(Reply::Null),
            "$" => {
                let length: usize = rest.parse().map_err(|_| unexpected(line))?;
                let mut data = vec![0; length + 2];
                self.0.read_exact(&mut data)?;
                data.truncate(length);
                Ok(String::from_utf8(data).map_or_else(|e| Reply::Bytes(e.into_bytes()), Reply::Text))
            }
            "*" => {
                let count: usize = rest.parse().map_err(|_| unexpected(line))?;
                (0..count).map(|_| self.read()).collect::<Result<_, _>>().map(Reply::Array)
            }
            _ => Err(unexpected(line)),
        }
    }
}

pub(crate) fn unexpected(line: &str) -> Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unexpected reply {line}")).into()
}
