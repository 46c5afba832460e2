//! id: CMP-20a
//! about: names a crate that would have to be fetched
//! expect: CE
extern crate rand;
fn main() { println!("{}", rand::random::<u8>()); }
