//! Work in parallel: a crew of slots, each of which does one task at a time. Several kinds of work may
//! share a crew: what others wait for goes first, and the rest is done with the slots that are free.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::JudgeSlot;

/// Slots that work together.
#[derive(Debug)]
pub struct Crew<'a, S = JudgeSlot> {
    shared: Arc<Shared<'a, S>>,
    turn: Turn,
}

/// Clones share the slots.
impl<S> Clone for Crew<'_, S> {
    fn clone(&self) -> Self {
        Crew {
            shared: Arc::clone(&self.shared),
            turn: self.turn,
        }
    }
}

/// Which of those who wait for a slot gets the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Later,
}

#[derive(Debug)]
struct Shared<'a, S> {
    /// Each is locked by whoever took its place from those that are free.
    slots: Vec<Mutex<&'a mut S>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Places of slots.
    free: Vec<usize>,
    /// How many wait whose turn is first.
    waiting: usize,
    /// Somebody works alone, or waits for that.
    is_reserved: bool,
}

impl<'a, S: Send> Crew<'a, S> {
    /// A crew of these slots, at least one.
    pub fn of(slots: &'a mut [S]) -> Self {
        let state = State {
            free: (0..slots.len()).collect(),
            waiting: 0,
            is_reserved: false,
        };
        Crew {
            shared: Arc::new(Shared {
                slots: slots.iter_mut().map(Mutex::new).collect(),
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
            turn: Turn::First,
        }
    }

    /// The same slots for work that nobody waits for: it gets what the others leave.
    pub fn later(&self) -> Self {
        Crew {
            turn: Turn::Later,
            ..self.clone()
        }
    }

    /// How many slots there are.
    pub fn size(&self) -> usize {
        self.shared.slots.len()
    }

    /// Does `count` tasks and returns their results in order. After a failure no more are begun.
    ///
    /// # Errors
    /// That of the first task that failed, in their order: the others before it have ended well.
    pub fn each<T: Send, E: Send>(
        &self,
        count: usize,
        task: impl Fn(&mut S, usize) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return Ok(done);
                }
                match task(&mut self.slot(), index) {
                    Ok(result) => done.push((index, result)),
                    Err(error) => {
                        // Half of the range, so that the others cannot count past its end.
                        next.store(usize::MAX / 2, Ordering::Relaxed);
                        return Err((index, error));
                    }
                }
            }
        };
        let mut results = Vec::with_capacity(count);
        let mut failed: Option<(usize, E)> = None;
        for end in in_parallel(self.size().min(count), work) {
            match end {
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

    /// Waits for a slot.
    pub fn slot(&self) -> Held<'_, 'a, S> {
        let is_first = self.turn == Turn::First;
        let mut state = self.shared.state();
        state.waiting += usize::from(is_first);
        let place = loop {
            let may_take = !state.is_reserved && (is_first || state.waiting == 0);
            if let Some(place) = may_take.then(|| state.free.pop()).flatten() {
                break place;
            }
            state = self.shared.wait(state);
        };
        state.waiting -= usize::from(is_first);
        if state.waiting == 0 && !state.free.is_empty() {
            self.shared.changed.notify_all();
        }
        self.shared.held(place, false)
    }

    /// Waits until no slot works. As long as the slot is held, none does.
    pub fn only_slot(&self) -> Held<'_, 'a, S> {
        let mut state = self.shared.state();
        while state.is_reserved {
            state = self.shared.wait(state);
        }
        state.is_reserved = true;
        let place = loop {
            let is_quiet = state.free.len() == self.size();
            if let Some(place) = is_quiet.then(|| state.free.pop()).flatten() {
                break place;
            }
            state = self.shared.wait(state);
        };
        self.shared.held(place, true)
    }
}

/// Does the same work on so many threads, and returns what came of each.
pub(super) fn in_parallel<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        threads
            .into_iter()
            // A panic is a mistake of ours, and goes on where it can be seen.
            .map(|thread| {
                let end = thread.join();
                end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

impl<'a, S> Shared<'a, S> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let woken = self.changed.wait(state);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, place: usize, is_only: bool) -> Held<'_, 'a, S> {
        let slot = self.slots[place].lock();
        Held {
            shared: self,
            place,
            is_only,
            slot: slot.unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// A slot of a crew, until this is dropped.
#[derive(Debug)]
pub struct Held<'c, 'a, S> {
    shared: &'c Shared<'a, S>,
    place: usize,
    /// Whether no other may work meanwhile.
    is_only: bool,
    slot: MutexGuard<'c, &'a mut S>,
}

impl<S> Deref for Held<'_, '_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.slot
    }
}

impl<S> DerefMut for Held<'_, '_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.slot
    }
}

impl<S> Drop for Held<'_, '_, S> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.free.push(self.place);
        state.is_reserved &= !self.is_only;
        drop(state);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn results_come_in_order_and_the_first_failure_counts() {
        let mut slots = [0; 3];
        let crew = Crew::of(&mut slots);
        let doubled = crew.each(100, |slot, index| {
            *slot += 1;
            Ok::<_, ()>(2 * index)
        });
        assert_eq!(doubled, Ok((0..100).map(|index| 2 * index).collect()));
        let failed = crew.each(100, |_, index| match index {
            ..7 => Ok(()),
            _ => Err(index),
        });
        assert_eq!(failed, Err(7));
        drop(crew);
        assert_eq!(slots.iter().sum::<u32>(), 100);
    }

    #[test]
    fn work_that_somebody_waits_for_gets_the_next_slot() {
        let mut slots = [()];
        let crew = &Crew::of(&mut slots);
        let (told, order) = channel();
        thread::scope(|scope| {
            let held = crew.slot();
            let first = told.clone();
            scope.spawn(move || {
                let _held = crew.slot();
                first.send("first").unwrap();
            });
            while crew.shared.state().waiting == 0 {
                thread::yield_now();
            }
            drop(held);
            let later = crew.later();
            let _held = later.slot();
            told.send("later").unwrap();
        });
        assert_eq!(order.try_iter().collect::<Vec<_>>(), ["first", "later"]);
    }

    #[test]
    fn who_works_alone_waits_for_the_others_and_they_for_it() {
        let mut slots = [(); 2];
        let crew = &Crew::of(&mut slots);
        let (told, order) = channel();
        thread::scope(|scope| {
            let held = crew.slot();
            let alone = told.clone();
            scope.spawn(move || {
                let _only = crew.only_slot();
                alone.send("alone").unwrap();
            });
            while !crew.shared.state().is_reserved {
                thread::yield_now();
            }
            told.send("others").unwrap();
            drop(held);
            let _held = crew.slot();
            told.send("others again").unwrap();
        });
        let order: Vec<_> = order.try_iter().collect();
        assert_eq!(order, ["others", "alone", "others again"]);
    }
}
