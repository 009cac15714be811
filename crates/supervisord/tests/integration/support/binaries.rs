//! Which binaries are tested, and where the original lies.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The daemon under test.
pub(crate) fn supervisord() -> PathBuf {
    folder().join("supervisord")
}

/// The client under test; it lies beside the daemon.
pub(crate) fn supervisorctl() -> PathBuf {
    let path = folder().join("supervisorctl");
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

/// Whether the Python release is under test, which deliberate deviations are not asked of.
pub(crate) fn testing_the_original() -> bool {
    fs::read(supervisord()).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}

/// The virtual environment with the Python release, which `./check` installs.
pub(crate) fn python_environment() -> PathBuf {
    let path = env::var_os("SUPERVISOR_PYTHON").map_or_else(|| project_root().join("target/python"), PathBuf::from);
    let client = path.join("bin/supervisorctl");
    assert!(client.exists(), "{} is missing: run `./check` once, it installs the Python release", client.display());
    path
}

/// The folder of the workspace.
pub(crate) fn project_root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).expect("the crate lies two folders below the root").to_path_buf()
}

fn folder() -> PathBuf {
    match env::var_os("SUPERVISOR_BIN") {
        Some(folder) => fs::canonicalize(&folder).expect("SUPERVISOR_BIN names a folder"),
        None => Path::new(env!("CARGO_BIN_EXE_supervisord")).parent().expect("a file has a folder").to_path_buf(),
    }
}
