//! From what is wanted to what is done: resolves a [`Container`] against this host. What cannot be
//! honoured is an error that names the setting, before anything starts.

mod host;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

use super::container::{Access, Container, FileOperation, FileSystem, FileSystemKind, Mount, Root};
use super::message::{MountKind, Operation, PlannedMount, RootEntry, RootPlan, RootStep};
use super::outcome::SandboxError;
use super::spec::at_least_one;

/// Where the scratch directories go, by their numbers.
pub(super) const SCRATCH_TARGETS: [&str; 3] = ["box", "tmp", "dev/shm"];
/// Most directories of an overlay: the kernel takes their descriptors' names as one short string.
const MAX_LAYERS: usize = 8;
/// Most bytes that all operations write: they travel in one message.
const MAX_WRITTEN_BYTES: usize = 64 * 1024;

/// How the root of a container is made.
pub(super) fn root(container: &Container) -> Result<RootPlan, SandboxError> {
    let base = match &container.root {
        Root::Directory(path) => Some(existing_directory("root", path)?),
        Root::HostToolchains | Root::Empty => None,
    };
    let items = items(container)?;
    let writable = container.root_access == Access::ReadWrite;
    let per_box = writable
        || !container.operations.is_empty()
        || items.iter().any(|item| item.needs_fresh_box());
    let mut planner = Planner {
        base,
        steps: Vec::new(),
        covers: Vec::new(),
    };
    host::add_standard(&mut planner, container)?;
    let scratch = SCRATCH_TARGETS.iter().enumerate();
    let scratch = scratch.map(|(number, target)| Item {
        target: (*target).to_owned(),
        kind: ItemKind::Scratch(number),
    });
    let taken = |item: &Item<'_>| items.iter().any(|other| other.target == item.target);
    let mut all: Vec<Item<'_>> = scratch.filter(|item| per_box && !taken(item)).collect();
    all.extend(items);
    // Stable: parents before children, and otherwise the order of the call.
    all.sort_by_key(|item| Path::new(&item.target).components().count());
    for item in all {
        planner.add_item(item)?;
    }
    planner.add_operations(&container.operations)?;
    Ok(RootPlan {
        base: planner.base,
        steps: planner.steps,
        writable,
        per_box,
    })
}

/// Something mounted in the root.
struct Item<'a> {
    target: String,
    kind: ItemKind<'a>,
}

enum ItemKind<'a> {
    Bind(&'a Mount),
    Made(&'a FileSystem),
    Scratch(usize),
}

impl Item<'_> {
    /// Whether it is different for each box, or lies in something that is.
    fn needs_fresh_box(&self) -> bool {
        let in_scratch = |scratch: &&str| Path::new(&self.target).starts_with(scratch);
        let is_made_anew = match self.kind {
            ItemKind::Made(_) => true,
            ItemKind::Bind(mount) => comes_and_goes(&mount.source),
            ItemKind::Scratch(_) => false,
        };
        is_made_anew || SCRATCH_TARGETS.iter().any(in_scratch)
    }
}

/// Whether what is at a path is likely to be another thing for the next box: what is made for a conversation.
fn comes_and_goes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| {
        let kind = about.file_type();
        kind.is_fifo() || kind.is_socket()
    })
}

/// What is wanted, one item for each target; the last one wins.
fn items(container: &Container) -> Result<Vec<Item<'_>>, SandboxError> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for mount in &container.mounts {
        let target = target("mounts", &mount.target)?;
        items.retain(|earlier| earlier.target != target);
        let kind = ItemKind::Bind(mount);
        items.push(Item { target, kind });
    }
    for file_system in &container.file_systems {
        let target = target("file_systems", &file_system.target)?;
        let is_bind = |item: &Item<'_>| matches!(item.kind, ItemKind::Bind(_));
        if items.iter().any(|i| i.target == target && is_bind(i)) {
            let reason = "it is the target of a mount too; keep one of them";
            return Err(refused("file_systems", &file_system.target, reason));
        }
        items.retain(|earlier| earlier.target != target);
        let kind = ItemKind::Made(file_system);
        items.push(Item { target, kind });
    }
    Ok(items)
}

/// What a part of the root is covered with.
enum Cover {
    /// Trees of the host in which nothing may be made.
    Host(Vec<PathBuf>),
    /// A file system of the box.
    Ours,
}

/// Puts the steps together.
struct Planner {
    base: Option<String>,
    steps: Vec<RootStep>,
    covers: Vec<(String, Cover)>,
}

impl Planner {
    fn add_item(&mut self, item: Item<'_>) -> Result<(), SandboxError> {
        let target = item.target;
        let (step, cover, is_directory) = match item.kind {
            ItemKind::Bind(mount) => {
                let source = fs::canonicalize(&mount.source)
                    .map_err(|error| refused("mounts", &mount.source, &error.to_string()))?;
                let kind = match mount.access {
                    Access::ReadOnly => MountKind::ReadOnly,
                    Access::ReadWrite => MountKind::ReadWrite,
                };
                bind("mounts", &source, &target, kind)?
            }
            ItemKind::Made(file_system) => made(file_system, &target)?,
            ItemKind::Scratch(number) => (RootStep::Scratch(number), Cover::Ours, true),
        };
        self.add_mount_point(&target, is_directory)?;
        self.steps.push(step);
        self.covers.push((target, cover));
        Ok(())
    }

    /// What lies at or above a path, the last mounted first.
    fn covering(&self, target: &str) -> Option<&(String, Cover)> {
        let above = |place: &&(String, Cover)| Path::new(target).starts_with(&place.0);
        let covers = self.covers.iter().filter(above);
        covers.max_by_key(|(place, _)| place.len())
    }

    /// Makes the mount point with its parents. Below a tree of the host there is no mount point of
    /// ours, and none is made on the host.
    fn add_mount_point(&mut self, target: &str, is_directory: bool) -> Result<(), SandboxError> {
        match self.covering(target) {
            Some((place, _)) if place == target => return Ok(()),
            Some((place, Cover::Host(sources))) => {
                return require_mount_point(sources, place, target);
            }
            Some((_, Cover::Ours)) => {}
            None => self.check_base(target, is_directory)?,
        }
        let path = PathBuf::from(target);
        let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
        parents.pop();
        for parent in parents.into_iter().rev() {
            let parent = parent.to_string_lossy().into_owned();
            self.add_entry(RootEntry::Directory(parent))?;
        }
        self.add_entry(if is_directory {
            RootEntry::Directory(target.to_owned())
        } else {
            RootEntry::File(target.to_owned(), Vec::new())
        })
    }

    /// A link in a given root would lead who knows where.
    fn check_base(&self, target: &str, is_directory: bool) -> Result<(), SandboxError> {
        let Some(base) = &self.base else {
            return Ok(());
        };
        let mut path = PathBuf::from(base);
        let count = Path::new(target).components().count();
        for (index, component) in Path::new(target).components().enumerate() {
            path.push(component);
            let Ok(about) = fs::symlink_metadata(&path) else {
                return Ok(());
            };
            let wants_directory = index + 1 < count || is_directory;
            if about.is_symlink() || about.is_dir() != wants_directory {
                let reason =
                    "something is to be mounted there, and it is a link or of another kind";
                return Err(refused("root", &path, reason));
            }
        }
        Ok(())
    }

    fn add_entry(&mut self, entry: RootEntry) -> Result<(), SandboxError> {
        let path = |entry: &RootEntry| match entry {
            RootEntry::Directory(path) | RootEntry::File(path, _) | RootEntry::Link(path, _) => {
                path.clone()
            }
        };
        let wanted = path(&entry);
        let known = self.steps.iter().find_map(|step| match step {
            RootStep::Entry(known) if path(known) == wanted => Some(known),
            _ => None,
        });
        match known {
            Some(RootEntry::Link(..)) => Err(refused(
                "mounts",
                &Path::new("/").join(&wanted),
                "it is a link in the root; name the place that it points to",
            )),
            Some(_) => Ok(()),
            None => {
                self.steps.push(RootStep::Entry(entry));
                Ok(())
            }
        }
    }

    fn add_operations(&mut self, operations: &[FileOperation]) -> Result<(), SandboxError> {
        let mut written = 0;
        for operation in operations {
            let planned = planned_operation(operation)?;
            if let Operation::Write(_, bytes, _) = &planned {
                written += bytes.len();
            }
            let (Operation::Write(path, ..)
            | Operation::Directory(path, _)
            | Operation::Link(path, _)) = &planned;
            if let Some((_, Cover::Host(_))) = self.covering(path) {
                let reason = "it lies in a tree of the host, which is not changed";
                return Err(refused("operations", &Path::new("/").join(path), reason));
            }
            self.steps.push(RootStep::Operation(planned));
        }
        if written > MAX_WRITTEN_BYTES {
            return Err(SandboxError::Setting {
                setting: "operations",
                reason: format!(
                    "they write {written} bytes, and at most {MAX_WRITTEN_BYTES} are possible; \
                     mount a file instead"
                ),
            });
        }
        Ok(())
    }
}

fn bind(
    setting: &'static str,
    source: &Path,
    target: &str,
    kind: MountKind,
) -> Result<(RootStep, Cover, bool), SandboxError> {
    let planned = PlannedMount {
        source: text(setting, source)?,
        target: target.to_owned(),
        kind,
    };
    let cover = Cover::Host(vec![source.to_owned()]);
    Ok((RootStep::Bind(planned), cover, source.is_dir()))
}

fn made(file_system: &FileSystem, target: &str) -> Result<(RootStep, Cover, bool), SandboxError> {
    match &file_system.kind {
        FileSystemKind::Tmpfs {
            bytes,
            inodes,
            mode,
            execute,
        } => {
            let bytes = at_least_one("file_systems.bytes", *bytes)?;
            let inodes = at_least_one("file_systems.inodes", *inodes)?;
            check_mode("file_systems.mode", *mode)?;
            let options = [
                ("size", bytes.to_string()),
                ("nr_inodes", inodes.to_string()),
                ("mode", format!("{mode:o}")),
            ];
            let step = RootStep::Tmpfs {
                target: target.to_owned(),
                options: options.map(|(key, value)| (key.to_owned(), value)).to_vec(),
                execute: *execute,
            };
            Ok((step, Cover::Ours, true))
        }
        FileSystemKind::Overlay { lower, access } => overlay(lower, *access, target),
    }
}

fn overlay(
    lower: &[PathBuf],
    access: Access,
    target: &str,
) -> Result<(RootStep, Cover, bool), SandboxError> {
    if lower.is_empty() || lower.len() > MAX_LAYERS {
        let reason = format!("an overlay has 1 to {MAX_LAYERS} directories");
        return Err(refused("file_systems", Path::new(target), &reason));
    }
    let layers = lower
        .iter()
        .map(|path| existing_directory("file_systems", path))
        .collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<PathBuf> = layers.iter().map(PathBuf::from).collect();
    if access == Access::ReadOnly && sources.len() == 1 {
        // The kernel knows no read-only overlay of a single directory, and this is the same.
        return bind("file_systems", &sources[0], target, MountKind::ReadOnly);
    }
    let step = RootStep::Overlay {
        target: target.to_owned(),
        lower: layers,
        writable: access == Access::ReadWrite,
    };
    let cover = match access {
        Access::ReadOnly => Cover::Host(sources),
        Access::ReadWrite => Cover::Ours,
    };
    Ok((step, cover, true))
}

fn planned_operation(operation: &FileOperation) -> Result<Operation, SandboxError> {
    let setting = "operations";
    Ok(match operation {
        FileOperation::WriteFile { path, bytes, mode } => {
            check_mode("operations.mode", *mode)?;
            Operation::Write(target(setting, path)?, bytes.clone(), *mode)
        }
        FileOperation::MakeDirectory { path, mode } => {
            check_mode("operations.mode", *mode)?;
            Operation::Directory(target(setting, path)?, *mode)
        }
        FileOperation::Symlink { path, target: to } => {
            Operation::Link(target(setting, path)?, text(setting, to)?)
        }
    })
}

/// Set-user-id and its kin have no effect in a box, so nobody may count on them.
fn check_mode(setting: &'static str, mode: u32) -> Result<(), SandboxError> {
    if mode & !0o1777 == 0 {
        return Ok(());
    }
    Err(SandboxError::Setting {
        setting,
        reason: format!("{mode:o} has more than the sticky and permission bits"),
    })
}

fn require_mount_point(
    sources: &[PathBuf],
    covering: &str,
    target: &str,
) -> Result<(), SandboxError> {
    let inner = Path::new(target)
        .strip_prefix(covering)
        .unwrap_or(Path::new(""));
    let exists = |source: &PathBuf| {
        fs::symlink_metadata(source.join(inner)).is_ok_and(|about| !about.is_symlink())
    };
    if sources.iter().any(exists) {
        return Ok(());
    }
    Err(refused(
        "mounts",
        Path::new(target),
        "it lies below another mount and does not exist there; choose a target outside",
    ))
}

fn refused(setting: &'static str, path: &Path, reason: &str) -> SandboxError {
    SandboxError::Setting {
        setting,
        reason: format!("{}: {reason}", path.display()),
    }
}

fn existing_directory(setting: &'static str, path: &Path) -> Result<String, SandboxError> {
    if !path.is_absolute() {
        return Err(refused(setting, path, "it must be absolute"));
    }
    let path =
        fs::canonicalize(path).map_err(|error| refused(setting, path, &error.to_string()))?;
    if !path.is_dir() {
        return Err(refused(setting, &path, "it is not a directory"));
    }
    text(setting, &path)
}

/// A path in the box, relative to its root.
fn target(setting: &'static str, target: &Path) -> Result<String, SandboxError> {
    let relative = target
        .strip_prefix("/")
        .map_err(|_| refused(setting, target, "it must be absolute"))?;
    let plain = |component| matches!(component, Component::Normal(_));
    if relative.components().next().is_none() || !relative.components().all(plain) {
        return Err(refused(
            setting,
            target,
            "it must not be /, or contain . or ..",
        ));
    }
    // Where files are placed and collected, and what the kernel says of the box.
    if relative == Path::new("box") || relative.starts_with("proc") {
        return Err(refused(setting, target, "this place is taken"));
    }
    text(setting, relative)
}

fn text(setting: &'static str, path: &Path) -> Result<String, SandboxError> {
    match path.to_str() {
        Some(text) if !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(refused(setting, path, "it is not UTF-8 without NUL bytes")),
    }
}
