//! Whether the figures are right: programs that use a known amount, and what is reported of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::programs::{Programs, command, ended_well};
use super::report::Figure;
use super::samples::{Samples, variation_percent};
use super::{BenchError, SandboxBench};
use crate::sandbox::{Cancel, Container, Sandbox, Slot};

const BURNT_MS: [u32; 2] = [10, 100];
const TOUCHED_BYTES: [u64; 3] = [1 << 20, 16 << 20, 256 << 20];
const LIMIT: Duration = Duration::from_millis(50);
/// Runs that touch memory: a peak hardly varies.
const MEMORY_RUNS: usize = 5;

struct Bench<'a> {
    slot: Slot,
    container: Container,
    programs: &'a Programs,
    runs: usize,
    cancel: &'a Cancel,
}

pub(super) fn measure(
    wanted: &SandboxBench,
    sandbox: &Sandbox,
    programs: &Programs,
) -> Result<Vec<Figure>, BenchError> {
    let mut bench = Bench {
        slot: sandbox.slot()?,
        container: programs.container(),
        programs,
        // The burners take long: half as many are enough for a variation.
        runs: wanted.runs.div_ceil(2),
        cancel: &wanted.cancel,
    };
    let mut figures = Vec::new();
    for burnt_ms in BURNT_MS {
        figures.push(bench.cpu(burnt_ms, false)?);
        let others = sandbox.cpus().len() - 1;
        figures.push(with_neighbours(others, || bench.cpu(burnt_ms, true))?);
    }
    let empty = bench.peak(0)?;
    for touched_bytes in TOUCHED_BYTES {
        let peak = bench.peak(touched_bytes)?.saturating_sub(empty);
        figures.push(Figure::MemoryAccuracy {
            touched_bytes,
            error_bytes: peak as i64 - touched_bytes as i64,
        });
    }
    figures.push(bench.limit()?);
    Ok(figures)
}

/// Keeps the other CPUs busy meanwhile.
fn with_neighbours<T>(count: usize, measure: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let measured = measure();
        over.store(true, Ordering::Relaxed);
        measured
    })
}

impl Bench<'_> {
    fn cpu(&mut self, burnt_ms: u32, neighbours: bool) -> Result<Figure, BenchError> {
        let program = self.programs.program("burn");
        let command = command(&program, &[&burnt_ms.to_string()]);
        let mut reported_ms = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            let report = self.slot.run(&self.container, &command, self.cancel)?;
            ended_well(&program, &report)?;
            reported_ms.push(report.usage.cpu.as_secs_f64() * 1e3);
        }
        let burnt_ms = f64::from(burnt_ms);
        let mean = reported_ms.iter().sum::<f64>() / reported_ms.len() as f64;
        Ok(Figure::CpuAccuracy {
            burnt_ms,
            neighbours,
            error_pct: (mean - burnt_ms) / burnt_ms * 100.0,
            error_ms: mean - burnt_ms,
            cv_pct: variation_percent(&reported_ms),
        })
    }

    /// The median reported peak of a program that touches so many bytes.
    fn peak(&mut self, bytes: u64) -> Result<u64, BenchError> {
        let program = self.programs.program("touch");
        let command = command(&program, &[&bytes.to_string()]);
        let mut peaks = Vec::with_capacity(MEMORY_RUNS);
        for _ in 0..MEMORY_RUNS {
            let report = self.slot.run(&self.container, &command, self.cancel)?;
            ended_well(&program, &report)?;
            peaks.push(report.usage.memory_bytes);
        }
        peaks.sort_unstable();
        Ok(peaks[peaks.len() / 2])
    }

    fn limit(&mut self) -> Result<Figure, BenchError> {
        let mut command = command(&self.programs.program("burn"), &[]);
        command.limits.cpu = LIMIT;
        let mut overshoots = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            let report = self.slot.run(&self.container, &command, self.cancel)?;
            overshoots.push(report.usage.cpu.saturating_sub(LIMIT));
        }
        let overshoots = Samples::from_iter(overshoots);
        Ok(Figure::LimitAccuracy {
            limit_ms: LIMIT.as_secs_f64() * 1e3,
            overshoot_ms: overshoots.percentile_us(50) / 1e3,
            largest_overshoot_ms: overshoots.largest().as_secs_f64() * 1e3,
        })
    }
}
