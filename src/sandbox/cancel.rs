//! Ending a run from another thread.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::outcome::{SandboxError, SetUpStep};

/// A switch that ends every run it was given to, at once and for ever. Clones share it.
#[derive(Debug, Clone)]
pub struct Cancel {
    event: Arc<EventFd>,
}

impl Cancel {
    /// A switch that is off.
    pub fn new() -> Result<Self, SandboxError> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_flags(flags).set_up("create", "an eventfd")?;
        Ok(Cancel {
            event: Arc::new(event),
        })
    }

    /// Switches on.
    pub fn cancel(&self) {
        // It can only fail when the counter is full, that is, when it is on already.
        let _ = self.event.write(1);
    }

    /// Whether it is on.
    pub fn is_cancelled(&self) -> bool {
        let mut polled = [PollFd::new(self.fd(), PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
