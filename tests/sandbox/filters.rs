//! System call filters that are asked for: row "seccomp" of what the library promises.

use gavel::sandbox::{
    ArgumentTest, Cancel, Comparison, Container, Exit, Outcome, Report, SandboxError, Seccomp,
    SeccompAction, SeccompProfile, SeccompRule,
};

use crate::support::*;

fn profile(default: SeccompAction, rules: Vec<SeccompRule>) -> Container {
    with(SeccompProfile {
        default,
        architectures: Vec::new(),
        rules,
    })
}

fn with(profile: SeccompProfile) -> Container {
    Container {
        seccomp: Seccomp::Custom(profile),
        ..Container::host_toolchains()
    }
}

fn rule(names: &[&str], action: SeccompAction) -> SeccompRule {
    SeccompRule {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        action,
        arguments: Vec::new(),
    }
}

fn run_under(container: &Container, command: &gavel::sandbox::Command) -> Report {
    run_in(&mut slot(), container, command)
}

const CALL: &str = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                    def call(*a):\n r = libc.syscall(*a)\n return ctypes.get_errno() if r == -1 else 0\n";

#[test]
fn arguments_are_compared() {
    let test = |index, comparison, value| ArgumentTest {
        index,
        comparison,
        value,
    };
    // kill(2) of process 77 with a signal above 5 and not 9, which would say ESRCH.
    let refused = SeccompRule {
        arguments: vec![
            test(0, Comparison::Equal, 77),
            test(1, Comparison::Greater, 5),
        ],
        ..rule(&["kill"], SeccompAction::Errno(95))
    };
    let masked = SeccompRule {
        arguments: vec![test(1, Comparison::MaskedEqual(0x30), 0x10)],
        ..rule(&["kill"], SeccompAction::Errno(96))
    };
    let container = profile(SeccompAction::Allow, vec![refused, masked]);
    let script = format!(
        "{CALL}print(call(62, 77, 6), call(62, 77, 5), call(62, 78, 6), call(62, 78, 0x11), \
         call(62, 78, 0x21))"
    );
    let report = run_under(&container, &python(&script));
    assert_eq!(stdout(&report), "95 3 3 96 3\n", "{}", stderr(&report));
    assert_eq!(report.loosened, ["seccomp profile"]);
}

#[test]
fn each_action_does_what_it_says() {
    let script = format!("{CALL}print(call(121, 0))");
    for (action, outcome, answer) in [
        (SeccompAction::Errno(95), Exit::Code(0), "95\n"),
        (SeccompAction::Log, Exit::Code(0), "0\n"),
        (SeccompAction::Trace(1), Exit::Code(0), "38\n"),
        (SeccompAction::Trap, Exit::Signal(31), ""),
        (SeccompAction::KillProcess, Exit::Signal(31), ""),
        (SeccompAction::KillThread, Exit::Signal(31), ""),
        (SeccompAction::Notify, Exit::Code(0), "1\n"),
    ] {
        let container = profile(SeccompAction::Allow, vec![rule(&["getpgid"], action)]);
        let report = run_under(&container, &python(&script));
        assert_eq!(report.outcome, Outcome::Ended(outcome), "{action:?}");
        assert_eq!(stdout(&report), answer, "{action:?}");
        let named = if action == SeccompAction::Notify {
            vec!["getpgid"]
        } else {
            vec![]
        };
        assert_eq!(report.denied_calls, named);
    }
}

#[test]
fn a_profile_need_not_allow_what_only_the_box_does() {
    let ours = [
        "sendmsg",
        "recvmsg",
        "dup2",
        "close_range",
        "setresuid",
        "seccomp",
    ];
    let kill = rule(&ours, SeccompAction::KillProcess);
    let container = profile(SeccompAction::Allow, vec![kill]);
    let report = run_under(&container, &command("/bin/echo", &["ran"]));
    assert_eq!(stdout(&report), "ran\n");
    let missing = run_under(&container, &command("/bin/missing", &[]));
    assert_eq!(missing.outcome, Outcome::NotExecutable { errno: 2 });
}

#[test]
fn a_profile_of_docker_is_enforced() {
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}"#;
    let profile = SeccompProfile::from_docker_json(text).expect("a profile");
    let report = run_under(&with(profile), &shell("mkdir /box/x"));
    assert!(
        stderr(&report).contains("not supported"),
        "{}",
        stderr(&report)
    );
}

#[test]
fn a_filter_that_cannot_be_is_refused_before_anything_starts() {
    let cancel = Cancel::new().expect("an eventfd");
    let container = profile(
        SeccompAction::Allow,
        vec![rule(&["no_such_call"], SeccompAction::Errno(1))],
    );
    match slot().run(&container, &shell("true"), &cancel) {
        Err(SandboxError::Setting { setting, reason }) => {
            assert_eq!(setting, "seccomp");
            assert!(reason.contains("no_such_call"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
