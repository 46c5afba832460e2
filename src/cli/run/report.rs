//! What came of a run, for people and for other programs.

use std::io::{IsTerminal, Stderr, Stdout, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::cli::terminal::harmless;
use crate::judge::verdict::code;
use crate::judge::verdict::{CompileResult, Facts, Verdict};
use crate::judge::{Protection, RunResult};
use crate::sandbox::{Limit, Noise};

/// What is told of a run beside its result.
pub(super) struct RunAbout<'a> {
    /// Id of the language.
    pub language: &'a str,
    /// The protections that the box lacked, with the operator's consent.
    pub degraded: &'a [Protection],
}

/// One object for other programs. Where a program was not run, its figures are null.
#[derive(Serialize)]
struct RunView<'a> {
    verdict: Verdict,
    reason: &'a str,
    language: &'a str,
    degraded: &'a [Protection],
    exit_code: Option<i32>,
    signal: Option<i32>,
    limit: Option<Limit>,
    cpu_ms: Option<f64>,
    wall_ms: Option<f64>,
    memory_bytes: Option<u64>,
    output_bytes: Option<u64>,
    noise: Option<Noise>,
    instructions: Option<u64>,
    denied_calls: &'a [String],
    checker_message: Option<&'a str>,
    stdout: String,
    /// Only where the output is not UTF-8, for then `stdout` is not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_base64: Option<String>,
    stderr: String,
    compile: Option<CompileView<'a>>,
}

#[derive(Serialize)]
struct CompileView<'a> {
    ok: bool,
    reason: &'a str,
    output: String,
    exit_code: Option<i32>,
    signal: Option<i32>,
    limit: Option<Limit>,
    cpu_ms: f64,
    wall_ms: f64,
    memory_bytes: u64,
}

/// Writes one JSON object on one line.
pub(super) fn write_json(
    about: &RunAbout<'_>,
    result: &RunResult,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let facts = result.facts.as_ref();
    let view = RunView {
        verdict: result.verdict,
        reason: &result.reason,
        language: about.language,
        degraded: about.degraded,
        exit_code: facts.and_then(|facts| facts.exit_code),
        signal: facts.and_then(|facts| facts.signal),
        limit: facts.and_then(|facts| facts.limit),
        cpu_ms: facts.map(Facts::cpu_ms),
        wall_ms: facts.map(Facts::wall_ms),
        memory_bytes: facts.map(|facts| facts.memory_bytes),
        output_bytes: facts.map(|facts| facts.output_bytes),
        noise: facts.and_then(|facts| facts.noise),
        instructions: facts.and_then(|facts| facts.instructions),
        denied_calls: facts.map_or(&[], |facts| &facts.denied_calls),
        checker_message: result.checker_message.as_deref(),
        stdout: String::from_utf8_lossy(&result.stdout).into_owned(),
        stdout_base64: std::str::from_utf8(&result.stdout)
            .is_err()
            .then(|| STANDARD.encode(&result.stdout)),
        stderr: String::from_utf8_lossy(&result.stderr).into_owned(),
        compile: result.compile.as_ref().map(compile_view),
    };
    writeln!(out, "{}", serde_json::to_string(&view)?)?;
    Ok(())
}

fn compile_view(compile: &CompileResult) -> CompileView<'_> {
    CompileView {
        ok: compile.ok,
        reason: &compile.reason,
        output: String::from_utf8_lossy(&compile.output).into_owned(),
        exit_code: compile.facts.exit_code,
        signal: compile.facts.signal,
        limit: compile.facts.limit,
        cpu_ms: compile.facts.cpu_ms(),
        wall_ms: compile.facts.wall_ms(),
        memory_bytes: compile.facts.memory_bytes,
    }
}

/// Writes for people: what the program wrote to the streams it wrote it to, then what came of it.
pub(super) fn write_text(
    result: &RunResult,
    stdout: &Stdout,
    stderr: &Stderr,
) -> anyhow::Result<()> {
    let (is_screen, is_error_screen) = (stdout.is_terminal(), stderr.is_terminal());
    let (mut out, mut err) = (stdout.lock(), stderr.lock());
    if let Some(compile) = &result.compile {
        err.write_all(&shown(&compile.output, is_error_screen))?;
    }
    err.write_all(&shown(&result.stderr, is_error_screen))?;
    out.write_all(&shown(&result.stdout, is_screen))?;
    out.flush()?;
    if is_screen && result.stdout.last().is_some_and(|&last| last != b'\n') {
        writeln!(err)?;
    }
    write!(err, "{}", summary(result))?;
    Ok(())
}

/// A terminal obeys what it shows, so it is shown nothing that it would obey.
fn shown(text: &[u8], is_screen: bool) -> Vec<u8> {
    if !is_screen {
        return text.to_vec();
    }
    harmless(&String::from_utf8_lossy(text), &['\n', '\t']).into_bytes()
}

fn summary(result: &RunResult) -> String {
    let mut text = format!("{}: {}\n", code(&result.verdict), result.reason);
    if let Some(message) = &result.checker_message {
        text.push_str(&format!("{message}\n"));
    }
    if let Some(compile) = &result.compile {
        text.push_str(&figures("compile", &compile.facts));
    }
    if let Some(facts) = &result.facts {
        text.push_str(&figures("run", facts));
    }
    text
}

fn figures(name: &str, facts: &Facts) -> String {
    format!(
        "{name:<8} CPU {:.1} ms, clock {:.1} ms, memory {:.1} MiB\n",
        facts.cpu_ms(),
        facts.wall_ms(),
        facts.memory_bytes as f64 / f64::from(1 << 20)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(stdout: &[u8]) -> RunResult {
        RunResult {
            verdict: Verdict::Completed,
            reason: "ended with exit code 0".to_owned(),
            compile: None,
            facts: Some(Facts {
                exit_code: Some(0),
                cpu_ns: 1_500_000,
                wall_ns: 2_000_000,
                memory_bytes: 3 << 20,
                ..Facts::default()
            }),
            checker_message: None,
            stdout: stdout.to_vec(),
            stderr: Vec::new(),
        }
    }

    fn json(result: &RunResult) -> serde_json::Value {
        let mut out = Vec::new();
        let about = RunAbout {
            language: "c",
            degraded: &[Protection::Landlock],
        };
        write_json(&about, result, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn the_json_has_every_key_that_is_promised() {
        let value = json(&result(b"hi\n"));
        for key in [
            "verdict",
            "exit_code",
            "signal",
            "limit",
            "cpu_ms",
            "wall_ms",
            "memory_bytes",
            "stdout",
            "stderr",
            "reason",
        ] {
            assert!(value.get(key).is_some(), "{key}");
        }
        assert_eq!(value["verdict"], "OK");
        assert_eq!(value["degraded"], serde_json::json!(["landlock"]));
        assert_eq!(value["cpu_ms"], 1.5);
        assert_eq!(value["stdout"], "hi\n");
        assert!(value.get("stdout_base64").is_none());
    }

    #[test]
    fn output_that_is_not_text_is_given_in_base64_too() {
        let value = json(&result(b"\xff\x00"));
        assert_eq!(value["stdout"], "\u{fffd}\0");
        assert_eq!(value["stdout_base64"], "/wA=");
    }

    #[test]
    fn a_terminal_is_shown_nothing_that_it_obeys() {
        let shown_text = shown(b"a\x1b[2J\r\n\tb\xff", true);
        assert_eq!(
            String::from_utf8(shown_text).unwrap(),
            "a\u{fffd}[2J\u{fffd}\n\tb\u{fffd}"
        );
        assert_eq!(shown(b"\x1b", false), b"\x1b");
    }

    #[test]
    fn the_summary_is_verdict_reason_and_figures() {
        assert_eq!(
            summary(&result(b"")),
            "OK: ended with exit code 0\nrun      CPU 1.5 ms, clock 2.0 ms, memory 3.0 MiB\n"
        );
    }
}
