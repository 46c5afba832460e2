//! Cases whose ends are races, beside neighbours that are hostile, too.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::canaries::Canaries;
use crate::case::{self, Case};
use crate::judging;
use crate::runner::{alone, judge_once, runnable, runs_slow};

/// Who ends first decides, or the kernel is busy with the end.
const RACES: [&str; 8] = [
    "CPU-06", "FS-03", "MEM-16", "PROC-03a", "PROC-04", "PROC-06", "PROC-07", "PROC-13h",
];

/// A fork bomb, a memory hog, and a storm of writes.
const NEIGHBOURS: [&str; 3] = ["PROC-01a", "MEM-01b", "DSK-10"];

fn chosen(ids: &[&str]) -> Vec<(Case, String)> {
    let cases = case::read_all(None).into_iter();
    let named = cases.filter(|case| ids.contains(&&*case.id));
    named
        .filter_map(|case| runnable(&case).ok().map(|language| (case, language)))
        .collect()
}

/// Judges a case again and again until it is over, at least once.
fn judge_until(over: &AtomicBool, case: &Case, language: &str) -> Vec<String> {
    let (mut slot, canaries) = (judging::slot(), Canaries::new());
    let mut wrong = Vec::new();
    loop {
        let (found, _) = judge_once(&mut slot, case, language, &canaries);
        wrong.extend(found.iter().map(|words| format!("{}: {words}", case.id)));
        if over.load(Ordering::SeqCst) {
            return wrong;
        }
    }
}

#[test]
fn races_end_as_they_should_beside_hostile_neighbours() {
    let rounds = if runs_slow() { 200 } else { 3 };
    beside_hostile_neighbours(&RACES, rounds);
}

/// They burn a little less than they may and a little more.
const NEAR_THEIR_LIMITS: [&str; 2] = ["CPU-09", "CPU-09b"];

#[test]
fn a_program_near_its_limit_keeps_its_verdict_beside_hostile_neighbours() {
    if !runs_slow() {
        eprintln!("slow: only with GAVEL_SLOW_TESTS=1");
        return;
    }
    beside_hostile_neighbours(&NEAR_THEIR_LIMITS, 200);
}

fn beside_hostile_neighbours(ids: &[&str], rounds: usize) {
    let _alone = alone();
    let (cases, neighbours) = (chosen(ids), chosen(&NEIGHBOURS));
    let (over, mut slot, canaries) = (AtomicBool::new(false), judging::slot(), Canaries::new());
    let mut wrong = Vec::new();
    std::thread::scope(|scope| {
        let running = neighbours.iter();
        let running = running.map(|(case, language)| {
            let over = &over;
            scope.spawn(move || judge_until(over, case, language))
        });
        let running: Vec<_> = running.collect();
        for (case, language) in &cases {
            for _ in 0..rounds {
                let (found, _) = judge_once(&mut slot, case, language, &canaries);
                wrong.extend(found.iter().map(|words| format!("{}: {words}", case.id)));
            }
        }
        over.store(true, Ordering::SeqCst);
        for neighbour in running {
            wrong.extend(neighbour.join().expect("a neighbour"));
        }
    });
    wrong.extend(canaries.heard());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
