//! What `[fcgi-program:x]` and `[eventlistener:x]` add to a program, and `[group:x]` (contract/config.md §5.4 to §5.6).

use super::{DataType, DefaultValue, OptionRow, Reading, Row, data_type, options};

options! {
    /// `[fcgi-program:x]`
    fcgi_program {
        SOCKET: "socket", Socket, Required, "socket that its processes share as their standard input";
        SOCKET_OWNER: "socket_owner", Owner, Computed("user and its group, when supervisord runs as another"), "owner of a unix socket";
        SOCKET_MODE: "socket_mode", Octal, Computed("0700"), "mode of a unix socket";
        SOCKET_BACKLOG: "socket_backlog", Integer, Computed("as much as the kernel gives"), "connections that may wait, 1 to 65535";
    }
}

options! {
    /// `[eventlistener:x]`
    eventlistener {
        EVENTS: "events", EventTypes, Required, "events that it is sent";
        EXTRA_EVENTS: "extra_events", EventTypes, Text(""), "events of ours that it is sent besides, EXTENDED_EVENT and those below it";
        BUFFER_SIZE: "buffer_size", Integer, Text("10"), "events that may wait for it";
        OVERFLOW: "overflow", OverflowPolicy, Text("drop-oldest"), "what becomes of events that find no room";
        ON_PROTOCOL_ERROR: "on_protocol_error", ProtocolErrorPolicy, Text("unknown"), "what becomes of a listener that breaks the protocol";
        RESULT_HANDLER: "result_handler", Factory, Text("supervisor.dispatchers:default_handler"), "judge of its results";
        PRIORITY: "priority", Integer, Text("-1"), "order of start of the pool";
    }
}

options! {
    /// What programs, listeners and templates inherit, and groups have their members inherit.
    inheritance {
        EXTENDS: "extends", Names, Unset, "templates whose options it has, unless it says otherwise; the last one counts first";
    }
}

options! {
    /// `[group:x]`
    group {
        PROGRAMS: "programs", Names, Text(""), "programs that become its members";
        PRIORITY: "priority", Integer, Text("999"), "order of start; the reverse is that of shutdown";
    }
}
