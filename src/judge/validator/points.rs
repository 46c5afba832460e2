//! The points that a validator gives under the protocol of the ICPC: by files in its feedback directory.

use super::ACCEPTED;
use crate::judge::grade::Points;

/// Whether a validator may also say by `score.txt` that an output it rejects is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::judge) enum Zeros {
    /// That is its failure, as in the formats that say so.
    Refused,
    /// Real legacy packages do it, and it says the same twice.
    Ignored,
}

/// What a validator takes an output to be worth, by `score.txt` and `score_multiplier.txt`.
pub(super) fn points(
    (code, zeros): (i32, Zeros),
    files: [Option<String>; 2],
) -> Result<Option<Points>, String> {
    let number = |text: String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("gave {text:?} for points, which is no number"))
    };
    match files {
        [None, None] => Ok(None),
        [Some(score), None]
            if code != ACCEPTED && zeros == Zeros::Ignored && number(score.clone()) == Ok(0.0) =>
        {
            Ok(None)
        }
        _ if code != ACCEPTED => Err("gave points for an output that it rejects".to_owned()),
        [Some(_), Some(_)] => {
            Err("wrote both score.txt and score_multiplier.txt; it must be one".to_owned())
        }
        [Some(score), None] => Ok(Some(Points::Score(number(score)?))),
        [None, Some(part)] => match number(part)? {
            part @ 0.0..=1.0 => Ok(Some(Points::Part(part))),
            part => Err(format!(
                "wrote {part} to score_multiplier.txt; it must be from 0 to 1"
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_one_number_for_an_accepted_output() {
        let of = |code, score: Option<&str>, part: Option<&str>| {
            let files = [score, part].map(|text| text.map(str::to_owned));
            points((code, Zeros::Refused), files)
        };
        assert_eq!(of(42, None, None), Ok(None));
        assert_eq!(of(43, None, None), Ok(None));
        assert_eq!(of(42, Some("12.5"), None), Ok(Some(Points::Score(12.5))));
        assert_eq!(of(42, Some("-1"), None), Ok(Some(Points::Score(-1.0))));
        assert_eq!(of(42, None, Some("1")), Ok(Some(Points::Part(1.0))));
        for (code, score, part, words) in [
            (43, Some("1"), None, "that it rejects"),
            (43, Some("0"), None, "that it rejects"),
            (43, None, Some("1"), "that it rejects"),
            (42, Some("1"), Some("1"), "must be one"),
            (42, Some(""), None, "is no number"),
            (42, Some("1 2"), None, "is no number"),
            (42, Some("nan"), None, "is no number"),
            (42, Some("inf"), None, "is no number"),
            (42, None, Some("1.01"), "from 0 to 1"),
            (42, None, Some("-0.1"), "from 0 to 1"),
        ] {
            let error = of(code, score, part).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn zero_points_for_a_rejected_output_are_none_where_that_is_usual() {
        let of = |score: &str, part: Option<&str>| {
            let files = [Some(score), part].map(|text| text.map(str::to_owned));
            points((43, Zeros::Ignored), files)
        };
        assert_eq!(of("0", None), Ok(None));
        assert_eq!(of("0.00", None), Ok(None));
        for (score, part) in [("1", None), ("none", None), ("0", Some("0"))] {
            let error = of(score, part).unwrap_err();
            assert!(error.contains("that it rejects"), "{error}");
        }
    }
}
