//! What these binaries were built from and for: `--version --verbose`.

/// Of one program; lines `name: value` below a line with its name and version.
pub fn build_text(program: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    // Whoever builds for others says what it was built from.
    let commit = option_env!("SUPERVISOR_COMMIT").unwrap_or("unknown");
    let (machine, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let library = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    let linked = if cfg!(target_feature = "crt-static") { "statically" } else { "dynamically" };
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "{program} {version}\ncompatible with: Supervisor 4.3.0\ncommit: {commit}\n\
         target: {machine}-{system}-{library}\nlinked: {linked}\nprofile: {profile}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_but_the_first_is_a_name_with_a_value() {
        let text = build_text("supervisord");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(concat!("supervisord ", env!("CARGO_PKG_VERSION"))));
        let names: Vec<&str> = lines.map(|line| line.split_once(": ").expect("a name and a value").0).collect();
        assert_eq!(names, ["compatible with", "commit", "target", "linked", "profile"]);
    }
}
