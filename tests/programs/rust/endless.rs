//! Never ends.

use std::sync::atomic::{AtomicU64, Ordering};

static SPIN: AtomicU64 = AtomicU64::new(0);

fn main() {
    loop {
        SPIN.fetch_add(1, Ordering::Relaxed);
    }
}
