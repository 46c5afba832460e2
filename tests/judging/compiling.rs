//! Compilers, and sources that are made to hurt them.

use std::fs;

use gavel::judge::verdict::{CompileResult, Judgement, Verdict};
use gavel::judge::{Cancel, Languages};

use crate::support::*;

/// The result of a compile that failed.
#[track_caller]
fn failed(judgement: Judgement) -> CompileResult {
    assert_eq!(
        judgement.verdict,
        Verdict::CompileError,
        "{}",
        judgement.reason
    );
    let compile = judgement.compile.expect("a compile step");
    assert_eq!(compile.reason, judgement.reason);
    compile
}

fn compile_error(language: &str, source: &str) -> CompileResult {
    failed(judged(&work(language, source), &cases(&[("", "")])))
}

/// Judges in a language whose compiler is this shell script, with the directory `/box` before it.
fn with_compiler(script: &str, limits: &str, artefacts: &str) -> Judgement {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        "id = 'x'\nname = 'X'\nextensions = ['x']\nsource_file = 'main.x'\n\
         version = ['/bin/echo', '1']\n\
         [environment]\nPATH = '/usr/bin:/bin'\n\
         [compile]\ncommand = ['/bin/sh', '-c', '''{script}''']\nartefacts = {artefacts}\n\
         [compile.limits]\n{limits}\n\
         [run]\ncommand = ['./main']\n"
    );
    fs::write(directory.path().join("x.toml"), text).expect("a language");
    let languages = Languages::read(directory.path()).expect("a language");
    let mut slot = judge(languages).slot().expect("a slot");
    let cancel = Cancel::new().expect("an eventfd");
    let cases = cases(&[("", "42")]);
    slot.judge(&work("x", ""), &cases, &cancel)
        .expect("a judgement")
}

fn failed_artefact(script: &str) -> String {
    failed(with_compiler(script, "", "['main']")).reason
}

const ECHO: &str = "printf '#!/bin/sh\\necho 42' > main";

#[test]
fn an_artefact_is_executable_whatever_mode_it_was_left_with() {
    let judgement = with_compiler(&format!("{ECHO}; chmod 600 main"), "", "['main']");
    assert_eq!(judgement.verdict, Verdict::Accepted, "{}", judgement.reason);
}

#[test]
fn a_link_or_special_file_is_never_an_artefact() {
    for script in [
        "ln -s /etc/passwd main",
        "ln -s /bin/true main",
        "mkfifo main",
        "mkdir main",
        "echo > other; ln other main",
    ] {
        let reason = failed_artefact(script);
        assert!(
            reason.contains("main is not a plain file"),
            "{script}: {reason}"
        );
    }
}

#[test]
fn a_missing_or_too_large_artefact_is_a_compile_error() {
    assert!(failed_artefact("exit 0").contains("main does not exist"));
    let reason = failed_artefact("truncate -s 65M main");
    assert!(reason.contains("main is larger than"), "{reason}");
    let many = "for i in $(seq 1001); do : > $i.o; done";
    let many = failed(with_compiler(many, "", "['*.o']"));
    assert!(
        many.reason.contains("more than 1000 files"),
        "{}",
        many.reason
    );
    let none = failed(with_compiler("ln -s /bin/true a.o", "", "['*.o']"));
    assert!(none.reason.contains("left no file *.o"), "{}", none.reason);
    let sum = "for i in 1 2 3 4; do truncate -s 60M $i.o; done";
    let sum = failed(with_compiler(sum, "", "['*.o']"));
    assert!(
        sum.reason.contains("more than 192 MiB in all"),
        "{}",
        sum.reason
    );
}

#[test]
fn an_artefact_of_a_compiler_that_failed_is_never_run() {
    let reason = failed_artefact(&format!("{ECHO}; exit 3"));
    assert_eq!(reason, "the compiler ended with exit code 3");
    let reason = failed_artefact(&format!("{ECHO}; kill -SEGV $$"));
    assert_eq!(reason, "the compiler was ended by signal 11 (SIGSEGV)");
}

#[test]
fn a_limit_of_the_compiler_is_a_compile_error_that_names_it() {
    for (script, limits, words) in [
        ("while :; do :; done", "cpu_ms = 200", "0.2 s of CPU time"),
        ("sleep 30", "wall_ms = 200", "0.2 s on the clock"),
        (
            "x=$(head -c 99999999 /dev/zero | tr '\\0' x)",
            "memory_bytes = 33554432",
            "limit of 32 MiB",
        ),
        ("yes", "", "16 MiB to standard output"),
    ] {
        let failed = failed(with_compiler(script, limits, "['main']"));
        assert!(failed.reason.contains(words), "{script}: {}", failed.reason);
    }
}

#[test]
fn much_compiler_output_is_cut_and_fails_nothing() {
    let script = format!("{ECHO}; head -c 1000000 /dev/zero | tr '\\0' x >&2; echo end");
    let judgement = with_compiler(&script, "", "['main']");
    assert_eq!(judgement.verdict, Verdict::Accepted, "{}", judgement.reason);
    let output = judgement.compile.expect("a compile step").output;
    assert!(output.len() < (64 << 10) + 100);
    assert!(output.ends_with(b"[934468 bytes more were cut]\n"));
}

#[test]
fn what_a_compiler_leaves_elsewhere_is_gone() {
    let script = "echo > /tmp/left; echo > left; printf '#!/bin/sh\\nls /box /tmp' > main";
    let judgement = with_compiler(script, "", "['main']");
    let output = String::from_utf8_lossy(&judgement.cases[0].stdout_prefix).into_owned();
    assert!(
        output.contains("main") && !output.contains("left"),
        "{output}"
    );
}

#[test]
fn programs_of_several_files_are_built_from_all_of_them() {
    let mut program = work("cpp", "");
    program.files = vec![
        file(
            "main.cpp",
            "#include <cstdio>\n#include \"sub/f.h\"\nint main() { std::printf(\"%d\", f()); }",
        ),
        file("sub/f.cpp", "#include \"f.h\"\nint f() { return 42; }"),
        file("sub/f.h", "int f();"),
    ];
    assert_verdict(&result(&program), Verdict::Accepted, "");
    let mut program = work("python", "");
    program.files = vec![
        file("app.py", "import part\nprint(part.VALUE)"),
        file("part.py", "VALUE = 42"),
    ];
    assert_verdict(&result(&program), Verdict::Accepted, "");
}

#[test]
fn a_program_without_a_source_of_its_language_is_a_compile_error() {
    let mut program = work("cpp", "");
    program.files = vec![file("main.py", "print(42)")];
    let judgement = judged(&program, &cases(&[("", "")]));
    assert_eq!(judgement.verdict, Verdict::CompileError);
    assert!(
        judgement.reason.contains(".cpp or .cc"),
        "{}",
        judgement.reason
    );
}

#[test]
fn devices_and_directories_cannot_be_included_for_ever() {
    for source in [
        "#include \"/dev/zero\"",
        "#include \"/dev/urandom\"",
        "#include \"/tmp\"",
    ] {
        compile_error("c", source);
    }
}

#[test]
fn files_of_the_host_cannot_be_included() {
    for path in [
        "/etc/shadow",
        "/etc/hostname",
        "/root/.profile",
        "/proc/1/environ",
    ] {
        let compile = compile_error("c", &format!("#include \"{path}\"\nint main(void) {{}}"));
        let output = String::from_utf8_lossy(&compile.output);
        assert!(
            output.contains("No such file") || output.contains("denied"),
            "{output}"
        );
    }
}

#[test]
fn a_template_bomb_ends_within_the_limits_of_the_compiler() {
    let bomb = "template <int N> struct F { static constexpr long value = \
                F<N - 1>::value + F<N - 2>::value + N; };\n\
                template <int A, int B> struct G { static constexpr long value = \
                G<A - 1, B>::value + G<A, B - 1>::value + F<A + B>::value; };\n\
                int main() { return G<100000, 100000>::value; }";
    let compile = compile_error("cpp", bomb);
    assert!(compile.output.len() < (64 << 10) + 100);
}

#[test]
fn a_giant_initialised_array_is_no_artefact_and_a_giant_empty_one_costs_nothing() {
    let full = compile_error(
        "c",
        "char a[500000000] = {1}; int main(void) { return a[1]; }",
    );
    assert!(!full.reason.is_empty());
    let empty = "#include <stdio.h>\nchar a[1000000000];\nint main(void) { puts(\"42\"); }";
    assert_verdict(&result(&work("c", empty)), Verdict::Accepted, "");
}

#[test]
fn a_flood_of_diagnostics_is_cut() {
    let flood = format!(
        "#define A x y z;\n{}int main(void) {{}}",
        "A A A A A A A A\n".repeat(300)
    );
    let compile = compile_error("c", &flood);
    assert!((64 << 10..(64 << 10) + 100).contains(&compile.output.len()));
}

#[test]
fn an_empty_source_or_one_of_odd_bytes_is_judged_like_any_other() {
    compile_error("c", "");
    compile_error("c", "\0\0");
    let odd = judged(&work("python", b"\xff\xfe\x00"), &cases(&[("", "")]));
    assert_eq!(odd.verdict, Verdict::CompileError, "{}", odd.reason);
    assert_verdict(
        &result(&work("python", "")),
        Verdict::WrongAnswer,
        "early end",
    );
}
