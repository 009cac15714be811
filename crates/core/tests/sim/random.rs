//! Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood 2014).

use std::ops::Range;

/// What the random histories of a test are made from: as many seeds as the environment says under this name, or else
/// `usually`; from `HISTORY_SEED` on, or else 0.
pub(crate) fn seeds(count: &str, usually: u64) -> Range<u64> {
    let first = number_from_environment("HISTORY_SEED", 0);
    first..first.saturating_add(number_from_environment(count, usually))
}

fn number_from_environment(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} is to be a number, not {text:?}"))
}

#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The same seed gives the same numbers, on every machine.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound, which is above zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of several, which are not none.
    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let place = self.below(choices.len() as u64);
        choices[usize::try_from(place).expect("a place in a slice is a usize")].clone()
    }
}
