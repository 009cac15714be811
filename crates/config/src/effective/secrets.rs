//! What looks like a secret: by its name, for what a value means cannot be seen.

/// Parts of names of variables and options whose values are nobody's business.
const PARTS: [&str; 5] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "KEY"];

/// Whether the value of a variable or an option of this name is to be masked.
pub(super) fn looks_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in ["PASSWORD", "DB_PASSWORD", "password", "API_KEY", "GITHUB_TOKEN", "client_secret", "PGPASSWD"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["PATH", "USER", "username", "PASS_THROUGH"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
