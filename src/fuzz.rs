//! For tests of parsers that read what strangers write: inputs that look random, made of good ones by
//! changing them. The same seeds make the same inputs, so that a failure can be repeated; with
//! `GAVEL_SLOW_TESTS=1` there are a hundred times as many.

/// Bytes and choices that follow from a seed (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn of(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, or 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// One of them.
    pub(crate) fn of_all<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Fewer than `bound` bytes, of any value.
    pub(crate) fn bytes(&mut self, bound: usize) -> Vec<u8> {
        let length = self.below(bound);
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// A few changes of a good input: bits, bytes and lengths, pieces that are gone, doubled or moved, and
    /// `words` that mean something to the parser.
    pub(crate) fn change(&mut self, good: &[u8], words: &[&str]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(6) {
            self.change_once(&mut bytes, words);
        }
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>, words: &[&str]) {
        const ODD: [u8; 8] = [0, 0xff, 0x7f, 0x80, b'\n', b' ', b'-', b'9'];
        let at = self.below(bytes.len() + 1);
        let end = at + self.below((bytes.len() - at + 1).min(64));
        match self.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            4 if at < bytes.len() => bytes[at] = *self.of_all(&ODD),
            5 if at + 4 <= bytes.len() => {
                let number = *self.of_all(&[0_u32, 1, u32::MAX, 1 << 31, 0x7fff_ffff]);
                bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            6 => drop(bytes.splice(at..at, self.bytes(9))),
            _ if !words.is_empty() => {
                let word = self.of_all(words).bytes();
                drop(bytes.splice(at..end.min(at + 8), word));
            }
            _ => bytes.push(self.next() as u8),
        }
    }
}

/// How many inputs are tried, where `usual` are.
pub(crate) fn rounds(usual: u64) -> u64 {
    let is_slow = std::env::var_os("GAVEL_SLOW_TESTS").is_some_and(|value| value == "1");
    if is_slow { usual * 100 } else { usual }
}

/// Tries changed inputs and wholly random ones. One that makes `check` panic is shown.
pub(crate) fn try_changes(
    usual: u64,
    (good, words): (&[&[u8]], &[&str]),
    check: impl Fn(&[u8], &mut Random),
) {
    for seed in 0..rounds(usual) {
        let mut random = Random::of(seed);
        let input = match random.below(20) {
            0 => random.bytes(200),
            _ => {
                let good = *random.of_all(good);
                random.change(good, words)
            }
        };
        let shown = Shown {
            seed,
            input: &input,
        };
        check(&input, &mut random);
        drop(shown);
    }
}

/// Says what was tried when a test panicked.
struct Shown<'a> {
    seed: u64,
    input: &'a [u8],
}

impl Drop for Shown<'_> {
    #[allow(clippy::print_stderr, reason = "a test fails loudly")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cut = &self.input[..self.input.len().min(2000)];
            eprintln!("seed {}: b\"{}\"", self.seed, cut.escape_ascii());
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_changes_and_others_make_others() {
    let changed = |seed| Random::of(seed).change(b"a good input, long enough", &["word"]);
    let all: std::collections::BTreeSet<Vec<u8>> = (0..100).map(changed).collect();
    assert_eq!(changed(7), changed(7));
    assert!(all.len() > 90, "{}", all.len());
}
