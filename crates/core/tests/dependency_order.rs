//! The files of the core use each other in one direction: ARCHITECTURE.md lists them in an order in which each stands
//! behind all that it uses.
//!
//! A file uses another whose items it names (`crate::…`), and one that holds a method which it calls on a type whose
//! methods are spread over files (`Supervisor`, `EventListenerPool`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What the methods of spread types are called on.
const RECEIVERS: [&str; 4] = ["self", "this", "pool", "]"];

/// The line of ARCHITECTURE.md that the list follows, in a block of its own.
const HEADING: &str = "**The order of the core's files.**";

/// The files by their names without ending, with their code: no comments, no unit tests.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).expect("the sources are there").flatten().map(|entry| entry.path());
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = name_of(&path, &root).filter(|name| name != "lib") {
                sources.insert(name, code(&fs::read_to_string(&path).expect("a source is text")));
            }
        }
    }
    sources
}

fn name_of(path: &Path, root: &Path) -> Option<String> {
    Some(path.strip_prefix(root).ok()?.to_str()?.strip_suffix(".rs")?.to_owned())
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    format!("\n{}\n", lines.join("\n"))
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
}

/// The modules at the beginning of a text, up to an item of the last one.
fn path_at(text: &str) -> Vec<&str> {
    let path = text.split(|it: char| !is_of_name(it) && it != ':').next().unwrap_or_default();
    path.split("::").take_while(|part| !part.is_empty()).collect()
}

/// The file that holds what a path names: the longest one.
fn file_of(path: &[&str], sources: &BTreeMap<String, String>) -> Option<String> {
    (1..=path.len()).rev().map(|length| path[..length].join("/")).find(|name| sources.contains_key(name))
}

/// The inherent `impl` blocks of a file: the type and its code.
fn blocks(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.split("\nimpl ").skip(1).filter_map(|rest| {
        let (head, rest) = rest.split_once(" {\n")?;
        let is_name = head.chars().all(char::is_alphanumeric);
        is_name.then(|| (head, rest.split("\n}\n").next().unwrap_or_default()))
    })
}

fn methods(block: &str) -> impl Iterator<Item = &str> {
    block.split("fn ").skip(1).filter_map(|rest| rest.split(|it| !is_of_name(it)).next())
}

/// Type and method, to the file it stands in; of the types that have methods in several files.
fn spread_methods(sources: &BTreeMap<String, String>) -> BTreeMap<(&str, &str), &str> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (file, code) in sources {
        for (name, block) in blocks(code) {
            files.entry(name).or_default().insert(file);
            all.extend(methods(block).map(|method| ((name, method), file.as_str())));
        }
    }
    all.retain(|(name, _), _| files[name].len() > 1);
    all
}

fn calls(block: &str, method: &str) -> bool {
    let parts: Vec<&str> = block.split(&format!(".{method}(")).collect();
    let before = parts.split_last().map_or(&[][..], |(_, before)| before);
    before.iter().any(|before| RECEIVERS.iter().any(|receiver| before.trim_end().ends_with(receiver)))
}

/// The files that each file uses.
fn uses(sources: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<String>> {
    let grouped = sources.iter().find(|(_, code)| code.contains("crate::{") || code.contains("super::super"));
    assert!(grouped.is_none(), "this test does not read such a path: {grouped:?}");
    let spread = spread_methods(sources);
    let mut uses: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (file, code) in sources {
        let used = uses.entry(file).or_default();
        used.extend(code.split("crate::").skip(1).filter_map(|path| file_of(&path_at(path), sources)));
        if let Some((folder, _)) = file.rsplit_once('/').filter(|_| code.contains("super::")) {
            used.insert(folder.to_owned());
        }
        for (name, block) in blocks(code) {
            let of_type = spread.iter().filter(|((owner, _), _)| *owner == name || name == "Supervisor");
            used.extend(of_type.filter(|((_, method), _)| calls(block, method)).map(|(_, file)| (*file).to_owned()));
        }
        used.remove(file);
    }
    uses
}

fn listed() -> Vec<String> {
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let map = fs::read_to_string(map).expect("it is part of the repository");
    let after = map.split(HEADING).nth(1).expect("ARCHITECTURE.md has the list");
    let block = after.split("```").nth(1).expect("in a block");
    block.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn files_use_only_those_that_stand_before_them() {
    let (sources, listed) = (sources(), listed());
    let places: BTreeMap<&str, usize> = listed.iter().map(String::as_str).zip(0..).collect();
    assert_eq!(places.len(), listed.len(), "ARCHITECTURE.md names each file once");
    let (there, known): (BTreeSet<_>, BTreeSet<_>) =
        (sources.keys().map(String::as_str).collect(), places.keys().copied().collect());
    assert_eq!(there, known, "ARCHITECTURE.md lists every file of the core");
    let backwards: Vec<String> = uses(&sources)
        .iter()
        .flat_map(|(file, used)| used.iter().map(move |used| (*file, used)))
        .filter(|(file, used)| places[used.as_str()] >= places[file])
        .map(|(file, used)| format!("{file} uses {used}"))
        .collect();
    assert!(backwards.is_empty(), "against the order of ARCHITECTURE.md:\n  {}", backwards.join("\n  "));
}

/// The test above finds nothing where it does not look.
#[test]
fn what_a_file_uses_is_seen() {
    let sources = sources();
    let uses = uses(&sources);
    for (file, used) in [
        ("event", "channel"),
        ("planner", "process"),
        ("process/table", "process"),
        ("process_group", "process/table"),
        ("pursuit", "lifecycle"),
        ("lifecycle", "event_dispatch"),
        ("event_dispatch", "event_intake"),
        ("event_intake", "event_spill"),
        ("command_handler", "operation"),
        ("input_handler", "shutdown"),
    ] {
        assert!(uses[file].contains(used), "{file} uses {used}: {:?}", uses[file]);
    }
}
