//! When a program was executed, told without waking anybody: the clocks need it at the first check
//! only, and a program that is started pays for everybody whom it wakes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::unistd::{read, write};

use super::outcome::{SandboxError, SetUpStep};
use super::sys;

/// Holds the time of one execve once it is told. It is an eventfd, whose number is that time.
#[derive(Debug)]
pub(super) struct StartTime(EventFd);

impl StartTime {
    pub(super) fn new() -> Result<Self, SandboxError> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        EventFd::from_flags(flags)
            .map(StartTime)
            .set_up("create", "an eventfd")
    }

    /// What the program-to-be gets.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The monotonic time of the execve in nanoseconds; `None` before it. Can be had once.
    pub(super) fn take(&self) -> Option<u64> {
        let mut number = [0; 8];
        // Without a number it fails, for it does not block.
        read(&self.0, &mut number).ok()?;
        Some(u64::from_ne_bytes(number))
    }
}

/// Tells that the program is executed now. Allocates nothing.
pub(super) fn tell(start_time: &OwnedFd) -> io::Result<()> {
    write(start_time, &sys::monotonic_ns().to_ne_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_can_be_asked_for_before_and_after_it() -> Result<(), Box<dyn std::error::Error>> {
        let start_time = StartTime::new()?;
        assert_eq!(start_time.take(), None);
        let before = sys::monotonic_ns();
        tell(&start_time.fd().try_clone_to_owned()?)?;
        let told = start_time.take();
        assert!(told.is_some_and(|time| time >= before && time <= sys::monotonic_ns()));
        Ok(())
    }
}
