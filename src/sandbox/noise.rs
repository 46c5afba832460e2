//! How much a run was disturbed: the time for which work waited for a CPU while it ran. A figure to
//! recognise a noisy run by; nothing is decided by it here.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Time for which work waited for a CPU during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// Whose work.
    pub source: NoiseSource,
    /// How long, in nanoseconds.
    pub waited_ns: u64,
}

impl Noise {
    /// What was added to it since then.
    pub(super) fn since(self, before: Noise) -> Noise {
        Noise {
            waited_ns: self.waited_ns.saturating_sub(before.waited_ns),
            ..self
        }
    }
}

/// What the kernel of a host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseSource {
    /// Some of the box's own work waited, also for other work of the same box (control groups v2).
    BoxPressure,
    /// Some work on the machine waited, of the box or of anybody else.
    MachinePressure,
    /// Other virtual machines had CPUs of this one, in steps of a hundredth of a second.
    MachineSteal,
}

/// A counter of the kernel that stays open.
#[derive(Debug)]
pub(super) struct NoiseGauge {
    file: File,
    source: NoiseSource,
}

impl NoiseGauge {
    /// That of the machine, where there is one.
    pub(super) fn of_machine() -> Option<Self> {
        Self::open("/proc/pressure/cpu".as_ref(), NoiseSource::MachinePressure)
            .or_else(|| Self::open("/proc/stat".as_ref(), NoiseSource::MachineSteal))
    }

    /// That of a group of version 2.
    pub(super) fn of_group(directory: &Path) -> Option<Self> {
        Self::open(&directory.join("cpu.pressure"), NoiseSource::BoxPressure)
    }

    fn open(path: &Path, source: NoiseSource) -> Option<Self> {
        let file = File::open(path).ok()?;
        let gauge = NoiseGauge { file, source };
        // A kernel that was told not to count has the file all the same.
        gauge.read().is_some().then_some(gauge)
    }

    /// What it says now.
    pub(super) fn read(&self) -> Option<Noise> {
        let mut buffer = [0; 256];
        let length = self.file.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        let waited_ns = match self.source {
            NoiseSource::BoxPressure | NoiseSource::MachinePressure => pressure_ns(text),
            NoiseSource::MachineSteal => steal_ns(text),
        };
        Some(Noise {
            source: self.source,
            waited_ns: waited_ns?,
        })
    }
}

/// The microseconds for which some work waited: `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`.
fn pressure_ns(text: &str) -> Option<u64> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let (_, total) = some.split_once("total=")?;
    total.trim().parse::<u64>().ok()?.checked_mul(1000)
}

/// The eighth figure of all CPUs; the kernel shows hundredths of a second whatever it counts in.
fn steal_ns(text: &str) -> Option<u64> {
    let figures = text.lines().next()?.strip_prefix("cpu ")?;
    let steal: u64 = figures.split_whitespace().nth(7)?.parse().ok()?;
    steal.checked_mul(10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counters_are_read() {
        let pressure = "some avg10=99.13 avg60=76.80 avg300=60.65 total=6235613246\n\
                        full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(pressure_ns(pressure), Some(6_235_613_246_000));
        let stat = "cpu  1416800 58800 399670 665281 20010 0 3098 2189 0 0\ncpu0 1 1 1 1 1 1 1 1";
        assert_eq!(steal_ns(stat), Some(21_890_000_000));
        for torn in ["", "some avg10=0.00", "cpu  1 2 3"] {
            assert_eq!((pressure_ns(torn), steal_ns(torn)), (None, None));
        }
    }
}
