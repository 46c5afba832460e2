//! Durations and what is told of them.

use std::time::Duration;

/// Measured durations.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    sorted: Vec<Duration>,
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut sorted: Vec<_> = durations.into_iter().collect();
        sorted.sort_unstable();
        Samples { sorted }
    }
}

impl Samples {
    /// The duration that `percent` of all do not exceed (nearest rank); zero of nothing.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.sorted.len() * percent).div_ceil(100).max(1);
        self.sorted.get(rank - 1).copied().unwrap_or_default()
    }

    /// In microseconds.
    pub(super) fn percentile_us(&self, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() * 1e6
    }

    /// The largest.
    pub(super) fn largest(&self) -> Duration {
        self.sorted.last().copied().unwrap_or_default()
    }
}

/// Standard deviation over mean, in percent; zero of fewer than two values.
pub(super) fn variation_percent(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (count - 1.0)).sqrt() / mean * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let samples: Samples = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(samples.percentile_us(50), 100.0);
        assert_eq!(samples.percentile_us(99), 198.0);
        assert_eq!(samples.percentile_us(100), 200.0);
        assert_eq!(Samples::default().percentile_us(50), 0.0);
    }

    #[test]
    fn variation_is_relative_to_the_mean() {
        assert_eq!(variation_percent(&[2.0, 2.0, 2.0]), 0.0);
        assert!((variation_percent(&[9.0, 11.0]) - 14.142).abs() < 0.001);
    }
}
