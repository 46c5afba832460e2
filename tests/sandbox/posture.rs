//! The posture: everything that a program in a box has, seen from inside by a program in it and
//! from outside through proc, and compared line by line with what it should be. What a change
//! gives to programs, or takes from them, shows here before anybody tries to use it.
//!
//! Where a change is meant, `GAVEL_UPDATE_GOLDEN=1 cargo test --test sandbox posture` writes what
//! is, and the difference belongs into the commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gavel::sandbox::{Container, Exit, Network, Outcome, Proc};

use crate::support::*;

/// Where a box is.
#[derive(Clone, Copy)]
struct Place {
    slot: u32,
    cpu: usize,
}

/// What a process has, as lines of `name: value`.
#[derive(Default)]
struct Posture(Vec<(String, String)>);

impl Posture {
    fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    fn render(&self, title: &str) -> String {
        let mut text = format!("\n# {title}\n");
        for (name, value) in &self.0 {
            writeln!(text, "{name}: {value}").expect("memory");
        }
        text
    }
}

/// Tells what a process sees of itself, then becomes a program that waits to be looked at: it
/// cannot open its pipe for reading before somebody opens it for writing.
const INSIDE: &str = include_str!("posture.py");

/// The host id that a box's root has, from the map of a process in it.
fn first_host_id(pid: &str) -> u64 {
    let map = read(pid, "uid_map");
    let id = map.split_whitespace().nth(1).expect("a map");
    id.parse().expect("an id")
}

fn read(pid: &str, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).expect("a file of proc")
}

/// Fields of `/proc/PID/status` that say what a process may do.
const STATUS: [&str; 15] = [
    "Umask",
    "Uid",
    "Gid",
    "Groups",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
    "SigBlk",
    "SigIgn",
    "SigCgt",
    "SigPnd",
];

/// What everybody outside can see of a process in a slot.
fn from_outside(pid: &str, place: Place) -> Posture {
    let mut posture = Posture::default();
    let first = first_host_id(pid);
    let status = read(pid, "status");
    for field in STATUS {
        posture.add(field, status_field(&status, field, first));
    }
    for map in ["uid_map", "gid_map"] {
        posture.add(map, id_map(&read(pid, map), first));
    }
    let cpus = status_field(&status, "Cpus_allowed_list", u64::MAX);
    let is_the_slots = cpus == place.cpu.to_string();
    posture.add("CPUs", if is_the_slots { "the slot's" } else { &cpus });
    posture.add("oom_score_adj", read(pid, "oom_score_adj").trim());
    posture.add("personality", read(pid, "personality").trim());
    let owner = fs::metadata(format!("/proc/{pid}/fd")).expect("a process");
    let is_dumpable = u64::from(owner.uid()) >= first;
    posture.add("dumpable", if is_dumpable { "yes" } else { "no" });
    add_stat(&mut posture, pid);
    posture.add("control groups", groups(pid, place.slot));
    add_namespaces(&mut posture, pid);
    add_descriptors(&mut posture, pid);
    for link in ["root", "cwd", "exe"] {
        let target = fs::read_link(format!("/proc/{pid}/{link}")).expect("a link");
        let target = if target == gavel_binary() {
            PathBuf::from("gavel")
        } else {
            target
        };
        posture.add(link, target.to_string_lossy());
    }
    posture
}

fn gavel_binary() -> PathBuf {
    fs::canonicalize(env!("CARGO_BIN_EXE_gavel")).expect("the binary")
}

/// A field with host ids told relative to the first one of the box.
fn status_field(status: &str, field: &str, first: u64) -> String {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(":"));
    let values = line.expect("a field").split_whitespace();
    let relative = |value: &str| match value.parse::<u64>() {
        Ok(id) if id >= first => format!("first+{}", id - first),
        _ => value.to_owned(),
    };
    values.map(relative).collect::<Vec<_>>().join(" ")
}

fn id_map(map: &str, first: u64) -> String {
    let line = |line: &str| {
        let numbers: Vec<u64> = line
            .split_whitespace()
            .map(|n| n.parse().expect("a number"))
            .collect();
        format!(
            "{}=first+{} ({})",
            numbers[0],
            numbers[1] - first,
            numbers[2]
        )
    };
    map.lines().map(line).collect::<Vec<_>>().join(", ")
}

/// Terminal, priority and scheduler, from the fields after the command's name.
fn add_stat(posture: &mut Posture, pid: &str) {
    let stat = read(pid, "stat");
    let (_, rest) = stat.rsplit_once(") ").expect("fields");
    // The first of `rest` is field 3 of proc(5).
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |number: usize| fields[number - 3];
    posture.add(
        "leads its session",
        if field(6) == pid { "yes" } else { "no" },
    );
    posture.add("terminal", field(7));
    posture.add("nice", field(19));
    posture.add("threads", field(20));
    posture.add(
        "real-time priority, policy",
        format!("{}, {}", field(40), field(41)),
    );
}

/// The controllers whose group is one of the slot's. On v2 it is the same group for all.
fn groups(pid: &str, slot: u32) -> String {
    let ours = format!("/slot-{slot}-");
    let mut controllers = BTreeSet::new();
    for line in read(pid, "cgroup")
        .lines()
        .filter(|line| line.contains(&ours))
    {
        let names = line.split(':').nth(1).expect("controllers");
        let names = if names.is_empty() {
            "cpuacct,cpuset,memory,pids"
        } else {
            names
        };
        controllers.extend(
            names
                .split(',')
                .filter(|name| *name != "cpu")
                .map(str::to_owned),
        );
    }
    controllers.into_iter().collect::<Vec<_>>().join(" ")
}

fn add_namespaces(posture: &mut Posture, pid: &str) {
    for name in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
        let of = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/{name}")).ok();
        let is_ours = of(pid) == of("self");
        posture.add(
            format!("namespace {name}"),
            if is_ours { "the host's" } else { "another" },
        );
    }
}

/// Each limit; those that nobody set are as they are for us.
fn add_limits(posture: &mut Posture, pid: &str) {
    const SET: [&str; 9] = [
        "core file size",
        "file size",
        "locked memory",
        "msgqueue size",
        "nice priority",
        "open files",
        "pending signals",
        "realtime priority",
        "stack size",
    ];
    let ours = read("self", "limits");
    for (line, our_line) in read(pid, "limits").lines().zip(ours.lines()).skip(1) {
        let name = line[..26].trim().trim_start_matches("Max ");
        let values = line[26..]
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ");
        let inherited = line == our_line && !SET.contains(&name);
        posture.add(
            format!("limit {name}"),
            if inherited { "inherited" } else { &values },
        );
    }
}

/// Mount points with their flags. Which files of /etc and of proc there are depends on the host.
fn add_mounts(posture: &mut Posture, pid: &str) {
    let mut mounts = BTreeSet::new();
    for line in read(pid, "mountinfo").lines() {
        let (place, kind) = line.split_once(" - ").expect("a separator");
        let place: Vec<&str> = place.split(' ').collect();
        let kind: Vec<&str> = kind.split(' ').collect();
        let point = if place[4].starts_with("/etc/") {
            "/etc/*"
        } else if place[4].starts_with("/proc/") {
            // What is masked depends on the kernel; the program tells whether any is not.
            "/proc/*"
        } else {
            place[4]
        };
        // Shared and slave mounts have optional fields.
        let propagation = if place.len() == 6 {
            "private"
        } else {
            "not private"
        };
        let of_the_box = place[3] == "/" || kind[0] == "tmpfs" && kind[1] == "none";
        let kind = match (kind[0], of_the_box) {
            ("proc", _) => {
                let options = options(kind[2], &["hidepid", "subset"]);
                format!("proc {options}").trim_end().to_owned()
            }
            ("tmpfs", true) => "tmpfs".to_owned(),
            _ => "of the host".to_owned(),
        };
        mounts.insert(format!(
            "mount {point}: {}, {propagation}, {kind}",
            place[5]
        ));
    }
    for mount in mounts {
        let (name, value) = mount.split_once(": ").expect("a separator");
        posture.add(name, value);
    }
}

fn options(all: &str, wanted: &[&str]) -> String {
    let wanted = all
        .split(',')
        .filter(|option| wanted.iter().any(|name| option.starts_with(name)));
    wanted.collect::<Vec<_>>().join(",")
}

/// What kind of thing each open descriptor is, and how it was opened.
fn add_descriptors(posture: &mut Posture, pid: &str) {
    let directory = PathBuf::from(format!("/proc/{pid}/fd"));
    let mut numbers: Vec<u32> = fs::read_dir(&directory)
        .expect("descriptors")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .parse()
                .expect("a number")
        })
        .collect();
    numbers.sort_unstable();
    for number in numbers {
        let target = fs::read_link(directory.join(number.to_string())).expect("a descriptor");
        let target = target.to_string_lossy();
        let kind = target.split([':', ' ']).next().unwrap_or_default();
        let info = read(pid, &format!("fdinfo/{number}"));
        let flags = info
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .expect("flags");
        posture.add(
            format!("descriptor {number}"),
            format!("{kind}, flags {}", flags.trim()),
        );
    }
}

/// Looks at the program of a slot, once it waits, and at its init; then lets it go on.
fn look_from_outside(place: Place) -> [Posture; 2] {
    let named = |names: &[&str]| {
        let mut members = processes_in(place.slot).into_iter();
        members.find(|pid| {
            let comm = fs::read_to_string(format!("/proc/{pid}/comm"));
            comm.is_ok_and(|comm| names.contains(&comm.trim()))
        })
    };
    eventually("the program does not wait", || named(&["cat"]).is_some());
    // That of an ordinary user is executed a second time, under a name that proc gives it.
    let (program, init) = (named(&["cat"]), named(&["gavel", "exe"]));
    let (program, init) = (program.expect("it"), init.expect("its init"));
    // Opens while the program opens the other end, its last step.
    let gate = fs::OpenOptions::new()
        .write(true)
        .open(format!("/proc/{program}/root/box/gate"))
        .expect("the gate");
    if !nix::unistd::geteuid().is_root() {
        // All else that proc tells of others is for root alone.
        return Default::default();
    }
    eventually("the program does not open the gate", || {
        let target = fs::read_link(format!("/proc/{program}/fd/3"));
        target.is_ok_and(|target| target == Path::new("/box/gate"))
    });
    let (mut of_program, of_init) = (from_outside(&program, place), from_outside(&init, place));
    // Init has the same mounts, and the limits of whoever started it.
    add_limits(&mut of_program, &program);
    add_mounts(&mut of_program, &program);
    drop(gate);
    [of_program, of_init]
}

/// What a program in such a container sees of itself, and what is seen of it and of its init.
fn posture(title: &str, container: &Container) -> String {
    let mut slot = slot();
    let place = Place {
        slot: slot.number(),
        cpu: slot.cpu(),
    };
    let looking = std::thread::spawn(move || look_from_outside(place));
    let report = run_in(&mut slot, container, &python(INSIDE));
    let ended_well = report.outcome == Outcome::Ended(Exit::Code(0));
    assert!(ended_well, "{:?}\n{}", report.outcome, stderr(&report));
    let [program, init] = looking.join().expect("to look");
    format!(
        "\n# {title}, from inside\n{}{}{}",
        stdout(&report),
        program.render(&format!("{title}, from outside")),
        init.render(&format!("init of {title}, from outside"))
    )
}

#[test]
fn a_program_has_what_it_should_have_and_nothing_more() {
    let usual = Container::host_toolchains();
    let widest = Container {
        network: Network::Loopback,
        proc: Proc::Masked,
        exec_tmp: true,
        ..Container::host_toolchains()
    };
    let mut found = "What tests/sandbox/posture.rs expects. Host ids are told relative to the \
                     first one of the box.\n"
        .to_owned();
    found.push_str(&posture("the usual box", &usual));
    found.push_str(&posture("the widest box", &widest));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/posture.golden");
    if std::env::var_os("GAVEL_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).expect("to write");
    }
    let expected = fs::read_to_string(&path).expect("the golden file");
    let differences = match nix::unistd::geteuid().is_root() {
        true => differences(&expected, &found),
        false => differences(
            &with_ids_of_user(seen_from_inside(&expected)),
            &seen_from_inside(&found),
        ),
    };
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The sections of what a program sees by itself.
fn seen_from_inside(text: &str) -> String {
    let sections = text.split("\n# ").filter(|section| {
        let title = section.lines().next().unwrap_or_default();
        title.ends_with(", from inside")
    });
    sections.map(|section| format!("# {section}\n")).collect()
}

/// What is different where the host has one id for a box: the program owns what is mounted read-only.
fn with_ids_of_user(expected: String) -> String {
    if std::env::var(IDS).as_deref() != Ok("own") {
        return expected;
    }
    expected
        .replace("[['0', '1'], ['1000', '1']]", "[['1000', '1']]")
        .replace(
            "/etc/passwd: Permission denied",
            "/etc/passwd: Read-only file system",
        )
}

/// Lines of each section that only one of them has.
fn differences(expected: &str, found: &str) -> Vec<String> {
    let lines = |text: &str| {
        let mut section = String::new();
        let mut lines = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix("# ") {
                title.clone_into(&mut section);
            }
            lines.push(format!("[{section}] {line}"));
        }
        lines
    };
    let (expected, found) = (lines(expected), lines(found));
    let gone = expected.iter().filter(|line| !found.contains(line));
    let new = found.iter().filter(|line| !expected.contains(line));
    gone.map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect()
}

#[test]
fn a_lost_a_new_and_a_changed_line_are_differences() {
    let expected = "# a\nx: 1\ny: 2\n\n# b\nx: 1\n";
    assert_eq!(differences(expected, expected), [""; 0]);
    let found = "# a\nx: 1\nz: 3\n\n# b\nx: 2\n";
    assert_eq!(
        differences(expected, found),
        ["- [a] y: 2", "- [b] x: 1", "+ [a] z: 3", "+ [b] x: 2"]
    );
}

/// A protection of one thread only is none.
#[test]
fn every_thread_of_a_program_has_the_same_posture() {
    let script = "import os, threading\n\
        gate = threading.Event()\n\
        for _ in range(8): threading.Thread(target=gate.wait).start()\n\
        fields = ('Uid', 'Gid', 'Groups', 'Cap', 'NoNewPrivs', 'Seccomp:', 'SigBlk')\n\
        show = lambda task: tuple(l for l in open(f'/proc/self/task/{task}/status') if l.startswith(fields))\n\
        tasks = os.listdir('/proc/self/task')\n\
        print(len(tasks), len({show(task) for task in tasks}))\n\
        gate.set()";
    assert_eq!(stdout(&run_once(&python(script))), "9 1\n");
}
