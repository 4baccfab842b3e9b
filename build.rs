//! Puts the official client into the binary when `npm ci` has fetched it. Without it the build works too; the files are then looked for
//! when they are asked for.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const DIST: &str = "node_modules/socket.io-client/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=package-lock.json");
    if env::var("PROFILE").as_deref() == Ok("release") {
        // A release holds the files of this folder; a new one among them is noticed here. Otherwise they are read when asked for.
        println!("cargo::rerun-if-changed=static");
    }
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let dist = Path::new(&root).join(DIST);
    let mut names: Vec<String> = fs::read_dir(&dist)
        .map(|files| files.filter_map(|file| file.ok()?.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    names.retain(|name| name.ends_with(".js") || name.ends_with(".map"));
    names.sort();
    let mut code = String::from("pub const FILES: &[(&str, &[u8])] = &[\n");
    for name in names {
        let from = dist.join(&name);
        println!("cargo::rerun-if-changed={}", from.display());
        fs::copy(&from, Path::new(&out).join(&name)).expect("OUT_DIR can be written");
        writeln!(code, "    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))),")
            .expect("a string takes every write");
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("client_files.rs"), code).expect("OUT_DIR can be written");
}
