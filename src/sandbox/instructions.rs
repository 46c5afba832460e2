//! How many instructions a program executed: a figure that other programs on the machine hardly change.
//! Only where the processor counts, which few virtual ones do; nothing is decided by it.

use std::fs::File;
use std::io::{self, Read};

use super::sys::{self, Countable};

/// Counts for one box, in user space, from execve on.
#[derive(Debug)]
pub(super) struct InstructionCounter(File);

impl InstructionCounter {
    /// Whether this machine counts, and lets us; the error says why not.
    pub(super) fn look_for() -> io::Result<()> {
        const THIS_PROCESS: i32 = 0;
        Self::of_box(THIS_PROCESS).map(drop)
    }

    /// One for the programs that an init will start. Init itself executes none, so setting up is not counted.
    pub(super) fn of_box(init: i32) -> io::Result<Self> {
        Self::of(Countable::Instructions, init)
    }

    fn of(what: Countable, init: i32) -> io::Result<Self> {
        let descriptor = sys::count_from_execve(what, init)?;
        Ok(InstructionCounter(File::from(descriptor)))
    }

    /// The count, once every process of the box has ended. `None` where the processor was counting something
    /// else for a part of the time, or a CPU of another kind ran the program: half a count is no figure.
    pub(super) fn read(&self) -> Option<u64> {
        let mut words = [[0; 8]; 3];
        (&self.0).read_exact(words.as_flattened_mut()).ok()?;
        let [count, wanted_ns, counted_ns] = words.map(u64::from_ne_bytes);
        (counted_ns > 0 && counted_ns == wanted_ns).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// A loop of a shell that takes some 100 ms.
    const WORK: &str = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done";

    /// What is counted, in nanoseconds, for a shell that waits for a line and then runs a script. This
    /// machine may have no counters, so it is CPU time, which goes the same way through the kernel.
    fn counted(script: &str) -> Option<u64> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", &format!("read go; {script}")])
            .env("WORK", WORK)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let counter = InstructionCounter::of(Countable::CpuTime, shell.id() as i32).unwrap();
        shell.stdin.take().unwrap().write_all(b"go\n").unwrap();
        assert!(shell.wait().unwrap().success());
        counter.read()
    }

    #[test]
    fn what_is_done_before_the_first_execve_is_not_counted() {
        assert_eq!(counted(r#"eval "$WORK""#), None);
        let alone = counted(r#"sh -c "$WORK""#).unwrap();
        let after_work = counted(r#"for i in 1 2 3; do eval "$WORK"; done; sh -c "$WORK""#);
        assert!(
            after_work.unwrap() < alone * 2,
            "{after_work:?} and {alone}"
        );
    }

    #[test]
    fn descendants_are_counted_with_the_program_that_started_them() {
        let alone = counted(r#"sh -c "$WORK""#).unwrap();
        // One of them executes nothing.
        let family = counted(r#"sh -c '(eval "$WORK") & sh -c "$WORK" & eval "$WORK"; wait'"#);
        assert!(family.unwrap() > alone * 2, "{family:?} and {alone}");
    }
}
