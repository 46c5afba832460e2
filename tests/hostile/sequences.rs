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
