//! Judging a case in this process: a judge with all real toolchains, and test cases in memory.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use gavel::judge::verdict::Judgement;
use gavel::judge::{
    Cancel, CaseData, Cases, Judge, JudgeError, JudgeSlot, Languages, SandboxConfig, Work,
};
use gavel::problem::{Checker, Limits, SourceFile};

use crate::canaries::Canaries;
use crate::case::{Case, Input};
use crate::runner::{runs_only_quick, slowness};

/// One for all areas, for asking the toolchains takes a second.
static JUDGE: LazyLock<Judge> = LazyLock::new(|| {
    let languages = languages();
    let config = SandboxConfig {
        launcher: PathBuf::from(env!("CARGO_BIN_EXE_gavel")),
        ..SandboxConfig::default()
    };
    Judge::open(languages, &config).expect("these tests need root and control groups")
});

/// Asking every toolchain for its version takes minutes where the quick tier is for.
const QUICK_LANGUAGES: [&str; 6] = [
    "bash.toml",
    "c.toml",
    "collected.toml",
    "compiled.toml",
    "plain.toml",
    "python.toml",
];

/// Those that come with Gavel, and those that stand for compilers under the contestant's command.
fn languages() -> Languages {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = tempfile::tempdir().expect("a directory");
    for directory in ["languages", "tests/hostile/languages"] {
        for entry in std::fs::read_dir(root.join(directory)).expect("languages") {
            let path = entry.expect("a language").path();
            let name = path.file_name().unwrap();
            let is_quick = QUICK_LANGUAGES.iter().any(|quick| name == *quick);
            if is_quick || !runs_only_quick() {
                std::fs::copy(&path, all.path().join(name)).expect("a copy");
            }
        }
    }
    Languages::read(all.path()).expect("languages")
}

pub(crate) fn slot() -> JudgeSlot {
    JUDGE.slot().expect("a free slot")
}

/// The language of an extension, if its toolchain is there.
pub(crate) fn language(extension: &str) -> Option<String> {
    static LANGUAGES: LazyLock<Languages> = LazyLock::new(languages);
    let id = LANGUAGES.of_file(&format!("x.{extension}"))?.id.clone();
    let is_offered = JUDGE.offered().iter().any(|offered| offered.id == id);
    is_offered.then_some(id)
}

/// What a case is judged as.
pub(crate) fn work(case: &Case, language: &str) -> Work {
    let (language, files) = match compiled_before(case) {
        Some(program) => ("compiled", vec![MOVE_PROGRAM.clone(), program]),
        None => (language, sources(case)),
    };
    Work {
        language: language.to_owned(),
        files,
        limits: Limits {
            cpu_ms: case.limits.cpu_ms * u64::from(slowness()),
            wall_ms: case.limits.wall_ms * u64::from(slowness()),
            ..case.limits.clone()
        },
        checker: case.checker.clone(),
    }
}

/// The compiler of what is compiled already.
static MOVE_PROGRAM: LazyLock<SourceFile> = LazyLock::new(|| SourceFile {
    name: "main.compiled".to_owned(),
    bytes: Arc::from(&b"mv program main"[..]),
});

/// The program of a case, where it was compiled before in this directory: in a virtual machine that is emulated
/// a compiler takes longer than all the rest of a case.
fn compiled_before(case: &Case) -> Option<SourceFile> {
    let directory = std::env::var_os("GAVEL_HOSTILE_PROGRAMS")?;
    let path = Path::new(&directory).join(case.path.file_stem()?);
    Some(SourceFile {
        name: "program".to_owned(),
        bytes: std::fs::read(path).ok()?.into(),
    })
}

fn sources(case: &Case) -> Vec<SourceFile> {
    let mut files = vec![SourceFile {
        // A name of its own would be that of a module to others; with companions there is no
        // other way.
        name: match case.includes.is_empty() {
            true => "main".to_owned(),
            false => format!("main.{}", case.extension),
        },
        bytes: case.source(),
    }];
    files.extend(case.includes.iter().map(|name| included(name)));
    files
}

fn included(name: &str) -> SourceFile {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/include");
    SourceFile {
        name: name.to_owned(),
        bytes: std::fs::read(root.join(name)).expect("an include").into(),
    }
}

/// What a case reads.
pub(crate) fn input(case: &Case, canaries: &Canaries) -> Vec<u8> {
    match &case.stdin {
        Input::Empty => Vec::new(),
        Input::Targets => canaries.targets().into_bytes(),
        Input::Text(text) => format!("{text}\n").into_bytes(),
        Input::Zeros(count) => vec![0; *count],
    }
}

/// Test cases that are all the same.
pub(crate) struct Same {
    pub input: Arc<[u8]>,
    pub answer: Arc<[u8]>,
    pub count: usize,
}

impl Same {
    /// One with empty input.
    pub(crate) fn once(answer: &str) -> Same {
        Same {
            input: Arc::default(),
            answer: Arc::from(answer.as_bytes()),
            count: 1,
        }
    }
}

impl Cases for Same {
    fn count(&self) -> usize {
        self.count
    }

    fn name(&self, _: usize) -> &str {
        "same"
    }

    fn load(&self, _: usize) -> Result<CaseData, Box<dyn Error + Send + Sync>> {
        Ok(CaseData {
            input: Arc::clone(&self.input),
            answer: Some(Arc::clone(&self.answer)),
        })
    }
}

pub(crate) fn judge(
    slot: &mut JudgeSlot,
    work: &Work,
    cases: &Same,
) -> Result<Judgement, JudgeError> {
    slot.judge(work, cases, &Cancel::new().expect("an eventfd"))
}

/// Judges a small shell script, once.
pub(crate) fn script(slot: &mut JudgeSlot, text: &str, answer: &str) -> Judgement {
    script_in("plain", slot, text, answer)
}

/// The same, with a compiler that looks at it before.
pub(crate) fn checked_script(slot: &mut JudgeSlot, text: &str, answer: &str) -> Judgement {
    script_in("bash", slot, text, answer)
}

fn script_in(language: &str, slot: &mut JudgeSlot, text: &str, answer: &str) -> Judgement {
    let limits = Limits {
        cpu_ms: 5000 * u64::from(slowness()),
        wall_ms: 20_000 * u64::from(slowness()),
        memory_bytes: 64 << 20,
        output_bytes: 4096,
        processes: 4,
    };
    let work = unnamed(language, text, limits);
    judge(slot, &work, &Same::once(answer)).expect("a judgement")
}

/// A Python program.
pub(crate) fn python(text: &str, limits: Limits) -> Work {
    unnamed("python", text, limits)
}

/// A program of one file.
pub(crate) fn unnamed(language: &str, text: &str, limits: Limits) -> Work {
    Work {
        language: language.to_owned(),
        files: vec![SourceFile {
            name: "main".to_owned(),
            bytes: Arc::from(text.as_bytes()),
        }],
        limits,
        checker: Checker::default(),
    }
}
