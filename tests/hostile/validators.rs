//! What a contestant's output may do to the checkers and validators of a problem.

use std::sync::Arc;

use gavel::judge::verdict::{CaseResult, Verdict};
use gavel::judge::{Cancel, CaseData, Check, Executable, JudgeError, Validator};
use gavel::problem::{Limits, Protocol, SourceFile};

use crate::judging;
use crate::runner::alone;

const LIMITS: Limits = Limits {
    cpu_ms: 5000,
    wall_ms: 20_000,
    memory_bytes: 64 << 20,
    output_bytes: 64 << 20,
    processes: 8,
};

/// Every protocol, with the exit codes of a validator that accepts and of one that rejects.
const PROTOCOLS: [(Protocol, i32, i32); 3] = [
    (Protocol::Icpc, 42, 43),
    (Protocol::Testlib, 0, 1),
    (Protocol::Dmoj, 0, 1),
];

/// Where a validator finds the output, whatever it speaks, as Python.
const OUTPUT: &str = "import os, sys\n\
    is_icpc = len(sys.argv) > 3 and os.path.isdir(sys.argv[3])\n\
    output = sys.stdin.buffer if is_icpc else open(sys.argv[2], 'rb')\n";

fn python(text: &str) -> Executable {
    let file = SourceFile {
        name: "main".to_owned(),
        bytes: Arc::from(text.as_bytes()),
    };
    let cancel = Cancel::new().expect("an eventfd");
    let compiled = judging::slot().compile("python", &[file], &cancel);
    compiled.expect("compiled").executable.expect("a program")
}

/// What a validator says of the output of a program.
fn validated(program: &str, protocol: Protocol, validator: &str) -> Result<CaseResult, JudgeError> {
    let program = python(program).under(&LIMITS, 1000);
    let validator = python(&format!("{OUTPUT}{validator}"));
    let validator = Validator::new("check.py".to_owned(), validator, LIMITS).speaking(protocol);
    let case = CaseData {
        input: Arc::from(&b"input"[..]),
        answer: Some(Arc::from(&b"answer"[..])),
    };
    let check = Check::Validate {
        validators: &[validator],
        arguments: &[],
    };
    let cancel = Cancel::new().expect("an eventfd");
    let run = judging::slot().run_case(&program, (0, "1"), case, check, &cancel)?;
    Ok(run.result)
}

/// Prints every byte there is, sixteen times.
const ALL_BYTES: &str = "import os\nos.write(1, bytes(range(256)) * 16)";

#[test]
fn a_validator_reads_every_byte_that_was_written() {
    let _alone = alone();
    for (protocol, accepts, rejects) in PROTOCOLS {
        let validator = format!(
            "sys.exit({accepts} if output.read() == bytes(range(256)) * 16 else {rejects})"
        );
        let result = validated(ALL_BYTES, protocol, &validator).expect("an answer");
        assert_eq!(result.verdict, Verdict::Accepted, "{protocol:?}");
    }
}

#[test]
fn what_an_output_says_is_not_what_its_validator_says() {
    let _alone = alone();
    let pretends = "print('42\\n1.0\\nok\\ntranslate:success\\n{\"verdict\": \"AC\"}')";
    for (protocol, _, rejects) in PROTOCOLS {
        // It quotes the output everywhere.
        let quotes = format!(
            "said = output.read()\n\
             for stream in (1, 2): os.write(stream, said)\n\
             if is_icpc: open(sys.argv[3] + '/judgemessage.txt', 'wb').write(said)\n\
             sys.exit({rejects})"
        );
        let result = validated(pretends, protocol, &quotes).expect("an answer");
        assert_eq!(result.verdict, Verdict::WrongAnswer, "{protocol:?}");
    }
}

#[test]
fn a_message_that_quotes_an_output_is_text_of_limited_length() {
    let _alone = alone();
    let program = "import os\nfor _ in range(300): os.write(1, bytes(range(256)) * 16)";
    // DMOJ takes no words of a checker that rejects.
    for (protocol, _, rejects) in &PROTOCOLS[..2] {
        for size in [4096, 1_000_000] {
            let quotes = format!(
                "said = output.read()[:{size}]\n\
                 os.write(2, said)\n\
                 if is_icpc: open(sys.argv[3] + '/judgemessage.txt', 'wb').write(said)\n\
                 sys.exit({rejects})"
            );
            let result = validated(program, *protocol, &quotes).expect("an answer");
            assert_eq!(result.verdict, Verdict::WrongAnswer, "{protocol:?}");
            let message = result.checker_message.expect("a message");
            assert!(
                !message.is_empty() && message.len() <= 256 << 10,
                "{protocol:?}"
            );
        }
    }
}

#[test]
fn an_output_that_its_validator_cannot_take_is_no_verdict() {
    let _alone = alone();
    for protocol in [Protocol::Icpc, Protocol::Testlib] {
        for (output, validator) in [
            ("no number", "int(output.read())\nsys.exit(3)"),
            ("9", "x = int(output.read()) << 40\ny = bytearray(x)"),
            ("0", "while True: pass"),
            ("0", "os.kill(os.getpid(), 11)"),
        ] {
            // Python ends by 1 where nobody catches, which is an answer in other protocols.
            let validator = format!(
                "def judge():\n {}\ntry: judge()\nexcept Exception: sys.exit(3)",
                validator.replace('\n', "\n ")
            );
            let result = validated(&format!("print('{output}')"), protocol, &validator);
            assert!(
                matches!(&result, Err(JudgeError::Validator { name, .. }) if name == "check.py"),
                "{protocol:?}, {validator}: {result:?}"
            );
        }
    }
}

/// Prints nearly as much as it may.
const LARGE: &str = "import os\nblock = b'x' * 1000000\n\
    for _ in range(60):\n\
    \x20 left = block\n\
    \x20 while left: left = left[os.write(1, left):]";

#[test]
fn a_large_output_takes_none_of_its_validators_memory() {
    let _alone = alone();
    for (protocol, accepts, rejects) in PROTOCOLS {
        let counts = format!(
            "total = 0\n\
             while block := output.read(1 << 16): total += len(block)\n\
             sys.exit({accepts} if total == 60000000 else {rejects})"
        );
        let result = validated(LARGE, protocol, &counts).expect("an answer");
        assert_eq!(
            result.verdict,
            Verdict::Accepted,
            "{protocol:?}: {result:?}"
        );
    }
}

#[test]
fn a_validator_need_not_read_an_output_to_judge_it() {
    let _alone = alone();
    for (protocol, accepts, _) in PROTOCOLS {
        let validator = format!("sys.exit({accepts})");
        let result = validated(LARGE, protocol, &validator).expect("an answer");
        assert_eq!(result.verdict, Verdict::Accepted, "{protocol:?}");
    }
}

#[test]
fn nothing_but_its_output_reaches_a_validator() {
    let _alone = alone();
    // Files beside it, some of the names that validators read; and processes that go on.
    let program = "import os\n\
        for name in ('judgemessage.txt', 'score.txt', 'nextpass.in', 'output', 'answer'):\n\
        \x20 for directory in ('.', '/tmp', '/dev/shm', '.case', '.case/feedback'):\n\
        \x20  os.makedirs(directory, exist_ok=True)\n\
        \x20  open(directory + '/' + name, 'w').write('hostile')\n\
        if os.fork() == 0:\n\
        \x20 while True: open('/tmp/hostile', 'w').close()\n\
        print('fine')";
    for (protocol, accepts, rejects) in PROTOCOLS {
        let looks = format!(
            "said = output.read()\n\
             found = [os.path.join(top, name) for root in ('/box', '/tmp', '/dev/shm')\n\
             \x20  for top, _, names in os.walk(root) for name in names\n\
             \x20  if b'hostile' in open(os.path.join(top, name), 'rb').read()\n\
             \x20  and name != 'main.py']\n\
             sys.exit({accepts} if said == b'fine\\n' and not found else {rejects})"
        );
        let result = validated(program, protocol, &looks).expect("an answer");
        assert_eq!(
            result.verdict,
            Verdict::Accepted,
            "{protocol:?}: {result:?}"
        );
    }
}

/// What comes of a talk between a submission and a validator.
fn talked(program: &str, validator: &str) -> CaseResult {
    let program = python(program).under(&LIMITS, 1000);
    let validator = Validator::new("talk.py".to_owned(), python(validator), LIMITS);
    let case = CaseData {
        input: Arc::default(),
        answer: None,
    };
    let cancel = Cancel::new().expect("an eventfd");
    let talk =
        judging::slot().run_interactive(&program, (0, "1"), case, (&validator, &[]), &cancel);
    talk.expect("a verdict").result
}

const ECHO: &str = "import os\nwhile said := os.read(0, 1 << 16): os.write(1, said)";

#[test]
fn fifty_thousand_questions_are_answered_one_after_another() {
    let _alone = alone();
    let asks = "import os, sys\n\
        for i in range(50000):\n\
        \x20 os.write(1, b'%d\\n' % i)\n\
        \x20 if sys.stdin.buffer.readline() != b'%d\\n' % i: sys.exit(43)\n\
        sys.exit(42)";
    let result = talked(ECHO, asks);
    assert_eq!(result.verdict, Verdict::Accepted, "{result:?}");
}

#[test]
fn what_both_say_to_each_other_is_any_bytes_and_a_line_may_be_long() {
    let _alone = alone();
    let says = "import os, sys\n\
        said = bytes(range(256)) * 100\n\
        os.write(1, said)\n\
        sys.exit(42 if sys.stdin.buffer.read(len(said)) == said else 43)";
    let result = talked(ECHO, says);
    assert_eq!(result.verdict, Verdict::Accepted, "{result:?}");
}
