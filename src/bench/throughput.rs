//! Full cycles — make, run, tear down — on all CPUs, and bare starts on as many threads.

use std::time::{Duration, Instant};

use super::programs::{Program, command, ended_well};
use super::report::Figure;
use super::{BenchError, SandboxBench, bare};
use crate::sandbox::{Cancel, Container, Sandbox, Slot};

/// Turns of each kind, so that a drift of the machine's speed meets both.
const TURNS: u32 = 4;

pub(super) fn measure(bench: &SandboxBench, sandbox: &Sandbox) -> Result<Figure, BenchError> {
    let cpus = sandbox.cpus().len();
    let turn = bench.throughput / (2 * TURNS);
    let slots: Result<Vec<Slot>, _> = (0..cpus).map(|_| sandbox.slot()).collect();
    let mut slots = slots?;
    for slot in &mut slots {
        slot.prepare(&Container::host_toolchains())?;
    }
    let (mut cycles, mut starts) = (0, 0);
    for _ in 0..TURNS {
        starts += on_all(&mut vec![(); cpus], |()| count(turn, bare_start))?;
        cycles += on_all(&mut slots, |slot| {
            count(turn, || cycle(slot, &bench.cancel))
        })?;
    }
    let measured = (turn * TURNS).as_secs_f64();
    let (per_s, bare_per_s) = (cycles as f64 / measured, starts as f64 / measured);
    Ok(Figure::Throughput {
        per_s,
        bare_per_s,
        ratio: per_s / bare_per_s,
    })
}

/// Counts on one thread for each of `things`.
fn on_all<T: Send>(
    things: &mut [T],
    count: impl Fn(&mut T) -> Result<u64, BenchError> + Sync,
) -> Result<u64, BenchError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = things
            .iter_mut()
            .map(|thing| scope.spawn(|| count(thing)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Ok(0)))
            .sum()
    })
}

fn count(
    time: Duration,
    mut once: impl FnMut() -> Result<(), BenchError>,
) -> Result<u64, BenchError> {
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < time {
        once()?;
        done += 1;
    }
    Ok(done)
}

fn usual() -> Program {
    Program {
        name: "true",
        on_host: "/bin/true".into(),
        in_box: "/bin/true".into(),
    }
}

fn bare_start() -> Result<(), BenchError> {
    bare::run(&["/bin/true".to_owned()]).map(drop)
}

fn cycle(slot: &mut Slot, cancel: &Cancel) -> Result<(), BenchError> {
    let (program, container) = (usual(), Container::host_toolchains());
    // The next box is made while this one runs.
    slot.prepare(&container)?;
    let report = slot.run(&container, &command(&program, &[]), cancel)?;
    ended_well(&program, &report)
}
