//! Which languages this machine can offer: each toolchain is asked for its version, in a box like
//! those in which it will compile, so that a toolchain outside of every box is not taken for one.

use std::time::Duration;

use super::language::{Language, Languages};
use super::{JudgeError, reason, starved};
use crate::sandbox::{Cancel, Command, Exit, Limits, Outcome, Report, Sandbox, Stdin};

/// A language whose toolchain is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedLanguage {
    /// Id, e.g. `cpp`.
    pub id: String,
    /// Name for people, e.g. `C++`.
    pub name: String,
    /// What the toolchain says of its version: one printable line.
    pub version: String,
}

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(10),
    wall: Duration::from_secs(30),
    idle: None,
    memory_bytes: 1 << 30,
    stdout_bytes: 64 << 10,
    processes: 256,
    stack_bytes: 8 << 20,
    open_files: 1024,
    file_bytes: 1 << 20,
};

/// Longest version that is kept, in characters.
const VERSION_CHARS: usize = 100;

/// The languages that this machine offers.
pub(super) fn offered(
    sandbox: &Sandbox,
    languages: &Languages,
) -> Result<Vec<OfferedLanguage>, JudgeError> {
    let mut slot = sandbox.slot()?;
    let cancel = Cancel::new()?;
    let mut offered = Vec::new();
    for language in languages.iter() {
        let (container, command) = (language.container(), version_command(language));
        let report = starved::run(&mut slot, &container, &command, &cancel)?;
        match version(&report) {
            Ok(version) => offered.push(OfferedLanguage {
                id: language.id.clone(),
                name: language.name.clone(),
                version,
            }),
            Err(reason) => tracing::info!(
                language = language.id,
                program = language.version.first(),
                reason,
                "language is not offered: its toolchain does not tell its version"
            ),
        }
    }
    Ok(offered)
}

fn version_command(language: &Language) -> Command {
    let (program, args) = match language.version.split_first() {
        Some((program, args)) => (program.as_str(), args),
        None => ("", &[][..]),
    };
    Command {
        program: program.into(),
        args: args.iter().map(Into::into).collect(),
        env: language.environment.clone(),
        files: Vec::new(),
        stdin: Stdin::Empty,
        stderr_bytes: LIMITS.stdout_bytes,
        limits: LIMITS,
    }
}

/// The first line of what a version command printed, or why there is none.
fn version(report: &Report) -> Result<String, String> {
    match report.outcome {
        Outcome::Ended(Exit::Code(0)) => {}
        Outcome::Ended(exit) => return Err(reason::of_exit(exit)),
        Outcome::LimitHit { limit, .. } => return Err(format!("exceeded its limit: {limit:?}")),
        Outcome::NotExecutable { errno } => {
            return Err(std::io::Error::from_raw_os_error(errno).to_string());
        }
    }
    // Some print it to standard error.
    [&report.stdout, &report.stderr]
        .into_iter()
        .find_map(|stream| first_line(&stream.bytes))
        .ok_or_else(|| "printed nothing".to_owned())
}

fn first_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let printable = line.chars().filter(|c| !c.is_control());
    Some(printable.take(VERSION_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_short_printable_line() {
        assert_eq!(first_line(b"\n  gcc 12 \nmore").as_deref(), Some("gcc 12"));
        assert_eq!(first_line(b"a\x1b[31m\0b").as_deref(), Some("a[31mb"));
        assert_eq!(first_line(b" \n\n"), None);
        let long = first_line(&[b'x'; 1000]).unwrap();
        assert_eq!(long.len(), VERSION_CHARS);
    }
}
