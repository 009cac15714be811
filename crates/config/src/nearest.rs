//! Which of the known words was probably meant by one that nobody knows.

/// The nearest word, if it is only a few keystrokes away.
pub fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let tolerance = 1 + word.chars().count() / 5;
    let close = known.map(|name| (distance(word, name, tolerance), name)).min_by_key(|(distance, _)| *distance);
    close.filter(|(distance, _)| *distance <= tolerance).map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word of the other; more than `limit`
/// is only known to be more.
fn distance(from: &str, to: &str, limit: usize) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > limit {
        return limit + 1;
    }
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_near_within_a_few_keystrokes() {
        let known = || ["true", "false", "unexpected"].into_iter();
        for (word, expected) in
            [("ture", Some("true")), ("flase", Some("false")), ("unexpectd", Some("unexpected")), ("perhaps", None)]
        {
            assert_eq!(nearest(word, known()), expected, "{word}");
        }
    }

    #[test]
    fn distances() {
        for (from, to, expected) in [("", "", 0), ("abc", "abc", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to, 9), expected);
        }
        assert_eq!(distance("a", "abcdef", 2), 3);
    }
}
