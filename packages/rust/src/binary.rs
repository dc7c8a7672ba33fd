//! Finds the server's binary.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the path of the binary: RESP_SERVER_BINARY if it is set, else that
/// of the crate for this platform, else one on the PATH.
pub(crate) fn find() -> Result<PathBuf, String> {
    if let Some(chosen) = env::var_os("RESP_SERVER_BINARY").filter(|v| !v.is_empty()) {
        let path = PathBuf::from(chosen);
        if !path.is_file() {
            return Err(format!("RESP_SERVER_BINARY names {}, which is no file", path.display()));
        }
        return Ok(path);
    }
    if let Some(path) = option_env!("RESP_SERVER_OF_CRATE").map(Path::new).filter(|p| p.is_file()) {
        return Ok(path.to_owned());
    }
    let name = format!("resp-server{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            "there is no resp-server binary: the crate that has it is not on this machine, or there is none for \
             this platform. Set RESP_SERVER_BINARY to a binary, or put it on the PATH"
                .to_owned()
        })
}
