//! `[program:x]`, shared by `[fcgi-program:x]` and `[eventlistener:x]` (contract/config.md §5.3).

use super::{DataType, DefaultValue, OptionRow, options};

options! {
    /// `[program:x]`
    program {
        COMMAND: "command", Text, Required, "what to run, with its arguments; no shell";
        PROCESS_NAME: "process_name", Text, Text("%(program_name)s"), "name of each process";
        NUMPROCS: "numprocs", Integer, Text("1"), "number of processes";
        NUMPROCS_START: "numprocs_start", Integer, Text("0"), "the first process_num";
        PRIORITY: "priority", Integer, Text("999"), "order of start; the reverse is that of shutdown";
        AUTOSTART: "autostart", Boolean, Text("true"), "start together with supervisord";
        AUTORESTART: "autorestart", Autorestart, Text("unexpected"), "start again after an exit";
        STARTSECS: "startsecs", Integer, Text("1"), "seconds to stay up before the start counts as done";
        STARTRETRIES: "startretries", Integer, Text("3"), "failed starts before giving up";
        EXITCODES: "exitcodes", ExitCodes, Text("0"), "exit statuses that are expected";
        STOPSIGNAL: "stopsignal", Signal, Text("TERM"), "signal that asks to stop";
        STOPWAITSECS: "stopwaitsecs", Integer, Text("10"), "seconds from stopsignal to SIGKILL";
        STOPASGROUP: "stopasgroup", Boolean, Text("false"), "send stopsignal to the whole process group";
        KILLASGROUP: "killasgroup", Boolean, Computed("the value of stopasgroup"), "send SIGKILL to the whole process group";
        USER: "user", User, Unset, "user that runs it, by name or number; a number needs no entry in the user database";
        REDIRECT_STDERR: "redirect_stderr", Boolean, Text("false"), "stderr goes where stdout goes";
        STDOUT_LOGFILE: "stdout_logfile", LogFile, Text("AUTO"), "log of stdout";
        STDOUT_LOGFILE_MAXBYTES: "stdout_logfile_maxbytes", ByteSize, Text("50MB"), "size at which it rotates, 0: never";
        STDOUT_LOGFILE_BACKUPS: "stdout_logfile_backups", Integer, Text("10"), "rotated logs that are kept";
        STDOUT_CAPTURE_MAXBYTES: "stdout_capture_maxbytes", ByteSize, Text("0"), "bound of capture mode, 0: none";
        STDOUT_EVENTS_ENABLED: "stdout_events_enabled", Boolean, Text("false"), "send PROCESS_LOG_STDOUT events";
        STDOUT_SYSLOG: "stdout_syslog", Boolean, Text("false"), "send stdout to syslog, too";
        STDERR_LOGFILE: "stderr_logfile", LogFile, Text("AUTO"), "log of stderr";
        STDERR_LOGFILE_MAXBYTES: "stderr_logfile_maxbytes", ByteSize, Text("50MB"), "size at which it rotates, 0: never";
        STDERR_LOGFILE_BACKUPS: "stderr_logfile_backups", Integer, Text("10"), "rotated logs that are kept";
        STDERR_CAPTURE_MAXBYTES: "stderr_capture_maxbytes", ByteSize, Text("0"), "bound of capture mode, 0: none";
        STDERR_EVENTS_ENABLED: "stderr_events_enabled", Boolean, Text("false"), "send PROCESS_LOG_STDERR events";
        STDERR_SYSLOG: "stderr_syslog", Boolean, Text("false"), "send stderr to syslog, too";
        ENVIRONMENT: "environment", Environment, Text(""), "variables of its own";
        DIRECTORY: "directory", Text, Unset, "directory to change to before it runs";
        UMASK: "umask", Octal, Unset, "mask of its new files";
        SERVERURL: "serverurl", Text, Unset, "where it is told to find supervisord; AUTO: as unset";
    }
}
