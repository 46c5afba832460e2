//! The built-in filter as a program for the kernel.
//!
//! The kernel checks, translates and compiles the program again for every box, in time that grows
//! with its length. So neighbouring numbers with the same answer are one range here, found by a
//! binary search, and equal answers are one instruction: a quarter of what libseccomp makes of the
//! same policy, for it compares with each call of its own.

use std::collections::BTreeMap;

use libseccomp::ScmpArch;

/// Whose calls a program decides about; those of any other architecture are killed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Architecture {
    /// In the kernel's words.
    pub code: u32,
    /// In those of libseccomp, which knows the numbers of the calls.
    pub names: ScmpArch,
    /// Whether numbers from [`X32`] on are those of another ABI.
    pub has_x32: bool,
}

impl Architecture {
    #[cfg(any(test, target_arch = "x86_64"))]
    pub(super) const X86_64: Self = Architecture {
        code: LITTLE_ENDIAN_64 | libc::EM_X86_64 as u32,
        names: ScmpArch::X8664,
        has_x32: true,
    };
    #[cfg(any(test, target_arch = "aarch64"))]
    pub(super) const AARCH64: Self = Architecture {
        code: LITTLE_ENDIAN_64 | libc::EM_AARCH64 as u32,
        names: ScmpArch::Aarch64,
        has_x32: false,
    };
    /// The one of this binary.
    #[cfg(target_arch = "x86_64")]
    pub(super) const NATIVE: Self = Self::X86_64;
    /// The one of this binary.
    #[cfg(target_arch = "aarch64")]
    pub(super) const NATIVE: Self = Self::AARCH64;
}

const LITTLE_ENDIAN_64: u32 = 0xc000_0000;
/// Numbers from here on belong to the x32 ABI, where that shares an architecture.
const X32: u32 = 0x4000_0000;
/// What a tracer leaves of a call that it skips.
const SKIPPED: u32 = u32::MAX;

/// Offsets in the kernel's `struct seccomp_data`.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Lets it happen.
    Allow,
    /// Has it fail with an errno; with 0 it succeeds and does nothing.
    Errno(u16),
    /// Asks the listener.
    Notify,
    /// Kills the process.
    Kill,
}

/// How the answer to a call is found. Of an argument only the lower half counts, as for the kernel:
/// all that are looked at have 32 bits there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is the same whatever the arguments are.
    Always(Answer),
    /// By whether any of these bits is set in an argument.
    Bits {
        argument: u32,
        bits: u32,
        set: Answer,
        clear: Answer,
    },
    /// By the value of an argument.
    Value {
        argument: u32,
        answers: BTreeMap<u32, Answer>,
        otherwise: Answer,
    },
}

/// A program, an array of `struct sock_filter`, that decides by the number of a call; numbers that
/// are not listed get `otherwise`.
pub(super) fn assemble(
    architecture: Architecture,
    calls: &BTreeMap<u32, Decision>,
    otherwise: Answer,
) -> Vec<u8> {
    let mut ranges = ranges(calls, &Decision::Always(otherwise));
    if architecture.has_x32 {
        ranges.push((X32, Decision::Always(Answer::Kill)));
        ranges.push((SKIPPED, Decision::Always(otherwise)));
    }
    let mut program = Program::default();
    let native = program.search(&ranges);
    let native = program.load(NUMBER_AT, native);
    let foreign = program.answer(Answer::Kill);
    let start = program.branch(libc::BPF_JEQ, architecture.code, native, foreign);
    program.load(ARCHITECTURE_AT, start);
    program.into_bytes()
}

/// The first value of each range of equal decisions, from 0 on.
fn ranges<T: Clone + PartialEq>(listed: &BTreeMap<u32, T>, otherwise: &T) -> Vec<(u32, T)> {
    let mut ranges: Vec<(u32, T)> = Vec::new();
    let mut begin = |value: u32, decision: &T| {
        if ranges.last().is_none_or(|(_, last)| last != decision) {
            ranges.push((value, decision.clone()));
        }
    };
    let mut gap = Some(0);
    for (value, decision) in listed {
        if let Some(gap) = gap.filter(|gap| gap < value) {
            begin(gap, otherwise);
        }
        begin(*value, decision);
        gap = value.checked_add(1);
    }
    if let Some(gap) = gap {
        begin(gap, otherwise);
    }
    ranges
}

/// The kernel's `struct sock_filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

/// An instruction, by its distance from the end of the program.
type Label = usize;

/// A program that is written from its end, for jumps lead forward only.
#[derive(Default)]
struct Program {
    reversed: Vec<Instruction>,
}

impl Program {
    fn add(&mut self, code: u32, if_true: u8, if_false: u8, value: u32) -> Label {
        self.reversed.push(Instruction {
            code: code as u16,
            if_true,
            if_false,
            value,
        });
        self.reversed.len() - 1
    }

    /// How many instructions are skipped by a jump to a label from the next one that is added.
    fn distance(&self, label: Label) -> usize {
        self.reversed.len() - 1 - label
    }

    /// A label from which the program goes on at another one, near enough for a branch.
    fn near(&mut self, label: Label) -> Label {
        // One less than possible, for the other side of the branch may need a jump, too.
        const FARTHEST: usize = u8::MAX as usize - 1;
        if self.distance(label) <= FARTHEST {
            return label;
        }
        let distance = self.distance(label) as u32;
        self.add(libc::BPF_JMP | libc::BPF_JA, 0, 0, distance)
    }

    fn branch(&mut self, test: u32, value: u32, if_true: Label, if_false: Label) -> Label {
        let if_true = self.near(if_true);
        let if_false = self.near(if_false);
        let (if_true, if_false) = (self.distance(if_true), self.distance(if_false));
        let code = libc::BPF_JMP | test | libc::BPF_K;
        // Both are near.
        self.add(code, if_true as u8, if_false as u8, value)
    }

    /// Loads a word of the call and goes on at a label.
    fn load(&mut self, offset: u32, then: Label) -> Label {
        let distance = self.distance(then) as u32;
        if distance > 0 {
            self.add(libc::BPF_JMP | libc::BPF_JA, 0, 0, distance);
        }
        self.add(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
    }

    fn answer(&mut self, answer: Answer) -> Label {
        let value = match answer {
            Answer::Allow => libc::SECCOMP_RET_ALLOW,
            Answer::Errno(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
            Answer::Notify => libc::SECCOMP_RET_USER_NOTIF,
            Answer::Kill => libc::SECCOMP_RET_KILL_PROCESS,
        };
        let code = libc::BPF_RET | libc::BPF_K;
        let known = self
            .reversed
            .iter()
            .position(|known| u32::from(known.code) == code && known.value == value);
        known.unwrap_or_else(|| self.add(code, 0, 0, value))
    }

    fn decide(&mut self, decision: &Decision) -> Label {
        match decision {
            Decision::Always(answer) => self.answer(*answer),
            Decision::Bits {
                argument,
                bits,
                set,
                clear,
            } => {
                let (set, clear) = (self.answer(*set), self.answer(*clear));
                let test = self.branch(libc::BPF_JSET, *bits, set, clear);
                self.load(lower_half(*argument), test)
            }
            Decision::Value {
                argument,
                answers,
                otherwise,
            } => {
                let always = |(value, answer): &(u32, Answer)| (*value, Decision::Always(*answer));
                let ranges: Vec<_> = ranges(answers, otherwise).iter().map(always).collect();
                let search = self.search(&ranges);
                self.load(lower_half(*argument), search)
            }
        }
    }

    /// Finds the range of the loaded word by halving.
    fn search(&mut self, ranges: &[(u32, Decision)]) -> Label {
        let (lower, upper) = ranges.split_at(ranges.len() / 2);
        match (lower, upper) {
            ([], [(_, decision)]) => self.decide(decision),
            ([], _) => self.answer(Answer::Kill),
            (_, [(begin, _), ..]) => {
                let above = self.search(upper);
                let below = self.search(lower);
                self.branch(libc::BPF_JGE, *begin, above, below)
            }
            (_, []) => self.search(lower),
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        let instructions = self.reversed.iter().rev();
        instructions
            .flat_map(|instruction| {
                let [a, b] = instruction.code.to_ne_bytes();
                let [c, d, e, f] = instruction.value.to_ne_bytes();
                [a, b, instruction.if_true, instruction.if_false, c, d, e, f]
            })
            .collect()
    }
}

fn lower_half(argument: u32) -> u32 {
    ARGUMENTS_AT + 8 * argument
}
