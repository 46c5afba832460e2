//! Everything that can be asked of a sandbox: each a flag, and under the same name a key of a
//! profile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// More files than these in one another are taken for a circle.
const MAX_DEPTH: usize = 16;

/// What is asked for; what is not has the value of the library.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Wishes {
    /// Profiles that this one builds upon, relative to it
    #[arg(skip)]
    pub include: Vec<PathBuf>,

    /// Root of the box: host, empty, or a directory [default: host]
    #[arg(long, value_name = "ROOT", help_heading = "Files")]
    pub root: Option<String>,
    /// Let the root be written to; what is written is lost with the box
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Files")]
    pub writable_root: Option<bool>,
    /// Bring in a file or directory of the host, read-only
    #[arg(long, value_name = "SOURCE[:TARGET]", help_heading = "Files")]
    pub mount: Vec<String>,
    /// The same, and let it be written to
    #[arg(long, value_name = "SOURCE[:TARGET]", help_heading = "Files")]
    pub mount_writable: Vec<String>,
    /// An empty file system in memory; options are bytes, inodes, mode and exec
    #[arg(long, value_name = "TARGET[:OPTION=VALUE,…]", help_heading = "Files")]
    pub tmpfs: Vec<String>,
    /// Directories of the host over one another, the first on top, read-only
    #[arg(long, value_name = "TARGET=LOWER[:LOWER…]", help_heading = "Files")]
    pub overlay: Vec<String>,
    /// The same, and let it be written to; what is written is lost with the box
    #[arg(long, value_name = "TARGET=LOWER[:LOWER…]", help_heading = "Files")]
    pub overlay_writable: Vec<String>,
    /// Make something in the root, in order: write:PATH:MODE:TEXT, directory:PATH:MODE, or link:PATH:TARGET
    #[arg(long, value_name = "OPERATION", help_heading = "Files")]
    pub operation: Vec<String>,
    /// Size of everything that can be written to, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Files")]
    pub scratch: Option<u64>,
    /// Number of files that can be made
    #[arg(long, value_name = "N", help_heading = "Files")]
    pub scratch_inodes: Option<u64>,
    /// What /proc shows: pids or masked
    #[arg(long, value_name = "WHAT", help_heading = "Files")]
    pub proc: Option<String>,
    /// What /dev holds: standard or terminals
    #[arg(long, value_name = "WHAT", help_heading = "Files")]
    pub devices: Option<String>,
    /// Let files in /tmp be executed
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Files")]
    pub exec_tmp: Option<bool>,

    /// Host name
    #[arg(long, value_name = "NAME", help_heading = "Namespaces")]
    pub hostname: Option<String>,
    /// Share a namespace of the host: cgroup, ipc or uts
    #[arg(long, value_name = "NAMESPACE", help_heading = "Namespaces")]
    pub share: Vec<String>,
    /// Network: none, loopback, host or pasta
    #[arg(long, value_name = "NETWORK", help_heading = "Namespaces")]
    pub network: Option<String>,
    /// Argument of pasta
    #[arg(
        long,
        value_name = "ARGUMENT",
        allow_hyphen_values = true,
        help_heading = "Namespaces"
    )]
    pub pasta: Vec<String>,

    /// Who the program is: a name that the box knows, UID, or UID:GID
    #[arg(long, value_name = "USER", help_heading = "Program")]
    pub user: Option<String>,
    /// Supplementary group, by number
    #[arg(long, value_name = "GID", help_heading = "Program")]
    pub group: Vec<u32>,
    /// Where it starts
    #[arg(long, value_name = "PATH", help_heading = "Program")]
    pub directory: Option<PathBuf>,
    /// Its session: new, or shared with this terminal
    #[arg(long, value_name = "SESSION", help_heading = "Program")]
    pub session: Option<String>,
    /// Variable of its environment, which begins empty
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Program")]
    pub env: Vec<String>,
    /// Its standard input: a file, or - for that of gavel [default: empty]
    #[arg(long, value_name = "FILE", help_heading = "Program")]
    pub stdin: Option<PathBuf>,
    /// Its outputs: captured, inherited from gavel, or null
    #[arg(long, value_name = "WHERE", help_heading = "Program")]
    pub output: Option<String>,
    /// File placed in /box before it starts
    #[arg(long, value_name = "SOURCE[:NAME]", help_heading = "Program")]
    pub file: Vec<String>,

    /// CPU time of all its processes, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    pub time: Option<f64>,
    /// Time on the clock, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    pub wall: Option<f64>,
    /// Time without CPU use, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    pub idle: Option<f64>,
    /// Memory of all its processes and files, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Limits")]
    pub memory: Option<u64>,
    /// Bytes of captured standard output
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub output_bytes: Option<u64>,
    /// Processes and threads
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub processes: Option<u32>,
    /// Resource limit by name, such as open-files or stack; - is none
    #[arg(long, value_name = "NAME=SOFT[:HARD]", help_heading = "Limits")]
    pub rlimit: Vec<String>,
    /// Weight when CPUs are scarce, 1 to 10000
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub cpu_weight: Option<u32>,
    /// CPU time in each period, in microseconds
    #[arg(long, value_name = "QUOTA/PERIOD", help_heading = "Limits")]
    pub cpu_quota: Option<String>,
    /// Memory that is taken from it last, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Limits")]
    pub memory_reservation: Option<u64>,
    /// Swap besides its memory, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Limits")]
    pub swap: Option<u64>,
    /// CPU that it may use
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub cpu: Vec<usize>,

    /// Filter of system calls: built-in, a file in Docker's format, or NAME for /etc/gavel/seccomp/NAME.json
    #[arg(long, value_name = "PROFILE", help_heading = "Rules")]
    pub seccomp: Option<String>,
    /// Allow reading (r), writing (w) or executing (x) beneath a path, and nothing elsewhere
    #[arg(long, value_name = "PATH=rwx", help_heading = "Rules")]
    pub landlock: Vec<String>,
    /// Allow binding a TCP port, and no other
    #[arg(long, value_name = "PORT", help_heading = "Rules")]
    pub landlock_bind: Vec<u16>,
    /// Allow connecting to a TCP port, and no other
    #[arg(long, value_name = "PORT", help_heading = "Rules")]
    pub landlock_connect: Vec<u16>,
    /// Run even where the kernel cannot enforce these rules
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Rules")]
    pub landlock_best_effort: Option<bool>,
}

/// Lists are joined, the lower first; of the rest the upper one counts.
macro_rules! merge {
    ($upper:ident over $lower:ident: [$($value:ident)*] [$($list:ident)*]) => {
        Wishes {
            include: Vec::new(),
            $($value: $upper.$value.or($lower.$value),)*
            $($list: [$lower.$list, $upper.$list].concat(),)*
        }
    };
}

impl Wishes {
    /// These, and where they say nothing, those below.
    pub(super) fn over(self, lower: Wishes) -> Wishes {
        merge!(self over lower:
            [root writable_root scratch scratch_inodes proc devices exec_tmp hostname network user
             directory session stdin output time wall idle memory output_bytes processes cpu_weight
             cpu_quota memory_reservation swap seccomp landlock_best_effort]
            [mount mount_writable tmpfs overlay overlay_writable operation share pasta group env
             file rlimit cpu landlock landlock_bind landlock_connect])
    }

    /// Reads a profile and what it includes.
    pub(super) fn read(path: &Path) -> anyhow::Result<Wishes> {
        read_at(path, 0)
    }
}

fn read_at(path: &Path, depth: usize) -> anyhow::Result<Wishes> {
    if depth > MAX_DEPTH {
        bail!(
            "{}: profiles include one another in a circle",
            path.display()
        );
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut wishes: Wishes =
        toml::from_str(&text).with_context(|| format!("cannot use {}", path.display()))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut lower = Wishes::default();
    for included in std::mem::take(&mut wishes.include) {
        lower = read_at(&directory.join(included), depth + 1)?.over(lower);
    }
    Ok(wishes.over(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_profile_overrides_what_it_includes_and_adds_to_its_lists() {
        let directory = tempfile::tempdir().unwrap();
        write(
            directory.path(),
            "base.toml",
            "memory = 64\nenv = ['A=1']\nhostname = 'base'",
        );
        let text = "include = ['base.toml']\nmemory = 128\nenv = ['B=2']";
        let wishes = Wishes::read(&write(directory.path(), "top.toml", text)).unwrap();
        assert_eq!(
            (wishes.memory, wishes.hostname.as_deref()),
            (Some(128), Some("base"))
        );
        assert_eq!(wishes.env, ["A=1", "B=2"]);
    }

    #[test]
    fn circles_and_unknown_keys_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let circle = write(directory.path(), "a.toml", "include = ['a.toml']");
        assert!(
            Wishes::read(&circle)
                .unwrap_err()
                .to_string()
                .contains("circle")
        );
        let unknown = write(directory.path(), "b.toml", "memmory = 3");
        let error = format!("{:#}", Wishes::read(&unknown).unwrap_err());
        assert!(error.contains("memmory"), "{error}");
    }
}
