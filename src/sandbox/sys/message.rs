//! Datagrams with file descriptors over unix sockets, without allocation.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::check;

/// Most descriptors one message carries.
pub(crate) const MAX_FDS: usize = 8;

/// Room for no more than that: the kernel lets go what has none, and says so.
const CONTROL_BYTES: usize = size_of::<libc::cmsghdr>() + MAX_FDS * size_of::<RawFd>();

/// A control buffer with the alignment that `cmsghdr` needs.
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// Sends one datagram with up to [`MAX_FDS`] descriptors.
pub(crate) fn send_with_fds(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    if fds.len() > MAX_FDS {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut control = Control([0; CONTROL_BYTES]);
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: an all-zero msghdr is valid; the fields are set below.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    if !fds.is_empty() {
        fill_control(&mut header, &mut control, fds);
    }
    // SAFETY: header points to live buffers of the stated lengths for the whole call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, libc::MSG_NOSIGNAL) };
    check(sent as libc::c_long).map(drop)
}

fn fill_control(header: &mut libc::msghdr, control: &mut Control, fds: &[BorrowedFd<'_>]) {
    let payload = size_of_val(fds) as u32;
    header.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: CMSG_SPACE only computes a size.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(payload) } as usize;
    // SAFETY: msg_control points to CONTROL_BYTES bytes, enough for MAX_FDS descriptors
    // (checked by the caller), so the first header lies inside.
    let first = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: CMSG_LEN only computes a size.
    let length = unsafe { libc::CMSG_LEN(payload) } as usize;
    let first_header = libc::cmsghdr {
        cmsg_len: length,
        cmsg_level: libc::SOL_SOCKET,
        cmsg_type: libc::SCM_RIGHTS,
    };
    // SAFETY: `first` is non-null, aligned and inside the buffer, see above.
    unsafe { ptr::write(first, first_header) };
    // SAFETY: CMSG_DATA follows the header inside the buffer.
    let data: *mut RawFd = unsafe { libc::CMSG_DATA(first) }.cast();
    let numbers: [RawFd; MAX_FDS] =
        std::array::from_fn(|index| fds.get(index).map_or(-1, AsRawFd::as_raw_fd));
    // SAFETY: the buffer has room for MAX_FDS descriptors, of which `fds.len()` are copied; both
    // sides are bytes, so alignment does not matter.
    unsafe {
        ptr::copy_nonoverlapping(numbers.as_ptr().cast::<u8>(), data.cast(), size_of_val(fds))
    };
}

/// Receives one datagram; received descriptors are close-on-exec and fill `fds` from the front.
/// Returns the length of the datagram; 0 means that the other end is gone.
pub(crate) fn recv_with_fds(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    fds: &mut [Option<OwnedFd>; MAX_FDS],
) -> io::Result<usize> {
    let mut control = Control([0; CONTROL_BYTES]);
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: an all-zero msghdr is valid; the fields are set below.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_BYTES;
    // SAFETY: header points to live, writable buffers of the stated lengths.
    let received =
        check(
            unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_CMSG_CLOEXEC) }
                as libc::c_long,
        )?;
    take_fds(&header, fds);
    if header.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok(received as usize)
}

fn take_fds(header: &libc::msghdr, fds: &mut [Option<OwnedFd>; MAX_FDS]) {
    // SAFETY: the kernel filled msg_control/msg_controllen; the macro checks the length.
    let first = unsafe { libc::CMSG_FIRSTHDR(header) };
    if first.is_null() {
        return;
    }
    // SAFETY: non-null means a complete header inside the buffer.
    let about = unsafe { ptr::read(first) };
    if about.cmsg_level != libc::SOL_SOCKET || about.cmsg_type != libc::SCM_RIGHTS {
        return;
    }
    // SAFETY: CMSG_LEN only computes a size.
    let count = (about.cmsg_len - unsafe { libc::CMSG_LEN(0) } as usize) / size_of::<RawFd>();
    // SAFETY: the data of a complete header lies inside the buffer.
    let data: *const RawFd = unsafe { libc::CMSG_DATA(first) }.cast();
    for (index, slot) in fds.iter_mut().enumerate().take(count) {
        // SAFETY: `index` is below `count`, so the place lies inside the data.
        let place = unsafe { data.add(index) };
        // SAFETY: as above; the data need not be aligned.
        let number = unsafe { ptr::read_unaligned(place) };
        // SAFETY: the kernel installed `count` fresh descriptors that nobody else owns.
        *slot = Some(unsafe { OwnedFd::from_raw_fd(number) });
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixDatagram;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    use super::*;

    fn received(count: usize) -> io::Result<usize> {
        let (from, to) = UnixDatagram::pair()?;
        let fds = vec![from.as_raw_fd(); count];
        let rights = [ControlMessage::ScmRights(&fds)];
        let text = [IoSlice::new(b"x")];
        sendmsg::<()>(from.as_raw_fd(), &text, &rights, MsgFlags::empty(), None)?;
        let mut fds = Default::default();
        recv_with_fds(to.as_fd(), &mut [0; 8], &mut fds)?;
        Ok(fds.iter().flatten().count())
    }

    #[test]
    fn as_many_descriptors_as_there_is_room_for_arrive_and_more_are_refused() {
        assert_eq!(received(MAX_FDS).ok(), Some(MAX_FDS));
        let refused = received(MAX_FDS + 1).map_err(|error| error.raw_os_error());
        assert_eq!(refused, Err(Some(libc::EMSGSIZE)));
    }
}
