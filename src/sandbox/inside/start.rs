//! A request to start, read in place: nothing allocates between clone and execve.

use std::ffi::{CStr, c_char};
use std::io;

use nix::sys::resource::{Resource, setrlimit};

use super::super::message::{MAX_STRINGS, Step};
use super::{Failure, StepResult};

/// A parsed request to start, pointing into the receive buffer.
pub(super) struct Start<'a> {
    /// The program.
    pub program: &'a CStr,
    /// Its arguments, null-terminated.
    pub arguments: &'a [*const c_char],
    /// Its environment, null-terminated.
    pub environment: &'a [*const c_char],
    rlimits: &'a [u8],
}

const RLIMIT_BYTES: usize = 20;

impl<'a> Start<'a> {
    /// The inverse of [`super::super::message::encode_start`].
    pub(super) fn parse(
        bytes: &'a [u8],
        pointers: &'a mut [*const c_char; MAX_STRINGS + 2],
    ) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let count = |index: usize| -> Option<usize> {
            let word = bytes.get(index * 4..index * 4 + 4)?;
            Some(u32::from_ne_bytes(word.try_into().ok()?) as usize)
        };
        let rlimits = count(0).ok_or_else(invalid)?;
        let arguments = count(1).ok_or_else(invalid)?;
        let environment = count(2).ok_or_else(invalid)?;
        if arguments.saturating_add(environment) > MAX_STRINGS || rlimits > 16 {
            return Err(invalid());
        }
        let strings_at = 12 + rlimits * RLIMIT_BYTES;
        let mut strings = Strings(bytes.get(strings_at..).ok_or_else(invalid)?);
        let program = strings.next().ok_or_else(invalid)?;
        let (argument_slots, environment_slots) = pointers.split_at_mut(arguments + 1);
        let arguments = strings
            .fill(argument_slots, arguments)
            .ok_or_else(invalid)?;
        let environment = strings
            .fill(environment_slots, environment)
            .ok_or_else(invalid)?;
        Ok(Start {
            program,
            arguments,
            environment,
            rlimits: &bytes[12..strings_at],
        })
    }

    /// Applies the rlimits.
    pub(super) fn set_rlimits(&self) -> StepResult<()> {
        for entry in self.rlimits.chunks_exact(RLIMIT_BYTES) {
            let [a, b, c, d, limits @ ..] = entry else {
                break;
            };
            let number = u32::from_ne_bytes([*a, *b, *c, *d]);
            let (soft, hard) = limits.split_at(8);
            // Eight bytes each by the length of the chunk.
            let value = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
            let (soft, hard) = (value(soft), value(hard));
            rlimit_by_number(number)
                .and_then(|resource| Ok(setrlimit(resource, soft, hard)?))
                .map_err(|error| Failure(Step::SetRlimits, error, number))?;
        }
        Ok(())
    }
}

fn rlimit_by_number(number: u32) -> io::Result<Resource> {
    super::super::launch::RLIMITS
        .iter()
        .find(|resource| **resource as u32 == number)
        .copied()
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Takes NUL-terminated strings from the front.
struct Strings<'a>(&'a [u8]);

impl<'a> Strings<'a> {
    fn next(&mut self) -> Option<&'a CStr> {
        let string = CStr::from_bytes_until_nul(self.0).ok()?;
        self.0 = self.0.get(string.count_bytes() + 1..)?;
        Some(string)
    }

    /// Fills a null-terminated array of `count` pointers.
    fn fill(
        &mut self,
        slots: &'a mut [*const c_char],
        count: usize,
    ) -> Option<&'a [*const c_char]> {
        let slots = slots.get_mut(..=count)?;
        for slot in &mut slots[..count] {
            *slot = self.next()?.as_ptr();
        }
        slots[count] = std::ptr::null();
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::encode_start;
    use super::*;

    #[test]
    fn a_start_request_survives_encoding() {
        let bytes = encode_start(
            &[(Resource::RLIMIT_NOFILE as u32, 64, 128)],
            b"/bin/echo",
            &[b"echo", b"", b"\xff"],
            &[b"A=1".to_vec()],
        );
        let mut pointers = [std::ptr::null(); MAX_STRINGS + 2];
        let start = Start::parse(&bytes, &mut pointers).unwrap_or_else(|_| unreachable!());
        assert_eq!(start.program, c"/bin/echo");
        assert_eq!(start.arguments.len(), 4);
        assert_eq!(start.environment.len(), 2);
        assert!(start.arguments[3].is_null() && start.environment[1].is_null());
    }

    #[test]
    fn a_torn_start_request_is_refused() {
        let bytes = encode_start(&[], b"/bin/echo", &[b"echo"], &[b"A=1".to_vec()]);
        for length in 0..bytes.len() {
            let mut pointers = [std::ptr::null(); MAX_STRINGS + 2];
            assert!(Start::parse(&bytes[..length], &mut pointers).is_err());
        }
    }

    #[test]
    fn whatever_asks_for_a_start_is_refused_or_stays_within_what_was_sent() {
        let environment = [b"A=1".to_vec(), b"B=2".to_vec()];
        let good = encode_start(
            &[(7, 64, 128)],
            b"/bin/echo",
            &[b"echo", b"x"],
            &environment,
        );
        crate::fuzz::try_changes(20_000, (&[&good], &[]), |bytes, _| {
            let mut pointers = [std::ptr::null(); MAX_STRINGS + 2];
            let Ok(start) = Start::parse(bytes, &mut pointers) else {
                return;
            };
            let sent = bytes.as_ptr_range();
            for strings in [start.arguments, start.environment] {
                let (last, all) = strings.split_last().unwrap();
                assert!(last.is_null());
                assert!(all.iter().all(|string| sent.contains(&string.cast())));
            }
        });
    }
}
