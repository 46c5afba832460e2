//! What a benchmark found: one object that other programs read, and one line for each figure.

use std::fmt;

use serde::Serialize;

use crate::sandbox::Sandbox;

/// Everything that one benchmark found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name of the benchmark.
    pub bench: &'static str,
    /// The machine.
    pub host: Host,
    /// What was found, in the order of measuring.
    pub results: Vec<Figure>,
}

/// The machine that was measured on.
#[derive(Debug, Clone, Serialize)]
pub struct Host {
    kernel: String,
    cpus: usize,
    cgroup: &'static str,
    landlock_abi: u32,
    gavel: &'static str,
}

/// One finding. Every field names its unit last; `ratio` is ours over bare.
#[expect(missing_docs, reason = "the names of the fields are the whole story")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Figure {
    /// Start to end of a run, and of the same program bare.
    Latency {
        program: &'static str,
        gap_ms: f64,
        p50_us: f64,
        p90_us: f64,
        p99_us: f64,
        bare_p50_us: f64,
        bare_p90_us: f64,
        bare_p99_us: f64,
        ratio_p50: f64,
        ratio_p99: f64,
    },
    /// The same of another sandbox.
    PeerLatency {
        peer: String,
        program: &'static str,
        gap_ms: f64,
        p50_us: f64,
        p99_us: f64,
        ratio_p50: f64,
        ratio_p99: f64,
    },
    /// Full cycles (make, run, tear down) on all CPUs, and bare starts.
    Throughput {
        per_s: f64,
        bare_per_s: f64,
        ratio: f64,
    },
    /// Reported CPU time against what the program burnt.
    CpuAccuracy {
        burnt_ms: f64,
        neighbours: bool,
        error_pct: f64,
        error_ms: f64,
        cv_pct: f64,
    },
    /// Reported peak memory against what the program touched, on top of an empty run.
    MemoryAccuracy {
        touched_bytes: u64,
        error_bytes: i64,
    },
    /// CPU time used beyond the limit when the program was stopped.
    LimitAccuracy {
        limit_ms: f64,
        overshoot_ms: f64,
        largest_overshoot_ms: f64,
    },
}

impl Report {
    pub(super) fn new(bench: &'static str, sandbox: &Sandbox) -> Self {
        Report {
            bench,
            host: Host {
                kernel: nix::sys::utsname::uname()
                    .map(|name| name.release().to_string_lossy().into_owned())
                    .unwrap_or_default(),
                cpus: sandbox.cpus().len(),
                cgroup: sandbox.cgroup_version(),
                landlock_abi: sandbox.landlock_abi(),
                gavel: env!("CARGO_PKG_VERSION"),
            },
            results: Vec::new(),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Latency {
                program,
                gap_ms,
                p50_us,
                p99_us,
                bare_p50_us,
                bare_p99_us,
                ratio_p50,
                ratio_p99,
                ..
            } => write!(
                f,
                "latency of {program}, gap {gap_ms} ms: p50 {p50_us:.0} µs = {ratio_p50:.2} × \
                 {bare_p50_us:.0}, p99 {p99_us:.0} µs = {ratio_p99:.2} × {bare_p99_us:.0}"
            ),
            Figure::PeerLatency {
                peer,
                program,
                gap_ms,
                p50_us,
                p99_us,
                ratio_p50,
                ratio_p99,
            } => write!(
                f,
                "    {peer} with {program}, gap {gap_ms} ms: p50 {p50_us:.0} µs = \
                 {ratio_p50:.2} × bare, p99 {p99_us:.0} µs = {ratio_p99:.2} × bare"
            ),
            Figure::Throughput {
                per_s,
                bare_per_s,
                ratio,
            } => write!(
                f,
                "throughput: {per_s:.0} sandboxes a second = {ratio:.2} × {bare_per_s:.0} bare"
            ),
            Figure::CpuAccuracy {
                burnt_ms,
                neighbours,
                error_pct,
                error_ms,
                cv_pct,
            } => write!(
                f,
                "CPU time of {burnt_ms} ms{}: off by {error_ms:.2} ms ({error_pct:.2} %), \
                 varies by {cv_pct:.2} %",
                if *neighbours { ", other CPUs busy" } else { "" }
            ),
            Figure::MemoryAccuracy {
                touched_bytes,
                error_bytes,
            } => write!(
                f,
                "memory of {touched_bytes} bytes: off by {error_bytes} bytes"
            ),
            Figure::LimitAccuracy {
                limit_ms,
                overshoot_ms,
                largest_overshoot_ms,
            } => write!(
                f,
                "CPU limit of {limit_ms} ms: stopped {overshoot_ms:.2} ms later (median), \
                 {largest_overshoot_ms:.2} ms at most"
            ),
        }
    }
}
