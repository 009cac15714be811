//! What looks like a secret by its name: words of it, for `AUTHOR` has nothing to do with `AUTH`.

/// Words whose values are secret, as the whole of a word of a name.
const WORDS: &str = "PASS PW PASSWORD PASSWORDS TOKEN TOKENS SECRET SECRETS PASSPHRASE PSK JWT BEARER SALT CREDS \
     AUTHORIZATION PAT PIN OTP TOTP SIGNATURE WEBHOOK";

/// The same, unless the value is the path of a file.
const WORDS_UNLESS_A_PATH: &str = "KEY KEYS AUTH CRED CREDENTIAL CREDENTIALS COOKIE";

/// Ends of words that are written together: `PGPASSWORD`, `requirepass`, `apikey`.
const ENDS: &str = "PASSWORD PASSWD PASSPHRASE SECRET TOKEN PASS PASSWORT PW";

/// The same, unless the value is the path of a file. The first has a folder in every shell.
const ENDS_UNLESS_A_PATH: &str = "PWD KEY AUTH COOKIE CREDENTIALS";

/// English words that end so.
const INNOCENT: &str = "BYPASS COMPASS ENCOMPASS OVERPASS MONKEY TURKEY DONKEY HOCKEY WHISKEY HOTKEY OLDPWD";

/// A last word that says that the value is something about a secret.
const ABOUT: &str = "FILE FILES PATH DIR DIRECTORY FOLDER SOCK SOCKET URL URI HOST PORT TYPE METHOD MODE ENABLED \
     REQUIRED TTL EXPIRY EXPIRES TIMEOUT LENGTH SIZE ALGORITHM BACKEND PROVIDER NAME USER USERNAME THROUGH LIMIT";

/// A first word that says that the value is a switch or a number.
const SWITCHES: &str = "NO USE ENABLE DISABLE WITH WITHOUT REQUIRE SKIP ALLOW IGNORE MAX MIN NUM IS";

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Nothing.
    Open,
    /// It is a secret, or the path of a file with it.
    UnlessPath,
    /// It is a secret.
    Secret,
}

/// What the name of a variable, an option or a flag says about its value.
pub(crate) fn secrecy(name: &str) -> Secrecy {
    // An option of programs: names of variables.
    if name == "pass_env" {
        return Secrecy::Open;
    }
    let words = words(name);
    let (first, last) = (words.first().map_or("", String::as_str), words.last().map_or("", String::as_str));
    let is_about = words.len() > 1 && (has(ABOUT, last) || has(SWITCHES, first));
    let is_public = words.iter().any(|word| word == "PUBLIC") && last == "KEY";
    // Whoever knows such an address is admitted.
    let is_secret_address = words.iter().any(|word| word == "WEBHOOK") && ["URL", "URI"].contains(&last);
    if (is_about && !is_secret_address) || is_public {
        return Secrecy::Open;
    }
    words.iter().map(|word| secrecy_of_word(word)).fold(Secrecy::Open, |all, one| match (all, one) {
        (Secrecy::Secret, _) | (_, Secrecy::Secret) => Secrecy::Secret,
        (Secrecy::UnlessPath, _) | (_, Secrecy::UnlessPath) => Secrecy::UnlessPath,
        (Secrecy::Open, Secrecy::Open) => Secrecy::Open,
    })
}

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn secrecy_of_word(word: &str) -> Secrecy {
    let ends = |ends: &str| ends.split_whitespace().any(|end| word.ends_with(end));
    if has(INNOCENT, word) {
        Secrecy::Open
    } else if has(WORDS, word) || ends(ENDS) {
        Secrecy::Secret
    } else if has(WORDS_UNLESS_A_PATH, word) || ends(ENDS_UNLESS_A_PATH) {
        Secrecy::UnlessPath
    } else {
        Secrecy::Open
    }
}

/// The words of `DB_PASS`, `db-pass`, `db.pass` and `dbPass2`, in capitals and without digits at their ends.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for character in name.chars() {
        let begins = before_is_lower && character.is_uppercase();
        before_is_lower = character.is_lowercase();
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_uppercase());
        }
    }
    let without_digits = |word: String| word.trim_end_matches(|end: char| end.is_ascii_digit()).to_owned();
    words.into_iter().map(without_digits).filter(|word| !word.is_empty()).collect()
}

/// Whether the value of this name is a secret that would be seen: neither empty, nor a switch, nor a reference.
pub(crate) fn hides(name: &str, value: &str) -> bool {
    let value = bare(value);
    is_secret_value(name, value) && !says_nothing(value)
}

/// Whether the value of this name is a secret, or refers to one.
pub(crate) fn is_secret_value(name: &str, value: &str) -> bool {
    match secrecy(name) {
        Secrecy::Open => false,
        Secrecy::UnlessPath => !value.is_empty() && !is_path(bare(value)),
        Secrecy::Secret => !value.is_empty(),
    }
}

/// Whether the value of an option of this name is a secret. Not where it is the path of a file, or names with paths;
/// what should be and is not may be the secret itself.
pub(crate) fn is_secret_option(name: &str, value: &str) -> bool {
    match name {
        "tls_key" => false,
        "secret_env" | "credential" => value.split(',').filter(|item| !item.trim().is_empty()).any(|item| {
            let path = item.split_once(':').map_or("", |(_, path)| path.trim_start());
            !path.starts_with(['/', '-', '~', '.'])
        }),
        _ => is_secret_value(name, value),
    }
}

/// A value without the quotes around it.
fn bare(value: &str) -> &str {
    value.trim_matches(|character: char| character.is_whitespace() || "\"'\\".contains(character))
}

/// Whether a value says nothing of a secret: a switch, a name that stands for something.
pub(super) fn says_nothing(value: &str) -> bool {
    let is_switch = ["", "true", "false", "yes", "no", "on", "off", "none", "null"].contains(&&*value.to_lowercase());
    is_switch || is_reference(value)
}

/// Whether it is one `%(name)s`, `${name}`, `$(command)`, `$NAME`, and nothing besides.
fn is_reference(value: &str) -> bool {
    let enclosed = |begin: &str, end: &[char]| {
        let inner = value.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
        inner.is_some_and(|inner| !inner.contains(begin) && !inner.contains(end))
    };
    let is_name = |name: &str| {
        let of_a_name =
            |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
        !name.is_empty() && name.chars().all(of_a_name)
    };
    let is_kept = value.strip_prefix("KEPT").and_then(|rest| rest.strip_suffix("DIRECTIVE"));
    let is_directive = value.strip_prefix("%(").and_then(|rest| rest.split_once(')'));
    enclosed("${", &['}'])
        || enclosed("$(", &[')'])
        || value.strip_prefix('$').is_some_and(is_name)
        || is_kept.is_some_and(|number| !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()))
        || is_directive.is_some_and(|(_, conversion)| {
            conversion.find(char::is_alphabetic).is_some_and(|at| at + 1 == conversion.len())
        })
}

/// Whether a value is the path of a file, and not something in base64 that begins like one.
fn is_path(value: &str) -> bool {
    let is_named = [".pem", ".key", ".crt", ".pub", ".json", ".p12", ".jks"].iter().any(|end| value.ends_with(end));
    let begins = ["/", "./", "../", "~/", "%(here)s/"].iter().any(|begin| value.starts_with(begin));
    is_named || (begins && !value.contains(['+', '=']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in "PASSWORD DB_PASSWORD password API_KEY GITHUB_TOKEN client_secret PGPASSWD DB_PASS MYSQL_PWD \
            AUTH REDIS_AUTH CREDENTIALS AWS_CREDENTIALS PASSPHRASE GPG_PASSPHRASE apikey dbPassword2 \
            javax.net.ssl.keyStorePassword requirepass masterauth AWS_SECRET_ACCESS_KEY ERLANG_COOKIE PASS \
            ADMIN_PW SECRET_KEY_BASE X-Api-Key Authorization PASSWORD_HASH SecretID pwd MYSQLPWD \
            STRIPE_SK_KEY KEY DB_PASS_1 JWT user.password passwd PRIVATE_KEY CRED ROOTPW \
            GH_PAT CARD_PIN OTP SLACK_WEBHOOK SLACK_WEBHOOK_URL X-Amz-Signature"
            .split_whitespace()
        {
            assert!(hides(name, "x"), "{name}");
        }
    }

    #[test]
    fn other_names_are_no_secrets() {
        for name in "PATH USER username PASS_THROUGH AUTHOR KEYBOARD PASSENGER_APP_ENV SSH_AUTH_SOCK KEYSPACE MONKEY \
            COMPASS OLDPWD PUBLIC_KEY PASSWORD_FILE passwordFile TOKEN_TTL MAX_TOKENS AUTH_URL ENABLE_AUTH \
            no-auth XAUTHORITY PASSIVE TOKENIZER SECRETARY HOME keyfile BYPASS AUTHORS numprocs \
            stdout_logfile command process_name WEBHOOK_PORT PATTERN PINNED"
            .split_whitespace()
        {
            assert!(!hides(name, "x"), "{name}");
        }
    }

    #[test]
    fn values_that_refer_to_a_secret_are_shown() {
        for value in ["", "true", "No", "%(ENV_X)s", "${X}", "$(cat /run/x)", "$X_1", "KEPT0DIRECTIVE", "\"%(ENV_X)s\""]
        {
            assert!(!hides("PASSWORD", value), "{value}");
        }
        for value in ["x", "/x", "$ecret", "%(ENV_X)sx", "${X}${Y", "KEPT", "0"] {
            assert!(hides("PASSWORD", value), "{value}");
        }
    }

    #[test]
    fn some_may_be_paths() {
        for value in ["/etc/ssl/a", "./a", "server.pem", "%(here)s/a"] {
            assert!(!hides("SSL_KEY", value), "{value}");
        }
        for value in ["/Ab+c=", "abc"] {
            assert!(hides("SSL_KEY", value), "{value}");
        }
        assert!(!hides("PWD", "/srv") && hides("PWD", "hush"));
    }
}
