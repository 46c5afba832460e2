//! id: CMP-11a
//! about: takes files and variables of the host in at compile time, by Rust
//! expect: CE
const SHADOW: &[u8] = include_bytes!("/etc/shadow");
const SECRET: &str = env!("CARGO_MANIFEST_DIR");
#[path = "/root/.profile"]
mod host;
fn main() { println!("{}{SECRET}", SHADOW.len()); }
