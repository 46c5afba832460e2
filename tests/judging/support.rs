//! Judging small programs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, LazyLock};

use gavel::judge::verdict::{CaseResult, Judgement, Verdict};
use gavel::judge::{
    Cancel, CaseData, Cases, Judge, JudgeError, JudgeSlot, Languages, SandboxConfig, Work,
};
use gavel::problem::{Checker, Limits, SourceFile};

/// One judge for all tests, for asking the toolchains takes a second. Slots are each test's own.
static JUDGE: LazyLock<Judge> = LazyLock::new(|| judge(Languages::built_in().expect("languages")));

/// Runs a command of the binary in a directory, without an environment.
pub(crate) fn gavel(command: &str, arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gavel"))
        .arg(command)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .expect("gavel")
}

pub(crate) fn judge(languages: Languages) -> Judge {
    Judge::open(languages, &sandbox()).expect("these tests need root and control groups")
}

pub(crate) fn sandbox() -> SandboxConfig {
    SandboxConfig {
        launcher: PathBuf::from(env!("CARGO_BIN_EXE_gavel")),
        ..SandboxConfig::default()
    }
}

pub(crate) fn offered() -> Vec<String> {
    JUDGE.offered().iter().map(|l| l.id.clone()).collect()
}

pub(crate) fn slot() -> JudgeSlot {
    JUDGE.slot().expect("a free slot")
}

pub(crate) const LIMITS: Limits = Limits {
    cpu_ms: 2000,
    wall_ms: 10_000,
    memory_bytes: 256 << 20,
    output_bytes: 1 << 20,
    processes: 64,
};

pub(crate) fn file(name: &str, text: impl AsRef<[u8]>) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        bytes: Arc::from(text.as_ref()),
    }
}

/// A program of one file that nobody named.
pub(crate) fn work(language: &str, source: impl AsRef<[u8]>) -> Work {
    Work {
        language: language.to_owned(),
        files: vec![file("main", source)],
        limits: LIMITS,
        checker: Checker::default(),
    }
}

/// Test cases in memory: input and answer.
pub(crate) struct InMemory(pub(crate) Vec<(String, CaseData)>);

impl Cases for InMemory {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn name(&self, index: usize) -> &str {
        &self.0[index].0
    }

    fn load(&self, index: usize) -> Result<CaseData, Box<dyn Error + Send + Sync>> {
        Ok(self.0[index].1.clone())
    }
}

/// Cases named from 1 with these inputs and answers.
pub(crate) fn cases(cases: &[(&str, &str)]) -> InMemory {
    let case = |(index, (input, answer)): (usize, &(&str, &str))| {
        let data = CaseData {
            input: Arc::from(input.as_bytes()),
            answer: Some(Arc::from(answer.as_bytes())),
        };
        ((index + 1).to_string(), data)
    };
    InMemory(cases.iter().enumerate().map(case).collect())
}

pub(crate) fn try_judge(work: &Work, cases: &dyn Cases) -> Result<Judgement, JudgeError> {
    slot().judge(work, cases, &Cancel::new().expect("an eventfd"))
}

pub(crate) fn judged(work: &Work, cases: &dyn Cases) -> Judgement {
    try_judge(work, cases).expect("a judgement")
}

/// The result of the only case, which has empty input and the answer `42`.
pub(crate) fn result(work: &Work) -> CaseResult {
    let mut judgement = judged(work, &cases(&[("", "42\n")]));
    let result = judgement.cases.remove(0);
    assert_eq!(result.verdict, judgement.verdict);
    result
}

/// Judges a shell script, for behaviour that is the same in every language.
pub(crate) fn script(text: &str) -> CaseResult {
    result(&work("bash", text))
}

#[track_caller]
pub(crate) fn assert_verdict(result: &CaseResult, verdict: Verdict, words: &str) {
    let stderr = String::from_utf8_lossy(&result.stderr_prefix);
    assert_eq!(result.verdict, verdict, "{}; {stderr}", result.reason);
    assert!(result.reason.contains(words), "{}", result.reason);
}
