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
            Line::EndOfInput | Line::Interrupted => "quit".to_owned(),
        };
    }
}
