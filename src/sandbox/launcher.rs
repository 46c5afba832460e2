//! The launcher: a tiny single-threaded process that makes boxes.
//!
//! It exists so that the server is never forked: cloning a large or multi-threaded process costs
//! a copy of its page tables, runs code after fork under locks of dead threads, and bills its
//! memory to the guest. The launcher is our own binary executed again before any thread starts.
//! It dies when its connection closes, and every box dies with it.

mod arguments;

use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::{Mode, umask};

use super::inside::{self, Inside, LandlockLayer};
use super::message::{
    BoxIds, BoxPlan, BoxRequest, LaunchFailure, LaunchReply, MAX_PLAN_BYTES, MAX_START_BYTES,
    MAX_STRINGS, NetworkPlan, UserPlan,
};
use super::root::{self, Home, Roots};
use super::rootless;
use super::sys::{self, CloneRequest, CloneSide, MAX_FDS};
pub(super) use arguments::{Arguments, Stage};

const OWN_NETWORK: &str = "/proc/self/ns/net";
const HOST_ROOT: u32 = 0;
/// The program-to-be needs little of it; untouched pages cost nothing.
const STACK_BYTES: usize = 256 * 1024;

/// The name under which our binary is executed as a launcher.
pub(super) const LAUNCHER_NAME: &str = "gavel-launcher";

/// Names the step and the object of a failure.
pub(super) trait LaunchStep<T> {
    /// `step` in words that follow "cannot".
    fn during(self, step: &str, object: impl AsRef<str>) -> Result<T, LaunchFailure>;
}

impl<T, E: Into<io::Error>> LaunchStep<T> for Result<T, E> {
    fn during(self, step: &str, object: impl AsRef<str>) -> Result<T, LaunchFailure> {
        self.map_err(|error| LaunchFailure {
            step: step.to_owned(),
            object: object.as_ref().to_owned(),
            errno: error.into().raw_os_error().unwrap_or(libc::EIO),
        })
    }
}

/// Becomes a launcher and never returns, if this process was executed as one; otherwise does
/// nothing. Must be the first thing in `main`, before any thread starts.
pub fn become_launcher_if_asked() {
    let mut arguments = std::env::args_os();
    if arguments.next().is_none_or(|name| name != LAUNCHER_NAME) {
        return;
    }
    let Some(arguments) = Arguments::parse(arguments) else {
        sys::exit_now(2);
    };
    // The supervising side passes its connection as standard input.
    let connection = sys::borrow_fd(0);
    match arguments.stage {
        Stage::Root | Stage::Entered => serve(connection, &arguments),
        Stage::EnterOwn | Stage::EnterLent => {
            let Err(failure) = rootless::enter(connection, &arguments);
            reply(connection, &Err(failure), &[]);
        }
    }
    sys::exit_now(0);
}

/// Serves requests until the connection closes.
fn serve(connection: BorrowedFd<'_>, arguments: &Arguments) {
    let mut launcher = match Launcher::new(arguments) {
        Ok(launcher) => launcher,
        Err(failure) => return reply(connection, &Err(failure), &[]),
    };
    let mut buffer = vec![0; MAX_PLAN_BYTES];
    loop {
        let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
        match sys::recv_with_fds(connection, &mut buffer, &mut fds) {
            Ok(0) | Err(_) => return,
            Ok(length) => launcher.answer(connection, &buffer[..length], fds),
        }
    }
}

/// Answers the supervising side.
pub(super) fn reply(connection: BorrowedFd<'_>, reply: &LaunchReply, fds: &[BorrowedFd<'_>]) {
    let mut buffer = [0; 1024];
    if let Ok(bytes) = postcard::to_slice(reply, &mut buffer) {
        // A closed connection ends the loop at the next receive.
        let _ = sys::send_with_fds(connection, bytes, fds);
    }
}

/// A box whose init waits for its cgroup.
struct Launched {
    pid: i32,
    pidfd: OwnedFd,
    work: OwnedFd,
}

/// A plan that we were told, and what is made of it once.
struct Known {
    plan: BoxPlan,
    working_directory: CString,
    landlock: Vec<LandlockLayer>,
}

impl Known {
    fn of(plan: BoxPlan) -> Result<Self, LaunchFailure> {
        let layers = plan.landlock.iter();
        let landlock: Result<_, _> = layers
            .map(|plan| {
                let rules = plan.rules.iter();
                let rules = rules.map(|(path, access)| Ok((root::c_path(path)?, *access)));
                Ok(LandlockLayer {
                    plan: plan.clone(),
                    rules: rules.collect::<Result<_, _>>()?,
                })
            })
            .collect();
        Ok(Known {
            working_directory: root::c_path(&plan.working_directory)?,
            landlock: landlock?,
            plan,
        })
    }
}

/// Network namespaces, of which the second is the launcher's.
struct Networks {
    of_host: File,
    empty: File,
}

impl Networks {
    /// Enters an empty one, its loopback down, and owned by the launcher's user namespace, so that
    /// nothing in a box can change it: boxes without a network live in it one after the other. Making
    /// one for each box would cost more than everything else in this file.
    fn leave() -> Result<Self, LaunchFailure> {
        let open = || File::open(OWN_NETWORK).during("open", OWN_NETWORK);
        let of_host = open()?;
        unshare(CloneFlags::CLONE_NEWNET).during("make", "a network namespace")?;
        Ok(Networks {
            of_host,
            empty: open()?,
        })
    }
}

struct Launcher {
    known: HashMap<usize, Known>,
    home: Rc<Home>,
    roots: Roots,
    /// Where it has left the host's network.
    networks: Option<Networks>,
    start_buffer: Vec<u8>,
    pointers: Box<[*const c_char; MAX_STRINGS + 2]>,
    stack: Vec<u8>,
}

impl Launcher {
    fn new(arguments: &Arguments) -> Result<Self, LaunchFailure> {
        // Here, once: every box inherits default actions and an empty mask.
        sys::reset_signals().during("reset", "signal actions")?;
        sys::keep_capabilities_of_ids().during("keep", "capabilities")?;
        if arguments.stage == Stage::Root {
            // Others got theirs with their user namespace.
            unshare(CloneFlags::CLONE_NEWNS).during("make", "a mount namespace")?;
        }
        let leaves = !arguments.stays_in_network;
        let networks = leaves.then(Networks::leave).transpose()?;
        make_private().during("make private", "the mount tree")?;
        // The modes of what it makes are those that it says.
        umask(Mode::empty());
        let home = Rc::new(Home::here()?);
        let roots = Roots::new(arguments, Rc::clone(&home))?;
        // Ended inits leave no zombies; their ends are seen through their pidfds.
        sys::reap_automatically().during("ignore", "SIGCHLD")?;
        Ok(Launcher {
            known: HashMap::new(),
            networks,
            home,
            roots,
            start_buffer: vec![0; MAX_START_BYTES],
            pointers: Box::new([std::ptr::null(); MAX_STRINGS + 2]),
            stack: vec![0; STACK_BYTES],
        })
    }

    fn answer(
        &mut self,
        connection: BorrowedFd<'_>,
        bytes: &[u8],
        mut fds: [Option<OwnedFd>; MAX_FDS],
    ) {
        let request: Result<BoxRequest<'_>, _> =
            postcard::from_bytes(bytes).map_err(|_| io::Error::from_raw_os_error(libc::EBADMSG));
        let launched = request
            .during("read", "the request for a box")
            .and_then(|request| self.launch(request, fds[0].take(), fds[1].take()));
        match launched {
            Ok(launched) => reply(
                connection,
                &Ok(launched.pid),
                &[launched.pidfd.as_fd(), launched.work.as_fd()],
            ),
            Err(failure) => reply(connection, &Err(failure), &[]),
        }
    }

    /// Makes the file systems of a box and clones its init.
    fn launch(
        &mut self,
        request: BoxRequest<'_>,
        socket: Option<OwnedFd>,
        cgroup: Option<OwnedFd>,
    ) -> Result<Launched, LaunchFailure> {
        let socket = socket
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
            .during("find", "the connection of the box")?;
        let (number, ids) = (request.number, request.ids);
        if let Some(plan) = request.plan {
            self.known.insert(number, Known::of(plan.into_owned())?);
        }
        let known = self.known.get(&number);
        let known = known.ok_or_else(|| io::Error::from_raw_os_error(libc::EBADMSG));
        let known = known.during("find", "the plan of a box")?;
        let plan = &known.plan;
        let files = self.roots.make(plan, ids.user)?;
        let scratch = files.scratch.as_ref().map(AsFd::as_fd);
        let mut inside = Inside {
            socket: socket.as_fd(),
            scratch: scratch.map(|scratch| (scratch, root::attributes(plan))),
            hostname: plan.hostname.as_deref(),
            shares_cgroup: plan.shares_cgroup,
            loopback: plan.network == NetworkPlan::Loopback,
            user: &plan.user,
            working_directory: &known.working_directory,
            new_session: plan.new_session,
            proc_pids_only: plan.proc_pids_only,
            terminals: plan.terminals,
            filter: &plan.filter,
            landlock: &known.landlock,
            buffer: &mut self.start_buffer,
            pointers: &mut self.pointers,
            stack: &mut self.stack,
        };
        let request = CloneRequest {
            namespaces: namespaces(plan),
            cgroup: cgroup.as_ref().map(AsFd::as_fd),
        };
        let networks = self.networks.as_ref();
        let networks = networks.filter(|_| plan.network == NetworkPlan::Host);
        if let Some(networks) = networks {
            setns(&networks.of_host, CloneFlags::CLONE_NEWNET).during("enter", OWN_NETWORK)?;
        }
        self.home.leave_for(&files.namespace)?;
        sys::set_effective_uid(owner(plan, ids)).during("become", "the owner of a box")?;
        let cloned = sys::clone_process(&request).during("clone", "the init of a box");
        if let Ok(CloneSide::Child) = cloned {
            inside::run_init(&mut inside)
        }
        sys::set_effective_uid(HOST_ROOT).during("become", "root again")?;
        self.home.come_back()?;
        if let Some(networks) = networks {
            setns(&networks.empty, CloneFlags::CLONE_NEWNET).during("enter", OWN_NETWORK)?;
        }
        match cloned? {
            CloneSide::Child => sys::exit_now(2),
            CloneSide::Parent { pid, pidfd } => {
                write_id_maps(pid, &plan.user, ids)?;
                Ok(Launched {
                    pid,
                    pidfd,
                    work: files.work,
                })
            }
        }
    }
}

/// To whom the user namespace of a box belongs. The kernel counts what is made in it, such as inotify
/// instances, for its owner, too, and one box must not use up another's. pasta, however, enters it
/// with root's rights.
fn owner(plan: &BoxPlan, ids: BoxIds) -> u32 {
    match plan.network {
        NetworkPlan::Pasta(_) => HOST_ROOT,
        _ => ids.init,
    }
}

/// All namespaces but those that are shared, the cgroup one, which is made inside once init is in
/// its cgroup, and the network where the launcher's serves.
fn namespaces(plan: &BoxPlan) -> u64 {
    let mut flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    let own_network = matches!(plan.network, NetworkPlan::Loopback | NetworkPlan::Pasta(_));
    flags.set(CloneFlags::CLONE_NEWNET, own_network);
    flags.set(CloneFlags::CLONE_NEWIPC, !plan.shares_ipc);
    flags.set(CloneFlags::CLONE_NEWUTS, plan.hostname.is_some());
    flags.bits() as u32 as u64
}

fn make_private() -> nix::Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
}

/// Init and the program's user get two host ids that no other box uses, and each supplementary
/// group one more; or both the same one, where there is no other.
fn write_id_maps(pid: i32, user: &UserPlan, ids: BoxIds) -> Result<(), LaunchFailure> {
    let map = |id| match user.is_one {
        true => format!("{id} {} 1\n", ids.user),
        false => format!("{} {} 1\n{id} {} 1\n", user.init, ids.init, ids.user),
    };
    let groups = user.groups.iter().filter(|group| **group != user.gid);
    let groups = groups.zip(ids.first_group..);
    let groups: String = groups
        .map(|(group, host)| format!("{group} {host} 1\n"))
        .collect();
    for (file, map) in [
        ("uid_map", map(user.uid)),
        ("gid_map", map(user.gid) + &groups),
    ] {
        let path = PathBuf::from(format!("/proc/{pid}/{file}"));
        fs::write(&path, &map).during("write", path.to_string_lossy())?;
    }
    Ok(())
}
