//! `[supervisord]` (contract/config.md §5.1).

use super::{DataType, DefaultValue, OptionRow, Reading, Row, data_type, options};

options! {
    /// `[supervisord]`
    supervisord {
        LOGFILE: "logfile", Path, Text("supervisord.log"), "main log, or the word syslog";
        LOGFILE_MAXBYTES: "logfile_maxbytes", ByteSize, Text("50MB"), "size at which the main log rotates, 0: never";
        LOGFILE_BACKUPS: "logfile_backups", Integer, Text("10"), "rotated main logs that are kept";
        LOGLEVEL: "loglevel", LogLevel, Text("info"), "least severe level that is logged";
        PIDFILE: "pidfile", Path, Text("supervisord.pid"), "file that holds the process id of supervisord";
        IDENTIFIER: "identifier", Text, Text("supervisor"), "name that this supervisord answers with";
        NODAEMON: "nodaemon", Boolean, Text("false"), "stay in the foreground";
        SILENT: "silent", Boolean, Text("false"), "nothing on standard output in the foreground";
        MINFDS: "minfds", Integer, Text("1024"), "file descriptors that must be available";
        MINPROCS: "minprocs", Integer, Text("200"), "processes that must be available";
        UMASK: "umask", Octal, Text("022"), "mask of new files, for a daemon";
        USER: "user", User, Unset, "user that supervisord becomes, by name or number";
        DIRECTORY: "directory", Directory, Unset, "working directory, for a daemon";
        CHILDLOGDIR: "childlogdir", Directory, Computed("the directory for temporary files"), "where AUTO logs are created";
        NOCLEANUP: "nocleanup", Boolean, Text("false"), "leave AUTO logs of earlier runs alone";
        STRIP_ANSI: "strip_ansi", Boolean, Text("false"), "remove escape sequences from what is logged";
        ENVIRONMENT: "environment", Environment, Text(""), "variables for all programs";
        ENV_FILE: "env_file", EnvironmentFiles, Text(""), "files with lines NAME=value for all programs, read at each start of one";
        START_STAGGER: "start_stagger", Duration, Text("0"), "least time between two starts that nobody asked for";
        SHUTDOWN_TIMEOUT: "shutdown_timeout", Duration, Text("0"), "how long a shutdown may take before everything is killed, 0: as long as it takes";
        SIGNAL_REWRITE: "signal_rewrite", SignalRewrites, Text(""), "signals to supervisord that count as others";
        EXIT_WHEN: "exit_when", ExitWhen, Text("never"), "when supervisord ends by itself, besides what programs say";
        EXIT_CODE_FROM: "exit_code_from", Text, Unset, "process, group or program whose exit status is that of supervisord";
        SUBREAPER: "subreaper", Subreaper, Text("auto"), "whether orphans of programs become children of supervisord; auto: where an option needs it";
        STRICT: "strict", Boolean, Text("false"), "what is otherwise ignored with a warning is an error: unknown options and sections, includes that name no file or one that cannot be read";
        STRICT_IGNORE: "strict_ignore", Names, Text(""), "patterns of options and sections that others read from the file";
        SD_NOTIFY: "sd_notify", SdNotify, Text("off"), "when the service manager that started supervisord is told that it is ready";
        PYTHON_HOST: "python_host", Text, Unset, "interpreter that runs Python plug-ins, instead of python3";
        PYTHON_NAMESPACES: "python_namespaces", Boolean, Text("false"), "run also those plug-ins in Python that are built in";
        PROFILE_OPTIONS: "profile_options", Text, Unset, "accepted for compatibility, of no effect";
    }
}
