//! The binary.

fn main() {
    gavel::sandbox::become_launcher_if_asked();
}
