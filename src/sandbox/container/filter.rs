//! System call filters that are asked for instead of the built-in one.

use serde::{Deserialize, Serialize};

/// Which filter a box has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seccomp {
    /// The built-in one.
    #[default]
    BuiltIn,
    /// This one instead, whatever it allows.
    Custom(SeccompProfile),
}

/// A system call filter. It takes effect as the last thing before the program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeccompProfile {
    /// What happens to calls without a rule.
    pub default: SeccompAction,
    /// Architectures besides the machine's own whose calls are filtered by the same rules, by
    /// libseccomp's names, such as `x86`. A call of any other kills the program.
    #[serde(default)]
    pub architectures: Vec<String>,
    /// The rules.
    pub rules: Vec<SeccompRule>,
}

/// What happens to some calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeccompRule {
    /// Names of the calls; one that no architecture has is an error.
    pub names: Vec<String>,
    /// What happens to them.
    pub action: SeccompAction,
    /// All of these must be true; at most one for each argument.
    #[serde(default)]
    pub arguments: Vec<ArgumentTest>,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeccompAction {
    /// It is made.
    Allow,
    /// It fails with this errno.
    Errno(u16),
    /// It ends the process.
    KillProcess,
    /// It ends the thread.
    KillThread,
    /// It is made, and noted in the log of the kernel.
    Log,
    /// It raises SIGSYS.
    Trap,
    /// It is shown to a tracer; as nobody traces, it fails with ENOSYS.
    Trace(u16),
    /// It fails, with the errno of the built-in filter or EPERM, and is named in the report.
    Notify,
}

/// A test of one argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentTest {
    /// Which argument, from 0 to 5.
    pub index: u32,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: u64,
}

/// How an argument is compared, as an unsigned number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Is not the value.
    NotEqual,
    /// Is below it.
    Less,
    /// Is at most it.
    LessOrEqual,
    /// Is it.
    Equal,
    /// Is at least it.
    GreaterOrEqual,
    /// Is above it.
    Greater,
    /// Is the value once these bits of it are picked.
    MaskedEqual(u64),
}

impl SeccompProfile {
    /// Whether every call of this name is made.
    pub(in super::super) fn allows(&self, name: &str) -> bool {
        let makes = |action| matches!(action, SeccompAction::Allow | SeccompAction::Log);
        let has_name = |rule: &&SeccompRule| rule.names.iter().any(|listed| listed == name);
        let mut rules = self.rules.iter().filter(has_name).peekable();
        if rules.peek().is_none() {
            return makes(self.default);
        }
        // Of several rules the strictest one decides, and a conditional one leaves the rest open.
        rules.all(|rule| makes(rule.action) && (rule.arguments.is_empty() || makes(self.default)))
    }

    /// Whether a call can be announced to the supervising side.
    pub(in super::super) fn notifies(&self) -> bool {
        let mut actions = self.rules.iter().map(|rule| rule.action);
        self.default == SeccompAction::Notify || actions.any(|a| a == SeccompAction::Notify)
    }
}
