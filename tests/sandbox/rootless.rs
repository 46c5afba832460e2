//! Boxes of an ordinary user. Most of these tests start this binary again as one, so that what holds
//! for root's boxes is shown to hold for theirs; the rest start `gavel`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::support::*;

/// From here on nobody that this machine knows.
const FIRST_USER: u32 = 54_321;
/// What is lent to the user, far from what a distribution lends.
const LENT: &str = "gavel-test:1700000000:65536\n";

/// Becomes the user, with two binaries that need not lie where a user gets: they are opened before.
const BECOME: &str = "exec 8<\"$GAVEL_TEST_BINARY\" 9<\"$GAVEL_BINARY\" && cd \"$HOME\" &&
    exec $INTO setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \"$@\"";
const TESTS: &str = "/proc/self/fd/8";
const GAVEL: &str = "/proc/self/fd/9";

/// What only root can arrange, for a test that is not about root's boxes.
const ARRANGED_BY_ROOT: &[&str] = &[
    // It starts the binary by its path.
    "benchmarks::",
    "census::many_runs_and_a_kill",
    "containment::a_mount_below_a_read_only_mount",
    // The binary need not lie where the user gets.
    "functions::",
    "host::",
    "rootless::",
    "without_groups::",
    // The device of tunnels may be root's alone.
    "namespaces::pasta_lets_through",
];
/// What only control groups can do.
const OF_GROUPS: &[&str] = &[
    "children::a_killed_child_keeps_what_was_measured",
    "children::endings_tell",
    "faults::a_limit_is_met",
    // Without them nobody can tell whose processes they are.
    "faults::a_start_wakes",
    "faults::files_that_nobody_has_read_yet",
    "faults::making_a_box_and_its_waiting",
    "faults::watching_a",
    "faults::when_memory_runs_out_in_a_child",
    "leftovers::a_dropped_slot_removes_its_group",
    "limits::",
    "shares::",
];
/// What holds only where a box has ids that no other has.
const OF_IDS: &[&str] = &[
    "calls::every_system_call",
    "commands::a_session_is_new",
    "commands::a_working_directory_that_cannot_be_entered",
    "commands::the_user_and_all_groups",
    "containment::concurrent_boxes_have_different_host_ids",
    "filters::arguments_are_compared",
    "namespaces::each_namespace_is_as_asked",
];

/// What is tried where everything takes its time, as in a virtual machine.
const OF_SLOW_MACHINES: &[&str] = &[
    "containment::the_",
    "leftovers::",
    "limits::touching",
    "limits::exactly_as_many",
    "posture::",
];

/// An ordinary user, with a home of his own. Each is somebody else, for tests run side by side, and without
/// groups a box is known by its user.
struct Somebody {
    id: u32,
    home: TempDir,
    files: TempDir,
}

impl Somebody {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = FIRST_USER + COUNT.fetch_add(1, Ordering::Relaxed);
        let home = tempfile::tempdir().expect("a directory");
        chown(home.path(), Some(id), Some(id)).expect("chown");
        Somebody {
            id,
            home,
            files: tempfile::tempdir().expect("a directory"),
        }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// A program that the user starts after `preparations`, which are root's, where only this
    /// process and what it starts see what they mount.
    fn starts(&self, preparations: &str, program: &str) -> Process {
        let mut process = Process::new("unshare");
        process
            .args(["--mount", "sh", "-c"])
            .arg(format!("set -e; {preparations}\n{BECOME}"))
            .args(["sh", program])
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.home())
            .env("USER_ID", self.id.to_string())
            .env("FILES", self.files.path())
            .env("GAVEL_BINARY", env!("CARGO_BIN_EXE_gavel"))
            .env("GAVEL_TEST_BINARY", std::env::current_exe().expect("us"));
        process
    }

    /// `gavel` as the user starts it.
    fn gavel(&self, preparations: &str, arguments: &[&str]) -> Output {
        let mut process = self.starts(preparations, GAVEL);
        process.args(arguments).output().expect("to start it")
    }

    /// Runs the tests of the sandbox as the user, but for those that are skipped.
    fn runs_tests(&self, preparations: &str, ids: &str, skipped: &[&[&str]]) -> Process {
        let mut process = self.starts(preparations, TESTS);
        process.args(["--test-threads", "1"]);
        if slowness() > 1 {
            process.args(OF_SLOW_MACHINES);
        }
        for name in skipped.concat() {
            process.args(["--skip", name]);
        }
        process
            .env(LAUNCHER, GAVEL)
            .env(IDS, ids)
            .env(RUNTIME, self.home().join("run"))
            .env("GAVEL_TEST_SLOWNESS", slowness().to_string());
        process
    }

    /// Files of accounts in which the user is known and ids are lent to him, for `preparations`.
    fn accounts(&self) -> &'static str {
        let id = self.id;
        for (file, line) in [
            ("passwd", format!("gavel-test:x:{id}:{id}::/:/bin/sh\n")),
            ("group", format!("gavel-test:x:{id}:\n")),
            ("subuid", LENT.to_owned()),
            ("subgid", LENT.to_owned()),
        ] {
            let known = fs::read_to_string(Path::new("/etc").join(file)).unwrap_or_default();
            fs::write(self.files.path().join(file), known + &line).expect("a file");
        }
        "for file in passwd group subuid subgid; do mount --bind \"$FILES/$file\" /etc/$file; done"
    }
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// How wide columns are is up to the longest name.
fn without_columns(output: &Output) -> String {
    let words: Vec<String> = text(output).split_whitespace().map(str::to_owned).collect();
    words.join(" ")
}

/// All of them passed, and so many that the list of what was skipped has not swallowed the rest.
fn assert_many_passed(mut process: Process) {
    let output = process.output().expect("to start the tests");
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    let passed = text.split(" passed").next().unwrap_or_default();
    let passed = passed
        .rsplit(' ')
        .next()
        .and_then(|n| n.parse::<u32>().ok());
    let least = if slowness() > 1 { 10 } else { 100 };
    assert!(passed.is_some_and(|passed| passed >= least), "{text}");
}

/// Whether a program is there that scripts/setup.sh installs: continuous integration must have it, for what is
/// not tried passes.
fn has(program: &str, package: &str) -> bool {
    let is_there = Path::new("/usr/bin").join(program).exists();
    if !is_there {
        let reason = format!("{program} is not installed: nothing to test; install {package}");
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        eprintln!("{reason}");
    }
    is_there
}

fn has_programs_of_ids() -> bool {
    has("newuidmap", "uidmap")
}

const LIKE: [&str; 4] = ["--allow-degraded", "cgroup", "--log-filter", "error"];

#[test]
fn boxes_of_an_ordinary_user_are_like_roots() {
    let user = Somebody::new();
    let skipped = [ARRANGED_BY_ROOT, OF_GROUPS, OF_IDS];
    let mut tests = user.runs_tests("", "own", &skipped);
    tests.env(NO_GROUPS, "1");
    assert_many_passed(tests);
    let left = fs::read_dir(user.home().join("run/boxes")).expect("the directory of boxes");
    assert_eq!(left.count(), 0);
}

#[test]
fn an_ordinary_user_is_refused_where_there_are_no_groups_unless_that_is_allowed() {
    let user = Somebody::new();
    let run = ["sandbox", "run", "--", "/usr/bin/id", "-u"];
    let refused = user.gavel("", &run);
    assert_eq!(refused.status.code(), Some(125));
    let words = text(&refused);
    assert!(words.contains("--allow-degraded cgroup"), "{words}");
    let allowed = user.gavel(
        "",
        &[&LIKE[..], &["sandbox", "run", "--json"], &run[2..]].concat(),
    );
    let report: serde_json::Value = serde_json::from_slice(&allowed.stdout).expect("JSON");
    assert_eq!(report["ending"]["code"], 0, "{}", text(&allowed));
    assert_eq!(report["degraded"], serde_json::json!(["cgroup"]));
    let told = report["loosened"].to_string();
    assert!(told.contains("host ids"), "{told}");
}

#[test]
fn an_ordinary_user_runs_a_file_verifies_a_package_and_judges_a_folder() {
    let user = Somebody::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let copied = Process::new("cp")
        .arg("-r")
        .args([source.join("packages/sum"), source.join("programs/python")])
        .arg(user.home())
        .status();
    assert!(copied.expect("cp").success());
    let open = format!("chmod -R a+rX {}", user.home().display());
    let gavel = |arguments: &[&str]| user.gavel(&open, &[&LIKE[..], arguments].concat());
    let run = gavel(&["run", "python/right.py"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run));
    assert!(text(&run).contains("OK: "), "{}", text(&run));
    let verified = gavel(&["verify", "sum"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
    let judged = gavel(&["judge", "sum", "sum/submissions/accepted"]);
    assert_eq!(judged.status.code(), Some(0), "{}", text(&judged));
    assert!(
        text(&judged).contains("2 judged: 2 AC"),
        "{}",
        text(&judged)
    );
}

/// The device of tunnels, for everybody.
const TUNNELS: &str = "mount -t tmpfs none \"$FILES\"; mknod \"$FILES/tun\" c 10 200
    chmod 666 \"$FILES/tun\"; mount --bind \"$FILES/tun\" /dev/net/tun";

#[test]
fn boxes_of_an_ordinary_user_reach_the_network_by_pasta() {
    if !has("pasta", "passt") {
        return;
    }
    if !Path::new("/dev/net/tun").exists() || slowness() > 1 {
        eprintln!("nothing to test: it takes tunnels and a quick machine");
        return;
    }
    let user = Somebody::new();
    let mut tests = user.runs_tests(TUNNELS, "own", &[]);
    let output = tests.arg("namespaces::pasta").env(NO_GROUPS, "1").output();
    let words = text(&output.expect("to start the tests"));
    assert!(words.contains("2 passed"), "{words}");
}

#[test]
fn a_host_that_gives_no_user_namespaces_is_refused_and_the_remedy_told() {
    let user = Somebody::new();
    // In a chroot the kernel makes none.
    let chroot = "mount --rbind / \"$FILES\"; INTO=\"chroot $FILES\"";
    let refused = user.gavel(
        chroot,
        &[&LIKE[..], &["sandbox", "run", "--", "/bin/true"]].concat(),
    );
    assert_eq!(refused.status.code(), Some(125));
    let words = text(&refused);
    let who = format!(
        "privileges: user {}, and cannot enter a user namespace: Operation not permitted",
        user.id
    );
    for expected in [who.as_str(), "sysctl user.max_user_namespaces=10000"] {
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn check_host_tells_an_ordinary_user_what_there_is() {
    let user = Somebody::new();
    let told = user.gavel("", &["check-host", "--allow-degraded", "cgroup"]);
    let words = without_columns(&told);
    assert_eq!(told.status.code(), Some(0), "{words}");
    for expected in [
        &format!(
            "PASS privileges user {}, who makes user namespaces",
            user.id
        ),
        &format!("WARN user-ids {} for all boxes: ", user.id),
        "FAIL cgroup ",
        "PASS box ",
    ] {
        assert!(words.contains(expected), "{words}");
    }
    if has_programs_of_ids() {
        let told = user.gavel(user.accounts(), &["check-host"]);
        assert_eq!(told.status.code(), Some(1));
        let words = without_columns(&told);
        let expected = "PASS user-ids 65536 users from 1700000000 and";
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn lent_ids_that_cannot_be_had_are_refused_by_the_name_of_what_is_missing() {
    let user = Somebody::new();
    let lent = ["--box-ids", "lent"];
    let run = [&LIKE[..], &lent, &["sandbox", "run", "--", "/bin/true"]].concat();
    let bench = [&LIKE[..], &lent, &["bench", "sandbox"]].concat();
    if has_programs_of_ids() {
        for command in [&run, &bench] {
            let words = text(&user.gavel("", command));
            let expected = format!("/etc/subuid lends {} fewer than 4096 ids", user.id);
            assert!(words.contains(&expected), "{words}");
        }
    }
    let without = "mount -t tmpfs none \"$FILES\"; mkdir \"$FILES/upper\" \"$FILES/work\"
        mount -t overlay -o \"lowerdir=/usr/bin,upperdir=$FILES/upper,workdir=$FILES/work\" none /usr/bin
        rm -f /usr/bin/newuidmap";
    let words = text(&user.gavel(without, &run));
    assert!(
        words.contains("newuidmap is not installed; install the package uidmap"),
        "{words}"
    );
}

#[test]
fn boxes_with_lent_ids_in_delegated_groups_are_like_roots() {
    if !has_programs_of_ids() {
        return;
    }
    let user = Somebody::new();
    let groups = Delegated::to(user.id);
    let preparations = format!("{}\n{}", user.accounts(), groups.enter());
    let mut tests = user.runs_tests(&preparations, "lent", &[ARRANGED_BY_ROOT]);
    tests.env(IN_DELEGATED, &groups.name);
    if !groups.is_v2 {
        tests.env(GROUP_PARENT, &groups.name);
    }
    assert_many_passed(tests);
}

/// Control groups that root gave to an ordinary user; removed when dropped.
struct Delegated {
    is_v2: bool,
    name: String,
    directories: Vec<PathBuf>,
}

impl Delegated {
    fn to(user: u32) -> Self {
        let name = format!("{DELEGATED}{}", std::process::id());
        // Where nobody has made boxes yet, this hands on the controllers of the root.
        let is_v2 = sandbox().cgroup_version() == "v2";
        let roots = match is_v2 {
            true => vec![PathBuf::from("/sys/fs/cgroup")],
            false => ["memory", "cpuacct", "cpuset", "pids", "cpu"]
                .map(root_of)
                .to_vec(),
        };
        let directories: Vec<PathBuf> = roots.iter().map(|root| root.join(&name)).collect();
        for (root, directory) in roots.iter().zip(&directories) {
            let _ = fs::create_dir(directory);
            for file in ["cpuset.cpus", "cpuset.mems"].iter().filter(|_| !is_v2) {
                if let Ok(value) = fs::read(root.join(file)) {
                    fs::write(directory.join(file), value).expect("CPUs of a group");
                }
            }
            let given = ["", "cgroup.procs", "cgroup.subtree_control"];
            for path in given
                .map(|name| directory.join(name))
                .iter()
                .filter(|path| path.exists())
            {
                chown(path, Some(user), Some(user)).expect("chown");
            }
        }
        Delegated {
            is_v2,
            name,
            directories,
        }
    }

    /// What moves a process into them, where it must be in them to use them.
    fn enter(&self) -> String {
        match self.is_v2 {
            true => format!("echo 0 > /sys/fs/cgroup/{}/cgroup.procs", self.name),
            false => String::new(),
        }
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        for directory in &self.directories {
            for below in ["gavel", "gavel-service"].iter().filter(|_| self.is_v2) {
                let _ = fs::remove_dir(directory.join(below));
            }
            // A box that were left would be in the way.
            let removed = fs::remove_dir(directory);
            let is_gone = removed.is_ok() || !directory.exists();
            assert!(is_gone || std::thread::panicking(), "{removed:?}");
        }
    }
}

/// Where a controller of control groups v1 is mounted.
fn root_of(controller: &str) -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let mut found = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - cgroup ")?;
        let has_it = kind.split([' ', ',']).any(|option| option == controller);
        has_it.then(|| PathBuf::from(place.split(' ').nth(4).expect("a mount point")))
    });
    found.next().expect("a controller")
}

#[test]
fn a_runtime_directory_of_somebody_else_is_refused() {
    let user = Somebody::new();
    let foreign = user.files.path().join("gavel");
    fs::create_dir(&foreign).expect("a directory");
    for directory in [user.files.path(), &foreign] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).expect("chmod");
    }
    let started = |directory: &Path| {
        let mut process = user.starts("", GAVEL);
        process
            .args(LIKE)
            .args(["sandbox", "run", "--", "/bin/true"])
            .env("XDG_RUNTIME_DIR", directory);
        process.output().expect("to start it")
    };
    let refused = started(user.files.path());
    assert_eq!(refused.status.code(), Some(125));
    assert!(
        text(&refused).contains("not a directory of this user"),
        "{}",
        text(&refused)
    );
    let own = started(user.home());
    assert_eq!(own.status.code(), Some(0), "{}", text(&own));
    assert!(user.home().join("gavel/slots/0.lock").exists());
}
