//! Finds the binary in the crate for the target, which prints the path when it is built.

use std::env;

fn main() {
    let part = |name: &str| env::var(name).unwrap_or_default().to_uppercase();
    let (os, arch) = (part("CARGO_CFG_TARGET_OS"), part("CARGO_CFG_TARGET_ARCH"));
    if let Ok(path) = env::var(format!("DEP_RESP_SERVER_{os}_{arch}_PATH")) {
        println!("cargo:rustc-env=RESP_SERVER_OF_CRATE={path}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
