//! Well-known daemons, and what keeps them in the foreground, from their manual pages.

/// A program, or several that behave alike.
#[derive(Debug)]
pub(super) struct Daemon {
    /// Names separated by blanks; `*` stands for a version.
    pub(super) names: &'static str,
    /// When it goes into the background.
    pub(super) rule: Rule,
    /// Flags with which it answers something and ends.
    pub(super) answers: &'static str,
    /// What to write instead.
    pub(super) remedy: &'static str,
}

/// When a program goes into the background.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Unless one of these is there.
    Unless(&'static str),
    /// When one of these is there.
    When(&'static str),
    /// Whatever is there.
    Always,
}

const HELP: &str = "-h --help -v -V --version";

const fn unless(names: &'static str, flags: &'static str, answers: &'static str, remedy: &'static str) -> Daemon {
    Daemon { names, rule: Rule::Unless(flags), answers, remedy }
}

const fn when(names: &'static str, flags: &'static str, remedy: &'static str) -> Daemon {
    Daemon { names, rule: Rule::When(flags), answers: "--help --version", remedy }
}

/// The first row that has a name counts.
pub(super) const DAEMONS: [Daemon; 57] = [
    unless("nginx openresty", "-g+daemon+off;", "-t -T -v -V -h -? -s", "nginx -g 'daemon off;' stays"),
    unless("php-fpm*", "-F --nodaemonize", "-t -v -i -m -h --help --version --test", "php-fpm -F stays"),
    when("redis-server valkey-server", "--daemonize+yes", "leave `daemonize yes` out, or add --daemonize no"),
    unless("sshd", "-D -d -i", "-t -T -G -V", "sshd -D stays; -e logs to stderr"),
    Daemon {
        names: "mysqld_safe mariadbd-safe",
        rule: Rule::Always,
        answers: "--help --version",
        remedy: "mysqld_safe watches over a mysqld of its own, which goes on when mysqld_safe is stopped: run mysqld itself",
    },
    when("mysqld mariadbd", "--daemonize", "leave --daemonize out"),
    unless(
        "apache2ctl apachectl apache2 httpd",
        "-DFOREGROUND -D+FOREGROUND -DNO_DETACH -D+NO_DETACH -X -p -h",
        "-t -v -V -l -L -S -M configtest status stop",
        "apache2ctl -D FOREGROUND stays",
    ),
    when("gunicorn gunicorn3", "-D --daemon", "leave -D (--daemon) out"),
    when("uwsgi uwsgi-core", "--daemonize --daemonize2 -d", "leave --daemonize out; --logto writes the log"),
    unless("cron", "-f", "-h -V", "cron -f stays"),
    unless("crond", "-f -n -d", "-h -V -c+-", "crond -n (cronie) or crond -f (BusyBox) stays"),
    unless("rsyslogd", "-n -d", "-v -N1 -N", "rsyslogd -n stays"),
    unless("syslogd", "-n", HELP, "syslogd -n stays"),
    unless("syslog-ng", "-F --foreground", "-V --version -s --syntax-only -h --help", "syslog-ng -F stays"),
    unless("dnsmasq", "-k --keep-in-foreground -d --no-daemon", "--test -v --version -w --help", "dnsmasq -k stays"),
    when("haproxy", "-D", "leave -D out, and `daemon` of its configuration; -db stays"),
    when("memcached", "-d --daemon", "leave -d out"),
    when("mongod mongos", "--fork", "leave --fork out"),
    when("postfix", "start", "postfix start-fg stays"),
    unless("dovecot", "-F", "-a -n --version stop", "dovecot -F stays"),
    unless("proftpd", "-n --nodaemon", "-t --configtest -v --version", "proftpd --nodaemon stays"),
    unless("named", "-f -g", "-v -V", "named -f stays"),
    unless("ntpd", "-n --nofork -d -q", "-? --version", "ntpd -n stays"),
    unless("chronyd", "-d -n -q -Q", "-v --version -p", "chronyd -n stays"),
    when("dbus-daemon", "--fork", "dbus-daemon --nofork stays"),
    when("avahi-daemon", "-D --daemonize", "leave -D out"),
    when("smbd nmbd winbindd", "-D --daemon", "smbd -F --no-process-group stays"),
    unless("slapd", "-d", "-V -T", "slapd -d 0 stays"),
    unless("squid", "-N --foreground", "-v -k -z -h", "squid -N stays"),
    unless("varnishd", "-F -d", "-C -V -x", "varnishd -F stays"),
    when("tor", "--RunAsDaemon+1 --runasdaemon+1", "leave --RunAsDaemon out"),
    when("openvpn", "--daemon", "leave --daemon out"),
    unless("xinetd", "-dontfork -d", "-version", "xinetd -dontfork stays"),
    when("pure-ftpd", "-B --daemonize", "leave -B out"),
    when("exim exim4", "-bd", "exim -bdf stays"),
    when("sendmail", "-bd", "sendmail -bD stays"),
    unless("lighttpd thttpd", "-D", "-t -tt -v -V -h", "lighttpd -D stays"),
    unless("atd", "-f", "-V", "atd -f stays"),
    unless("keepalived", "-n --dont-fork", "-v --version -t --config-test", "keepalived -n stays"),
    unless("unbound", "-d", "-h -V", "unbound -d stays"),
    when("celery", "multi --detach -D", "celery worker without --detach stays"),
    when("puma", "-d --daemon", "leave -d out"),
    when("unicorn unicorn_rails thin", "-D -d --daemonize", "leave -D out"),
    when("sidekiq", "-d --daemon", "leave -d out"),
    when("passenger", "-d --daemonize", "leave --daemonize out"),
    when("pm2", "start", "pm2-runtime stays"),
    when("rabbitmq-server", "-detached", "leave -detached out"),
    when("catalina.sh", "start", "catalina.sh run stays"),
    Daemon { names: "startup.sh", rule: Rule::Always, answers: "", remedy: "catalina.sh run stays" },
    when("elasticsearch", "-d --daemonize", "leave -d out"),
    when("kafka-server-start.sh", "-daemon", "leave -daemon out"),
    when("zkServer.sh", "start", "zkServer.sh start-foreground stays"),
    unless("supervisord", "-n --nodaemon", "--check --show-config -v --version -h --help", "supervisord -n stays"),
    when("docker podman", "-d --detach start", "leave -d out"),
    when("systemctl service rc-service", "start restart", "name the program itself in the command"),
    when("screen", "-dmS -dm", "name the program itself in the command; or screen -DmS stays"),
    when("start-stop-daemon", "-b --background", "name the program itself in the command"),
];
