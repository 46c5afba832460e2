//! Problem packages in the worker's memory: unpacked, with their programs compiled, for the next
//! submissions on the same ones. What is kept is bounded; what is in use stays until its last job ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::retry::while_unavailable;
use crate::judge::crew::Crew;
use crate::judge::package::{CompiledPackage, PackageError};
use crate::judge::{Cancel, Judge, JudgeSlot, in_words};
use crate::problem::package::{self, Package};
use crate::store::{BlobId, ProblemError, Store, StoreError, StoredPackage};
use crate::unpack::{self, Caps, UnpackError};

/// Most packages that are kept, and most bytes of test data in all of them but the last.
const MOST: usize = 16;
const MOST_BYTES: usize = 512 << 20;

/// Why a package cannot be judged with.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// Its archive cannot be read from the store.
    #[error("cannot read the package")]
    Read(#[source] StoreError),
    /// Its archive cannot be unpacked, though it could when it was stored.
    #[error("cannot unpack the package")]
    Unpack(#[source] UnpackError),
    /// It is no valid package, though it was when it was stored.
    #[error("the package cannot be used")]
    Refused(package::Findings),
    /// Its programs cannot be compiled, or did not do their part.
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl LoadError {
    /// The error as one of the problem, where it is one.
    pub(super) fn of_the_problem(&self) -> Option<ProblemError> {
        let evidence = match self {
            LoadError::Read(_) => return None,
            LoadError::Package(error) if !error.is_of_the_package() => return None,
            LoadError::Package(error) => error.evidence().to_owned(),
            LoadError::Refused(findings) => {
                let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
                lines.join("\n")
            }
            LoadError::Unpack(_) => String::new(),
        };
        Some(ProblemError {
            cause: in_words(self),
            evidence,
        })
    }
}

/// Reads blobs on a thread that may block: judging is.
pub(super) struct Blobs {
    pub(super) store: Store,
    pub(super) given_up: CancellationToken,
    pub(super) runtime: Handle,
}

impl Blobs {
    pub(super) fn read(&self, id: BlobId) -> Result<Arc<[u8]>, StoreError> {
        let read = while_unavailable(&self.given_up, || self.store.read_blob(id));
        self.runtime.block_on(read)
    }
}

/// A package that one job compiles while others wait for it.
type Place = Arc<Mutex<Option<CompiledPackage>>>;

/// The packages that are kept.
#[derive(Debug)]
pub(super) struct Packages {
    judge: Judge,
    /// The last used one last.
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    package: StoredPackage,
    /// Size of the test data, once that is known.
    bytes: usize,
    place: Place,
}

impl Packages {
    pub(super) fn new(judge: Judge) -> Self {
        Packages {
            judge,
            kept: Mutex::default(),
        }
    }

    /// The judge that compiles them.
    pub(super) fn judge(&self) -> &Judge {
        &self.judge
    }

    /// A package, ready to judge by. Its programs are compiled on the slot, if nobody did so before.
    pub(super) fn get(
        &self,
        stored: StoredPackage,
        blobs: &Blobs,
        slot: &mut JudgeSlot,
        cancel: &Cancel,
    ) -> Result<CompiledPackage, LoadError> {
        let place = self.place(stored);
        let mut compiled = lock(&place);
        if let Some(package) = &*compiled {
            return Ok(package.clone());
        }
        let package = Arc::new(load(stored, blobs)?);
        let crew = Crew::of(std::slice::from_mut(slot));
        let bytes = data_bytes(&package);
        let package = CompiledPackage::compile(&self.judge, &crew, package, cancel)?;
        *compiled = Some(package.clone());
        drop(compiled);
        self.note_size(stored, bytes);
        Ok(package)
    }

    /// Where a package is or will be; moves it to the end.
    fn place(&self, package: StoredPackage) -> Place {
        let mut all = lock(&self.kept);
        let known = all.iter().position(|kept| kept.package == package);
        let kept = match known {
            Some(index) => all.remove(index),
            None => Kept {
                package,
                bytes: 0,
                place: Place::default(),
            },
        };
        let place = Arc::clone(&kept.place);
        all.push(kept);
        forget_old(&mut all);
        place
    }

    fn note_size(&self, package: StoredPackage, bytes: usize) {
        let mut all = lock(&self.kept);
        if let Some(kept) = all.iter_mut().find(|kept| kept.package == package) {
            kept.bytes = bytes;
        }
        forget_old(&mut all);
    }
}

/// Forgets the longest unused ones, but never the last.
fn forget_old(all: &mut Vec<Kept>) {
    let is_too_much = |all: &[Kept]| {
        let bytes: usize = all.iter().map(|kept| kept.bytes).sum();
        all.len() > 1 && (all.len() > MOST || bytes > MOST_BYTES)
    };
    while is_too_much(all) {
        all.remove(0);
    }
}

/// Reads and unpacks a package.
pub(super) fn load(stored: StoredPackage, blobs: &Blobs) -> Result<Package, LoadError> {
    let bytes = blobs.read(stored.archive).map_err(LoadError::Read)?;
    let tree = unpack::read_archive(&bytes, &Caps::UPLOAD).map_err(LoadError::Unpack)?;
    let (package, findings) = package::read(&tree);
    let mut package = package.ok_or(LoadError::Refused(findings))?;
    package.limits.memory_bytes = stored.memory_bytes;
    Ok(package)
}

fn data_bytes(package: &Package) -> usize {
    let sizes = package.cases.iter();
    sizes.map(|case| case.input.len() + case.answer.len()).sum()
}

/// A panic while something was compiled leaves nothing in its place.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: u8) -> StoredPackage {
        StoredPackage {
            archive: BlobId::of(&[number]),
            memory_bytes: 1,
        }
    }

    fn kept(number: u8, bytes: usize) -> Kept {
        Kept {
            package: stored(number),
            bytes,
            place: Place::default(),
        }
    }

    fn left(mut all: Vec<Kept>) -> Vec<BlobId> {
        forget_old(&mut all);
        all.into_iter().map(|kept| kept.package.archive).collect()
    }

    #[test]
    fn the_longest_unused_packages_are_forgotten() {
        let id = |number: u8| BlobId::of(&[number]);
        let many = (0..=MOST as u8).map(|number| kept(number, 0)).collect();
        assert_eq!(left(many).first(), Some(&id(1)));
        let half = MOST_BYTES / 2;
        assert_eq!(left(vec![kept(1, half), kept(2, half)]), [id(1), id(2)]);
        let large = vec![kept(1, half), kept(2, half), kept(3, 1)];
        assert_eq!(left(large), [id(2), id(3)]);
        // What is in use now is kept however large it is.
        assert_eq!(left(vec![kept(1, 1), kept(2, MOST_BYTES + 1)]), [id(2)]);
    }
}
