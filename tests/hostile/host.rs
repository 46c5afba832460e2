//! What must remain true of the host, whatever a program did: the invariants of docs/HOSTILE.md.
//!
//! Other work goes on beside these tests, so what the whole machine counts is narrowed to our own:
//! the host ids of a slot, its control groups, this process and its descendants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::files::{FileStates, differences_from_disk, shared_with_boxes};

/// How long what was killed may take to be gone.
const SETTLE: Duration = Duration::from_secs(2);
/// The kernel keeps some pages of a control group after its processes are gone.
const GROUP_SLACK_BYTES: u64 = 4 << 20;
/// Host ids of a slot.
const IDS: u32 = 4;

/// Settings of the kernel that a program may want to change.
const SYSCTLS: [&str; 12] = [
    "kernel/core_pattern",
    "kernel/domainname",
    "kernel/hostname",
    "kernel/modprobe",
    "kernel/panic",
    "kernel/randomize_va_space",
    "kernel/shmmax",
    "kernel/sysrq",
    "kernel/threads-max",
    "kernel/unprivileged_bpf_disabled",
    "vm/overcommit_memory",
    "vm/swappiness",
];

/// Which slot a program runs in, as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SlotIds {
    first: u32,
}

impl SlotIds {
    /// From the `/proc/self/uid_map` that a program sees in its box.
    pub(crate) fn from_uid_map(map: &str) -> SlotIds {
        let line = map.lines().find(|line| line.trim().starts_with("1000 "));
        let id = line.and_then(|line| line.split_whitespace().nth(1));
        let id: u32 = id.and_then(|id| id.parse().ok()).expect("a map of ids");
        SlotIds {
            first: id - id % IDS,
        }
    }

    fn contains(self, id: u32) -> bool {
        (self.first..self.first + IDS).contains(&id)
    }

    fn number(self) -> u32 {
        let base = match self.first {
            1_900_000_000.. => 1_900_000_000,
            _ => 61_200,
        };
        (self.first - base) / IDS
    }

    /// Memory that is charged to its groups, but for cached files: those of a toolchain are charged to who
    /// happens to read them first, and stay for others. Files of a box are not among them, for they are memory.
    fn charged_bytes(self) -> u64 {
        let read = |group: PathBuf| {
            let file = ["memory.usage_in_bytes", "memory.current"]
                .iter()
                .find_map(|name| fs::read_to_string(group.join(name)).ok());
            let charged: u64 = file.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            let figures = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
            charged.saturating_sub(cached_bytes(&figures))
        };
        groups_of(self.number()).into_iter().map(read).sum()
    }

    /// Processes under its ids, but for ours that wait in boxes that were made ahead. They descend
    /// from us, or have run away to process 1: a worker in a container has slots of the same ids.
    fn leftovers(self) -> Vec<String> {
        let parents = parents();
        let is_slots = |pid: u32| {
            let owner = fs::metadata(format!("/proc/{pid}")).map(|about| about.uid());
            owner.is_ok_and(|id| self.contains(id))
        };
        let is_runaway = |pid: u32| parents.get(&pid) == Some(&1) || descends(&parents, pid);
        let left = parents.keys().copied();
        left.filter(|&pid| is_slots(pid) && is_runaway(pid) && !is_waiting_or_dead(pid))
            .map(|pid| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                format!("process {pid} ({}) is left", name.trim())
            })
            .collect()
    }
}

/// Cached pages of files on disks, of a group's `memory.stat`.
fn cached_bytes(figures: &str) -> u64 {
    let figure = |name: &str| {
        let value = figures.lines().find_map(|line| line.strip_prefix(name));
        value.map_or(0, |value| value.trim().parse().expect("a number"))
    };
    figure("active_file ") + figure("inactive_file ")
}

/// The control groups of a slot, in every tree.
pub(crate) fn groups_of(slot: u32) -> Vec<PathBuf> {
    let names = [0, 1].map(|lane| format!("slot-{slot}-{lane}"));
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = waiting.pop() {
        // A group may vanish meanwhile.
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match names.iter().any(|name| entry.file_name() == name.as_str()) {
                true => found.push(entry.path()),
                false => waiting.push(entry.path()),
            }
        }
    }
    found
}

/// The program of a box that is made ahead has not executed anything yet.
fn is_waiting_or_dead(pid: u32) -> bool {
    let exe = fs::read_link(format!("/proc/{pid}/exe"));
    let is_gavel = exe.is_ok_and(|exe| exe.file_name().is_some_and(|name| name == "gavel"));
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    is_gavel || status.is_ok_and(|status| status.contains("State:\tZ"))
}

/// Every process and its parent.
fn parents() -> BTreeMap<u32, u32> {
    processes().filter_map(|pid| parent(&pid)).collect()
}

/// Whether a process descends from this one.
fn descends(parents: &BTreeMap<u32, u32>, mut pid: u32) -> bool {
    while let Some(&parent) = parents.get(&pid) {
        if parent == std::process::id() {
            return true;
        }
        pid = parent;
    }
    false
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").expect("/proc");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.parse::<u32>().is_ok()
    })
}

/// What is looked at after each case.
pub(crate) struct Baseline {
    slot: SlotIds,
    roots: Vec<PathBuf>,
    files: FileStates,
    /// Text that must be the same later, by what it is.
    texts: BTreeMap<String, String>,
    descriptors: usize,
    threads: usize,
    network_namespaces: usize,
    charged_bytes: u64,
    clock: Clock,
}

/// The two clocks at one moment: they drift apart when somebody sets one of them.
#[derive(Clone, Copy)]
struct Clock(SystemTime, Instant);

impl Baseline {
    /// Looks at the host as it should be.
    pub(crate) fn take(slot: SlotIds, canary_tree: PathBuf) -> Baseline {
        let mut roots = shared_with_boxes();
        roots.push(canary_tree);
        Baseline {
            slot,
            files: FileStates::read(&roots, false),
            roots,
            texts: texts(slot),
            descriptors: descriptors(),
            threads: threads(),
            network_namespaces: network_namespaces(),
            charged_bytes: slot.charged_bytes(),
            clock: Clock(SystemTime::now(), Instant::now()),
        }
    }

    /// What is not as it was, given a moment for what dies to be gone.
    pub(crate) fn violations(&self) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let mut found = self.slot.leftovers();
            found.extend(self.counted());
            if found.is_empty() || begun.elapsed() > SETTLE {
                found.extend(self.read());
                return found;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What takes a moment to come back.
    fn counted(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut more = |what: &str, before: u64, now: u64, slack: u64| {
            if now > before + slack {
                found.push(format!("{now} {what}, before it were {before}"));
            }
        };
        let count = |number: usize| number as u64;
        more(
            "open descriptors",
            count(self.descriptors),
            count(descriptors()),
            0,
        );
        more("threads", count(self.threads), count(threads()), 0);
        more(
            "network namespaces",
            count(self.network_namespaces),
            count(network_namespaces()),
            0,
        );
        let charged = self.slot.charged_bytes();
        more(
            "bytes in the slot's groups",
            self.charged_bytes,
            charged,
            GROUP_SLACK_BYTES,
        );
        found
    }

    /// What must not change at all.
    fn read(&self) -> Vec<String> {
        let mut found = self.files.changes(&FileStates::read(&self.roots, false));
        let now = texts(self.slot);
        for (name, before) in &self.texts {
            let now = now.get(name).map_or("", String::as_str);
            if now != before {
                found.push(format!("{name}: {}", difference(before, now)));
            }
        }
        let Clock(wall, monotonic) = self.clock;
        let expected = wall + monotonic.elapsed();
        let drift = match SystemTime::now().duration_since(expected) {
            Ok(ahead) => ahead,
            Err(behind) => behind.duration(),
        };
        if drift > Duration::from_secs(1) {
            found.push(format!("the clock was set by {drift:?}"));
        }
        found
    }

    /// Files that somebody changed in memory only.
    pub(crate) fn differences_from_disk(&self) -> Vec<String> {
        differences_from_disk(&self.roots)
    }

    /// The large files, which are read once for many cases.
    pub(crate) fn large_files(&self) -> FileStates {
        FileStates::read(&self.roots, true)
    }
}

fn texts(slot: SlotIds) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = SYSCTLS
        .iter()
        .map(|name| format!("/proc/sys/{name}"))
        .chain(["/proc/self/limits".to_owned()])
        .filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
        .collect();
    texts.insert("the table of mounts".to_owned(), mounts());
    for table in ["shm", "msg", "sem"] {
        let rows = fs::read_to_string(format!("/proc/sysvipc/{table}")).unwrap_or_default();
        texts.insert(
            format!("System V {table} of the slot"),
            rows_of(slot, &rows),
        );
    }
    let keys = fs::read_to_string("/proc/key-users").unwrap_or_default();
    texts.insert("keys of the slot".to_owned(), rows_of(slot, &keys));
    let queues = fs::read_dir("/dev/mqueue").into_iter().flatten().flatten();
    let queues = queues.filter(|queue| queue.metadata().is_ok_and(|q| slot.contains(q.uid())));
    texts.insert(
        "message queues of the slot".to_owned(),
        queues.count().to_string(),
    );
    texts
}

/// The words that only one of two texts has.
fn difference(before: &str, now: &str) -> String {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let (before, now): (BTreeSet<String>, BTreeSet<String>) = (words(before), words(now));
    let gone: Vec<&String> = before.difference(&now).collect();
    let new: Vec<&String> = now.difference(&before).collect();
    format!("{gone:?} became {new:?}")
}

/// Mount points, but for those where people make theirs.
fn mounts() -> String {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("the table of mounts");
    let elsewhere = [
        "/tmp/",
        "/var/",
        "/mnt/",
        "/run/docker/",
        "/run/netns/",
        "/run/user/",
    ];
    let is_ours = |point: &&str| !elsewhere.iter().any(|at| point.starts_with(at));
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    points.filter(is_ours).collect::<Vec<_>>().join(" ")
}

/// The lines of a table in which a number is one of the slot's ids.
fn rows_of(slot: SlotIds, table: &str) -> String {
    let is_id = |word: &str| {
        word.trim_end_matches(':')
            .parse()
            .is_ok_and(|id| slot.contains(id))
    };
    let rows = table
        .lines()
        .filter(|row| row.split_whitespace().any(is_id));
    rows.collect::<Vec<_>>().join("\n")
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

/// Our threads, but for those of other tests, which come and go.
fn threads() -> usize {
    let name = |task: &Path| fs::read_to_string(task.join("comm")).unwrap_or_default();
    let own = name(Path::new("/proc/thread-self"));
    let tasks = fs::read_dir("/proc/self/task").expect("threads");
    let names = tasks.map(|task| name(&task.expect("a thread").path()));
    names
        .filter(|name| *name == own || name.starts_with("maker"))
        .count()
}

/// Those that our descendants are in.
fn network_namespaces() -> usize {
    let parents = parents();
    let ours = parents.keys().filter(|pid| descends(&parents, **pid));
    let namespaces = ours.filter_map(|pid| fs::read_link(format!("/proc/{pid}/ns/net")).ok());
    namespaces.collect::<BTreeSet<PathBuf>>().len()
}

fn parent(process: &Path) -> Option<(u32, u32)> {
    let pid = process.file_name()?.to_str()?.parse().ok()?;
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Some((pid, line.trim().parse().ok()?))
}

#[test]
fn cached_files_are_read_from_the_figures_of_a_group() {
    let figures =
        "cache 9\nshmem 5\ninactive_anon 5\ninactive_file 1\nactive_file 2\ntotal_active_file 7\n";
    assert_eq!(cached_bytes(figures), 3);
}

#[test]
fn the_ids_of_a_slot_are_read_from_its_map() {
    let map = "         0 1900000006          1\n      1000 1900000007          1\n";
    let slot = SlotIds::from_uid_map(map);
    assert!(slot.contains(1_900_000_004) && !slot.contains(1_900_000_008));
    assert_eq!(
        rows_of(slot, "a 1 1900000005 x\nb 2 1900000001"),
        "a 1 1900000005 x"
    );
}
