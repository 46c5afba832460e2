//! From the wish to run a program to its result, in turns with the same program bare.

use std::time::{Duration, Instant};

use super::programs::{Program, Programs, command, ended_well};
use super::report::Figure;
use super::samples::Samples;
use super::{BenchError, Peer, SandboxBench, bare};
use crate::sandbox::{Cancel, Container, Sandbox, Slot};

/// Runs before the counted ones: caches, lazily made state.
const WARM_UP: usize = 20;

/// One way to start a program.
trait Contender {
    fn run_once(&mut self) -> Result<Duration, BenchError>;
    /// What is done when nobody waits.
    fn rest(&mut self) -> Result<(), BenchError> {
        Ok(())
    }
}

struct Bare(Vec<String>);

impl Contender for Bare {
    fn run_once(&mut self) -> Result<Duration, BenchError> {
        bare::run(&self.0)
    }
}

/// A fresh sandbox for each run, made ahead.
struct Boxed<'a> {
    slot: Slot,
    container: Container,
    program: &'a Program,
    cancel: &'a Cancel,
}

impl Contender for Boxed<'_> {
    fn run_once(&mut self) -> Result<Duration, BenchError> {
        let command = command(self.program, &[]);
        let begun = Instant::now();
        let report = self.slot.run(&self.container, &command, self.cancel)?;
        let took = begun.elapsed();
        ended_well(self.program, &report)?;
        Ok(took)
    }

    /// Waits for the box, for its making would slow the others down.
    fn rest(&mut self) -> Result<(), BenchError> {
        self.slot.prepare(&self.container)?;
        Ok(self.slot.wait_until_prepared()?)
    }
}

/// The latency of a program with a pause before each run, and that of the peers.
pub(super) fn measure(
    bench: &SandboxBench,
    sandbox: &Sandbox,
    programs: &Programs,
    program: &Program,
    gap: Duration,
) -> Result<Vec<Figure>, BenchError> {
    let host_command = vec![program.on_host.to_string_lossy().into_owned()];
    let mut boxed = Boxed {
        slot: sandbox.slot()?,
        container: programs.container(),
        program,
        cancel: &bench.cancel,
    };
    let mut bare = Bare(host_command.clone());
    let mut peers: Vec<Bare> = bench.peers.iter().map(|p| peer(p, &host_command)).collect();
    let mut contenders: Vec<&mut dyn Contender> = vec![&mut bare, &mut boxed];
    contenders.extend(peers.iter_mut().map(|peer| peer as &mut dyn Contender));
    let samples = in_turns(&mut contenders, bench.runs, gap)?;
    Ok(figures(bench, program, gap, &samples))
}

fn peer(peer: &Peer, host_command: &[String]) -> Bare {
    Bare([peer.command.as_slice(), host_command].concat())
}

fn in_turns(
    contenders: &mut [&mut dyn Contender],
    runs: usize,
    gap: Duration,
) -> Result<Vec<Samples>, BenchError> {
    let mut taken = vec![Vec::with_capacity(runs); contenders.len()];
    for round in 0..WARM_UP + runs {
        for (contender, taken) in contenders.iter_mut().zip(&mut taken) {
            if !gap.is_zero() {
                std::thread::sleep(gap);
            }
            let took = contender.run_once()?;
            contender.rest()?;
            if round >= WARM_UP {
                taken.push(took);
            }
        }
    }
    Ok(taken.into_iter().map(Samples::from_iter).collect())
}

fn figures(
    bench: &SandboxBench,
    program: &Program,
    gap: Duration,
    samples: &[Samples],
) -> Vec<Figure> {
    let [bare, boxed, peers @ ..] = samples else {
        return Vec::new();
    };
    let ratio = |of: &Samples, percent| of.percentile_us(percent) / bare.percentile_us(percent);
    let gap_ms = gap.as_secs_f64() * 1e3;
    let ours = Figure::Latency {
        program: program.name,
        gap_ms,
        p50_us: boxed.percentile_us(50),
        p90_us: boxed.percentile_us(90),
        p99_us: boxed.percentile_us(99),
        bare_p50_us: bare.percentile_us(50),
        bare_p90_us: bare.percentile_us(90),
        bare_p99_us: bare.percentile_us(99),
        ratio_p50: ratio(boxed, 50),
        ratio_p99: ratio(boxed, 99),
    };
    let theirs = bench.peers.iter().zip(peers);
    let theirs = theirs.map(|(peer, samples)| Figure::PeerLatency {
        peer: peer.name.clone(),
        program: program.name,
        gap_ms,
        p50_us: samples.percentile_us(50),
        p99_us: samples.percentile_us(99),
        ratio_p50: ratio(samples, 50),
        ratio_p99: ratio(samples, 99),
    });
    std::iter::once(ours).chain(theirs).collect()
}
