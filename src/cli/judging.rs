//! What judging needs from the settings, for every command that judges.

use std::collections::BTreeSet;
use std::thread::available_parallelism;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::judge::{Cancel, Judge, JudgeSlot, LanguageError, Languages, SandboxConfig};
use crate::sandbox::{IdSource, Protection};

/// The languages of the settings: a directory of the operator's, or those in the binary.
pub(super) fn languages(config: &Config) -> Result<Languages, LanguageError> {
    match &config.languages_dir {
        Some(directory) => Languages::read(directory),
        None => Languages::built_in(),
    }
}

/// The sandbox of the settings.
pub(super) fn sandbox(config: &Config) -> Result<SandboxConfig, ConfigError> {
    let default = SandboxConfig::default();
    Ok(SandboxConfig {
        runtime_dir: config.runtime_dir.clone().unwrap_or(default.runtime_dir),
        cgroup_parent: config.cgroup_parent.clone(),
        ids: ids(config)?,
        may_lack: may_lack(config)?,
        launcher: default.launcher,
    })
}

/// Which host ids the settings ask for.
pub(super) fn ids(config: &Config) -> Result<IdSource, ConfigError> {
    let Some(name) = &config.box_ids else {
        return Ok(IdSource::default());
    };
    IdSource::from_name(name).ok_or_else(|| ConfigError::UnknownName {
        key: "box_ids",
        name: name.clone(),
        known: IdSource::ALL
            .iter()
            .map(|source| source.name().to_owned())
            .collect(),
    })
}

/// The protections that the settings allow to be missing. A name that means nothing is refused
/// rather than ignored: whoever misspelt it would be told at the wrong moment.
pub(super) fn may_lack(config: &Config) -> Result<BTreeSet<Protection>, ConfigError> {
    let protections = config.allow_degraded.iter().map(|name| {
        Protection::from_name(name).ok_or_else(|| ConfigError::UnknownName {
            key: "allow_degraded",
            name: name.clone(),
            known: Protection::ALL.iter().map(ToString::to_string).collect(),
        })
    });
    protections.collect()
}

/// A slot for each job, or for each CPU.
pub(super) fn slots(judge: &Judge, jobs: Option<u16>) -> anyhow::Result<Vec<JudgeSlot>> {
    let jobs = match jobs {
        Some(jobs) => usize::from(jobs),
        None => available_parallelism()
            .context("cannot count the CPUs")?
            .get(),
    };
    let slots: Result<_, _> = (0..jobs).map(|_| judge.slot()).collect();
    slots.context("cannot get a slot for each job")
}

/// Does work that judges on a thread that may block. A stop cancels what runs and waits for the end.
pub(super) async fn on_a_thread(
    stop: CancellationToken,
    work: impl FnOnce(&Cancel) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let cancel = Cancel::new()?;
    let switch = cancel.clone();
    let mut working = tokio::task::spawn_blocking(move || work(&switch));
    tokio::select! {
        end = &mut working => end?,
        () = stop.cancelled() => {
            cancel.cancel();
            working.await?
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Layer};

    fn config(names: &[&str]) -> Config {
        let flags = Layer {
            allow_degraded: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            data_dir: Some("/nonexistent".into()),
            ..Layer::default()
        };
        Config::load(None, flags, &Environment::default()).unwrap()
    }

    #[test]
    fn protections_are_known_by_name() {
        let may_lack = may_lack(&config(&["swap", "landlock"])).unwrap();
        assert_eq!(may_lack.len(), 2);
    }

    #[test]
    fn ids_of_boxes_are_known_by_name() {
        let named = |name: &str| Config {
            box_ids: Some(name.to_owned()),
            ..config(&[])
        };
        for source in IdSource::ALL {
            assert_eq!(ids(&named(source.name())).unwrap(), *source);
        }
        let error = ids(&named("root")).unwrap_err().to_string();
        assert!(error.contains("auto, own, lent"), "{error}");
        assert_eq!(ids(&config(&[])).unwrap(), IdSource::Auto);
    }

    #[test]
    fn an_unknown_protection_is_refused_and_the_known_ones_are_listed() {
        for name in ["seccomp", "Landlock", ""] {
            let error = may_lack(&config(&[name])).unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
            assert!(error.contains("cgroup, landlock, swap"), "{error}");
        }
    }
}
