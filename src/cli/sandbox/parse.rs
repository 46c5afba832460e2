//! The little languages of the flags of `gavel sandbox run`.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::sandbox::{
    CpuQuota, FileOperation, FileSystem, FileSystemKind, PathAccess, PathRule, Resource, Rlimit,
};

/// Parses each text of a flag, and names both where one makes no sense.
pub(super) fn each<T>(
    flag: &str,
    texts: &[String],
    parse: impl Fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let parsed = texts
        .iter()
        .map(|text| parse(text).with_context(|| format!("{flag}: {text} makes no sense")));
    parsed.collect()
}

/// `NAME=VALUE`.
pub(super) fn pair(text: &str) -> anyhow::Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => bail!("it must be NAME=VALUE"),
    }
}

/// A span of time above zero.
pub(super) fn seconds(seconds: f64) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => bail!("{seconds} is no time above zero"),
    }
}

/// `QUOTA/PERIOD`.
pub(super) fn cpu_quota(text: &str) -> anyhow::Result<CpuQuota> {
    let (quota, period) = text.split_once('/').context("it must be QUOTA/PERIOD")?;
    Ok(CpuQuota {
        quota_us: quota.parse()?,
        period_us: period.parse()?,
    })
}

/// `NAME=SOFT[:HARD]`, `-` for no limit.
pub(super) fn rlimit(text: &str) -> anyhow::Result<Rlimit> {
    let (name, values) = pair(text)?;
    let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
    let value = |text: &str| match text {
        "-" => Ok(u64::MAX),
        number => number.parse(),
    };
    let (soft, hard) = values.split_once(':').unwrap_or((&values, &values));
    Ok(Rlimit {
        resource: Resource::deserialize(name)?,
        soft: value(soft)?,
        hard: value(hard)?,
    })
}

/// `TARGET[:bytes=N,inodes=N,mode=OCTAL,exec]`.
pub(super) fn tmpfs(text: &str) -> anyhow::Result<FileSystem> {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    let (mut bytes, mut inodes, mut mode, mut execute) = (16 << 20, 1024, 0o755, false);
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("bytes", value)) => bytes = value.parse()?,
            Some(("inodes", value)) => inodes = value.parse()?,
            Some(("mode", value)) => mode = u32::from_str_radix(value, 8)?,
            None if option == "exec" => execute = true,
            _ => bail!("{option} is none of bytes=, inodes=, mode= and exec"),
        }
    }
    Ok(FileSystem {
        target: target.into(),
        kind: FileSystemKind::Tmpfs {
            bytes,
            inodes,
            mode,
            execute,
        },
    })
}

/// `write:PATH:MODE:TEXT`, `directory:PATH:MODE` or `link:PATH:TARGET`.
pub(super) fn operation(text: &str) -> anyhow::Result<FileOperation> {
    let mut parts = text.splitn(4, ':');
    let mut next = || parts.next().ok_or_else(|| anyhow!("a part is missing"));
    let (kind, path, third) = (next()?, next()?.into(), next()?);
    let mode = || u32::from_str_radix(third, 8);
    Ok(match kind {
        "write" => FileOperation::WriteFile {
            path,
            mode: mode()?,
            bytes: next()?.as_bytes().to_vec(),
        },
        "directory" => FileOperation::MakeDirectory {
            path,
            mode: mode()?,
        },
        "link" => FileOperation::Symlink {
            path,
            target: third.into(),
        },
        other => bail!("{other} is none of write, directory and link"),
    })
}

/// `PATH=rwx`.
pub(super) fn path_rule(text: &str) -> anyhow::Result<PathRule> {
    let (path, letters) = text.rsplit_once('=').context("it must be PATH=rwx")?;
    let access = letters.chars().map(|letter| match letter {
        'r' => Ok(PathAccess::Read),
        'w' => Ok(PathAccess::Write),
        'x' => Ok(PathAccess::Execute),
        other => Err(anyhow!("{other} is none of r, w and x")),
    });
    Ok(PathRule {
        path: path.into(),
        access: access.collect::<anyhow::Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(pair("=x").is_err() && pair("x").is_err());
        assert!(seconds(0.0).is_err() && seconds(-1.0).is_err() && seconds(f64::NAN).is_err());
        assert!(cpu_quota("10").is_err() && cpu_quota("a/b").is_err());
        assert!(rlimit("files=1").is_err() && rlimit("open-files=x").is_err());
        assert!(tmpfs("/t:size=1").is_err() && tmpfs("/t:mode=9").is_err());
        assert!(operation("write:/a:644").is_err() && operation("remove:/a:1").is_err());
        assert!(path_rule("/usr").is_err() && path_rule("/usr=q").is_err());
    }

    #[test]
    fn what_makes_sense_is_understood() -> anyhow::Result<()> {
        let limit = rlimit("open-files=10:-")?;
        assert_eq!((limit.soft, limit.hard), (10, u64::MAX));
        assert_eq!(limit.resource, Resource::OpenFiles);
        let FileOperation::WriteFile { bytes, mode, .. } = operation("write:/a:600:b:c")? else {
            bail!("another operation");
        };
        assert_eq!((bytes.as_slice(), mode), (&b"b:c"[..], 0o600));
        assert_eq!(path_rule("/a=b=rx")?.path.to_string_lossy(), "/a=b");
        Ok(())
    }
}
