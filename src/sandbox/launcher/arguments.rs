//! What a launcher is started with.

use std::ffi::OsString;
use std::path::PathBuf;

/// The arguments of a launcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Arguments {
    /// A directory of ours on which it mounts what only it sees.
    pub staging: PathBuf,
    /// How far it is.
    pub stage: Stage,
    /// Whether it stays in the host's network: one that has left it for good could not give it to
    /// a box.
    pub stays_in_network: bool,
}

/// How far a launcher is on its way to the rights that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Stage {
    /// It is root.
    Root,
    /// It enters a user namespace with the id of the user alone.
    EnterOwn,
    /// It enters one with ids that are lent to the user.
    EnterLent,
    /// It is root of its user namespace.
    Entered,
}

const STAGES: [(Stage, &str); 4] = [
    (Stage::Root, "root"),
    (Stage::EnterOwn, "enter-own"),
    (Stage::EnterLent, "enter-lent"),
    (Stage::Entered, "entered"),
];
const STAYS: &str = "host-network";
const LEAVES: &str = "empty-network";

impl Arguments {
    /// The same at another stage.
    pub(in super::super) fn with_stage(&self, stage: Stage) -> Self {
        Arguments {
            stage,
            ..self.clone()
        }
    }

    /// As words of a command line.
    pub(in super::super) fn words(&self) -> [OsString; 3] {
        let stage = STAGES.iter().find(|(stage, _)| *stage == self.stage);
        let network = if self.stays_in_network { STAYS } else { LEAVES };
        [
            self.staging.clone().into(),
            stage.map_or("", |(_, word)| *word).into(),
            network.into(),
        ]
    }

    /// The inverse; `None` for anything else.
    pub(super) fn parse(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let staging = words.next()?.into();
        let stage = words.next()?;
        let (stage, _) = STAGES.iter().find(|(_, word)| stage == *word)?;
        Some(Arguments {
            staging,
            stage: *stage,
            stays_in_network: words.next()? == STAYS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_the_command_line() {
        for (stage, _) in STAGES {
            for stays_in_network in [false, true] {
                let arguments = Arguments {
                    staging: PathBuf::from("/run/a b"),
                    stage,
                    stays_in_network,
                };
                let words = arguments.words().into_iter();
                assert_eq!(Arguments::parse(words), Some(arguments));
            }
        }
        assert_eq!(Arguments::parse(["/run".into()].into_iter()), None);
    }
}
