//! What programs use, as numbers: for rows, for metrics, for charts.

use std::fmt::Write as _;
use std::time::Duration;

use supervisor_protocol::json::Object;

/// One round through `/proc`, as far as it was asked for.
#[derive(Clone, Debug)]
pub(in crate::control) struct Round {
    /// When it was, since the Unix epoch.
    pub(in crate::control) at: Duration,
    /// Of each process that was asked for, in their order.
    pub(in crate::control) usages: Vec<Usage>,
}

/// What a program uses, with its descendants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::control) struct Usage {
    /// CPU time over all its runs, as far as it was seen, in seconds.
    pub(in crate::control) cpu_seconds: f64,
    /// `None`: it does not run.
    pub(in crate::control) now: Option<Now>,
}

/// What it uses just now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::control) struct Now {
    /// Share of one processor since the round before; `None`: that is too long ago, or it did not run then.
    pub(in crate::control) cpu: Option<f64>,
    /// Resident memory in bytes.
    pub(in crate::control) memory: u64,
    /// How many processes it is.
    pub(in crate::control) processes: u64,
}

/// One point of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::control) struct Sample {
    /// Seconds since the Unix epoch.
    at: u32,
    /// Share of one processor; not a number where it is not known.
    cpu: f32,
    /// KiB.
    memory: u32,
}

impl Now {
    /// Whether it would be told anew: by a tenth of a point of CPU, by a hundredth of anything, or by its processes.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let cpu_differs = match (self.cpu, other.cpu) {
            (Some(a), Some(b)) => (a - b).abs() > (a.abs().max(b.abs()) * 0.01).max(0.001),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        };
        cpu_differs
            || self.memory.abs_diff(other.memory) > self.memory.max(other.memory) / 100
            || self.processes != other.processes
    }

    /// Appends it as the stream tells it: an array of CPU, memory and processes.
    pub(in crate::control) fn push_array(&self, out: &mut String) {
        let cpu = self.cpu.map_or_else(|| "null".to_owned(), share_text);
        write!(out, "[{cpu}, {}, {}]", self.memory, self.processes).expect("a String takes all");
    }
}

impl Usage {
    /// Appends it as a member `resources`; what does not run and has used nothing has none.
    pub(in crate::control) fn push_member(&self, object: &mut Object<'_>, at: &str) {
        if self.now.is_none() && self.cpu_seconds == 0.0 {
            return;
        }
        object.object("resources", |object| {
            object.string("at", at);
            if let Some(cpu) = self.now.and_then(|now| now.cpu) {
                object.number("cpu", share_text(cpu));
            }
            object.number("cpu_seconds", format_args!("{:.2}", self.cpu_seconds));
            if let Some(now) = self.now {
                object.number("memory", now.memory);
                object.number("processes", now.processes);
            }
        });
    }
}

impl Sample {
    #[expect(clippy::cast_possible_truncation, reason = "a chart shows no more digits")]
    pub(super) fn new(at: Duration, now: &Now) -> Self {
        let cpu = now.cpu.map_or(f32::NAN, |cpu| cpu as f32);
        let memory = u32::try_from(now.memory / 1_024).unwrap_or(u32::MAX);
        Self { at: u32::try_from(at.as_secs()).unwrap_or(u32::MAX), cpu, memory }
    }

    /// Appends it as an array of time in seconds since the epoch, CPU and memory in bytes.
    pub(in crate::control) fn push_array(&self, out: &mut String) {
        let cpu = if self.cpu.is_nan() { "null".to_owned() } else { share_text(f64::from(self.cpu)) };
        write!(out, "[{}, {cpu}, {}]", self.at, u64::from(self.memory) * 1_024).expect("a String takes all");
    }
}

/// A share with three digits.
fn share_text(share: f64) -> String {
    format!("{share:.3}")
}

#[cfg(test)]
mod tests {
    use supervisor_protocol::json;

    use super::*;

    const NOW: Now = Now { cpu: Some(0.5), memory: 1_000_000, processes: 3 };

    #[test]
    fn what_hardly_changes_is_the_same() {
        for (other, differs) in [
            (Now { cpu: Some(0.504), ..NOW }, false),
            (Now { cpu: Some(0.51), ..NOW }, true),
            (Now { cpu: None, ..NOW }, true),
            (Now { memory: 1_009_000, ..NOW }, false),
            (Now { memory: 1_020_000, ..NOW }, true),
            (Now { processes: 4, ..NOW }, true),
        ] {
            assert_eq!(NOW.differs_from(&other), differs, "{other:?}");
            assert_eq!(other.differs_from(&NOW), differs, "{other:?}");
        }
        let quiet = Now { cpu: Some(0.0), ..NOW };
        assert!(!quiet.differs_from(&Now { cpu: Some(0.0005), ..NOW }));
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let text = |usage: Usage| {
            let mut text = String::new();
            json::object(&mut text, |object| usage.push_member(object, "T"));
            text
        };
        assert_eq!(text(Usage::default()), "{}");
        let usage = Usage { cpu_seconds: 1.5, now: Some(NOW) };
        let all = r#"{"at": "T", "cpu": 0.500, "cpu_seconds": 1.50, "memory": 1000000, "processes": 3}"#;
        assert_eq!(text(usage), format!("{{\"resources\": {all}}}"));
        let unknown = Usage { now: Some(Now { cpu: None, ..NOW }), ..usage };
        assert!(!text(unknown).contains("\"cpu\""));
        assert_eq!(text(Usage { now: None, ..usage }), r#"{"resources": {"at": "T", "cpu_seconds": 1.50}}"#);
    }

    #[test]
    fn points_of_a_chart_are_arrays() {
        let (mut now, mut sample) = (String::new(), String::new());
        NOW.push_array(&mut now);
        assert_eq!(now, "[0.500, 1000000, 3]");
        Sample::new(Duration::from_secs(9), &NOW).push_array(&mut sample);
        assert_eq!(sample, "[9, 0.500, 999424]");
        sample.clear();
        Sample::new(Duration::from_secs(9), &Now { cpu: None, ..NOW }).push_array(&mut sample);
        assert_eq!(sample, "[9, null, 999424]");
    }
}
