//! A harmless program in another slot, while a hostile one runs: it must not feel anything.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gavel::judge::verdict::{Judgement, Verdict};

use crate::judging;
use crate::runner::{slowness, stolen};

/// A loop of some 20 ms.
fn program() -> String {
    let rounds = 8000 / slowness();
    format!("for ((i = 0; i < {rounds}; i++)); do :; done; echo ok")
}

/// Even on a machine where other work goes on, for CPU time does not count it. Cold caches do count, and so does
/// stolen time, which is allowed for.
const CPU_FACTOR: f64 = 3.0;
const WALL: Duration = Duration::from_secs(5);

/// A thread with a slot of its own.
pub(crate) struct Neighbour {
    go: Option<Sender<()>>,
    came: Receiver<Judgement>,
    thread: Option<JoinHandle<()>>,
    quiet_cpu_ns: u64,
    /// What had been stolen when it began.
    stolen: Duration,
}

impl Neighbour {
    /// Starts it, and measures it in peace.
    pub(crate) fn start() -> Neighbour {
        let (go, told) = channel();
        let (tell, came) = channel();
        let thread = std::thread::spawn(move || {
            let (mut slot, program) = (judging::slot(), program());
            while told.recv().is_ok() {
                if tell
                    .send(judging::script(&mut slot, &program, "ok"))
                    .is_err()
                {
                    return;
                }
            }
        });
        let mut neighbour = Neighbour {
            go: Some(go),
            came,
            thread: Some(thread),
            quiet_cpu_ns: u64::MAX,
            stolen: Duration::ZERO,
        };
        for _ in 0..3 {
            neighbour.begin();
            let judgement = neighbour.came.recv().expect("the neighbour");
            neighbour.quiet_cpu_ns = neighbour.quiet_cpu_ns.min(cpu_ns(&judgement));
        }
        neighbour
    }

    /// Runs the program once, beside what comes next.
    pub(crate) fn begin(&mut self) {
        self.stolen = stolen();
        let go = self.go.as_ref().expect("a running neighbour");
        go.send(()).expect("the neighbour");
    }

    /// What the program felt.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let judgement = self.came.recv().expect("the neighbour");
        if judgement.verdict != Verdict::Accepted {
            return vec![format!("the neighbour got {:?}", judgement.reason)];
        }
        let wall_ns = facts(&judgement).wall_ns;
        let (cpu, quiet) = (cpu_ns(&judgement) as f64, self.quiet_cpu_ns as f64);
        let mut complaints = Vec::new();
        let stolen = stolen().saturating_sub(self.stolen).as_nanos() as f64;
        if cpu > quiet * CPU_FACTOR * f64::from(slowness()) + stolen {
            complaints.push(format!(
                "the neighbour used {cpu} ns of CPU instead of {quiet}"
            ));
        }
        if u128::from(wall_ns) > (WALL * slowness()).as_nanos() {
            complaints.push(format!("the neighbour took {wall_ns} ns on the clock"));
        }
        complaints
    }
}

fn facts(judgement: &Judgement) -> &gavel::judge::verdict::Facts {
    judgement.cases[0].facts.as_ref().expect("a run")
}

fn cpu_ns(judgement: &Judgement) -> u64 {
    facts(judgement).cpu_ns
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.go = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
