//! Where well-known tools take a password by a letter, from their manual pages.

/// How a flag takes what is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// In the same word: `-psecret`.
    Attached,
    /// In the same word or the next.
    AttachedOrNext,
    /// In the next word.
    Next,
    /// In the next word, after a colon: `-u user:secret`.
    AfterColon,
    /// In the next word, after a percent sign: `-U user%secret`.
    AfterPercent,
}

/// Tool, flag, and how the flag takes it.
const FLAGS: [(&str, &str, Takes); 31] = [
    ("mysql", "-p", Takes::Attached),
    ("mysqladmin", "-p", Takes::Attached),
    ("mysqldump", "-p", Takes::Attached),
    ("mysqlcheck", "-p", Takes::Attached),
    ("mysqlbinlog", "-p", Takes::Attached),
    ("mariadb", "-p", Takes::Attached),
    ("mariadb-dump", "-p", Takes::Attached),
    ("mariadb-admin", "-p", Takes::Attached),
    ("mongo", "-p", Takes::Next),
    ("mongosh", "-p", Takes::Next),
    ("mongodump", "-p", Takes::Next),
    ("mongoexport", "-p", Takes::Next),
    ("redis-cli", "-a", Takes::Next),
    ("sshpass", "-p", Takes::AttachedOrNext),
    ("ldapsearch", "-w", Takes::AttachedOrNext),
    ("ldapmodify", "-w", Takes::AttachedOrNext),
    ("mosquitto_pub", "-P", Takes::Next),
    ("mosquitto_sub", "-P", Takes::Next),
    ("docker", "-p", Takes::Next),
    ("curl", "-u", Takes::AfterColon),
    ("curl", "--user", Takes::AfterColon),
    ("curl", "-U", Takes::AfterColon),
    ("curl", "--proxy-user", Takes::AfterColon),
    ("ttyd", "-c", Takes::AfterColon),
    ("ttyd", "--credential", Takes::AfterColon),
    ("gotty", "-c", Takes::AfterColon),
    ("smbclient", "-U", Takes::AfterPercent),
    ("sqlcmd", "-P", Takes::AttachedOrNext),
    ("bcp", "-P", Takes::AttachedOrNext),
    ("rabbitmqadmin", "-p", Takes::Next),
    ("7z", "-p", Takes::Attached),
];

/// How a flag of a tool takes a secret; `word` may have the secret in it. Gives the flag's length, too.
pub(super) fn flag(tool: &str, word: &str) -> Option<(usize, Takes)> {
    let of_tool = FLAGS.iter().filter(|(known, ..)| *known == tool);
    of_tool.map(|(_, flag, takes)| (*flag, *takes)).find_map(|(flag, takes)| {
        let rest = word.strip_prefix(flag)?;
        let fits = match takes {
            Takes::Attached => !rest.is_empty(),
            Takes::AttachedOrNext => true,
            Takes::Next | Takes::AfterColon | Takes::AfterPercent => rest.is_empty(),
        };
        fits.then_some((flag.len(), takes))
    })
}

/// Whether a tool has such flags.
pub(super) fn is_tool(name: &str) -> bool {
    FLAGS.iter().any(|(known, ..)| *known == name)
}
