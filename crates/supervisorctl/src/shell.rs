//! The shell: `status`, then commands line by line until the person leaves (contract/ctl.md §1).

use crate::controller::{Controller, Flow};
use crate::world::Line;

/// Runs the shell to its end.
pub(crate) fn run(controller: &mut Controller, prompt: &str) {
    let prompt = format!("{prompt}> ");
    let mut line = "status".to_owned();
    while controller.execute(&line) == Flow::Continue {
        let Controller { world, output, .. } = &mut *controller;
        line = match world.read_command(&prompt, output) {
            Line::Text(text) => text,
            Line::EndOfInput | Line::Interrupted => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, array, fault, process, text};
    use supervisor_core::FaultCode;

    fn started() -> Scene {
        Scene::new().on("getAllProcessInfo", array([process("x", "x", (20, "RUNNING"), "pid 1", 1)]))
    }

    const STATUS: &str = "x                                RUNNING   pid 1\n";

    #[test]
    fn status_comes_first_and_the_end_of_the_input_last() {
        assert_eq!(started().run_shell().out, format!("{STATUS}supervisor> \n"));
        assert_eq!(started().interrupts().run_shell().out, format!("{STATUS}supervisor> \n"));
    }

    #[test]
    fn a_transcript() {
        let scene = started()
            .on("getVersion", text("3.0"))
            .on("getProcessInfo no", fault(FaultCode::BadName, "no"))
            .types("status no")
            .types("")
            .types("nosuch")
            .types("quit")
            .types("never reached");
        let expected = format!(
            "{STATUS}supervisor> no: ERROR (no such process)\nsupervisor> supervisor> *** Unknown syntax: nosuch\n\
             supervisor> \n"
        );
        assert_eq!(scene.run_shell().out, expected);
    }

    #[test]
    fn shutdown_asks_first() {
        let scene = started().types("shutdown").types("no");
        let expected =
            format!("{STATUS}supervisor> Really shut the remote supervisord process down y/N? supervisor> \n");
        assert_eq!(scene.run_shell().out, expected);
    }
}
