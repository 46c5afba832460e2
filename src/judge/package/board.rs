//! Who runs what next. Programs are compiled and run by a crew: each slot takes a program that nobody works
//! at, and helps with another where there is none. So little is run that turns out not to count, and
//! nobody waits for the slowest of a step.
//!
//! Nothing is run here, and no order changes what counts: `judge::grade` says that.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Candidate, CaseEnd, Extent, Program, Rerun, Times, Timing};
use crate::judge::grade::{self, Grade};
use crate::judge::verdict::{Facts, Verdict};
use crate::judge::{Executable, JudgeError};
use crate::problem::groups::Group;

/// The work on all programs.
pub(super) struct Board<'a> {
    groups: &'a Group,
    timing: Timing<'a>,
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
    Ready(Executable),
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
    pub executable: Executable,
    pub times: Times,
}

/// What a run came to; there is no grade where a program of the package failed.
pub(super) type Ran = (CaseEnd, Option<Grade>);

/// Less is more urgent: whether its limit is not known yet, how many work at it, whether it is quick.
type Urgency = (bool, usize, bool);

impl<'a> Entry<'a> {
    fn new(candidate: &'a Candidate, times: Option<Times>, cases: usize) -> Self {
        Entry {
            candidate,
            stage: match &candidate.program {
                Program::Compiled(executable) => Stage::Ready(executable.clone()),
                Program::Sources { .. } => Stage::Sources,
            },
            times,
            known: vec![None; cases],
            counts: vec![true; cases],
            results: (0..cases).map(|_| None).collect(),
            reruns: Vec::new(),
            is_begun: vec![false; cases],
            next: 0,
            left: cases,
            workers: 0,
        }
    }

    /// Whether a case can change anything, or is run for whoever wants to know.
    pub(super) fn is_wanted(&self, case: usize) -> bool {
        self.candidate.extent == Extent::All || self.counts[case]
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
    pub(super) fn note(&mut self, groups: &Group, case: usize, (end, grade): Ran) {
        let is_right =
            |grade: Option<Grade>| grade.is_none_or(|grade| grade.verdict == Verdict::Accepted);
        let changes_nothing = is_right(self.known[case]) && is_right(grade);
        let was_left = self.is_left(case);
        self.results[case] = Some(end);
        self.known[case] = grade;
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
            Stage::Sources => true,
            Stage::Ready(_) => self.times.is_some() && self.next_case().is_some(),
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
            (Stage::Ready(executable), Some(times)) => {
                let executable = executable.clone();
                let case = self.next_case()?;
                self.is_begun[case] = true;
                Task::Run(Run {
                    entry,
                    case,
                    executable,
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

    /// CPU time of the slowest run that counts, in milliseconds.
    fn slowest_ms(&self) -> Option<f64> {
        let wanted = (0..self.known.len()).filter(|&case| self.is_wanted(case));
        let times = wanted.filter_map(|case| match &self.results[case] {
            Some(Ok(result)) => result.facts.as_ref().map(Facts::cpu_ms),
            _ => None,
        });
        times.max_by(f64::total_cmp)
    }
}

impl State<'_> {
    /// The most urgent task: of a program at which the fewest work, the first of them.
    fn task(&mut self) -> Option<Task> {
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
        let mut setting = self.entries.iter_mut().filter(|e| e.candidate.sets_limit);
        if !setting.all(Entry::is_finished) {
            return;
        }
        let setting = self.entries.iter().filter(|e| e.candidate.sets_limit);
        let slowest_ms = setting.filter_map(Entry::slowest_ms).max_by(f64::total_cmp);
        let mut times = None;
        for entry in self.entries.iter_mut().filter(|e| e.times.is_none()) {
            entry.times = Some(*times.get_or_insert_with(|| then(slowest_ms.unwrap_or(0.0))));
        }
    }
}

impl<'a> Board<'a> {
    pub(super) fn new(
        groups: &'a Group,
        cases: usize,
        candidates: &'a [Candidate],
        timing: Timing<'a>,
    ) -> Self {
        let entry = |candidate: &'a Candidate| {
            let times = match timing {
                Timing::Given(times) => Some(times),
                Timing::Calibrated { first, .. } => candidate.sets_limit.then_some(first),
            };
            Entry::new(candidate, times, cases)
        };
        Board {
            groups,
            timing,
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
            match state.task() {
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
mod tests {
    use super::*;
    use crate::judge::verdict::CaseResult;
    use crate::judge::{Languages, program};
    use crate::problem::SourceFile;
    use crate::problem::groups::{Member, OnReject, Worth};
    use std::sync::Arc;

    const CASES: usize = 4;

    /// So many programs of which the first sets the limit, or none does.
    fn candidates(count: usize, first_sets_limit: bool) -> Vec<Candidate> {
        let candidate = |place| Candidate {
            program: Program::Sources {
                language: "bash".to_owned(),
                files: Vec::new(),
            },
            extent: Extent::Deciding,
            sets_limit: first_sets_limit && place == 0,
            takes_long: false,
        };
        (0..count).map(candidate).collect()
    }

    /// All cases in order, up to the first that fails.
    fn groups() -> Group {
        let member = |index| Member::Case(index, Worth::NoPoints);
        Group {
            on_reject: OnReject::Break,
            ..Group::adding_up(String::new(), (0..CASES).map(member).collect())
        }
    }

    /// What a task is: `c` for compiling or the place of the case, after that of the program.
    fn named(task: &Task) -> String {
        match task {
            Task::Compile(entry) => format!("{entry}c"),
            Task::Run(run) => format!("{}{}", run.entry, run.case),
        }
    }

    fn executable() -> Executable {
        let languages = Languages::built_in().unwrap();
        let bash = languages.find("bash").unwrap();
        let file = SourceFile {
            name: "main".to_owned(),
            bytes: Arc::from([]),
        };
        let program = program::Program::new(bash, &[file]).unwrap();
        Executable::new(bash, program.unwrap(), Vec::new())
    }

    fn end(board: &Board<'_>, task: &Task, verdict: Verdict) -> (usize, usize) {
        match task {
            Task::Compile(entry) => board.compiled(*entry, Ok(Stage::Ready(executable()))),
            Task::Run(run) => {
                let result = CaseResult {
                    verdict,
                    facts: Some(Facts {
                        cpu_ns: 7_000_000,
                        ..Facts::default()
                    }),
                    ..CaseResult::skipped(run.case, "")
                };
                let score = 0.0;
                board.ran(run, Ok((Ok(result), Some(Grade { verdict, score }))))
            }
        }
    }

    /// Gives out so many tasks.
    fn take(board: &Board<'_>, count: usize) -> (Vec<Task>, Vec<String>) {
        let tasks: Vec<Task> = (0..count).map_while(|_| board.next()).collect();
        let names = tasks.iter().map(named).collect();
        (tasks, names)
    }

    #[test]
    fn slots_work_at_different_programs_and_help_only_where_there_is_no_other() {
        let (groups, candidates) = (groups(), candidates(2, false));
        let board = Board::new(&groups, CASES, &candidates, Timing::Given(Times::limit(1)));
        let (tasks, names) = take(&board, 2);
        assert_eq!(names, ["0c", "1c"]);
        end(&board, &tasks[0], Verdict::Accepted);
        let (running, names) = take(&board, 1);
        assert_eq!(names, ["00"]);
        end(&board, &tasks[1], Verdict::Accepted);
        let (others, names) = take(&board, 3);
        assert_eq!(names, ["10", "01", "11"]);
        // The first case fails: what follows it does not count.
        end(&board, &running[0], Verdict::WrongAnswer);
        assert_eq!(end(&board, &others[0], Verdict::Accepted), (5, 8));
        let (_, names) = take(&board, 2);
        assert_eq!(names, ["12", "13"]);
    }

    #[test]
    fn others_are_compiled_before_the_limit_is_known_and_run_after_it() {
        let (groups, candidates) = (groups(), candidates(3, true));
        let then = |slowest_ms: f64| Times::limit(slowest_ms as u64 * 10);
        let first = Times::limit(60_000);
        let timing = Timing::Calibrated { first, then: &then };
        let board = Board::new(&groups, CASES, &candidates, timing);
        let (tasks, names) = take(&board, 2);
        assert_eq!(names, ["0c", "1c"]);
        end(&board, &tasks[1], Verdict::Accepted);
        end(&board, &tasks[0], Verdict::Accepted);
        let (running, names) = take(&board, CASES + 1);
        assert_eq!(names, ["00", "01", "02", "03", "2c"]);
        for task in &running[..CASES] {
            end(&board, task, Verdict::Accepted);
        }
        // The slowest took 7 ms.
        let (others, names) = take(&board, 1);
        assert_eq!(names, ["10"]);
        assert!(matches!(&others[0], Task::Run(run) if run.times == Times::limit(70)));
    }

    #[test]
    fn what_takes_long_is_begun_first() {
        let (groups, mut candidates) = (groups(), candidates(3, false));
        candidates[1].takes_long = true;
        let board = Board::new(&groups, CASES, &candidates, Timing::Given(Times::limit(1)));
        assert_eq!(take(&board, 3).1, ["1c", "0c", "2c"]);
    }

    #[test]
    fn a_failure_of_ours_ends_the_work_and_the_first_is_told() {
        let (groups, candidates) = (groups(), candidates(2, false));
        let mut board = Board::new(&groups, CASES, &candidates, Timing::Given(Times::limit(1)));
        let (_, names) = take(&board, 2);
        assert_eq!(names, ["0c", "1c"]);
        let failure = |name: &str| Err(JudgeError::UnknownLanguage(name.to_owned()));
        board.compiled(1, failure("second"));
        board.compiled(0, failure("first"));
        assert!(board.next().is_none());
        let error = board.failure().unwrap_err().to_string();
        assert!(error.contains("first"), "{error}");
    }
}
