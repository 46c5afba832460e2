//! Runs the cases of an area one after another, and after each looks at what must remain true.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gavel::judge::JudgeSlot;
use gavel::judge::verdict::{CaseResult, Facts, Judgement, Verdict};

use crate::canaries::Canaries;
use crate::case::{self, Case, Check, Expected, Tier};
use crate::host::{Baseline, SlotIds};
use crate::judging::{self, Same};
use crate::kernel_log::KernelLog;
use crate::neighbour::Neighbour;

/// One case at a time: descriptors and threads are counted, and time is measured.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where cases run, and what is watched meanwhile.
struct Bench {
    slot: JudgeSlot,
    neighbour: Neighbour,
    canaries: Canaries,
    baseline: Baseline,
    secrets: Vec<String>,
    kernel_log: Option<KernelLog>,
}

impl Bench {
    fn new() -> Bench {
        let mut slot = judging::slot();
        let neighbour = Neighbour::start();
        let canaries = Canaries::new();
        // First one with a compiler, so that whatever is made once is made.
        judging::checked_script(&mut slot, "echo ok", "ok");
        let map = judging::script(&mut slot, "cat /proc/self/uid_map", "");
        let map = String::from_utf8_lossy(&map.cases[0].stdout_prefix).into_owned();
        let ids = SlotIds::from_uid_map(&map);
        // Before the descriptors are counted.
        let kernel_log = KernelLog::open();
        Bench {
            baseline: Baseline::take(ids, canaries.tree()),
            secrets: secrets(&canaries),
            kernel_log,
            slot,
            neighbour,
            canaries,
        }
    }

    /// Runs a case once and returns all that is wrong about it.
    fn run(&mut self, case: &Case, language: &str) -> Vec<String> {
        self.neighbour.begin();
        let (mut wrong, judgement) = judge_once(&mut self.slot, case, language, &self.canaries);
        wrong.extend(self.neighbour.complaints());
        wrong.extend(judgement.iter().flat_map(|told| self.told_secrets(told)));
        wrong.extend(self.canaries.heard());
        wrong.extend(self.hello());
        wrong.extend(self.baseline.violations());
        wrong.extend(self.kernel_log.iter_mut().flat_map(KernelLog::complaints));
        wrong
    }

    /// A harmless program in the same slot right after.
    fn hello(&mut self) -> Option<String> {
        let stolen_before = stolen();
        let hello = judging::script(&mut self.slot, "echo ok", "ok");
        let stolen = stolen().saturating_sub(stolen_before);
        let Some(facts) = &hello.cases[0].facts else {
            return Some(format!("the program after it: {}", hello.reason));
        };
        let is_well = hello.verdict == Verdict::Accepted
            && facts.cpu_ns < 200_000_000 * u64::from(slowness()) + stolen.as_nanos() as u64
            && facts.memory_bytes < 16 << 20;
        (!is_well).then(|| format!("the program after it: {} {facts:?}", hello.reason))
    }

    fn told_secrets(&self, judgement: &Judgement) -> Vec<String> {
        let mut told = vec![judgement.reason.as_bytes()];
        told.extend(judgement.compile.iter().map(|compile| &compile.output[..]));
        for case in &judgement.cases {
            told.extend([&case.stdout_prefix[..], &case.stderr_prefix]);
            told.extend(
                case.checker_message
                    .iter()
                    .map(|message| message.as_bytes()),
            );
        }
        let is_in = |secret: &&String, text: &[u8]| {
            text.windows(secret.len())
                .any(|window| window == secret.as_bytes())
        };
        let told = self
            .secrets
            .iter()
            .filter(|s| told.iter().any(|text| is_in(s, text)));
        told.map(|secret| format!("{secret:?} was told")).collect()
    }
}

/// The canaries' secret, and what the environment of this process says and no box may know.
fn secrets(canaries: &Canaries) -> Vec<String> {
    const MIN_BYTES: usize = 20;
    let known = ["PATH", "LANG", "LD_LIBRARY_PATH"];
    let variables = std::env::vars().filter(|(name, _)| !known.contains(&name.as_str()));
    let values = variables.map(|(_, value)| value);
    let long = values.filter(|value| value.len() >= MIN_BYTES);
    long.chain([canaries.secret().to_owned()]).collect()
}

/// Judges a case. All that is wrong about the judgement, and the judgement itself.
pub(crate) fn judge_once(
    slot: &mut JudgeSlot,
    case: &Case,
    language: &str,
    canaries: &Canaries,
) -> (Vec<String>, Option<Judgement>) {
    let work = judging::work(case, language);
    let same = Same {
        input: judging::input(case, canaries).into(),
        answer: Arc::from(case.answer.as_bytes()),
        count: case.tests,
    };
    let (begun, waited_before) = (Instant::now(), waited_for_cpu());
    let judged = judging::judge(slot, &work, &same);
    let judging = Judging {
        took: begun.elapsed(),
        waited: waited_for_cpu().saturating_sub(waited_before),
    };
    match judged {
        Ok(judgement) => (disappointments(case, &judgement, &judging), Some(judgement)),
        // A failure of ours: no program may cause one.
        Err(error) => (vec![format!("our own failure: {error:?}")], None),
    }
}

/// What judging a case took, as this thread sees it.
struct Judging {
    took: Duration,
    /// For how long the thread was ready to run and had no CPU, or the machine had none.
    waited: Duration,
}

/// For how long this thread, which watches the runs that it judges, was ready to run and had no CPU.
fn waited_for_cpu() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited_ns = figures.split_whitespace().nth(1);
    stolen() + Duration::from_nanos(waited_ns.map_or(0, |ns| ns.parse().expect("a number")))
}

/// For how long other virtual machines had this machine's CPUs. To the kernel, whoever ran meanwhile has used them.
pub(crate) fn stolen() -> Duration {
    let figures = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    // user, nice, system, idle, iowait, irq, softirq, steal, in hundredths of a second.
    let ticks = figures.split_whitespace().nth(8);
    Duration::from_millis(10 * ticks.map_or(0, |ticks| ticks.parse().expect("a number")))
}

/// What is not as the header says, and numbers that cannot be. A run that is stopped at a limit goes on
/// for as long as who watches it waits for a CPU.
fn disappointments(case: &Case, judgement: &Judgement, judging: &Judging) -> Vec<String> {
    let last = judgement
        .cases
        .iter()
        .rfind(|result| result.facts.is_some());
    let facts = last.and_then(|result| result.facts.as_ref());
    let mut wrong = Vec::new();
    let is_expected = |expected: &Expected| {
        expected.verdict == judgement.verdict
            && (expected.exit_code.is_none()
                || expected.exit_code == facts.and_then(|f| f.exit_code))
            && (expected.signal.is_none() || expected.signal == facts.and_then(|f| f.signal))
    };
    if !case.expect.iter().any(is_expected) {
        wrong.push(format!(
            "got {:?}: {}{}",
            judgement.verdict,
            judgement.reason,
            told(last, judgement)
        ));
    }
    for reason in &case.reasons {
        if !judgement.reason.contains(reason) {
            wrong.push(format!(
                "{reason:?} is not in the reason {:?}",
                judgement.reason
            ));
        }
    }
    let compiler = judgement.compile.as_ref().map(|compile| &compile.facts);
    let Some(facts) = facts.or(compiler) else {
        return wrong;
    };
    wrong.extend(
        case.checks
            .iter()
            .filter_map(|check| missed(check, facts, judging)),
    );
    let refused = case
        .denied
        .iter()
        .filter(|call| !facts.denied_calls.contains(call));
    wrong.extend(refused.map(|call| format!("{call} is not in {:?}", facts.denied_calls)));
    wrong.extend(implausible(facts));
    wrong
}

/// What a program or its compiler printed, to understand a failure.
fn told(last: Option<&CaseResult>, judgement: &Judgement) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(1500)]).into_owned();
    match (last, &judgement.compile) {
        (Some(result), _) => format!(
            "; stdout {:?}, stderr {:?}",
            text(&result.stdout_prefix),
            text(&result.stderr_prefix)
        ),
        (None, Some(compile)) => format!("; compiler {:?}", text(&compile.output)),
        (None, None) => String::new(),
    }
}

fn missed(check: &Check, facts: &Facts, judging: &Judging) -> Option<String> {
    const MIB: f64 = 1024.0 * 1024.0;
    let waited_ms = judging.waited.as_secs_f64() * 1e3;
    let value = match check.figure.as_str() {
        "cpu_ms" => facts.cpu_ns as f64 / 1e6,
        "wall_ms" => facts.wall_ns as f64 / 1e6,
        "memory_mib" => facts.memory_bytes as f64 / MIB,
        "judging_ms" => judging.took.as_secs_f64() * 1e3,
        _ => facts.output_bytes as f64,
    };
    let is_time = check.figure.ends_with("_ms");
    let at_most = match is_time {
        true => check.bound * f64::from(slowness()) + waited_ms,
        false => check.bound,
    };
    let holds = match check.is_at_least {
        true => value >= check.bound,
        false => value <= at_most,
    };
    let sign = if check.is_at_least {
        "at least"
    } else {
        "at most"
    };
    let (figure, bound) = (&check.figure, check.bound);
    (!holds).then(|| format!("{figure} is {value}, not {sign} {bound}; {waited_ms} ms were waited"))
}

/// A box has one CPU, and the kernel's two clocks are read one after the other. The clock of a program that
/// was killed ends at the kill, but freeing its memory is CPU time of its own: about 60 ms for a GiB.
fn implausible(facts: &Facts) -> Option<String> {
    const SLACK_NS: u64 = 20_000_000;
    let freeing_ns = facts.limit.map_or(0, |_| facts.memory_bytes / 5);
    let slack_ns = (SLACK_NS + freeing_ns) * u64::from(slowness());
    let is_plausible = facts.cpu_ns <= facts.wall_ns + facts.wall_ns / 50 + slack_ns
        && facts.wall_ns > 0
        && facts.memory_bytes > 0;
    (!is_plausible).then(|| format!("implausible: {facts:?}"))
}

/// Runs all cases of an area, and fails with everything that was wrong.
pub(crate) fn run_area(area: &str) {
    let _alone = alone();
    let (mut failures, mut left_out) = (Vec::new(), Vec::new());
    let (mut ran, mut failed) = (0, 0);
    let mut bench = Bench::new();
    // In a virtual machine whose disk can only be read, comparing with the disk says the same.
    let large_files = (!runs_only_quick()).then(|| bench.baseline.large_files());
    let cases = case::read_all(Some(area)).into_iter();
    let is_wanted = |case: &Case| case.tier == Tier::Quick || !runs_only_quick();
    for case in cases.filter(is_wanted) {
        let language = match runnable(&case) {
            Ok(language) => language,
            Err(reason) => {
                left_out.push(format!("{} ({reason})", case.id));
                continue;
            }
        };
        ran += 1;
        let begun = Instant::now();
        for _ in 0..case.repeat {
            let wrong = bench.run(&case, &language);
            if !wrong.is_empty() {
                failures.push(format!(
                    "{}: {}:\n    {}",
                    case.id,
                    case.about,
                    wrong.join("\n    ")
                ));
                failed += 1;
                break;
            }
        }
        if std::env::var_os("GAVEL_HOSTILE").is_some() {
            eprintln!("{} took {:?}", case.id, begun.elapsed());
        }
    }
    if let Some(before) = large_files {
        failures.extend(before.changes(&bench.baseline.large_files()));
    }
    failures.extend(bench.baseline.differences_from_disk());
    eprintln!(
        "{area}: {} passed, {} failed, {} not run: {}",
        ran - failed,
        failed,
        left_out.len(),
        left_out.join(", ")
    );
    assert!(
        failures.is_empty(),
        "{} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The language of a case, or why it does not run here.
pub(crate) fn runnable(case: &Case) -> Result<String, String> {
    let chosen = std::env::var("GAVEL_HOSTILE").unwrap_or_default();
    if !case.id.starts_with(&chosen) {
        return Err("not chosen".to_owned());
    }
    if case.tier == Tier::Slow && !runs_slow() {
        return Err("slow".to_owned());
    }
    if let Some(missing) = case.needs.iter().find(|need| !has(need)) {
        return Err(format!("needs {missing}"));
    }
    judging::language(&case.extension)
        .ok_or_else(|| format!("no toolchain for .{}", case.extension))
}

/// Whether only the quick tier was asked for.
pub(crate) fn runs_only_quick() -> bool {
    std::env::var_os("GAVEL_HOSTILE_TIER").is_some_and(|value| value == "quick")
}

/// How many times slower than usual the machine is.
pub(crate) fn slowness() -> u32 {
    let told = std::env::var("GAVEL_TEST_SLOWNESS").ok();
    told.map_or(1, |number| number.parse().expect("a whole number"))
}

/// Whether the slow tier was asked for.
pub(crate) fn runs_slow() -> bool {
    std::env::var_os("GAVEL_SLOW_TESTS").is_some_and(|value| value == "1")
}

/// Whether one of these is in a text.
pub(crate) fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether the host has what a case needs.
fn has(need: &str) -> bool {
    let is_v1 = std::path::Path::new("/sys/fs/cgroup/memory/memory.usage_in_bytes").exists();
    match need {
        "v1" => is_v1,
        "v2" => !is_v1,
        "x86_64" => cfg!(target_arch = "x86_64"),
        other => panic!("cases cannot need {other:?}"),
    }
}
