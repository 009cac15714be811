//! `[program:x]`, shared by `[fcgi-program:x]` and `[eventlistener:x]` (contract/config.md §5.3).
//!
//! A row ends with where its value goes. `all FIELD`: read once a section into a field of `ProgramSection`; `with
//! FUNCTION`: the same by a function of `sections/program.rs`; `each FIELD`: read for each process, with the names that
//! only it has, into a field of its `ProcessConfig`; `each`: the same by `process_config.rs`. Upstream's options are
//! read as upstream reads them; for others `each FIELD` is the rule.

use super::{DataType, DefaultValue, OptionRow, Place, Reading, Row, data_type, options, reading};

/// What an event listener has not, of the options of programs.
pub(super) const NOT_OF_LISTENERS: &[OptionRow] = &[program::START_DELAY.option];

options! {
    /// `[program:x]`
    program {
        COMMAND: "command", Text, Required, "what to run, with its arguments; no shell"
            => each;
        PROCESS_NAME: "process_name", Text, Text("%(program_name)s"), "name of each process"
            => each;
        NUMPROCS: "numprocs", Integer, Text("1"), "number of processes"
            => all numprocs;
        NUMPROCS_START: "numprocs_start", Integer, Text("0"), "the first process_num"
            => all numprocs_start;
        PRIORITY: "priority", Integer, Text("999"), "order of start; the reverse is that of shutdown"
            => all process.priority;
        AUTOSTART: "autostart", Boolean, Text("true"), "start together with supervisord"
            => all process.start.autostart;
        START_DELAY: "start_delay", Duration, Text("0"), "how long a start by autostart waits"
            => each start.delay;
        AUTORESTART: "autorestart", Autorestart, Text("unexpected"), "start again after an exit"
            => all process.restart.autorestart;
        STARTSECS: "startsecs", Integer, Text("1"), "seconds to stay up before the start counts as done"
            => all process.start.startsecs;
        STARTRETRIES: "startretries", Integer, Text("3"), "failed starts before giving up; -1: it is tried for ever"
            => all process.restart.startretries;
        EXITCODES: "exitcodes", ExitCodes, Text("0"), "exit statuses that are expected"
            => all process.restart.exitcodes;
        EXITSIGNALS: "exitsignals", Signals, Text(""), "signals by which death is expected"
            => each restart.exitsignals;
        BACKOFF: "backoff", Backoff, Computed("linear, of failed starts alone"), "how the pauses before retries grow; written, it paces restarts after an end too"
            => each restart.backoff.shape;
        BACKOFF_DELAY: "backoff_delay", Pause, Text("1"), "first of these pauses, and how much they grow"
            => each restart.backoff.delay;
        BACKOFF_MAX: "backoff_max", Duration, Computed("0; with backoff=exponential 60"), "longest of these pauses, 0: no bound"
            => each restart.backoff.max;
        BACKOFF_JITTER: "backoff_jitter", Percent, Text("0%"), "up to so much of each pause is added to it, at random"
            => each restart.backoff.jitter;
        BACKOFF_RESET_SECS: "backoff_reset_secs", Duration, Text("0"), "how long it has to be RUNNING until its failed starts are forgotten"
            => each restart.backoff.reset_after;
        RESTART_SECS: "restart_secs", Duration, Unset, "pause between its end and the start that follows by itself; unset, a start comes a second after the one before at the earliest"
            => each restart.delay;
        RESTART_LIMIT_COUNT: "restart_limit_count", Count, Text("0"), "starts by themselves within restart_limit_interval before it is given up, 0: any number"
            => each restart.limit.count;
        RESTART_LIMIT_INTERVAL: "restart_limit_interval", Duration, Text("60"), "the time in which they are counted"
            => each restart.limit.interval;
        FATAL_RETRY_SECS: "fatal_retry_secs", Duration, Text("0"), "when FATAL, it is tried again after so long, 0: never"
            => each restart.fatal_retry;
        STOPSIGNAL: "stopsignal", Signal, Text("TERM"), "signal that asks to stop"
            => all process.stop.stopsignal;
        STOPWAITSECS: "stopwaitsecs", Integer, Text("10"), "seconds from stopsignal to SIGKILL"
            => all process.stop.stopwaitsecs;
        STOPASGROUP: "stopasgroup", Boolean, Text("false"), "send stopsignal to the whole process group"
            => all process.stop.stopasgroup;
        KILLASGROUP: "killasgroup", Boolean, Computed("the value of stopasgroup"), "send SIGKILL to the whole process group"
            => with killasgroup;
        KILL_MODE: "kill_mode", KillMode, Computed("what stopasgroup and killasgroup say"), "who gets stopsignal and SIGKILL: the process alone, or its process group"
            => with kill_mode;
        USER: "user", User, Unset, "user that runs it, by name or number; a number needs no entry in the user database"
            => all process.identity.uid;
        GROUP: "group", Group, Unset, "group that runs it, by name or number, instead of its user's own"
            => each identity.gid;
        SUPPLEMENTARY_GROUPS: "supplementary_groups", Groups, Computed("those of the user in the group database"), "its further groups"
            => each identity.groups;
        RLIMIT_CORE: "rlimit_core", LimitOfBytes, Unset, "size of its core dump"
            => each attributes.limits;
        RLIMIT_CPU: "rlimit_cpu", LimitOfNumber, Unset, "seconds of processor time"
            => each attributes.limits;
        RLIMIT_DATA: "rlimit_data", LimitOfBytes, Unset, "size of its data segment"
            => each attributes.limits;
        RLIMIT_FSIZE: "rlimit_fsize", LimitOfBytes, Unset, "size of files that it writes"
            => each attributes.limits;
        RLIMIT_MEMLOCK: "rlimit_memlock", LimitOfBytes, Unset, "memory that it may lock"
            => each attributes.limits;
        RLIMIT_MSGQUEUE: "rlimit_msgqueue", LimitOfBytes, Unset, "memory of its message queues"
            => each attributes.limits;
        RLIMIT_NICE: "rlimit_nice", LimitOfNumber, Unset, "how far it may lower its nice value, 20 minus that"
            => each attributes.limits;
        RLIMIT_NOFILE: "rlimit_nofile", LimitOfNumber, Unset, "its open files"
            => each attributes.limits;
        RLIMIT_NPROC: "rlimit_nproc", LimitOfNumber, Unset, "processes of its user"
            => each attributes.limits;
        RLIMIT_RSS: "rlimit_rss", LimitOfBytes, Unset, "of no effect on Linux"
            => each attributes.limits;
        RLIMIT_RTPRIO: "rlimit_rtprio", LimitOfNumber, Unset, "its real-time priority"
            => each attributes.limits;
        RLIMIT_RTTIME: "rlimit_rttime", LimitOfNumber, Unset, "microseconds of real-time processor time without a pause"
            => each attributes.limits;
        RLIMIT_SIGPENDING: "rlimit_sigpending", LimitOfNumber, Unset, "signals that may wait"
            => each attributes.limits;
        RLIMIT_STACK: "rlimit_stack", LimitOfBytes, Unset, "size of its stack"
            => each attributes.limits;
        RLIMIT_AS: "rlimit_as", LimitOfBytes, Unset, "size of its address space"
            => each attributes.limits;
        NICE: "nice", Nice, Unset, "its nice value"
            => each attributes.nice;
        IOPRIO: "ioprio", IoPriority, Unset, "how its reads and writes are ordered among others"
            => each attributes.ioprio;
        SCHED: "sched", Scheduler, Unset, "how it is given processors"
            => each attributes.sched;
        CPU_AFFINITY: "cpu_affinity", Cpus, Unset, "processors that it may run on"
            => each attributes.cpu_affinity;
        OOM_SCORE_ADJ: "oom_score_adj", OomScore, Unset, "how soon it is killed when memory runs out, among others"
            => each attributes.oom_score_adj;
        NO_NEW_PRIVS: "no_new_privs", Boolean, Text("false"), "neither it nor what it runs gains privileges by an exec"
            => each attributes.no_new_privs;
        CAPABILITY_BOUNDING: "capability_bounding", CapabilityBounding, Unset, "capabilities that it and what it runs can have at most"
            => each attributes.capability_bounding;
        AMBIENT_CAPABILITIES: "ambient_capabilities", AmbientCapabilities, Text(""), "capabilities that it keeps as its user, and passes on"
            => each attributes.ambient_capabilities;
        NEW_SESSION: "new_session", Boolean, Text("false"), "lead a session of its own, not only a process group"
            => each attributes.new_session;
        PDEATHSIG: "pdeathsig", SignalOrNone, Text("none"), "signal that it is sent when supervisord is no more"
            => each attributes.pdeathsig;
        REDIRECT_STDERR: "redirect_stderr", Boolean, Text("false"), "stderr goes where stdout goes"
            => all process.log.redirect_stderr;
        STDOUT_LOGFILE: "stdout_logfile", LogFile, Text("AUTO"), "log of stdout"
            => each;
        STDOUT_LOGFILE_MAXBYTES: "stdout_logfile_maxbytes", ByteSize, Text("50MB"), "size at which it rotates, 0: never"
            => each;
        STDOUT_LOGFILE_BACKUPS: "stdout_logfile_backups", Integer, Text("10"), "rotated logs that are kept"
            => each;
        STDOUT_CAPTURE_MAXBYTES: "stdout_capture_maxbytes", ByteSize, Text("0"), "bound of capture mode, 0: none"
            => all process.log.stdout.capture_maxbytes;
        STDOUT_EVENTS_ENABLED: "stdout_events_enabled", Boolean, Text("false"), "send PROCESS_LOG_STDOUT events"
            => all process.log.stdout.events_enabled;
        STDOUT_SYSLOG: "stdout_syslog", Boolean, Text("false"), "send stdout to syslog, too"
            => each;
        STDERR_LOGFILE: "stderr_logfile", LogFile, Text("AUTO"), "log of stderr"
            => each;
        STDERR_LOGFILE_MAXBYTES: "stderr_logfile_maxbytes", ByteSize, Text("50MB"), "size at which it rotates, 0: never"
            => each;
        STDERR_LOGFILE_BACKUPS: "stderr_logfile_backups", Integer, Text("10"), "rotated logs that are kept"
            => each;
        STDERR_CAPTURE_MAXBYTES: "stderr_capture_maxbytes", ByteSize, Text("0"), "bound of capture mode, 0: none"
            => all process.log.stderr.capture_maxbytes;
        STDERR_EVENTS_ENABLED: "stderr_events_enabled", Boolean, Text("false"), "send PROCESS_LOG_STDERR events"
            => all process.log.stderr.events_enabled;
        STDERR_SYSLOG: "stderr_syslog", Boolean, Text("false"), "send stderr to syslog, too"
            => each;
        ENVIRONMENT: "environment", Environment, Text(""), "variables of its own";
        ENV_FILE: "env_file", EnvironmentFiles, Text(""), "files with lines NAME=value, read at each start"
            => each environment.sources.files;
        ENV_DIR: "env_dir", EnvironmentFiles, Text(""), "directories with a file for each variable, read at each start"
            => each environment.sources.directories;
        SECRET_ENV: "secret_env", SecretVariables, Text(""), "variables whose values are files, read at each start"
            => each environment.sources.secrets;
        CREDENTIAL: "credential", Credentials, Text(""), "files that are copied to a directory of its own, $CREDENTIALS_DIRECTORY, at each start"
            => each environment.sources.credentials;
        CLEAR_ENV: "clear_env", Boolean, Text("false"), "inherit nothing from supervisord but the variables of pass_env"
            => each environment.clear;
        PASS_ENV: "pass_env", VariableNames, Computed("PATH, HOME, LANG, LC_* and TZ"), "variables that are inherited with clear_env"
            => each environment.pass;
        UNSET_ENV: "unset_env", VariableNames, Text(""), "variables that are taken out last"
            => each environment.unset;
        LOGIN_ENV: "login_env", Boolean, Text("false"), "tell it HOME, USER, LOGNAME and SHELL of its user"
            => each environment.login;
        DIRECTORY: "directory", Text, Unset, "directory to change to before it runs"
            => each identity.directory;
        UMASK: "umask", Octal, Unset, "mask of its new files"
            => all process.identity.umask;
        SERVERURL: "serverurl", Text, Unset, "where it is told to find supervisord; AUTO: as unset"
            => with serverurl;
    }
}

options! {
    /// What the end of a program means to supervisord: of `[program:x]`, `[fcgi-program:x]` and, for members that do
    /// not say otherwise, `[group:x]`.
    essential {
        ESSENTIAL: "essential", Boolean, Text("false"), "its end is that of supervisord: short for shutdown in the next two"
            => each;
        ON_EXIT: "on_exit", Aftermath, Computed("none, or shutdown with essential"), "what becomes of supervisord when it has ended and nothing starts it again"
            => each;
        ON_FATAL: "on_fatal", Aftermath, Computed("none, or shutdown with essential"), "what becomes of supervisord when it is FATAL"
            => each;
    }
}
