//! From what was asked for in words to the plain data of the library.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::parse;
use super::wishes::Wishes;
use crate::sandbox::{
    Access, Command, Container, Devices, Enforcement, FileSystemKind, InputFile, LandlockRules,
    Limits, Mount, Namespace, Network, Output, Outputs, Proc, Root, Seccomp, SeccompProfile,
    Session, Share, Stdin,
};

/// Where seccomp profiles are looked for by name.
const SECCOMP_DIRECTORY: &str = "/etc/gavel/seccomp";
const MIB: u64 = 1 << 20;

/// The box.
pub(super) fn container(wishes: &Wishes) -> anyhow::Result<Container> {
    let mut container = Container::host_toolchains();
    add_files(&mut container, wishes)?;
    add_namespaces(&mut container, wishes)?;
    if let Some(directory) = &wishes.directory {
        container.working_directory = directory.clone();
    }
    container.session = match wishes.session.as_deref() {
        None | Some("new") => Session::New,
        Some("shared") => Session::Shared,
        Some(other) => bail!("--session: {other} is neither new nor shared"),
    };
    if let Some(user) = &wishes.user {
        container.user = container.user_named(user)?;
    }
    container.user.groups.extend(&wishes.group);
    container.rlimits = parse::each("--rlimit", &wishes.rlimit, parse::rlimit)?;
    container.share = share(wishes)?;
    container.seccomp = seccomp(wishes.seccomp.as_deref())?;
    container.landlock = landlock(wishes)?;
    Ok(container)
}

fn add_files(container: &mut Container, wishes: &Wishes) -> anyhow::Result<()> {
    container.root = match wishes.root.as_deref() {
        None | Some("host") => Root::HostToolchains,
        Some("empty") => Root::Empty,
        Some(path) => Root::Directory(PathBuf::from(path)),
    };
    if wishes.writable_root == Some(true) {
        container.root_access = Access::ReadWrite;
    }
    for (mounts, access) in [
        (&wishes.mount, Access::ReadOnly),
        (&wishes.mount_writable, Access::ReadWrite),
    ] {
        container.mounts.extend(mounts.iter().map(|text| {
            let (source, target) = text.split_once(':').unwrap_or((text, text));
            Mount {
                source: source.into(),
                target: target.into(),
                access,
            }
        }));
    }
    container.file_systems = parse::each("--tmpfs", &wishes.tmpfs, parse::tmpfs)?;
    for (name, overlays, access) in [
        ("--overlay", &wishes.overlay, Access::ReadOnly),
        (
            "--overlay-writable",
            &wishes.overlay_writable,
            Access::ReadWrite,
        ),
    ] {
        for (target, lower) in parse::each(name, overlays, parse::pair)? {
            let lower = lower.split(':').map(PathBuf::from).collect();
            let kind = FileSystemKind::Overlay { lower, access };
            *container = std::mem::replace(container, Container::empty()).file_system(target, kind);
        }
    }
    container.operations = parse::each("--operation", &wishes.operation, parse::operation)?;
    if let Some(mib) = wishes.scratch {
        container.scratch_bytes = mib.saturating_mul(MIB);
    }
    if let Some(inodes) = wishes.scratch_inodes {
        container.scratch_inodes = inodes;
    }
    container.proc = match wishes.proc.as_deref() {
        None | Some("pids") => Proc::Pids,
        Some("masked") => Proc::Masked,
        Some(other) => bail!("--proc: {other} is neither pids nor masked"),
    };
    container.devices = match wishes.devices.as_deref() {
        None | Some("standard") => Devices::Standard,
        Some("terminals") => Devices::Terminals,
        Some(other) => bail!("--devices: {other} is neither standard nor terminals"),
    };
    container.exec_tmp = wishes.exec_tmp == Some(true);
    Ok(())
}

fn add_namespaces(container: &mut Container, wishes: &Wishes) -> anyhow::Result<()> {
    container.shared_namespaces = wishes
        .share
        .iter()
        .map(|name| match name.as_str() {
            "cgroup" => Ok(Namespace::Cgroup),
            "ipc" => Ok(Namespace::Ipc),
            "uts" => Ok(Namespace::Uts),
            other => Err(anyhow!("--share: {other} is none of cgroup, ipc and uts")),
        })
        .collect::<anyhow::Result<BTreeSet<_>>>()?;
    if container.shared_namespaces.contains(&Namespace::Uts) {
        container.hostname.clear();
    }
    if let Some(hostname) = &wishes.hostname {
        container.hostname = hostname.clone();
    }
    container.network = match wishes.network.as_deref() {
        None | Some("none") => Network::None,
        Some("loopback") => Network::Loopback,
        Some("host") => Network::Host,
        Some("pasta") => Network::Pasta(wishes.pasta.clone()),
        Some(other) => bail!("--network: {other} is none of none, loopback, host and pasta"),
    };
    if !wishes.pasta.is_empty() && wishes.network.as_deref() != Some("pasta") {
        bail!("--pasta has a meaning with --network pasta only");
    }
    Ok(())
}

fn share(wishes: &Wishes) -> anyhow::Result<Share> {
    let quota = wishes.cpu_quota.as_deref();
    Ok(Share {
        cpu_weight: wishes.cpu_weight,
        cpu_quota: quota
            .map(parse::cpu_quota)
            .transpose()
            .context("--cpu-quota")?,
        memory_reservation_bytes: wishes.memory_reservation.map(|mib| mib.saturating_mul(MIB)),
        swap_bytes: wishes.swap.unwrap_or(0).saturating_mul(MIB),
        cpus: wishes.cpu.clone(),
    })
}

fn seccomp(profile: Option<&str>) -> anyhow::Result<Seccomp> {
    let path = match profile {
        None | Some("built-in") => return Ok(Seccomp::BuiltIn),
        Some(path) if path.contains('/') => PathBuf::from(path),
        Some(name) => Path::new(SECCOMP_DIRECTORY).join(format!("{name}.json")),
    };
    let text = fs::read_to_string(&path)
        .with_context(|| format!("--seccomp: cannot read {}", path.display()))?;
    let profile = SeccompProfile::from_docker_json(&text)
        .with_context(|| format!("--seccomp: {}", path.display()))?;
    Ok(Seccomp::Custom(profile))
}

fn landlock(wishes: &Wishes) -> anyhow::Result<Option<LandlockRules>> {
    let ports = |ports: &Vec<u16>| (!ports.is_empty()).then(|| ports.clone());
    let rules = LandlockRules {
        paths: parse::each("--landlock", &wishes.landlock, parse::path_rule)?,
        tcp_bind: ports(&wishes.landlock_bind),
        tcp_connect: ports(&wishes.landlock_connect),
        enforcement: if wishes.landlock_best_effort == Some(true) {
            Enforcement::BestEffort
        } else {
            Enforcement::Enforce
        },
    };
    let is_empty =
        rules.paths.is_empty() && rules.tcp_bind.is_none() && rules.tcp_connect.is_none();
    Ok((!is_empty).then_some(rules))
}

/// The program.
pub(super) fn command(wishes: &Wishes, words: &[std::ffi::OsString]) -> anyhow::Result<Command> {
    let (program, args) = words.split_first().context("a program is missing")?;
    let env = parse::each("--env", &wishes.env, parse::pair)?;
    let stdin = match &wishes.stdin {
        None => Stdin::Empty,
        Some(path) if path == Path::new("-") => {
            let own = std::io::stdin().as_fd().try_clone_to_owned();
            Stdin::Descriptor(Arc::new(own.context("cannot share standard input")?))
        }
        Some(path) => Stdin::File(path.clone()),
    };
    Ok(Command {
        program: PathBuf::from(program),
        args: args.to_vec(),
        env: env
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        files: wishes
            .file
            .iter()
            .map(|text| input_file(text))
            .collect::<Result<_, _>>()?,
        stdin,
        stderr_bytes: MIB,
        limits: limits(wishes)?,
    })
}

fn limits(wishes: &Wishes) -> anyhow::Result<Limits> {
    let seconds = |name, wish: Option<f64>| -> anyhow::Result<Option<Duration>> {
        wish.map(|wish| parse::seconds(wish).context(name))
            .transpose()
    };
    let cpu = seconds("--time", wishes.time)?.unwrap_or(Duration::from_secs(10));
    Ok(Limits {
        cpu,
        wall: seconds("--wall", wishes.wall)?.unwrap_or(3 * cpu + Duration::from_secs(1)),
        idle: seconds("--idle", wishes.idle)?,
        memory_bytes: wishes.memory.unwrap_or(512).saturating_mul(MIB),
        stdout_bytes: wishes.output_bytes.unwrap_or(16 * MIB),
        processes: wishes.processes.unwrap_or(64),
        stack_bytes: 64 * MIB,
        open_files: 1024,
        file_bytes: 256 * MIB,
    })
}

fn input_file(text: &str) -> anyhow::Result<InputFile> {
    let (source, name) = match text.split_once(':') {
        Some((source, name)) => (Path::new(source), PathBuf::from(name)),
        None => {
            let name = Path::new(text).file_name().context("--file: no name")?;
            (Path::new(text), PathBuf::from(name))
        }
    };
    let bytes =
        fs::read(source).with_context(|| format!("--file: cannot read {}", source.display()))?;
    Ok(InputFile {
        path: name,
        bytes: Arc::from(bytes),
        mode: 0o755,
    })
}

/// Where the outputs go, and whether they are captured.
pub(super) fn outputs(wishes: &Wishes) -> anyhow::Result<(Outputs, bool)> {
    let (stdout, stderr) = match wishes.output.as_deref() {
        None | Some("captured") => return Ok((Outputs::default(), true)),
        Some("null") => (Output::Null, Output::Null),
        Some("inherited") => {
            let own = std::io::stdout().as_fd().try_clone_to_owned();
            let own_error = std::io::stderr().as_fd().try_clone_to_owned();
            (
                Output::Descriptor(Arc::new(own.context("cannot share standard output")?)),
                Output::Descriptor(Arc::new(own_error.context("cannot share standard error")?)),
            )
        }
        Some(other) => bail!("--output: {other} is none of captured, inherited and null"),
    };
    Ok((Outputs { stdout, stderr }, false))
}
