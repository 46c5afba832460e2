//! What one program could leave to the next in the same slot, where the two are different programs.

use gavel::judge::verdict::Verdict;
use gavel::problem::Limits;

use crate::judging::{self, Same};
use crate::runner::alone;

fn limits(memory_mib: u64) -> Limits {
    Limits {
        cpu_ms: 5000,
        wall_ms: 20_000,
        memory_bytes: memory_mib << 20,
        output_bytes: 4096,
        processes: 4,
    }
}

const READS_MUCH: &str = r#"
import os
total = 0
for directory, _, names in os.walk("/usr/lib"):
    for name in names:
        try:
            fd = os.open(os.path.join(directory, name), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        while block := os.read(fd, 1 << 20):
            total += len(block)
        os.close(fd)
        if total > 250 << 20:
            print("ok", flush=True)
            os._exit(0)
"#;

#[test]
fn files_that_one_program_has_read_give_the_next_no_memory() {
    let _alone = alone();
    let mut slot = judging::slot();
    let mut judge = |memory_mib, source: &str| {
        let work = judging::python(source, limits(memory_mib));
        judging::judge(&mut slot, &work, &Same::once("ok")).expect("a judgement")
    };
    let reader = judge(256, READS_MUCH);
    assert_eq!(reader.verdict, Verdict::Accepted, "{reader:?}");
    // More than once, for a slot has two groups.
    for _ in 0..4 {
        let hog = judge(32, "x = b'x' * (60 << 20)\nprint('ok')");
        assert_eq!(hog.verdict, Verdict::MemoryLimit, "{hog:?}");
    }
}

#[test]
fn files_that_a_run_leaves_are_not_there_for_a_later_compiler() {
    let _alone = alone();
    let mut slot = judging::slot();
    let leaves = "for d in /tmp /box /dev/shm; do echo 'int secret;' > $d/left.h; done; echo ok";
    let left = judging::script(&mut slot, leaves, "ok");
    assert_eq!(left.verdict, Verdict::Accepted, "{left:?}");
    for directory in ["/tmp", "/box", "/dev/shm"] {
        let source =
            format!("#include \"{directory}/left.h\"\nint main(void) {{ return secret; }}");
        let work = judging::unnamed("c", &source, limits(64));
        let read = judging::judge(&mut slot, &work, &Same::once("")).expect("a judgement");
        assert_eq!(read.verdict, Verdict::CompileError, "{read:?}");
    }
}

#[test]
fn compilers_at_the_same_time_do_not_see_each_other() {
    let _alone = alone();
    const LOOKS: &str = "for i in $(seq 100); do ls -A /tmp /dev/shm > seen; \
        ps ax > /dev/null 2>&1; grep -q theirs seen && exit 9; : > /tmp/theirs-$$; rm /tmp/theirs-$$; done\n\
        ls /proc | grep -c '^[0-9]' > count\n\
        [ \"$(cat count)\" -le 6 ] || exit 8\n\
        printf '#!/bin/sh\\necho ok' > main";
    let compile = || {
        let mut slot = judging::slot();
        let work = judging::unnamed("compiled", LOOKS, limits(64));
        judging::judge(&mut slot, &work, &Same::once("ok")).expect("a judgement")
    };
    std::thread::scope(|scope| {
        let both = [scope.spawn(compile), scope.spawn(compile)];
        for judgement in both.map(|thread| thread.join().expect("a judgement")) {
            assert_eq!(judgement.verdict, Verdict::Accepted, "{judgement:?}");
        }
    });
}

#[test]
fn addresses_differ_from_run_to_run() {
    let _alone = alone();
    let mut slot = judging::slot();
    let work = judging::unnamed(
        "c",
        "#include <stdio.h>\nint main(int n, char **v) { printf(\"%p %p %p\", (void *)&n, (void *)main, (void *)v[0]); }",
        limits(64),
    );
    let two = Same {
        count: 1,
        ..Same::once("")
    };
    let mut seen = || {
        let judgement = judging::judge(&mut slot, &work, &two).expect("a judgement");
        judgement.cases[0].stdout_prefix.clone()
    };
    let (first, second) = (seen(), seen());
    let text = String::from_utf8_lossy(&first).into_owned();
    for (one, other) in text
        .split(' ')
        .zip(String::from_utf8_lossy(&second).split(' '))
    {
        assert_ne!(one, other, "an address is the same in two runs");
    }
}

#[test]
fn at_most_one_host_id_serves_a_box_at_a_time() {
    let _alone = alone();
    let (mut one, mut two) = (judging::slot(), judging::slot());
    let id = |slot: &mut gavel::judge::JudgeSlot| {
        let map = judging::script(slot, "grep '^ *1000 ' /proc/self/uid_map", "");
        map.cases[0].stdout_prefix.clone()
    };
    assert_ne!(id(&mut one), id(&mut two));
}

#[test]
fn scratch_files_of_one_program_take_nothing_from_the_next_and_give_it_nothing() {
    let _alone = alone();
    let mut slot = judging::slot();
    let fills = "f = open('/dev/shm/x', 'wb')\nwhile True: f.write(b'x' * 4096)";
    let hog = "x = b'x' * (45 << 20)\nprint('ok')";
    for _ in 0..6 {
        for (source, verdict) in [
            (fills, Verdict::MemoryLimit),
            ("print('ok')", Verdict::Accepted),
            (hog, Verdict::MemoryLimit),
        ] {
            let work = judging::python(source, limits(32));
            let judged = judging::judge(&mut slot, &work, &Same::once("ok"));
            let judged = judged.expect("a judgement");
            assert_eq!(judged.verdict, verdict, "{source}: {judged:?}");
        }
    }
}

/// Takes as many inotify instances as a user of the host may have, and keeps them for a moment.
const TAKES_INOTIFY: &str = r"
import ctypes, time
libc = ctypes.CDLL(None)
count = 0
while count < 200 and libc.inotify_init() >= 0:
    count += 1
time.sleep(0.5)
print('ok' if count >= ALLOWED else count)
";

#[test]
fn what_is_counted_for_each_user_of_the_host_is_not_shared_by_slots() {
    let _alone = alone();
    assert_eq!(take_all_inotify_twice(), [true, true]);
}

/// Whether two slots at the same time get all that one user may have.
pub(crate) fn take_all_inotify_twice() -> [bool; 2] {
    let allowed = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_instances");
    let allowed: u32 = allowed.expect("a limit").trim().parse().expect("a number");
    let source = TAKES_INOTIFY.replace("ALLOWED", &allowed.min(200).to_string());
    let take = || {
        let mut slot = judging::slot();
        let work = judging::python(&source, limits(64));
        judging::judge(&mut slot, &work, &Same::once("ok")).expect("a judgement")
    };
    std::thread::scope(|scope| {
        let both = [scope.spawn(take), scope.spawn(take)];
        both.map(|thread| thread.join().expect("a judgement").verdict == Verdict::Accepted)
    })
}

#[test]
fn slots_that_are_all_at_their_limits_take_nothing_from_each_other() {
    let _alone = alone();
    // Nearly all of what it may, all at the same time, and then more.
    let fills = |mebibytes: u32| {
        format!(
            "import time\nx = bytearray(b'x') * ({mebibytes} << 20)\ntime.sleep(0.3)\nprint('ok')"
        )
    };
    for (mebibytes, verdict) in [(240, Verdict::Accepted), (300, Verdict::MemoryLimit)] {
        let judge = || {
            let mut slot = judging::slot();
            let work = judging::python(&fills(mebibytes), limits(256));
            judging::judge(&mut slot, &work, &Same::once("ok")).expect("a judgement")
        };
        std::thread::scope(|scope| {
            let all = [(); 4].map(|()| scope.spawn(judge));
            for judgement in all.map(|thread| thread.join().expect("a judgement")) {
                assert_eq!(judgement.verdict, verdict, "{judgement:?}");
            }
        });
    }
}

/// Each prints a sum of the bytes of its own program.
const SUMS_ITSELF: [(&str, &str); 4] = [
    (
        "c",
        "#include <stdio.h>\nint main(void) { FILE *f = fopen(\"/proc/self/exe\", \"rb\"); unsigned long h = 1; int c;\n\
         while ((c = getc(f)) != EOF) h = h * 1099511628211ul + c; printf(\"%lu\\n\", h); }",
    ),
    (
        "cpp",
        "#include <fstream>\n#include <iostream>\nnamespace { struct A { int x; }; }\ntemplate <class T> int f(T) { static int n; return ++n; }\n\
         int main() { std::ifstream f(\"/proc/self/exe\", std::ios::binary); unsigned long h = ::f(A{1}); char c;\n\
         while (f.get(c)) h = h * 1099511628211ul + c; std::cout << h; }",
    ),
    (
        "rs",
        "fn main() { let b = std::fs::read(\"/proc/self/exe\").unwrap();\n\
         println!(\"{}\", b.iter().fold(1u64, |h, &c| h.wrapping_mul(1099511628211).wrapping_add(c.into()))); }",
    ),
    (
        "java",
        "import java.nio.file.*;\npublic class Main { public static void main(String[] a) throws Exception {\n\
         Runnable r = () -> {}; r.run(); System.out.println(java.util.Arrays.hashCode(Files.readAllBytes(Path.of(\"Main.class\")))); } }",
    ),
];

#[test]
fn the_same_source_makes_the_same_program() {
    let _alone = alone();
    let generous = Limits {
        processes: 64,
        ..limits(512)
    };
    for (extension, source) in SUMS_ITSELF {
        let Some(id) = judging::language(extension) else {
            eprintln!("there is no toolchain for .{extension}: nothing to compare");
            continue;
        };
        let made = || {
            let mut slot = judging::slot();
            let work = judging::unnamed(&id, source, generous.clone());
            let judgement = judging::judge(&mut slot, &work, &Same::once(""));
            let judgement = judgement.expect("a judgement");
            let printed = judgement
                .cases
                .first()
                .map(|case| case.stdout_prefix.clone());
            assert!(
                printed.as_ref().is_some_and(|sum| !sum.is_empty()),
                "{judgement:?}"
            );
            printed
        };
        // In two slots, which have different CPUs, host ids and numbers.
        let (one, other) = std::thread::scope(|scope| {
            let both = [scope.spawn(made), scope.spawn(made)];
            let [one, other] = both.map(|thread| thread.join().expect("a sum"));
            (one, other)
        });
        assert_eq!(one, other, "{extension}");
    }
}

/// Each has its library copy a file, and then copy the copy into standard output. Libraries like to have the kernel
/// do that, which may not here.
const COPIES: [(&str, &str); 6] = [
    (
        "py",
        "import shutil, sys\nopen('/tmp/a', 'w').write('ok\\n')\nshutil.copyfile('/tmp/a', '/tmp/b')\n\
         shutil.copyfileobj(open('/tmp/b'), sys.stdout)",
    ),
    (
        "js",
        "const fs = require('fs'); fs.writeFileSync('/tmp/a', 'ok\\n'); fs.copyFileSync('/tmp/a', '/tmp/b');\n\
         fs.createReadStream('/tmp/b').pipe(process.stdout);",
    ),
    (
        "cpp",
        "#include <filesystem>\n#include <fstream>\n#include <iostream>\n\
         int main() { std::ofstream(\"/tmp/a\") << \"ok\\n\"; std::filesystem::copy_file(\"/tmp/a\", \"/tmp/b\");\n\
         std::cout << std::ifstream(\"/tmp/b\").rdbuf(); }",
    ),
    (
        "rs",
        "use std::{fs::*, io};\nfn main() { write(\"/tmp/a\", \"ok\\n\").unwrap(); copy(\"/tmp/a\", \"/tmp/b\").unwrap();\n\
         io::copy(&mut File::open(\"/tmp/b\").unwrap(), &mut io::stdout()).unwrap(); }",
    ),
    (
        "go",
        "package main\nimport (\"io\"; \"os\")\nfunc main() { os.WriteFile(\"/tmp/a\", []byte(\"ok\\n\"), 0600)\n\
         a, _ := os.Open(\"/tmp/a\"); b, _ := os.Create(\"/tmp/b\"); io.Copy(b, a); b.Seek(0, 0); io.Copy(os.Stdout, b) }",
    ),
    (
        "java",
        "import java.io.*;\nimport java.nio.channels.*;\nimport java.nio.file.*;\n\
         public class Main { public static void main(String[] args) throws Exception {\n\
         Path a = Path.of(\"/tmp/a\"), b = Path.of(\"/tmp/b\"); Files.writeString(a, \"ok\\n\"); Files.copy(a, b);\n\
         WritableByteChannel out = new FileOutputStream(FileDescriptor.out).getChannel();\n\
         try (FileChannel in = FileChannel.open(b)) { in.transferTo(0, 3, out); } } }",
    ),
];

#[test]
fn libraries_copy_files_although_no_pages_of_files_get_into_pipes() {
    let _alone = alone();
    let mut slot = judging::slot();
    for (extension, source) in COPIES {
        let Some(id) = judging::language(extension) else {
            eprintln!("there is no toolchain for .{extension}: nothing to try");
            continue;
        };
        let generous = Limits {
            processes: 64,
            ..limits(512)
        };
        let work = judging::unnamed(&id, source, generous);
        let judgement = judging::judge(&mut slot, &work, &Same::once("ok"));
        let judgement = judgement.expect("a judgement");
        assert_eq!(judgement.verdict, Verdict::Accepted, "{judgement:?}");
    }
}

/// What this process holds in memory.
fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.expect("a size").trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().expect("a number") >> 10
}

#[test]
fn floods_leave_the_judge_no_larger() {
    let _alone = alone();
    let mut slot = judging::slot();
    let mut floods = |count| {
        for _ in 0..count {
            let flood = judging::script(&mut slot, "yes hostile >&2 & yes", "");
            assert_eq!(flood.verdict, Verdict::OutputLimit, "{flood:?}");
        }
    };
    floods(20);
    let before = resident_mebibytes();
    floods(80);
    let after = resident_mebibytes();
    assert!(after < before + 16, "{before} MiB before and {after} after");
}
