//! Compiling a filter that was asked for.

use std::io;
use std::str::FromStr;

use libseccomp::{
    ScmpAction, ScmpArch, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall,
};

use super::super::container::{ArgumentTest, Comparison, SeccompAction, SeccompProfile};
use super::{FilterError, export};

/// Compiles a profile to an array of `struct sock_filter`.
pub(in super::super) fn compile(profile: &SeccompProfile) -> Result<Vec<u8>, FilterError> {
    check(profile)?;
    let mut filter = ScmpFilterContext::new(action(profile.default))?;
    filter.set_act_badarch(ScmpAction::KillProcess)?;
    filter.set_ctl_optimize(2)?;
    for name in &profile.architectures {
        let architecture = ScmpArch::from_str(&format!("SCMP_ARCH_{}", name.to_uppercase()));
        let unknown = |_| FilterError::Profile(format!("{name} is no architecture"));
        filter.add_arch(architecture.map_err(unknown)?)?;
    }
    for rule in &profile.rules {
        // libseccomp refuses a rule that says what is said already.
        if rule.action == profile.default {
            continue;
        }
        let tests: Vec<ScmpArgCompare> = rule.arguments.iter().map(compared).collect();
        for name in &rule.names {
            let call = ScmpSyscall::from_name(name)?;
            // A call of other architectures only: nothing to say about it here.
            if call.as_raw_syscall() < 0 && profile.architectures.is_empty() {
                continue;
            }
            filter.add_rule_conditional(action(rule.action), call, &tests)?;
        }
    }
    export(&filter)
}

/// What would be ignored, or mean something else than it says.
fn check(profile: &SeccompProfile) -> Result<(), FilterError> {
    let names = profile.rules.iter().flat_map(|rule| &rule.names);
    let unknown: Vec<&str> = names
        .filter(|name| ScmpSyscall::from_name(name).is_err())
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let reason = format!("unknown system calls: {}", unknown.join(", "));
        return Err(FilterError::Profile(reason));
    }
    for rule in &profile.rules {
        for (place, test) in rule.arguments.iter().enumerate() {
            let twice = rule.arguments[..place]
                .iter()
                .any(|t| t.index == test.index);
            if twice || test.index > 5 {
                return Err(FilterError::Profile(format!(
                    "a rule for {} tests argument {} twice, or there is no such argument; \
                     make several rules",
                    rule.names.join(", "),
                    test.index
                )));
            }
        }
    }
    if !profile.allows("execve") {
        let reason = "it must allow execve, or nothing could be started".to_owned();
        return Err(FilterError::Profile(reason));
    }
    if profile.notifies() && !profile.allows("sendmsg") {
        let reason = "to notify it must allow sendmsg, which hands the listener over".to_owned();
        return Err(FilterError::Profile(reason));
    }
    Ok(())
}

fn action(action: SeccompAction) -> ScmpAction {
    match action {
        SeccompAction::Allow => ScmpAction::Allow,
        SeccompAction::Errno(errno) => ScmpAction::Errno(errno.into()),
        SeccompAction::KillProcess => ScmpAction::KillProcess,
        SeccompAction::KillThread => ScmpAction::KillThread,
        SeccompAction::Log => ScmpAction::Log,
        SeccompAction::Trap => ScmpAction::Trap,
        SeccompAction::Trace(number) => ScmpAction::Trace(number),
        SeccompAction::Notify => ScmpAction::Notify,
    }
}

fn compared(test: &ArgumentTest) -> ScmpArgCompare {
    let op = match test.comparison {
        Comparison::NotEqual => ScmpCompareOp::NotEqual,
        Comparison::Less => ScmpCompareOp::Less,
        Comparison::LessOrEqual => ScmpCompareOp::LessOrEqual,
        Comparison::Equal => ScmpCompareOp::Equal,
        Comparison::GreaterOrEqual => ScmpCompareOp::GreaterEqual,
        Comparison::Greater => ScmpCompareOp::Greater,
        Comparison::MaskedEqual(mask) => ScmpCompareOp::MaskedEqual(mask),
    };
    ScmpArgCompare::new(test.index, op, test.value)
}

impl FilterError {
    /// A profile that cannot be read.
    pub(super) fn unreadable(error: &dyn std::error::Error) -> Self {
        FilterError::Export(io::Error::new(
            io::ErrorKind::InvalidData,
            error.to_string(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::container::SeccompRule;
    use super::*;

    fn rule(name: &str, action: SeccompAction, arguments: Vec<ArgumentTest>) -> SeccompRule {
        SeccompRule {
            names: vec![name.to_owned()],
            action,
            arguments,
        }
    }

    fn allow_all_but(rules: Vec<SeccompRule>) -> SeccompProfile {
        SeccompProfile {
            default: SeccompAction::Allow,
            architectures: Vec::new(),
            rules,
        }
    }

    fn test(index: u32, comparison: Comparison) -> ArgumentTest {
        ArgumentTest {
            index,
            comparison,
            value: 3,
        }
    }

    #[test]
    fn every_action_and_comparison_compiles() {
        for action in [
            SeccompAction::Errno(7),
            SeccompAction::KillProcess,
            SeccompAction::KillThread,
            SeccompAction::Log,
            SeccompAction::Trap,
            SeccompAction::Trace(1),
            SeccompAction::Notify,
        ] {
            for comparison in [
                Comparison::NotEqual,
                Comparison::Less,
                Comparison::LessOrEqual,
                Comparison::Equal,
                Comparison::GreaterOrEqual,
                Comparison::Greater,
                Comparison::MaskedEqual(0xff),
            ] {
                let arguments = vec![test(0, comparison), test(1, Comparison::Equal)];
                let mut profile = allow_all_but(vec![rule("getpgid", action, arguments)]);
                assert!(compile(&profile).is_ok(), "{action:?} {comparison:?}");
                profile.architectures = vec!["x86".to_owned()];
                assert!(compile(&profile).is_ok(), "{action:?} on two architectures");
            }
        }
    }

    #[test]
    fn what_would_be_ignored_or_start_nothing_is_refused() {
        let errno = SeccompAction::Errno(1);
        let twice = vec![test(0, Comparison::Less), test(0, Comparison::Greater)];
        let notify = SeccompAction::Notify;
        let mut foreign = allow_all_but(Vec::new());
        foreign.architectures = vec!["pdp11".to_owned()];
        for (profile, word) in [
            (
                allow_all_but(vec![rule("no_such_call", errno, vec![])]),
                "no_such_call",
            ),
            (
                allow_all_but(vec![rule("socket", errno, twice)]),
                "argument 0",
            ),
            (
                allow_all_but(vec![rule("socket", errno, vec![test(6, Comparison::Less)])]),
                "6",
            ),
            (allow_all_but(vec![rule("execve", errno, vec![])]), "execve"),
            (
                allow_all_but(vec![
                    rule("sendmsg", errno, vec![]),
                    rule("ptrace", notify, vec![]),
                ]),
                "sendmsg",
            ),
            (foreign, "pdp11"),
        ] {
            let error = compile(&profile).map(drop).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
