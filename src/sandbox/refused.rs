//! Refused system calls: answered as they come, and noted by name.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::outcome::{SandboxError, SetUpStep};
use super::{seccomp, sys};

/// After so many refused calls nobody answers any more, and the kernel says ENOSYS: answering
/// costs time that is not the program's.
const MAX_REFUSALS: usize = 1000;
/// Most names of refused calls that are kept.
const MAX_REFUSED_NAMES: usize = 32;
/// Refused system calls, answered as they come.
pub(super) struct Refused {
    listener: Option<OwnedFd>,
    names: Vec<String>,
    answered: usize,
}

impl Refused {
    pub(super) fn new(listener: Option<OwnedFd>) -> Self {
        Refused {
            listener,
            names: Vec::new(),
            answered: 0,
        }
    }

    /// Takes a listener that came later.
    pub(super) fn listen_to(&mut self, listener: Option<OwnedFd>) {
        if listener.is_some() {
            self.listener = listener;
        }
    }

    /// Stops listening.
    pub(super) fn stop(&mut self) {
        self.listener = None;
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn answer_one(&mut self) -> Result<(), SandboxError> {
        let Some(listener) = &self.listener else {
            return Ok(());
        };
        match sys::receive_notification(listener.as_fd()) {
            Ok(Some(call)) => {
                let (name, errno) = seccomp::refusal(call.number);
                sys::refuse_notification(listener.as_fd(), call.id, errno)
                    .set_up("answer", "a refused system call")?;
                self.note(name);
            }
            Ok(None) => {}
            // The last process under the filter is gone.
            Err(_) => self.listener = None,
        }
        Ok(())
    }

    fn note(&mut self, name: String) {
        self.answered += 1;
        if !self.names.contains(&name) && self.names.len() < MAX_REFUSED_NAMES {
            self.names.push(name);
        }
        if self.answered >= MAX_REFUSALS {
            self.listener = None;
        }
    }
}
