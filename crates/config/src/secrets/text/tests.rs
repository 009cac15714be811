//! Secrets in commands, URLs, lists and messages.

use super::*;
use crate::secrets::{MASK, mask};

/// `*` stands for a secret that is masked.
#[track_caller]
fn assert_masked(text: &str, values_end: ValuesEnd, expected: &str) {
    assert_eq!(mask(text, values_end), expected.replace("<*>", MASK), "{text}");
}

#[test]
fn urls() {
    for (text, expected) in [
        ("postgres://u:hush@db/x", "postgres://u:<*>@db/x"),
        ("redis://:hush@db:6379/0", "redis://:<*>@db:6379/0"),
        ("A=http://u:hush@h,B=http://h:80/,C=x@y", "A=http://u:<*>@h,B=http://h:80/,C=x@y"),
        ("mysql://u:p@ss@db", "mysql://u:<*>@db"),
        ("mysql://u:p/ss@db/x", "mysql://u:<*>@db/x"),
        ("amqp://u:%(ENV_X)s@db", "amqp://u:%(ENV_X)s@db"),
        ("https://0123456789abcdef0123456789abcdef@sentry.io/7", "https://<*>@sentry.io/7"),
        (
            "ssh://git@host/x http://h/a@2x.png http://h:80/a@b unix:///tmp/a@b",
            "ssh://git@host/x http://h/a@2x.png http://h:80/a@b unix:///tmp/a@b",
        ),
        ("http://[::1]:9001/ tcp://:9000", "http://[::1]:9001/ tcp://:9000"),
        ("x 'http://u:a,b@h' y", "x 'http://u:<*>@h' y"),
        ("http://h/?user=a&password=hush&x=1#y", "http://h/?user=a&password=<*>&x=1#y"),
        ("https://h/hook?token=hush", "https://h/hook?token=<*>"),
    ] {
        assert_masked(text, ValuesEnd::AtBlank, expected);
    }
}

#[test]
fn arguments() {
    for (text, expected) in [
        ("x --password=hush -v", "x --password=<*> -v"),
        ("x --password hush -v", "x --password <*> -v"),
        ("x --password='a b' -v", "x --password='<*>' -v"),
        ("x --password \"a b\" -v", "x --password \"<*>\" -v"),
        ("x --token a;b,c&d e", "x --token <*> e"),
        ("x --password=a;b,c&d e", "x --password=<*> e"),
        ("x -Djdbc.password=hush -jar y", "x -Djdbc.password=<*> -jar y"),
        ("bash -c 'x --password=hush'", "bash -c 'x --password=<*>'"),
        ("bash -c 'x --api-key hush; y'", "bash -c 'x --api-key <*> y'"),
        ("bash -c \"x --password=\\\"a b\\\" y\"", "bash -c \"x --password=\\\"<*>\\\" y\""),
        ("sh -c 'DB_PASS=hush exec y'", "sh -c 'DB_PASS=<*> exec y'"),
        ("env AUTH=a:b y", "env AUTH=<*> y"),
        ("x --password --verbose", "x --password --verbose"),
        ("x --password", "x --password"),
        ("x --tls-key /etc/x.pem --key server.pem", "x --tls-key /etc/x.pem --key server.pem"),
        ("x --password-file /run/x --no-auth y", "x --password-file /run/x --no-auth y"),
        ("x --password %(ENV_X)s --token=$TOKEN", "x --password %(ENV_X)s --token=$TOKEN"),
        ("redis-server --requirepass hush", "redis-server --requirepass <*>"),
        ("flower --basic_auth=u:hush", "flower --basic_auth=<*>"),
        ("psql 'host=h user=u password=hush dbname=d'", "psql 'host=h user=u password=<*> dbname=d'"),
        ("x 'Server=h;Pwd=hush;Database=d'", "x 'Server=h;Pwd=<*>;Database=d'"),
        ("curl -H 'Authorization: Bearer a b' h", "curl -H 'Authorization: <*>' h"),
        ("curl -H \"X-Api-Key: hush\" h", "curl -H \"X-Api-Key: <*>\" h"),
        ("x '{\"password\": \"hush\", \"a\": 1}'", "x '{\"password\": \"<*>\", \"a\": 1}'"),
        ("x --author me --keyboard de key board", "x --author me --keyboard de key board"),
    ] {
        assert_masked(text, ValuesEnd::AtBlank, expected);
    }
}

#[test]
fn flags_of_tools() {
    for (text, expected) in [
        ("mysql -u root -phush db", "mysql -u root -p<*> db"),
        ("/usr/bin/mysqldump -p'a b' db", "/usr/bin/mysqldump -p'<*>' db"),
        ("mysql -p db", "mysql -p db"),
        ("sshpass -p hush ssh h", "sshpass -p <*> ssh h"),
        ("sshpass -phush ssh h", "sshpass -p<*> ssh h"),
        ("redis-cli -a hush ping", "redis-cli -a <*> ping"),
        ("curl -u me:hush http://h", "curl -u me:<*> http://h"),
        ("curl --user me http://h", "curl --user me http://h"),
        ("sh -c 'sleep 1; mysql -phush'", "sh -c 'sleep 1; mysql -p<*>'"),
        ("smbclient -U me%hush //h", "smbclient -U me%<*> //h"),
        ("nginx -p /srv; ssh -p 22 h", "nginx -p /srv; ssh -p 22 h"),
        ("mysql -h h && ssh -p22 h", "mysql -h h && ssh -p22 h"),
    ] {
        assert_masked(text, ValuesEnd::AtBlank, expected);
    }
}

#[test]
fn lists_of_variables() {
    for (text, expected) in [
        ("A=1,DB_PASS=hush,B=2", "A=1,DB_PASS=<*>,B=2"),
        ("DB_PASS=\"a,b\",B=2", "DB_PASS=\"<*>\",B=2"),
        ("DB_PASS=a b,B=2", "DB_PASS=<*>,B=2"),
        ("URL=http://u:hush@h/,B=2", "URL=http://u:<*>@h/,B=2"),
    ] {
        assert_masked(text, ValuesEnd::AtComma, expected);
    }
}

#[test]
fn any_text_is_taken() {
    for text in [
        "",
        "=",
        "--password",
        "://",
        "a://:@",
        "\\",
        "--password '",
        "é=é ü --tokené ü",
        "password=\\",
        "x:// @",
        "\"'",
    ] {
        for values_end in [ValuesEnd::AtBlank, ValuesEnd::AtComma] {
            mask(text, values_end);
        }
    }
}

#[test]
fn tokens_by_their_form() {
    for (text, expected) in [
        ("x ghp_0123456789abcdefABCDEF0123456789abcd y", "x <*> y"),
        ("vault login hvs.CAESIJ0123456789abcdefgh", "vault login <*>"),
        ("A=sk_live_0123456789abcdef0123", "A=<*>"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-123_x", "x <*>"),
        ("x https://hooks.slack.com/services/T00/B00/x1y2", "x https://hooks.slack.com/services/<*>"),
        ("https://discord.com/api/webhooks/1/x-y_z w", "https://discord.com/api/webhooks/<*> w"),
        ("https://x.blob.core/c?sv=1&sig=a%2Fb&x=1", "https://x.blob.core/c?sv=1&sig=<*>&x=1"),
        ("https://b/o?X-Amz-Signature=ab12&x=1", "https://b/o?X-Amz-Signature=<*>&x=1"),
        ("sk-learn --disk-0123456789abcdefgh", "sk-learn --disk-0123456789abcdefgh"),
        ("/x/npm_0123456789abcdefgh", "/x/npm_0123456789abcdefgh"),
        ("--sig=TERM sk-a-name-without-any-digits", "--sig=TERM sk-a-name-without-any-digits"),
    ] {
        assert_masked(text, ValuesEnd::AtBlank, expected);
    }
}
