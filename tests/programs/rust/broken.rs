//! Uses a value that was moved.

fn main() {
    let moved = String::new();
    drop(moved);
    drop(moved);
}
