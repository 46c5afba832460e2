//! A handle of a run on a thread of its own.

use std::thread::JoinHandle;

use super::cancel::Cancel;
use super::outcome::{Report, SandboxError, SetUpStep};
use super::slot::Slot;

/// What ends a run from outside.
pub(super) struct Switches<'a> {
    /// Ends it and forgets it.
    pub cancel: &'a Cancel,
    /// Ends it and keeps what was measured.
    pub kill: Option<&'a Cancel>,
}

type Finished = (Result<Report, SandboxError>, Slot);

/// A program that runs. It can be waited for, and killed, from any thread, also after the one that
/// started it has ended. Dropping it ends the run.
#[derive(Debug)]
pub struct Child {
    id: u32,
    cancel: Cancel,
    kill: Cancel,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Running(JoinHandle<Finished>),
    Finished(Box<Finished>),
    /// Only while changing from one to the other, and if the thread panicked.
    Lost,
}

/// What a lost run is told as.
static LOST: SandboxError = SandboxError::Lost("thread of a run");

impl Child {
    /// Starts the thread; `run` is given what ends it.
    pub(super) fn start(
        id: i32,
        run: impl FnOnce(Switches<'_>) -> Finished + Send + 'static,
    ) -> Result<Self, SandboxError> {
        let (cancel, kill) = (Cancel::new()?, Cancel::new()?);
        let (cancel_inside, kill_inside) = (cancel.clone(), kill.clone());
        let thread = std::thread::Builder::new()
            .name(format!("box-{id}"))
            .spawn(move || {
                run(Switches {
                    cancel: &cancel_inside,
                    kill: Some(&kill_inside),
                })
            })
            .set_up("start", "the thread of a run")?;
        Ok(Child {
            id: id.unsigned_abs(),
            cancel,
            kill,
            run: Run::Running(thread),
        })
    }

    /// The process id, on the host, of the box's first process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Kills everything in the box. What was measured until then is in the report. Does nothing
    /// once the program has ended.
    pub fn kill(&self) {
        self.kill.cancel();
    }

    /// What happened, if it is over.
    pub fn try_wait(&mut self) -> Option<Result<&Report, &SandboxError>> {
        match &self.run {
            Run::Running(thread) if !thread.is_finished() => None,
            _ => Some(self.wait()),
        }
    }

    /// Waits for the end; says the same when asked again.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn wait(&mut self) -> Result<&Report, &SandboxError> {
        self.join();
        match &self.run {
            Run::Finished(finished) => finished.0.as_ref(),
            Run::Running(_) | Run::Lost => Err(&LOST),
        }
    }

    /// Waits for the end and gives the slot back, for the next run; without one if ours is lost.
    pub fn finish(mut self) -> (Result<Report, SandboxError>, Option<Slot>) {
        self.join();
        match std::mem::replace(&mut self.run, Run::Lost) {
            Run::Finished(finished) => (finished.0, Some(finished.1)),
            Run::Running(_) | Run::Lost => (Err(SandboxError::Lost("thread of a run")), None),
        }
    }

    fn join(&mut self) {
        self.run = match std::mem::replace(&mut self.run, Run::Lost) {
            Run::Running(thread) => match thread.join() {
                Ok(finished) => Run::Finished(Box::new(finished)),
                // A panic there has been reported by itself.
                Err(_) => Run::Lost,
            },
            over => over,
        };
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.join();
    }
}
