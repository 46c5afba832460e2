//! id: CMP-04e
//! about: types of Rust that contain each other without end
//! expect: CE
trait Deep { fn deep(&self, n: u64) -> u64; }
impl<T> Deep for T { fn deep(&self, n: u64) -> u64 { if n == 0 { 0 } else { (self, self).deep(n - 1) } } }
fn main() { println!("{}", 1u8.deep(5)); }
