//! A program and a listener that talk with each other through supervisord.
//!
//! The program asks on its stdout, between the tokens of capture mode; supervisord takes the question out of the log
//! and gives it to the listener as PROCESS_COMMUNICATION_STDOUT. The listener answers with `sendProcessStdin`, which
//! supervisord writes to the program's stdin. Neither needs a port, a file or the other's address.
//!
//! ```ini
//! [program:asks]
//! command=conversation ask 6 7
//! stdout_capture_maxbytes=1MB
//!
//! [eventlistener:answers]
//! command=conversation answer
//! events=PROCESS_COMMUNICATION
//! ```
//!
//! Run with numbers, the program asks for their product, prints what it is told, and goes on waiting.

use std::io;
use std::process::ExitCode;

use supervisor_listener::{Client, Event, Listener, Value, Verdict, send_message};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["ask", left, right] => ask(left, right),
        ["answer"] => answer(),
        _ => Err(io::Error::other("usage: conversation ask NUMBER NUMBER | conversation answer")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The ordinary program.
fn ask(left: &str, right: &str) -> io::Result<()> {
    send_message(&mut io::stdout(), format!("multiply {left} {right}").as_bytes())?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    report(&format!("{left} times {right} is {}", answer.trim_end()));
    // It stays, as a server does; supervisord closes stdin when it ends.
    io::stdin().read_line(&mut answer).map(drop)
}

/// The listener.
fn answer() -> io::Result<()> {
    let supervisor = Client::from_environment()?;
    Listener::of_this_process().run(|notification| {
        let Event::ProcessCommunication { process, group, data, .. } = &notification.event else { return Verdict::Ok };
        let answer = product(data).map_or_else(|| "not understood\n".to_owned(), |product| format!("{product}\n"));
        let name = format!("{group}:{process}");
        let parameters = [Value::from(name.as_str()), Value::from(answer)];
        if let Err(error) = supervisor.call("supervisor.sendProcessStdin", &parameters) {
            // It may have ended meanwhile; the question would only come again.
            report(&format!("{name} did not hear the answer: {error}"));
        }
        Verdict::Ok
    })
}

fn product(question: &str) -> Option<i64> {
    let numbers: Vec<i64> =
        question.strip_prefix("multiply ")?.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let [left, right] = numbers.as_slice() else { return None };
    left.checked_mul(*right)
}

/// A line for the log. Not on stdout, which is the listener's protocol.
#[expect(clippy::print_stderr, reason = "supervisord keeps it in the log of this program")]
fn report(line: &str) {
    eprintln!("{line}");
}
