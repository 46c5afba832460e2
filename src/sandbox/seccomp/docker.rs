//! Profiles in the JSON format of Docker.

use serde::Deserialize;

use super::super::container::{
    ArgumentTest, Comparison, SeccompAction, SeccompProfile, SeccompRule,
};
use super::super::outcome::SandboxError;
use super::FilterError;

/// What a call fails with where a profile does not say it.
const DEFAULT_ERRNO: u16 = libc::EPERM as u16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Profile {
    default_action: String,
    default_errno_ret: Option<u16>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    arch_map: Vec<Architecture>,
    #[serde(default)]
    syscalls: Vec<Calls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Architecture {
    architecture: String,
    sub_architectures: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Calls {
    name: Option<String>,
    names: Option<Vec<String>>,
    action: String,
    errno_ret: Option<u16>,
    args: Option<Vec<Argument>>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
    #[serde(default)]
    includes: Condition,
    #[serde(default)]
    excludes: Condition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Argument {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

/// When a rule holds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    #[serde(default)]
    caps: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
    min_kernel: Option<String>,
}

impl SeccompProfile {
    /// Reads a profile in the JSON format of Docker. Rules that need a capability are left out,
    /// because a program in a box has none.
    ///
    /// # Errors
    /// It is no such profile, or says something that this library would have to ignore.
    pub fn from_docker_json(text: &str) -> Result<Self, SandboxError> {
        let profile: Result<Profile, _> = serde_json::from_str(text);
        profile
            .map_err(|error| FilterError::unreadable(&error))
            .and_then(converted)
            .map_err(SandboxError::from)
    }
}

fn converted(profile: Profile) -> Result<SeccompProfile, FilterError> {
    let kernel = running_kernel()?;
    let mut architectures: Vec<String> = Vec::new();
    let native = native_architecture();
    for name in &profile.architectures {
        architectures.push(architecture(name)?);
    }
    for entry in &profile.arch_map {
        if architecture(&entry.architecture)? == native {
            for name in entry.sub_architectures.iter().flatten() {
                architectures.push(architecture(name)?);
            }
        }
    }
    architectures.retain(|name| name != native);
    architectures.sort();
    architectures.dedup();
    let mut rules = Vec::new();
    for calls in profile.syscalls {
        if holds(&calls, kernel)? {
            rules.push(rule(calls)?);
        }
    }
    Ok(SeccompProfile {
        default: action(&profile.default_action, profile.default_errno_ret)?,
        architectures,
        rules,
    })
}

fn rule(calls: Calls) -> Result<SeccompRule, FilterError> {
    let mut names = calls.names.unwrap_or_default();
    names.extend(calls.name);
    let arguments = calls.args.unwrap_or_default();
    Ok(SeccompRule {
        names,
        action: action(&calls.action, calls.errno_ret)?,
        arguments: arguments.iter().map(argument).collect::<Result<_, _>>()?,
    })
}

fn argument(argument: &Argument) -> Result<ArgumentTest, FilterError> {
    let (comparison, value) = match argument.op.as_str() {
        "SCMP_CMP_NE" => (Comparison::NotEqual, argument.value),
        "SCMP_CMP_LT" => (Comparison::Less, argument.value),
        "SCMP_CMP_LE" => (Comparison::LessOrEqual, argument.value),
        "SCMP_CMP_EQ" => (Comparison::Equal, argument.value),
        "SCMP_CMP_GE" => (Comparison::GreaterOrEqual, argument.value),
        "SCMP_CMP_GT" => (Comparison::Greater, argument.value),
        "SCMP_CMP_MASKED_EQ" => (Comparison::MaskedEqual(argument.value), argument.value_two),
        other => return Err(FilterError::Profile(format!("{other} is no comparison"))),
    };
    Ok(ArgumentTest {
        index: argument.index,
        comparison,
        value,
    })
}

fn action(name: &str, errno: Option<u16>) -> Result<SeccompAction, FilterError> {
    let errno = errno.unwrap_or(DEFAULT_ERRNO);
    Ok(match name {
        "SCMP_ACT_ALLOW" => SeccompAction::Allow,
        "SCMP_ACT_ERRNO" => SeccompAction::Errno(errno),
        "SCMP_ACT_KILL_PROCESS" => SeccompAction::KillProcess,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => SeccompAction::KillThread,
        "SCMP_ACT_LOG" => SeccompAction::Log,
        "SCMP_ACT_TRAP" => SeccompAction::Trap,
        "SCMP_ACT_TRACE" => SeccompAction::Trace(errno),
        "SCMP_ACT_NOTIFY" => SeccompAction::Notify,
        other => return Err(FilterError::Profile(format!("{other} is no action"))),
    })
}

/// Whether a rule holds for this machine and a program without capabilities.
fn holds(calls: &Calls, kernel: (u32, u32)) -> Result<bool, FilterError> {
    let is_native = |names: &Vec<String>| names.iter().any(|name| name == docker_architecture());
    let is_new = |version: &Option<String>| -> Result<Option<bool>, FilterError> {
        let version = version.as_deref().map(parse_version).transpose()?;
        Ok(version.map(|version| kernel >= version))
    };
    let (includes, excludes) = (&calls.includes, &calls.excludes);
    let included = includes.caps.is_empty()
        && (includes.arches.is_empty() || is_native(&includes.arches))
        && is_new(&includes.min_kernel)?.unwrap_or(true);
    let excluded = is_native(&excludes.arches) || is_new(&excludes.min_kernel)?.unwrap_or(false);
    Ok(included && !excluded)
}

fn parse_version(text: &str) -> Result<(u32, u32), FilterError> {
    let mut numbers = text.split(['.', '-']).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(FilterError::Profile(format!("{text} is no kernel version"))),
    }
}

fn running_kernel() -> Result<(u32, u32), FilterError> {
    let about = nix::sys::utsname::uname().map_err(|errno| FilterError::Export(errno.into()))?;
    parse_version(&about.release().to_string_lossy())
}

/// The name that libseccomp has for an architecture, without its beginning.
fn architecture(name: &str) -> Result<String, FilterError> {
    let short = name.strip_prefix("SCMP_ARCH_").map(str::to_lowercase);
    short.ok_or_else(|| FilterError::Profile(format!("{name} is no architecture")))
}

fn native_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "powerpc64" => "ppc64le",
        other => other,
    }
}

fn docker_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"{
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 38,
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}
        ],
        "syscalls": [
            {"names": ["read", "write", "execve"], "action": "SCMP_ACT_ALLOW", "args": null, "comment": ""},
            {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
            {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "999.0"}},
            {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]},
             "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
            {"name": "clone3", "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
        ]
    }"#;

    #[test]
    fn a_profile_of_docker_is_read_as_docker_reads_it() {
        let profile = SeccompProfile::from_docker_json(PROFILE).unwrap();
        assert_eq!(profile.default, SeccompAction::Errno(38));
        let names: Vec<&str> = profile
            .rules
            .iter()
            .flat_map(|rule| rule.names.iter().map(String::as_str))
            .collect();
        assert_eq!(
            names,
            ["read", "write", "execve", "ptrace", "clone", "clone3"]
        );
        let clone = &profile.rules[2].arguments[0];
        assert_eq!(clone.comparison, Comparison::MaskedEqual(2_114_060_288));
        assert_eq!(clone.value, 0);
        if std::env::consts::ARCH == "x86_64" {
            assert_eq!(profile.architectures, ["x32", "x86"]);
        }
        assert!(super::super::custom::compile(&profile).is_ok());
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for (right, wrong) in [
            ("\"defaultAction\"", "\"defaultAktion\""),
            ("SCMP_ACT_ALLOW", "SCMP_ACT_MAYBE"),
            ("SCMP_CMP_MASKED_EQ", "SCMP_CMP_ALMOST"),
            ("\"4.8\"", "\"new\""),
            ("SCMP_ARCH_X86_64", "X86_64"),
        ] {
            let text = PROFILE.replace(right, wrong);
            assert!(SeccompProfile::from_docker_json(&text).is_err(), "{wrong}");
        }
    }
}
