//! id: CMP-04d
//! about: macros of Rust that double without end
//! expect: CE
//! tier: slow
#![recursion_limit = "4096"]
macro_rules! bomb { ($($t:tt)*) => { bomb!($($t)* $($t)*) }; }
fn main() { bomb!(x); }
