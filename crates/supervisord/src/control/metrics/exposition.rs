//! The text format of Prometheus, version 0.0.4: families one after the other, each with its help, its type and its
//! samples.
//!
//! A family without samples is left out, and each is written once. No time stamps: what is told is of now.

use std::fmt::{Display, Write as _};

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It never decreases while supervisord runs. Its name ends in `_total`.
    Counter,
    Gauge,
}

/// A document that is being written.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// One of its families.
pub(super) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    has_samples: bool,
}

impl Exposition {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        debug_assert!(name.ends_with("_total") == (kind == Kind::Counter), "{name}");
        Family { text: &mut self.text, name, kind, help, has_samples: false }
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &'static str, kind: Kind, help: &'static str, value: impl Display) {
        self.family(name, kind, help).sample(&[], value);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// A number; a float in as few digits as tell it from its neighbours.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let Self { text, name, kind, help, has_samples } = self;
        if !*has_samples {
            *has_samples = true;
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes everything");
        }
        text.push_str(name);
        for (place, (label, value)) in labels.iter().enumerate() {
            text.push(if place == 0 { '{' } else { ',' });
            text.push_str(label);
            text.push_str("=\"");
            push_label_value(text, value);
            text.push('"');
        }
        if !labels.is_empty() {
            text.push('}');
        }
        writeln!(text, " {value}").expect("a String takes everything");
    }
}

fn push_label_value(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_told_once_and_only_with_samples() {
        let mut exposition = Exposition::default();
        exposition.single("up", Kind::Gauge, "Whether it is.", 1);
        let _empty = exposition.family("none_total", Kind::Counter, "Nothing.");
        let mut family = exposition.family("seconds_total", Kind::Counter, "Time.");
        family.sample(&[("name", "a"), ("group", "b\"\\\n}")], 0.25);
        family.sample(&[("name", "é")], 3.0);
        let expected = "# HELP up Whether it is.\n# TYPE up gauge\nup 1\n\
                        # HELP seconds_total Time.\n# TYPE seconds_total counter\n\
                        seconds_total{name=\"a\",group=\"b\\\"\\\\\\n}\"} 0.25\nseconds_total{name=\"é\"} 3\n";
        assert_eq!(exposition.finish(), expected);
    }
}
