//! Programs that go into the background by themselves: to supervisord they end at once, so it starts them again and
//! again, or gives up, while the real one runs on out of its reach.
//!
//! Told by the names and options of well-known programs (`table.rs`), and by their configuration files, where one line
//! of those decides (`settings.rs`).

mod settings;
mod table;

use self::settings::{Says, what_files_say};
use self::table::{DAEMONS, Rule};
use super::processes::Found;
use crate::shlex::split;

/// Programs that run another one, and how many words of theirs come before it at least.
const WRAPPERS: [&str; 16] = [
    "env",
    "sudo",
    "nice",
    "ionice",
    "exec",
    "gosu",
    "su-exec",
    "tini",
    "dumb-init",
    "stdbuf",
    "time",
    "nohup",
    "chpst",
    "setpriv",
    "timeout",
    "command",
];

pub(super) fn look_at(command: &str) -> Option<Found> {
    let words = innermost(split(command).ok()?)?;
    let program = words.first()?;
    let name = program.rsplit('/').next()?;
    let arguments = words.get(1..)?;
    let daemon = DAEMONS.iter().find(|daemon| daemon.names.split_whitespace().any(|known| is_named(name, known)))?;
    if has_any(arguments, daemon.answers) {
        return None;
    }
    let goes_away = match daemon.rule {
        Rule::Unless(flags) => !has_any(arguments, flags) && what_files_say(name, arguments) != Says::Foreground,
        Rule::When(flags) => has_any(arguments, flags) || what_files_say(name, arguments) == Says::Background,
        Rule::Always => true,
    };
    let shown = match daemon.rule {
        Rule::Unless(_) | Rule::Always => name.to_owned(),
        Rule::When(flags) => match arguments.iter().find(|word| has_any(std::slice::from_ref(word), flags)) {
            Some(flag) => format!("{name} {flag}"),
            None => name.to_owned(),
        },
    };
    let text = format!("`{shown}` goes into the background: supervisord takes that for its end, and cannot stop it");
    goes_away.then(|| Found::new("command", text).hint(daemon.remedy).part(program.as_str()))
}

/// `php-fpm*` stands for `php-fpm8.2`, too.
fn is_named(name: &str, known: &str) -> bool {
    match known.strip_suffix('*') {
        Some(begin) => name
            .strip_prefix(begin)
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-')),
        None => name == known,
    }
}

/// Whether one of the flags is there; they are separated by blanks, a `+` stands for a blank in one. A letter may
/// stand among others after one dash.
fn has_any(arguments: &[String], flags: &str) -> bool {
    let all = format!(" {} ", arguments.join(" "));
    flags.split_whitespace().any(|flag| {
        if flag.contains('+') {
            return all.contains(&format!(" {} ", flag.replace('+', " ")));
        }
        let letter = flag.strip_prefix('-').filter(|rest| rest.chars().count() == 1 && *rest != "-");
        arguments.iter().any(|word| {
            let is_cluster =
                word.len() <= 5 && word.strip_prefix('-').is_some_and(|rest| rest.chars().all(char::is_alphabetic));
            word == flag
                || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=') && flag.starts_with('-'))
                || letter.is_some_and(|letter| is_cluster && word.contains(letter))
        })
    })
}

/// The program that stays in the end: what a shell runs last, what a wrapper runs.
fn innermost(mut words: Vec<String>) -> Option<Vec<String>> {
    // Each turn leaves fewer words, or those of one word.
    for _ in 0..4 {
        let name = words.first()?.rsplit('/').next()?.to_owned();
        if ["sh", "bash", "dash", "ash", "zsh", "ksh"].contains(&name.as_str()) {
            let position = words.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
            let script = words.get(position + 1)?;
            // One that is sent to the background on purpose, or waited for, is another matter.
            let last = script
                .split(['\n', ';'])
                .flat_map(|part| part.split("&&"))
                .filter(|part| !part.trim().is_empty())
                .last()?;
            words = split(last).ok()?;
        } else if WRAPPERS.contains(&name.as_str()) {
            let is_of_wrapper = |word: &String| word.starts_with('-') || word.contains('=') || is_value(word);
            let rest = words.iter().skip(1).skip_while(|word| is_of_wrapper(word));
            words = rest.cloned().collect();
        } else {
            break;
        }
        let without_variables: Vec<String> = words.iter().skip_while(|word| is_assignment(word)).cloned().collect();
        words = without_variables;
    }
    Some(words)
}

/// `10` of `nice -n 10`, `5m` of `timeout 5m`
fn is_value(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_the_background_is_told() {
        for command in [
            "nginx",
            "/usr/sbin/nginx -c /no/such",
            "php-fpm -R",
            "php-fpm8.2",
            "/usr/sbin/php-fpm7.4 -y /no/such",
            "redis-server --daemonize yes",
            "sshd",
            "/usr/sbin/sshd -p 22",
            "mysqld_safe --user=mysql",
            "apache2ctl start",
            "apachectl",
            "httpd -k start",
            "gunicorn app:app -D",
            "gunicorn --daemon app:app",
            "uwsgi --daemonize /tmp/log --ini x",
            "cron",
            "crond -l 8",
            "rsyslogd",
            "dnsmasq",
            "haproxy -D -f x",
            "memcached -d -u x",
            "mongod --fork",
            "postfix start",
            "vsftpd_not",
            "supervisord -c x",
            "exim4 -bd",
            "service nginx start",
            "/etc/init.d/cron start",
            "systemctl start x",
            "docker run -d x",
            "celery multi start w",
            "celery worker --detach",
            "bash -c 'source x && exec nginx'",
            "env A=1 nice -n 5 cron",
            "sudo -E sshd",
            "sh -c 'A=1 rsyslogd'",
            "lighttpd -f x",
            "squid -s",
            "slapd -h x",
            "catalina.sh start",
            "zkServer.sh start",
            "pm2 start x",
            "tor --RunAsDaemon 1",
            "openvpn --daemon --config x",
        ] {
            assert_eq!(look_at(command).is_some(), command != "vsftpd_not", "{command}");
        }
    }

    #[test]
    fn what_stays_is_not() {
        for command in [
            "nginx -g 'daemon off;'",
            "nginx -g \"daemon off; error_log /dev/stdout;\"",
            "nginx -t",
            "php-fpm -F",
            "php-fpm8.2 --nodaemonize",
            "php-fpm -RF",
            "redis-server",
            "redis-server --daemonize no",
            "sshd -D",
            "sshd -De",
            "sshd -eD",
            "sshd -t",
            "apache2ctl -D FOREGROUND",
            "apache2 -DFOREGROUND",
            "httpd -X",
            "gunicorn app:app",
            "uwsgi --ini x",
            "uwsgi --die-on-term",
            "cron -f",
            "crond -n",
            "crond -f -l 8",
            "cron -fL 15",
            "rsyslogd -n",
            "rsyslogd -iNONE -n",
            "dnsmasq -k",
            "dnsmasq --no-daemon",
            "haproxy -db -f x",
            "memcached -u d",
            "mongod",
            "postfix start-fg",
            "supervisord -n",
            "supervisord --nodaemon -c x",
            "exim4 -bdf",
            "celery worker",
            "docker run x",
            "bash -c 'nginx; sleep 1'",
            "sh x.sh",
            "python -m http.server",
            "lighttpd -D -f x",
            "squid -N",
            "slapd -d 0",
            "catalina.sh run",
            "zkServer.sh start-foreground",
            "pm2-runtime x",
            "",
            "'",
            "bash -c",
            "pidproxy /run/x.pid nginx",
            "my-nginx",
            "nginx-prometheus-exporter",
        ] {
            assert_eq!(look_at(command), None, "{command}");
        }
    }
}
