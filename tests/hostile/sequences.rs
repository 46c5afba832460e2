//! What one program could leave to the next in the same slot, where the two are different programs.

use gavel::judge::verdict::Verdict;
use gavel::problem::Limits;

use crate::judging::{self, Same};

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
    let mut slot = judging::slot();
    let mut judge = |memory_mib, source: &str| {
        let work = judging::python(source, limits(memory_mib));
        judging::judge(&mut slot, &work, &Same::once("ok")).expect("a judgement")
    };
    let reader = judge(256, READS_MUCH);
    assert_eq!(reader.verdict, Verdict::Accepted, "{reader:?}");
    let hog = judge(32, "x = b'x' * (60 << 20)\nprint('ok')");
    assert_eq!(hog.verdict, Verdict::MemoryLimit, "{hog:?}");
}

#[test]
fn files_that_a_run_leaves_are_not_there_for_a_later_compiler() {
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
    let (mut one, mut two) = (judging::slot(), judging::slot());
    let id = |slot: &mut gavel::judge::JudgeSlot| {
        let map = judging::script(slot, "grep '^ *1000 ' /proc/self/uid_map", "");
        map.cases[0].stdout_prefix.clone()
    };
    assert_ne!(id(&mut one), id(&mut two));
}
