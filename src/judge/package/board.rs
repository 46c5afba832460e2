//! Who runs what next. Programs are compiled and run by a crew: each slot takes a program that nobody works
//! at, and helps with another where there is none. So little is run that turns out not to count, and
//! nobody waits for the slowest of a step.
//!
//! Nothing is run here, and no order changes what counts: `judge::grade` says that.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Candidate, CaseEnd, Entrant, Extent, Program, Rerun, Times, Timing};
use crate::judge::JudgeError;
use crate::judge::grade::{self, Grade, Points};
use crate::judge::verdict::{Facts, Verdict};
use crate::problem::groups::Group;

/// What is known of a program on a case under some times, by the places of both.
pub(super) type Recall<'a> = &'a (dyn Fn(usize, usize, Times) -> Option<Ran> + Sync);

/// The work on all programs.
pub(super) struct Board<'a> {
    groups: &'a Group,
    timing: Timing<'a>,
    recall: Recall<'a>,
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    entries: Vec<Entry<'a>>,
    /// Tasks that were given out.
    in_flight: usize,
    failed: Option<(usize, JudgeError)>,
}

/// What was done for a program, and what is to be done.
pub(super) struct Entry<'a> {
    pub candidate: &'a Candidate,
    pub stage: Stage,
    /// None as long as they are not known.
    pub times: Option<Times>,
    /// Of every case, what came of it.
    pub known: Vec<Option<Grade>>,
    /// Whether a case can still change anything.
    counts: Vec<bool>,
    pub results: Vec<Option<CaseEnd>>,
    /// What a validator gave for each case.
    points: Vec<Option<Points>>,
    /// Runs that were repeated.
    pub reruns: Vec<Rerun>,
    /// Cases that were given out.
    is_begun: Vec<bool>,
    /// All cases before this one were begun, or do not count.
    next: usize,
    /// How many cases are neither run nor known not to be.
    left: usize,
    workers: usize,
}

/// How far a program is.
pub(super) enum Stage {
    Sources,
    Compiling,
    Ready(Entrant),
    /// Its compiler refused it; why.
    Refused(String),
    /// It cannot be judged here; why.
    NotJudged(String),
}

/// A task that is given out.
pub(super) enum Task {
    /// The place of a program that is to be compiled.
    Compile(usize),
    Run(Run),
}

/// A program that is to be run on a case, by their places.
pub(super) struct Run {
    pub entry: usize,
    pub case: usize,
    pub entrant: Entrant,
    pub times: Times,
}

/// What a run came to.
pub(super) struct Ran {
    pub end: CaseEnd,
    /// None where a program of the package failed.
    pub grade: Option<Grade>,
    /// What a validator gave.
    pub points: Option<Points>,
}

impl Ran {
    /// A program of the package failed.
    pub(super) fn failed(error: JudgeError) -> Ran {
        Ran {
            end: Err(error),
            grade: None,
            points: None,
        }
    }
}

/// Less is more urgent: whether its limit is not known yet, how many work at it, whether it is quick.
type Urgency = (bool, usize, bool);

impl<'a> Entry<'a> {
    fn new(candidate: &'a Candidate, times: Option<Times>, cases: usize) -> Self {
        Entry {
            candidate,
            stage: match (&candidate.program, candidate.refusal()) {
                (Program::Compiled(entrant), _) => Stage::Ready(entrant.clone()),
                (Program::Sources { .. }, Some(reason)) => Stage::Refused(reason),
                (Program::Sources { .. }, None) => Stage::Sources,
            },
            times,
            known: vec![None; cases],
            counts: vec![true; cases],
            results: (0..cases).map(|_| None).collect(),
            points: vec![None; cases],
            reruns: Vec::new(),
            is_begun: vec![false; cases],
            next: 0,
            left: cases,
            workers: 0,
        }
    }

    /// Takes what is known of the cases that come next.
    fn recall(&mut self, place: usize, groups: &Group, recall: Recall<'_>) {
        let may_run = matches!(self.stage, Stage::Sources | Stage::Ready(_));
        let Some(times) = self.times.filter(|_| may_run) else {
            return;
        };
        while let Some(case) = self.next_case()
            && let Some(ran) = recall(place, case, times)
        {
            self.is_begun[case] = true;
            self.note(groups, case, ran);
        }
    }

    /// Whether a case can change anything, or is run for whoever wants to know.
    pub(super) fn is_wanted(&self, case: usize) -> bool {
        self.candidate.extent == Extent::All || self.counts[case]
    }

    /// What a validator gave for the cases that count, by their places in order.
    pub(super) fn points(&self) -> impl Iterator<Item = (usize, Points)> {
        let points = self.points.iter().enumerate();
        let given = points.filter_map(|(case, points)| Some((case, (*points)?)));
        given.filter(|(case, _)| self.is_wanted(*case))
    }

    /// The first case that is wanted and was not given out.
    fn next_case(&mut self) -> Option<usize> {
        while self.next < self.known.len() {
            if self.is_wanted(self.next) && !self.is_begun[self.next] {
                return Some(self.next);
            }
            self.next += 1;
        }
        None
    }

    /// Notes what a case came to. Where it is right, and was not known to be anything else, no other case
    /// counts less for it.
    pub(super) fn note(&mut self, groups: &Group, case: usize, ran: Ran) {
        let Ran { end, grade, points } = ran;
        let is_right =
            |grade: Option<Grade>| grade.is_none_or(|grade| grade.verdict == Verdict::Accepted);
        let changes_nothing = is_right(self.known[case]) && is_right(grade);
        let was_left = self.is_left(case);
        self.results[case] = Some(end);
        self.known[case] = grade;
        self.points[case] = points;
        if changes_nothing {
            self.left -= usize::from(was_left);
        } else {
            self.counts = grade::grade_so_far(groups, &self.known).counts;
            self.next = 0;
            self.left = (0..self.known.len())
                .filter(|&case| self.is_left(case))
                .count();
        }
    }

    fn compiled(&mut self, stage: Stage) {
        if matches!(stage, Stage::Refused(_) | Stage::NotJudged(_)) {
            self.left = 0;
        }
        self.stage = stage;
    }

    fn is_left(&self, case: usize) -> bool {
        self.results[case].is_none() && self.is_wanted(case)
    }

    /// Whether nothing is done for it, and nothing is to be done.
    fn is_finished(&mut self) -> bool {
        self.workers == 0 && self.urgency().is_none()
    }

    /// What is to be done next for it, and how urgent that is.
    fn urgency(&mut self) -> Option<Urgency> {
        let is_to_do = match self.stage {
            // What is known of it may be enough.
            Stage::Sources if self.times.is_none() => self.candidate.is_unknown(),
            Stage::Sources | Stage::Ready(_) => self.times.is_some() && self.next_case().is_some(),
            Stage::Compiling | Stage::Refused(_) | Stage::NotJudged(_) => false,
        };
        is_to_do.then_some((
            self.times.is_none(),
            self.workers,
            !self.candidate.takes_long,
        ))
    }

    fn task(&mut self, entry: usize) -> Option<Task> {
        let task = match (&self.stage, self.times) {
            (Stage::Ready(entrant), Some(times)) => {
                let entrant = entrant.clone();
                let case = self.next_case()?;
                self.is_begun[case] = true;
                Task::Run(Run {
                    entry,
                    case,
                    entrant,
                    times,
                })
            }
            _ => {
                self.stage = Stage::Compiling;
                Task::Compile(entry)
            }
        };
        self.workers += 1;
        Some(task)
    }

    /// CPU time of the slowest run that sets the limit, in milliseconds.
    fn slowest_ms(&self) -> Option<f64> {
        let setting = self.candidate.sets_limit.as_deref()?;
        let sets_limit = |case: usize| setting.get(case) == Some(&true);
        let wanted = (0..self.known.len()).filter(|&case| self.is_wanted(case) && sets_limit(case));
        let times = wanted.filter_map(|case| match &self.results[case] {
            Some(Ok(result)) => result.facts.as_ref().map(Facts::cpu_ms),
            _ => None,
        });
        times.max_by(f64::total_cmp)
    }
}

impl State<'_> {
    /// The most urgent task: of a program at which the fewest work, the first of them.
    fn task(&mut self, groups: &Group, recall: Recall<'_>) -> Option<Task> {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            entry.recall(place, groups, recall);
        }
        let entries = self.entries.iter_mut().enumerate();
        let open = entries.filter_map(|(place, entry)| Some((entry.urgency()?, place)));
        let (_, place) = open.min()?;
        let task = self.entries[place].task(place)?;
        self.in_flight += 1;
        Some(task)
    }

    /// Sets the limit of those that have none, once those that set it are finished.
    fn set_limit(&mut self, timing: Timing<'_>) {
        let Timing::Calibrated { then, .. } = timing else {
            return;
        };
        let mut setting = self
            .entries
            .iter_mut()
            .filter(|e| e.candidate.sets_limit.is_some());
        if !setting.all(Entry::is_finished) {
            return;
        }
        let setting = self
            .entries
            .iter()
            .filter(|e| e.candidate.sets_limit.is_some());
        let slowest_ms = setting.filter_map(Entry::slowest_ms).max_by(f64::total_cmp);
        let mut times = None;
        for entry in self.entries.iter_mut().filter(|e| e.times.is_none()) {
            entry.times = Some(*times.get_or_insert_with(|| then(slowest_ms.unwrap_or(0.0))));
        }
    }
}

impl<'a> Board<'a> {
    pub(super) fn new(
        (groups, cases): (&'a Group, usize),
        candidates: &'a [Candidate],
        timing: Timing<'a>,
        recall: Recall<'a>,
    ) -> Self {
        let entry = |candidate: &'a Candidate| {
            let times = match timing {
                Timing::Given(times) => Some(times),
                Timing::Calibrated { first, .. } => candidate.sets_limit.is_some().then_some(first),
            };
            Entry::new(candidate, times, cases)
        };
        Board {
            groups,
            timing,
            recall,
            state: Mutex::new(State {
                entries: candidates.iter().map(entry).collect(),
                in_flight: 0,
                failed: None,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to do; `None` where nothing will be.
    pub(super) fn next(&self) -> Option<Task> {
        let mut state = self.state();
        loop {
            if state.failed.is_some() {
                return None;
            }
            state.set_limit(self.timing);
            match state.task(self.groups, self.recall) {
                Some(task) => return Some(task),
                None if state.in_flight == 0 => return None,
                None => {
                    let woken = self.changed.wait(state);
                    state = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Notes what compiling came to; tells how many cases are decided, and of how many.
    pub(super) fn compiled(&self, place: usize, end: Result<Stage, JudgeError>) -> (usize, usize) {
        self.note(place, end, Entry::compiled)
    }

    /// Notes what a run came to, and tells the same.
    pub(super) fn ran(&self, run: &Run, end: Result<Ran, JudgeError>) -> (usize, usize) {
        let groups = self.groups;
        self.note(run.entry, end, |entry, ran| {
            entry.note(groups, run.case, ran)
        })
    }

    fn note<T>(
        &self,
        place: usize,
        end: Result<T, JudgeError>,
        note: impl FnOnce(&mut Entry<'a>, T),
    ) -> (usize, usize) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.entries[place].workers -= 1;
        match end {
            Ok(end) => note(&mut state.entries[place], end),
            Err(error) => {
                let is_first = |(first, _): &(usize, JudgeError)| place < *first;
                if state.failed.as_ref().is_none_or(is_first) {
                    state.failed = Some((place, error));
                }
            }
        }
        self.changed.notify_all();
        let all: usize = state.entries.iter().map(|entry| entry.known.len()).sum();
        let left: usize = state.entries.iter().map(|entry| entry.left).sum();
        (all - left, all)
    }

    /// Why not all was done.
    pub(super) fn failure(&mut self) -> Result<(), JudgeError> {
        match self.whole().failed.take() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// What was done for each program; nobody works.
    pub(super) fn entries(&mut self) -> &mut [Entry<'a>] {
        &mut self.whole().entries
    }

    /// The same, once nothing is left to do.
    pub(super) fn into_entries(self) -> Vec<Entry<'a>> {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).entries
    }

    fn whole(&mut self) -> &mut State<'a> {
        let state = self.state.get_mut();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
