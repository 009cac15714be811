//! All processes as the stream of `/api/v1` tells them: rows that are replaced by newer ones, and what each uses.
//!
//! No I/O; frames go in. What a frame of a newer server says besides is passed over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::event_stream::Frame;

/// What has come so far.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// By full name.
    rows: BTreeMap<String, Row>,
    /// What time it was last, by the server's clock.
    pub(crate) now: Option<Timestamp>,
    /// Who tells this.
    pub(crate) identifier: String,
    /// Frames with what is used, so far.
    pub(crate) samples: u32,
    /// Why the server has ended the stream.
    pub(crate) ended: Option<String>,
}

/// One process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// As the server has sent it.
    pub(crate) members: Json,
    pub(crate) used: Option<Used>,
}

/// What it uses with all its descendants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Used {
    /// Share of one processor; `None`: not known yet.
    pub(crate) cpu: Option<f64>,
    /// Bytes.
    pub(crate) memory: u64,
    pub(crate) processes: u64,
}

impl Watched {
    /// Takes in a frame.
    ///
    /// # Errors
    /// Its data is no JSON.
    pub(crate) fn take(&mut self, frame: &Frame) -> Result<(), String> {
        let data: Json = serde_json::from_str(&frame.data).map_err(|error| error.to_string())?;
        let time = data["at"].as_str().or(data["time"].as_str());
        self.now = time.and_then(|time| time.parse().ok()).or(self.now);
        match frame.name.as_str() {
            "hello" => data["identifier"].as_str().unwrap_or_default().clone_into(&mut self.identifier),
            "table" => {
                self.rows.clear();
                self.replace(&data["processes"]);
            }
            "processes" => {
                for name in data["removed"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                    self.rows.remove(name);
                }
                self.replace(&data["changed"]);
            }
            "sample" => self.sample(&data["values"]),
            "bye" => self.ended = Some(data["reason"].as_str().unwrap_or_default().to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn replace(&mut self, rows: &Json) {
        for members in rows.as_array().into_iter().flatten() {
            if let Some(name) = members["name"].as_str() {
                let row = self.rows.entry(name.to_owned()).or_default();
                row.members = members.clone();
                if members.get("pid").is_none() {
                    row.used = None;
                }
            }
        }
    }

    fn sample(&mut self, values: &Json) {
        self.samples += 1;
        for (name, value) in values.as_object().into_iter().flatten() {
            if let (Some(row), Some(memory)) = (self.rows.get_mut(name), value[1].as_u64()) {
                let processes = value[2].as_u64().unwrap_or_default();
                row.used = Some(Used { cpu: value[0].as_f64(), memory, processes });
            }
        }
    }

    /// All of them by name.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().map(|(name, row)| (name.as_str(), row))
    }
}

impl Row {
    /// A member that is a text, or none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.members[name].as_str().unwrap_or_default()
    }

    /// A member that is a number, 0 where it is not there.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.members[name].as_u64().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(watched: &mut Watched, name: &str, data: &str) {
        watched.take(&Frame { name: name.to_owned(), data: data.to_owned() }).unwrap();
    }

    fn shown(watched: &Watched) -> Vec<String> {
        watched
            .rows()
            .map(|(name, row)| format!("{name} {} {:?}", row.text("state"), row.used.map(|it| it.memory)))
            .collect()
    }

    #[test]
    fn rows_are_the_newest_and_use_is_told_beside_them() {
        let mut watched = Watched::default();
        take(&mut watched, "hello", r#"{"identifier": "app", "later": 1}"#);
        let two = r#"{"processes": [{"name": "b", "state": "RUNNING", "pid": 5}, {"name": "a", "state": "FATAL"}]}"#;
        take(&mut watched, "table", two);
        take(&mut watched, "sample", r#"{"values": {"b": [null, 7, 2], "gone": [0.1, 1, 1]}}"#);
        assert_eq!(shown(&watched), ["a FATAL None", "b RUNNING Some(7)"]);
        take(&mut watched, "processes", r#"{"changed": [{"name": "b", "state": "EXITED"}], "removed": ["a"]}"#);
        assert_eq!(shown(&watched), ["b EXITED None"]);
        take(&mut watched, "later", "{}");
        take(&mut watched, "bye", r#"{"reason": "reload"}"#);
        assert_eq!(
            (watched.identifier.as_str(), watched.samples, watched.ended.as_deref()),
            ("app", 1, Some("reload"))
        );
        assert!(watched.take(&Frame { name: "table".to_owned(), data: "<".to_owned() }).is_err());
    }
}
