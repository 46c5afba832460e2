//! The steps inside a box: their order, and their words in a report.

macro_rules! steps {
    ($($(#[doc = $doc:literal])* $name:ident = $words:literal),* $(,)?) => {
        /// The steps inside a box, in the order in which they happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum Step {
            $($(#[doc = $doc])* $name,)*
        }

        impl Step {
            /// All steps by number.
            pub(in super::super) const ALL: &[Step] = &[$(Step::$name,)*];

            /// The step in words that follow "cannot".
            pub(in super::super) fn words(self) -> &'static str {
                match self {
                    $(Step::$name => $words,)*
                }
            }
        }
    };
}

steps! {
    /// Wait for the id maps and the cgroup.
    AwaitProceed = "wait for the supervisor",
    /// See children end, unlike the launcher.
    ReapByWaiting = "reset the action of SIGCHLD",
    /// Die with the launcher.
    DieWithLauncher = "ask to die with the launcher",
    /// Take the box's root id.
    BecomeBoxRoot = "become root of the user namespace",
    /// Hide the host's cgroup paths.
    NewCgroupNamespace = "make a cgroup namespace",
    /// Set the host name.
    SetHostname = "set the host name",
    /// Bring loopback up.
    RaiseLoopback = "bring up the loopback device",
    /// Open the root.
    OpenRoot = "open the root file system",
    /// Mount the box's own terminals.
    MountTerminals = "mount /dev/pts",
    /// Mount proc.
    MountProc = "mount /proc",
    /// Attach the writable directories.
    AttachScratch = "attach the scratch directories",
    /// Cover the dangerous parts of proc.
    MaskProc = "mask /proc",
    /// Close everything inherited.
    CloseInherited = "close inherited descriptors",
    /// Build the Landlock ruleset.
    BuildLandlock = "build the Landlock ruleset",
    /// Empty the bounding and ambient capability sets.
    DropBoundingSet = "empty the capability bounding set",
    /// Give up init's privileges.
    DropInitPrivileges = "drop the privileges of init",
    /// Fork the program.
    ForkProgram = "fork the program",
    /// Give up what init kept for the program.
    KeepKill = "drop the last privileges of init",
    /// New session.
    NewSession = "start a session",
    /// Become the program's user.
    BecomeUser = "become the program's user",
    /// Go to the working directory.
    EnterDirectory = "enter the working directory",
    /// Drop all capabilities.
    DropCapabilities = "drop all capabilities",
    /// Apply Landlock.
    RestrictLandlock = "apply Landlock",
    /// Install the seccomp filter.
    InstallFilter = "install the seccomp filter",
    /// Receive what to run.
    ReceiveStart = "receive what to start",
    /// Install the standard streams.
    InstallStreams = "install the standard streams",
    /// Apply rlimits.
    SetRlimits = "set resource limits",
    /// Announce the start.
    AnnounceStart = "announce the start",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_the_steps_in_their_order() {
        let document = include_str!("../../../docs/SANDBOX.md");
        let listed = document.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
            name.starts_with(char::is_uppercase)
                .then(|| name.to_owned())
        });
        let steps = Step::ALL.iter().map(|step| format!("{step:?}"));
        assert_eq!(listed.collect::<Vec<_>>(), steps.collect::<Vec<_>>());
    }
}
