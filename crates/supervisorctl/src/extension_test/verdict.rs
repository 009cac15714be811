//! What is said of each check, and all together.

use crate::output::Output;

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// As it must be; more of it in words, may be empty.
    Good(String),
    /// As it should not be: what is, and what to do.
    Note(String, &'static str),
    /// As it must not be: what is, and what to do.
    Wrong(String, &'static str),
    /// Could not be tried: why.
    Untried(&'static str),
}

/// Writes each finding as it comes, and counts.
pub(super) struct Verdicts<'o> {
    output: &'o mut Output,
    good: usize,
    notes: usize,
    wrong: usize,
    untried: usize,
}

impl<'o> Verdicts<'o> {
    pub(super) fn new(output: &'o mut Output) -> Self {
        Self { output, good: 0, notes: 0, wrong: 0, untried: 0 }
    }

    /// What is happening now.
    pub(super) fn tell(&mut self, line: &str) {
        self.output.line(line);
        self.output.flush();
    }

    /// The finding of the check of this name: what an extension does.
    pub(super) fn add(&mut self, check: &str, finding: Finding) {
        let (mark, found, advice) = match finding {
            Finding::Good(found) => {
                self.good += 1;
                ("ok   ", found, "")
            }
            Finding::Note(found, advice) => {
                self.notes += 1;
                ("note ", found, advice)
            }
            Finding::Wrong(found, advice) => {
                self.wrong += 1;
                ("WRONG", found, advice)
            }
            Finding::Untried(why) => {
                self.untried += 1;
                ("-    ", why.to_owned(), "")
            }
        };
        let found = if found.is_empty() { found } else { format!(": {found}") };
        self.output.line(&format!("{mark} {check}{found}"));
        if !advice.is_empty() {
            self.output.line(&format!("      {advice}"));
        }
        self.output.flush();
    }

    /// The last line; whether nothing is wrong.
    pub(super) fn conclude(self) -> bool {
        let Self { output, good, notes, wrong, untried } = self;
        let parts = [(good, "ok"), (notes, "to look at"), (wrong, "wrong"), (untried, "not tried")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, word)| *count > 0 || *word == "wrong")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        output.line(&parts.join(", "));
        wrong == 0
    }
}
