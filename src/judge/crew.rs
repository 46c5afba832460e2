//! Work in parallel: every slot takes the next task until none is left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::JudgeSlot;

/// Does `count` tasks and returns their results in order. After a failure no more are begun.
///
/// # Errors
/// That of the first task that failed, in their order: the others before it have ended well.
pub fn each<T: Send, E: Send>(
    slots: &mut [JudgeSlot],
    count: usize,
    task: impl Fn(&mut JudgeSlot, usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let work = |slot: &mut JudgeSlot| {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(done);
            }
            match task(slot, index) {
                Ok(result) => done.push((index, result)),
                Err(error) => {
                    // Half of the range, so that the others cannot count past its end.
                    next.store(usize::MAX / 2, Ordering::Relaxed);
                    return Err((index, error));
                }
            }
        }
    };
    let ends: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = slots
            .iter_mut()
            .map(|slot| scope.spawn(|| work(slot)))
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let mut results = Vec::with_capacity(count);
    let mut failed: Option<(usize, E)> = None;
    for end in ends {
        // A panic is a mistake of ours, and goes on where it can be seen.
        match end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
            Ok(done) => results.extend(done),
            Err((index, error)) => {
                if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    failed = Some((index, error));
                }
            }
        }
    }
    if let Some((_, error)) = failed {
        return Err(error);
    }
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
