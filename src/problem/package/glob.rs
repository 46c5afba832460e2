//! The patterns of `submissions.yaml`: `*` within one part of a path, and alternatives in braces.

/// Longest pattern, in bytes, and the most alternatives that one may stand for.
const MAX_BYTES: usize = 500;
const MAX_ALTERNATIVES: usize = 200;

/// Whether a pattern names a path or one of the directories above it; `None` where it is no
/// pattern.
pub fn matches(pattern: &str, path: &str) -> Option<bool> {
    let patterns = alternatives(pattern)?;
    Some(patterns.iter().any(|pattern| covers(pattern, path)))
}

/// The patterns without braces that a pattern stands for.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    if pattern.len() > MAX_BYTES {
        return None;
    }
    let mut done = Vec::new();
    let mut pending = vec![pattern.to_owned()];
    while let Some(pattern) = pending.pop() {
        if done.len() + pending.len() > MAX_ALTERNATIVES {
            return None;
        }
        // The innermost pair of braces first.
        let Some(end) = pattern.find('}') else {
            if pattern.contains('{') {
                return None;
            }
            done.push(pattern);
            continue;
        };
        let start = pattern[..end].rfind('{')?;
        let (before, inner, after) = (
            &pattern[..start],
            &pattern[start + 1..end],
            &pattern[end + 1..],
        );
        pending.extend(
            inner
                .split(',')
                .map(|choice| format!("{before}{choice}{after}")),
        );
    }
    Some(done)
}

fn covers(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    pattern
        .split('/')
        .all(|pattern| parts.next().is_some_and(|part| part_matches(pattern, part)))
}

/// Linear in the product of the two: remembers the last `*` only, to which alone it ever returns.
fn part_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_parts_and_what_is_below() {
        for (pattern, path, expected) in [
            ("accepted", "accepted/a.py", true),
            ("accepted/a.py", "accepted/a.py", true),
            ("accepted/*.py", "accepted/a.py", true),
            ("accepted/*.cpp", "accepted/a.py", false),
            ("*/a*", "wrong_answer/abc.cpp", true),
            ("*", "x/y/z", true),
            ("x/y/z", "x/y", false),
            ("{accepted,slow}/*", "slow/a", true),
            ("a/{b,c{d,e}}.*", "a/ce.py", true),
            ("a/{b,c{d,e}}.*", "a/c.py", false),
            ("a/*b*c", "a/xbxbxc", true),
            ("a/*b*c", "a/xbxbx", false),
            ("acc", "accepted/a", false),
        ] {
            assert_eq!(matches(pattern, path), Some(expected), "{pattern} {path}");
        }
    }

    #[test]
    fn bombs_are_no_patterns() {
        let bomb = "{a,b}".repeat(20);
        assert_eq!(matches(&bomb, "a"), None);
        assert_eq!(matches(&"a".repeat(MAX_BYTES + 1), "a"), None);
        assert_eq!(matches("a}b", "a"), None);
        assert_eq!(matches("{a", "a"), None);
        let slow = format!("{}b", "*a".repeat(100));
        assert_eq!(matches(&slow, &"a".repeat(1000)), Some(false));
    }
}
