//! The system calls that no safe library offers, one small function each.
//! This is the only place with `unsafe`; nothing here allocates, so all of it may run
//! between clone and execve.

#![allow(unsafe_code)]

mod count;
mod door;
mod message;
mod mount;
mod process;
mod secure;

pub(super) use count::{Countable, count_from_execve};
pub(super) use door::{Argument, try_call};
pub(super) use message::{MAX_FDS, recv_with_fds, send_with_fds};
pub(super) use mount::{
    MountAttr, attach_mount, attach_mount_at, clone_tree, clone_tree_at, configure_mount,
    map_ids_of_mount, new_file_system, set_mount_attributes,
};
pub(super) use process::{
    Capability, CloneRequest, CloneSide, borrow_fd, clone_process, close_from, close_from_on_exec,
    copy_fd_open_on_exec, die_with_this_thread, drop_bounding_set, execute, exit_now, give_way,
    has_children, keep_capabilities, keep_capabilities_of_ids, kill_all_others, monotonic_ns,
    move_fd, open_process, raise_loopback, reap_automatically, reap_by_waiting, reset_signals,
    set_effective_uid, set_groups, set_ids, set_not_dumpable, set_parent_death_signal,
    share_memory_with_child, signal_process, wait_any,
};
pub(super) use secure::{
    install_filter, install_listening_filter, landlock_abi, landlock_add_path, landlock_add_port,
    landlock_new, landlock_restrict, receive_notification, refuse_notification,
    set_no_new_privileges,
};

use std::io;

/// Turns the libc convention of -1 and errno into a result.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
