//! What a problem asks and what answers it: limits, checker, test cases and sources, as plain
//! validated data.
//! Package formats turn into these types; nothing here does I/O.

mod default_validator;
pub mod groups;
pub mod package;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use default_validator::{ArgumentError, Repeats};

/// What a submission names as its language where it is no program, but the answers themselves. No language
/// file may have this id.
pub const ANSWERS: &str = "answers";

/// One source file of a program.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Validated relative name.
    pub name: String,
    /// Contents, any bytes.
    pub bytes: Arc<[u8]>,
}

/// Digest of names, contents and whatever else, in hexadecimal. Each part's length goes before it, so
/// that no two lists of parts are the same bytes.
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Limits of one run of a contestant's program. All are exact and none may be zero:
/// zero never means "unlimited".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// CPU time of the whole process tree, in milliseconds.
    pub cpu_ms: u64,
    /// Time between execve and exit, in milliseconds.
    pub wall_ms: u64,
    /// Peak memory of the whole process tree and its scratch files, in bytes.
    pub memory_bytes: u64,
    /// Bytes the program may write to standard output.
    pub output_bytes: u64,
    /// Processes and threads that may exist at the same time.
    pub processes: u32,
}

/// How the output of a run is compared with the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Checker {
    /// Whitespace-separated tokens must be equal.
    Tokens {
        /// Compare letters exactly instead of ASCII-case-insensitively.
        #[serde(default = "default_true")]
        case_sensitive: bool,
    },
    /// Every byte must be equal.
    Exact,
    /// Like `tokens`, but tokens that are numbers in the answer may differ by a tolerance.
    Float {
        /// Accepted if |output - answer| ≤ absolute.
        #[serde(default)]
        absolute: f64,
        /// Accepted if |output - answer| ≤ relative · |answer|.
        #[serde(default)]
        relative: f64,
    },
    /// The default output validator of the ICPC package format: tokens, of which those that are
    /// numbers in the answer may differ by a tolerance, where one is set.
    Default {
        /// Compare letters exactly instead of ASCII-case-insensitively.
        #[serde(default)]
        case_sensitive: bool,
        /// Every run of white space must be equal, byte by byte.
        #[serde(default)]
        space_change_sensitive: bool,
        /// Accepted if |output - answer| ≤ absolute.
        #[serde(default)]
        absolute: Option<f64>,
        /// Accepted if |output - answer| ≤ relative · |answer|.
        #[serde(default)]
        relative: Option<f64>,
    },
    /// Lines must be equal, one after the other; blank lines at the end do not matter.
    Lines {
        /// What white space within a line means.
        #[serde(default)]
        space: LineSpace,
        /// Leave out blank lines everywhere.
        #[serde(default)]
        skip_blank: bool,
        /// With [`LineSpace::Free`]: accepted if |output - answer| ≤ absolute.
        #[serde(default)]
        absolute: Option<f64>,
        /// With [`LineSpace::Free`]: accepted if |output - answer| ≤ relative · |answer|.
        #[serde(default)]
        relative: Option<f64>,
    },
    /// Tokens must be equal, in any order.
    UnorderedTokens {
        /// Compare letters exactly instead of ASCII-case-insensitively.
        #[serde(default = "default_true")]
        case_sensitive: bool,
    },
    /// Lines that are not blank must have equal tokens, in any order of the lines.
    UnorderedLines,
}

/// How a program of the problem is asked about an output, and how it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Output validators of the ICPC and Kattis formats: `input answer feedback/ < output`, and the
    /// exit code is 42 or 43.
    #[default]
    Icpc,
    /// Checkers that are made with testlib: `input output answer`, and an exit code of testlib's.
    Testlib,
    /// Checkers of CMS: `input answer output`, and an outcome from 0 to 1 on standard output.
    Cms,
    /// Native checkers of DMOJ: `input output answer`, and the exit code is 0 or 1.
    Dmoj,
    /// Those of COCI: as testlib's, but partial points are `partial k/n`, and interactors get `input answer`.
    Coci,
    /// Those of PEG: `answer output input`, the exit code is 0 or 1, and two lines with numbers are a part.
    Peg,
}

/// What white space within a line means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSpace {
    /// It is as important as any other byte.
    #[default]
    Exact,
    /// It does not matter at the end of a line.
    Trailing,
    /// It only separates tokens.
    Free,
}

fn default_true() -> bool {
    true
}

impl Default for Checker {
    fn default() -> Self {
        Checker::Tokens {
            case_sensitive: true,
        }
    }
}
