//! What the compiler does not check: the rules of the house that CONTRIBUTING.md states.

#![expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run cargo")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A source file longer than this holds more than one idea.
const LONGEST_FILE: usize = 700;

/// Characters in a line, as in rustfmt.toml.
const CHARACTERS: usize = 120;

/// Crates that may be compiled into the daemon, our own included.
const CRATE_BUDGET: usize = 95;

/// Marks of unfinished work, and names of places that exist on one machine only. Written in two parts, since this
/// file is searched too.
const FORBIDDEN: [(&str, &str); 11] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("#[", "ignore"),
    ("dbg", "!("),
    ("/wo", "rk/"),
    ("/root", "/."),
    ("crates", ".io"),
    ("pypi", ".org"),
];

fn project_root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).expect("the crate lies two folders below the root").to_path_buf()
}

/// The text files that people write, below a folder of the repository, with paths from the root.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    const ENDINGS: [&str; 9] = ["rs", "py", "sh", "md", "toml", "conf", "html", "css", "template"];
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).expect("readable").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !["target", ".git", "run", "__pycache__"].contains(&name) {
                files_below(&path, found);
            }
        } else if ENDINGS.contains(&ending) || ["check", "run"].contains(&name) {
            found.push(path);
        }
    }
}

/// Each file with its text.
fn written_files() -> Vec<(String, String)> {
    let root = project_root();
    let mut paths = Vec::new();
    files_below(&root, &mut paths);
    let name = |path: &Path| path.strip_prefix(&root).expect("it is below").display().to_string();
    paths.iter().filter_map(|path| Some((name(path), fs::read_to_string(path).ok()?))).collect()
}

fn is_rust(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "rs")
}

fn rust_files() -> Vec<(String, String)> {
    written_files().into_iter().filter(|(name, _)| name.starts_with("crates/") && is_rust(name)).collect()
}

/// Fails with all that was found, not only with the first.
#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = rust_files()
        .iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert_none("files with more than one idea", &long);
}

/// rustfmt wraps code, and leaves comments as they are.
#[test]
fn no_line_is_too_wide() {
    let mut wide = Vec::new();
    for (name, text) in rust_files() {
        let is_wide = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > CHARACTERS;
        wide.extend(
            text.lines().zip(1..).filter(|(line, _)| is_wide(line)).map(|(_, number)| format!("{name}:{number}")),
        );
    }
    assert_none("comments wider than the code may be", &wide);
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<String> =
        rust_files().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name).collect();
    assert_none("files that do not open with //!", &silent);
}

#[test]
fn nothing_unfinished_and_no_places_of_one_machine() {
    let mut found = Vec::new();
    for (name, text) in written_files() {
        for (number, line) in text.lines().enumerate() {
            let bad = FORBIDDEN.iter().map(|(one, two)| format!("{one}{two}")).find(|word| line.contains(word));
            found.extend(bad.map(|word| format!("{name}:{}: {word}", number + 1)));
        }
    }
    assert_none("forbidden words", &found);
}

#[test]
fn only_sys_may_be_unsafe() {
    let is_root = |name: &str| {
        let inside = name.split_once("/src/").map(|(_, inside)| inside).unwrap_or_default();
        ["lib.rs", "main.rs"].contains(&inside) || inside.starts_with("bin/")
    };
    let roots: Vec<(String, String)> = rust_files().into_iter().filter(|(name, _)| is_root(name)).collect();
    assert!(roots.len() >= 6, "the roots of the crates are found: {roots:?}");
    let open: Vec<String> = roots
        .into_iter()
        .filter(|(name, text)| !name.starts_with("crates/sys/") && !text.contains("#![forbid(unsafe_code)]"))
        .map(|(name, _)| name)
        .collect();
    assert_none("crate roots without #![forbid(unsafe_code)]", &open);
}

/// The modules below the root of the daemon's crate, each with the code of all its files, unit tests included.
fn daemon_modules() -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in rust_files() {
        let Some(path) = name.strip_prefix("crates/supervisord/src/") else { continue };
        let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        modules.entry(module.to_owned()).or_default().extend(code.flat_map(|line| [line, "\n"]));
    }
    modules
}

/// The modules below the root that a module names, by `crate::…` or from below by `super::…`.
fn named_modules(module: &str, modules: &BTreeMap<String, String>) -> BTreeSet<String> {
    let word = |text: &str| -> String { text.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect() };
    let code = &modules[module];
    let paths = code.split("crate::").skip(1).chain(code.split("super::").skip(1));
    // A group such as `crate::{clock, limits}` has all the names before its end.
    let names = paths.flat_map(|path| match path.strip_prefix('{') {
        Some(group) => group.split('}').next().unwrap_or_default().split(',').map(|name| word(name.trim())).collect(),
        None => vec![word(path)],
    });
    names.filter(|name| name != module && modules.contains_key(name)).collect()
}

/// The modules below the root that a module names, and those that they name, and so on.
fn reached_modules(module: &str, modules: &BTreeMap<String, String>) -> BTreeSet<String> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module.to_owned()]);
    while let Some(module) = next.pop() {
        let named = named_modules(&module, modules);
        next.extend(named.into_iter().filter(|name| reached.insert(name.clone())));
    }
    reached
}

/// What supervision needs does not need the control plane, in no way round either; the boundary needs neither.
#[test]
fn planes_meet_at_the_boundary_alone() {
    let modules = daemon_modules();
    let named = |module: &str| named_modules(module, &modules);
    for plane in ["supervision", "control"] {
        assert!(named("boot").contains(plane), "what a module names is seen: {:?}", named("boot"));
        assert!(named(plane).contains("boundary"), "{plane} names the boundary: {:?}", named(plane));
        assert!(!reached_modules("boundary", &modules).contains(plane), "the boundary needs {plane}");
    }
    assert!(!reached_modules("supervision", &modules).contains("control"), "supervision needs control");
    assert!(!named("control").contains("supervision"), "control names supervision");
}

/// The crates that are compiled into a package, by name and version.
fn crates_in(package: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package]);
    let output = cargo.current_dir(project_root()).output().expect("cargo runs these tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| !line.is_empty()).map(words).collect()
}

#[test]
fn core_depends_on_nothing() {
    assert_eq!(crates_in("supervisor-core").len(), 1, "{:?}", crates_in("supervisor-core"));
}

#[test]
fn daemon_keeps_its_budget_of_crates() {
    let crates = crates_in("supervisord");
    assert!(crates.len() <= CRATE_BUDGET, "{} crates, {CRATE_BUDGET} are allowed: {crates:#?}", crates.len());
}

#[test]
fn every_direct_dependency_is_used_and_has_its_reason() {
    let files = written_files();
    let text =
        |wanted: &str| files.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str()).expect("there");
    let declared = text("Cargo.toml").split("[workspace.dependencies]").nth(1).expect("it has them");
    let names = declared.lines().skip(1).take_while(|line| !line.is_empty()).filter_map(|line| line.split(' ').next());
    let reasons = text("CONTRIBUTING.md");
    let is_used = |name: &str| {
        let mut manifests = files.iter().filter(|(file, _)| file.ends_with("/Cargo.toml"));
        manifests
            .any(|(_, text)| text.contains(&format!("\n{name}.workspace")) || text.contains(&format!("\n{name} = {{")))
    };
    let others: Vec<&str> = names.filter(|name| !name.starts_with("supervisor-")).collect();
    let bad = others.into_iter().filter(|name| !(is_used(name) && reasons.contains(&format!("`{name}`"))));
    assert_none(
        "dependencies unused or without a reason in CONTRIBUTING.md",
        &bad.map(str::to_owned).collect::<Vec<_>>(),
    );
}

/// The rows of COMPATIBILITY.md that begin with the id of a quirk.
fn ledger() -> Vec<Vec<String>> {
    let text = fs::read_to_string(project_root().join("COMPATIBILITY.md")).expect("it is part of the repository");
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
    rows.filter(|row: &Vec<String>| is_quirk(&row[0])).collect()
}

fn is_quirk(word: &str) -> bool {
    let (kind, number) = word.split_at_checked(1).unwrap_or_default();
    ["K", "F", "D", "N"].contains(&kind)
        && (1..=3).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// The references `file.rs::test` in a cell; files are named from `crates/` on.
fn references(cell: &str) -> Vec<(&str, &str)> {
    cell.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect()
}

#[test]
fn compatibility_ledger_names_tests_that_exist() {
    let rows = ledger();
    assert!(!rows.is_empty(), "COMPATIBILITY.md has rows");
    let mut wrong = Vec::new();
    for row in &rows {
        for (file, test) in references(row.last().expect("a row has cells")) {
            let text = fs::read_to_string(project_root().join("crates").join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {test}(")) {
                wrong.push(format!("{}: {file}::{test}", row[0]));
            }
        }
    }
    assert_none("tests that are not there", &wrong);
}

/// Their paths begin at `crates/`, or else at the integration tests.
#[test]
fn pages_on_threats_and_faults_name_tests_that_exist() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in ["docs/security.md", "docs/reliability.md"] {
        let text = fs::read_to_string(project_root().join(page)).expect("it is part of the repository");
        for code in text.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs")) {
            let (file, test) = code.split_once("::").map_or((code, None), |(file, test)| (file, Some(test)));
            let path = if file.starts_with("crates/") {
                file.to_owned()
            } else {
                format!("crates/supervisord/tests/integration/{file}")
            };
            let source = fs::read_to_string(project_root().join(&path));
            let is_there = |source: &str| test.is_none_or(|test| source.contains(&format!("fn {test}(")));
            if !source.is_ok_and(|source| is_there(&source)) {
                wrong.push(format!("{page}: {code}"));
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "the pages name tests: {seen}");
    assert_none("tests that are not there", &wrong);
}

#[test]
fn compatibility_ledger_has_each_quirk_once() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> =
        ledger().into_iter().map(|row| row[0].clone()).filter(|id| !seen.insert(id.clone())).collect();
    assert_none("quirks with more than one row", &twice);
}

/// Source files are named by their path in `src`, or stand in a folder that is.
#[test]
fn architecture_names_every_source_file() {
    let map = fs::read_to_string(project_root().join("ARCHITECTURE.md")).expect("it is part of the repository");
    let is_named = |file: &str| {
        let folders = file.match_indices('/').map(|(end, _)| file.split_at(end + 1).0);
        folders.chain([file]).any(|name| map.contains(&format!("`{name}`")))
    };
    let names = rust_files().into_iter().map(|(name, _)| name);
    let inside = names.filter_map(|name| Some(name.split_once("/src/")?.1.to_owned()));
    let missing: Vec<String> = inside.filter(|file| !is_named(file)).collect();
    assert_none("source files that ARCHITECTURE.md does not name", &missing);
}

#[test]
fn expected_differences_are_in_the_compatibility_ledger() {
    let known: BTreeSet<String> = ledger().into_iter().map(|row| row[0].clone()).collect();
    let text = fs::read_to_string(project_root().join("conformance/expected_differences.toml")).expect("it is there");
    let quirks = text.lines().filter_map(|line| line.strip_prefix("quirk = "));
    let unknown: Vec<String> =
        quirks.map(|quirk| quirk.trim_matches('"').to_owned()).filter(|quirk| !known.contains(quirk)).collect();
    assert_none("quirks without a row in COMPATIBILITY.md", &unknown);
}
