//! Watching a run: streams, limits, refused calls. Never polls: it sleeps until something happens
//! or the earliest moment at which a limit can have been reached, and then looks again.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::{TimeSpec, TimeValLike};

use super::cancel::Cancel;
use super::capture::{CHUNK, Stream};
use super::cgroup::Group;
use super::launch::BoxConnection;
use super::message::{BoxReport, ReapedUse};
use super::outcome::{Captured, Exit, Limit, SandboxError, SetUpStep};
use super::refused::Refused;
use super::spec::Limits;
use super::streams::Pipe;
use super::sys;

/// Shortest sleep before the CPU time is read again.
const FINEST: Duration = Duration::from_micros(500);
/// Sleep before a program that is late is asked for again.
const LATE: Duration = Duration::from_millis(1);
/// Longest wait for an execve, and for a killed box to be gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// CPU use below this within the idle time counts as none.
const IDLE_CPU: Duration = Duration::from_millis(1);
/// What watching a run has found.
#[derive(Debug)]
pub(super) struct Observation {
    /// The limit for which the run was killed.
    pub killed_for: Option<Limit>,
    /// Whether its owner killed it.
    pub was_killed: bool,
    /// How the program ended, where it did by itself.
    pub exit: Option<Exit>,
    /// Whether it dumped a core.
    pub core: bool,
    /// The errno of an execve that the kernel refused.
    pub not_executable: Option<i32>,
    /// Time from execve to the end.
    pub wall: Duration,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// What init counted of the processes that it reaped.
    pub reaped: ReapedUse,
    /// Names of refused calls.
    pub denied_calls: Vec<String>,
}

/// The parts of a running box.
pub(super) struct Running<'a> {
    /// The connection to it.
    pub connection: &'a BoxConnection,
    /// Its init.
    pub pidfd: BorrowedFd<'a>,
    /// Its cgroup.
    pub group: &'a Group,
    /// Its budgets.
    pub limits: &'a Limits,
    /// How many CPUs it has.
    pub cpus: u32,
    /// Ends the run from outside.
    pub cancel: &'a Cancel,
    /// Ends it too, but keeps what was measured.
    pub kill: Option<&'a Cancel>,
}

impl Running<'_> {
    /// The longest time between two checks.
    fn sampling(&self) -> Duration {
        self.group.sampling().unwrap_or(self.limits.wall)
    }
}

/// Watches a run until the whole box is dead.
pub(super) fn supervise(
    running: &Running<'_>,
    [stdout, stderr]: [Option<Pipe>; 2],
    stderr_bytes: u64,
    listener: Option<OwnedFd>,
) -> Result<Observation, SandboxError> {
    let begun = Instant::now();
    let mut watch = Watch {
        running,
        stdout: Stream::new(stdout, running.limits.stdout_bytes),
        stderr: Stream::new(stderr, stderr_bytes),
        refused: Refused::new(listener),
        first_check: begun + first_check(running.limits, running.cpus, running.sampling()),
        clock: None,
        not_executable: None,
        ended: None,
        reaped: ReapedUse::default(),
        stop: None,
        buffer: vec![0; CHUNK],
    };
    while watch.ended.is_none() && watch.stop.is_none() {
        let sleep = watch.until_next_check(begun)?;
        if watch.stop.is_none() {
            watch.step(sleep)?;
        }
    }
    watch.finish()
}

/// Why a run is stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Limit(Limit),
    Cancelled,
    Killed,
    /// Init died without a report: with the whole group when memory ran out (v2), or of a fault.
    InitDied,
}

/// Clocks of a run, from execve on.
#[derive(Debug)]
struct Clock {
    started_ns: u64,
    next_check: Instant,
    wall_deadline: Instant,
    idle_since: Instant,
    idle_cpu: Duration,
    cpus: u32,
    /// The longest time between two checks.
    sampling: Duration,
}

struct Watch<'a> {
    running: &'a Running<'a>,
    stdout: Stream,
    stderr: Stream,
    refused: Refused,
    /// Nothing has to be checked before.
    first_check: Instant,
    /// Known from the first check on.
    clock: Option<Clock>,
    not_executable: Option<i32>,
    /// Wait status and monotonic time of the program's end.
    ended: Option<(i32, u64)>,
    reaped: ReapedUse,
    stop: Option<Stop>,
    buffer: Vec<u8>,
}

/// What a poll can wake for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Box,
    Stdout,
    Stderr,
    Refused,
    /// The last process under the filter is gone.
    NothingToRefuse,
    OutOfMemory,
    Cancel,
    Kill,
}

impl Source {
    /// What these events of the source mean; `None` without any.
    fn woken_by(self, events: PollFlags) -> Option<Self> {
        match (self, events) {
            (_, events) if events.is_empty() => None,
            // A hung up listener stays ready for ever and has nothing to receive.
            (Source::Refused, events) if !events.contains(PollFlags::POLLIN) => {
                Some(Source::NothingToRefuse)
            }
            (source, _) => Some(source),
        }
    }
}

impl Watch<'_> {
    /// Checks the clocks that are due; returns how long to sleep before the next check.
    fn until_next_check(&mut self, begun: Instant) -> Result<Duration, SandboxError> {
        let now = Instant::now();
        if now < self.first_check {
            return Ok(self.first_check - now);
        }
        self.learn_start();
        let Some(clock) = &mut self.clock else {
            if now.duration_since(begun) > PATIENCE {
                return Err(SandboxError::Lost("start of a program"));
            }
            return Ok(LATE);
        };
        if now >= clock.next_check {
            let cpu = self.running.group.cpu()?;
            let Running { limits, group, .. } = self.running;
            let limit = clock.check(limits, now, cpu);
            let over = || {
                group
                    .holds_more_than(limits.memory_bytes)
                    .then_some(Limit::Memory)
            };
            self.stop = limit.or_else(over).map(Stop::Limit);
        }
        Ok(clock.next_check.saturating_duration_since(now))
    }

    fn step(&mut self, sleep: Duration) -> Result<(), SandboxError> {
        for source in self.wait(sleep)? {
            match source {
                Source::Box => self.take_report()?,
                Source::Stdout => self.take_stdout()?,
                Source::Stderr => self.stderr.take(&mut self.buffer)?,
                Source::Refused => self.refused.answer_one()?,
                Source::NothingToRefuse => self.refused.stop(),
                Source::OutOfMemory => self.stop = Some(Stop::Limit(Limit::Memory)),
                Source::Cancel => self.stop = Some(Stop::Cancelled),
                Source::Kill => self.stop = Some(Stop::Killed),
            }
        }
        Ok(())
    }

    /// Sleeps until a source is ready or the time is over.
    fn wait(&self, sleep: Duration) -> Result<Vec<Source>, SandboxError> {
        let sources = [
            (Some(self.running.connection.socket.as_fd()), Source::Box),
            (self.stdout.fd(), Source::Stdout),
            (self.stderr.fd(), Source::Stderr),
            (self.refused.fd(), Source::Refused),
            (
                self.running.group.out_of_memory_event(),
                Source::OutOfMemory,
            ),
            (self.running.kill.map(Cancel::fd), Source::Kill),
            (Some(self.running.cancel.fd()), Source::Cancel),
        ];
        let watched: Vec<(BorrowedFd<'_>, Source)> = sources
            .into_iter()
            .filter_map(|(fd, source)| Some((fd?, source)))
            .collect();
        let mut polled: Vec<PollFd<'_>> = watched
            .iter()
            .map(|(fd, _)| PollFd::new(*fd, PollFlags::POLLIN))
            .collect();
        let nanoseconds = i64::try_from(sleep.as_nanos()).unwrap_or(i64::MAX);
        match ppoll(&mut polled, Some(TimeSpec::nanoseconds(nanoseconds)), None) {
            Err(nix::Error::EINTR) => return Ok(Vec::new()),
            other => other.set_up("wait for", "a run")?,
        };
        let sources = polled.iter().zip(&watched);
        Ok(sources
            .filter_map(|(poll, (_, source))| source.woken_by(poll.revents()?))
            .collect())
    }

    fn take_report(&mut self) -> Result<(), SandboxError> {
        let Some(report) = self.running.connection.receive()? else {
            self.stop = Some(Stop::InitDied);
            return Ok(());
        };
        match report {
            (BoxReport::Listening, listener) => self.refused.listen_to(listener),
            (BoxReport::NotExecutable(errno), _) => self.not_executable = Some(errno),
            (BoxReport::Ended(status, time_ns, reaped), _) => {
                (self.ended, self.reaped) = (Some((status, time_ns)), reaped);
            }
            (other, _) => return Err(self.running.connection.failure_of(other)),
        }
        Ok(())
    }

    fn take_stdout(&mut self) -> Result<(), SandboxError> {
        self.stdout.take(&mut self.buffer)?;
        if self.stdout.overflowed() {
            self.stop = Some(Stop::Limit(Limit::Output));
        }
        Ok(())
    }

    /// Kills what is left, waits until it is gone and takes what is still in the pipes. Never
    /// waits for the end of a stream: a guest could keep it open for ever.
    fn finish(mut self) -> Result<Observation, SandboxError> {
        let ended_ns = match self.ended {
            Some((_, time_ns)) => time_ns,
            None => self.kill()?,
        };
        if self.stop == Some(Stop::Cancelled) {
            return Err(SandboxError::Cancelled);
        }
        if self.stop == Some(Stop::InitDied) {
            if self.running.group.usage(self.reaped)?.oom_kills == 0 {
                return Err(SandboxError::Lost("init of a box"));
            }
            self.stop = Some(Stop::Limit(Limit::Memory));
        }
        self.stdout.drain(&mut self.buffer)?;
        self.stderr.drain(&mut self.buffer)?;
        let killed_for = match self.stop {
            Some(Stop::Limit(limit)) => Some(limit),
            _ if self.stdout.overflowed() => Some(Limit::Output),
            _ => None,
        };
        Ok(Observation {
            killed_for,
            was_killed: self.stop == Some(Stop::Killed) && self.ended.is_none(),
            exit: self.ended.map(|(status, _)| exit_of(status)),
            core: self
                .ended
                .is_some_and(|(status, _)| libc::WCOREDUMP(status)),
            not_executable: self.not_executable,
            reaped: self.reaped,
            wall: self.wall(ended_ns),
            stdout: self.stdout.into_captured(),
            stderr: self.stderr.into_captured(),
            denied_calls: self.refused.into_names(),
        })
    }

    /// Kills everything and waits until it is gone. Returns the time of the kill: what follows is the
    /// kernel's work, and how long that takes is up to the machine.
    fn kill(&self) -> Result<u64, SandboxError> {
        self.running.group.look_before_kill();
        sys::signal_process(self.running.pidfd, libc::SIGKILL).set_up("kill", "a box")?;
        self.running.group.kill();
        let killed_ns = sys::monotonic_ns();
        wait_until_gone(self.running.pidfd)?;
        Ok(killed_ns)
    }

    /// Sets the clocks to the start of the program, once it has started.
    fn learn_start(&mut self) {
        let running = self.running;
        if self.clock.is_none()
            && let Some(started_ns) = running.connection.start_time.take()
        {
            let sampling = running.sampling();
            let clock = Clock::start(started_ns, running.limits, running.cpus, sampling);
            self.clock = Some(clock);
        }
    }

    fn wall(&mut self, ended_ns: u64) -> Duration {
        self.learn_start();
        let started_ns = self
            .clock
            .as_ref()
            .map_or(ended_ns, |clock| clock.started_ns);
        Duration::from_nanos(ended_ns.saturating_sub(started_ns))
    }
}

/// How long after its start a program can have reached a limit at the earliest.
fn first_check(limits: &Limits, cpus: u32, sampling: Duration) -> Duration {
    let idle = limits.idle.unwrap_or(limits.wall);
    (limits.cpu / cpus).min(limits.wall).min(idle).min(sampling)
}

impl Clock {
    fn start(started_ns: u64, limits: &Limits, cpus: u32, sampling: Duration) -> Self {
        let now = Instant::now();
        let passed = Duration::from_nanos(sys::monotonic_ns().saturating_sub(started_ns));
        let started = now.checked_sub(passed).unwrap_or(now);
        Clock {
            started_ns,
            next_check: started + first_check(limits, cpus, sampling),
            wall_deadline: started + limits.wall,
            idle_since: started,
            idle_cpu: Duration::ZERO,
            cpus,
            sampling,
        }
    }

    /// Which limit is exceeded; otherwise sets the next moment at which one can be.
    fn check(&mut self, limits: &Limits, now: Instant, cpu: Duration) -> Option<Limit> {
        if cpu > limits.cpu {
            return Some(Limit::Cpu);
        }
        if now >= self.wall_deadline {
            return Some(Limit::Wall);
        }
        // On one CPU its CPU time cannot run faster than the clock.
        let cpu_left = ((limits.cpu - cpu) / self.cpus).max(FINEST);
        self.next_check = (now + cpu_left.min(self.sampling)).min(self.wall_deadline);
        if cpu.saturating_sub(self.idle_cpu) > IDLE_CPU {
            (self.idle_since, self.idle_cpu) = (now, cpu);
        }
        let idle_deadline = self.idle_since + limits.idle?;
        if now >= idle_deadline {
            return Some(Limit::Idle);
        }
        self.next_check = self.next_check.min(idle_deadline);
        None
    }
}

/// Waits for init of a box to be gone, and everything in the box with it.
pub(super) fn wait_until_gone(pidfd: BorrowedFd<'_>) -> Result<(), SandboxError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let nanoseconds = i64::try_from(left.as_nanos()).unwrap_or(i64::MAX);
        let mut polled = [PollFd::new(pidfd, PollFlags::POLLIN)];
        match ppoll(&mut polled, Some(TimeSpec::nanoseconds(nanoseconds)), None) {
            Err(nix::Error::EINTR) => {}
            Ok(0) => return Err(SandboxError::Lost("killed box never")),
            other => return other.map(drop).set_up("wait for", "a killed box"),
        }
    }
}

/// Decodes a wait status of a process that ended.
fn exit_of(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        cpu: Duration::from_secs(1),
        wall: Duration::from_secs(3),
        idle: Some(Duration::from_secs(2)),
        memory_bytes: 1,
        stdout_bytes: 1,
        processes: 1,
        stack_bytes: 1,
        open_files: 1,
        file_bytes: 1,
    };

    fn clock() -> (Clock, Instant) {
        let clock = Clock::start(sys::monotonic_ns(), &LIMITS, 1, LIMITS.wall);
        let started = clock.wall_deadline - LIMITS.wall;
        (clock, started)
    }

    fn after(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn cpu_time_at_the_limit_is_within_it() {
        let (mut clock, started) = clock();
        assert_eq!(
            clock.check(&LIMITS, started + after(1000), after(1000)),
            None
        );
        let over = after(1000) + Duration::from_nanos(1);
        assert_eq!(
            clock.check(&LIMITS, started + after(1001), over),
            Some(Limit::Cpu)
        );
    }

    #[test]
    fn the_next_check_is_when_the_cpu_limit_can_be_reached() {
        let (mut clock, started) = clock();
        let now = started + after(500);
        assert_eq!(clock.check(&LIMITS, now, after(400)), None);
        assert_eq!(clock.next_check, now + after(600));
    }

    #[test]
    fn a_sleeper_is_idle_and_a_worker_is_not() {
        let (mut sleeper, started) = clock();
        let late = started + after(2000);
        assert_eq!(sleeper.check(&LIMITS, late, after(1)), Some(Limit::Idle));
        let (mut worker, started) = clock();
        assert_eq!(
            worker.check(&LIMITS, started + after(2000), after(500)),
            None
        );
    }

    #[test]
    fn the_wall_limit_holds_without_an_idle_limit() {
        let (mut clock, started) = clock();
        let limits = Limits {
            idle: None,
            ..LIMITS
        };
        let at = |millis| started + after(millis);
        assert_eq!(clock.check(&limits, at(2999), after(1)), None);
        assert_eq!(clock.check(&limits, at(3000), after(1)), Some(Limit::Wall));
    }
}
