//! System calls that are made to see whether they are refused.

use std::ffi::{CStr, c_long};
use std::io;

use super::check;

/// Larger than whatever one of these calls reads or writes.
const ZERO_BYTES: usize = 512;

/// An argument of such a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument {
    /// A number.
    Number(c_long),
    /// A text.
    Text(&'static CStr),
    /// Room with nothing in it.
    Zeros,
}

/// Makes a call with up to six arguments. It may take effect, so this is for a process that was made for it
/// and ends soon.
pub(crate) fn try_call(number: c_long, arguments: &[Argument]) -> io::Result<c_long> {
    let mut zeros = [0_u8; ZERO_BYTES];
    let mut values: [c_long; 6] = [0; 6];
    for (value, argument) in values.iter_mut().zip(arguments) {
        *value = match argument {
            Argument::Number(number) => *number,
            Argument::Text(text) => text.as_ptr() as c_long,
            Argument::Zeros => zeros.as_mut_ptr() as c_long,
        };
    }
    let [a, b, c, d, e, f] = values;
    // SAFETY: pointers lead to a text that lives for ever or to bytes of our own, more than the calls of the
    // table `check::doors` write to; none of these calls moves or unmaps memory of this process.
    check(unsafe { libc::syscall(number, a, b, c, d, e, f) })
}
