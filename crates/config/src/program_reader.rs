//! A program whose options a client gives, and no file: read as a section `[program:x]` of the configuration would be.
//!
//! What such options mean depends on the configuration (`%(here)s`, `%(ENV_x)s`, the variables of `[supervisord]`), of
//! which that much is kept here. Nothing of the files is read again, and `[DEFAULT]` does not count, as upstream.

use std::sync::Arc;

use supervisor_core::{EnvironmentFile, ProcessConfig};

use crate::config::Config;
use crate::context::Context;
use crate::diagnostics::Place;
use crate::environment::Variables;
use crate::load::{LoadRequest, new_context};
use crate::problems::Problems;
use crate::process_config::{ProcessBuilder, ProcessSource};

/// Reads options of programs as the configuration does that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramReader {
    /// The main file, as error texts name it.
    file: String,
    /// What `%(here)s` stands for.
    here: String,
    /// The environment of supervisord itself.
    environment: Vec<(String, String)>,
    /// `[supervisord] environment`
    variables: Variables,
    /// `[supervisord] env_file`
    common_files: Box<[EnvironmentFile]>,
}

impl ProgramReader {
    /// Reads as the configuration that was read so.
    pub fn new(request: &LoadRequest<'_>, config: &Config) -> Self {
        let context = new_context(request, Problems::EndAtFirst);
        Self {
            file: context.file,
            here: context.here,
            environment: request.environment.to_vec(),
            variables: config.supervisord.environment.clone(),
            common_files: config.supervisord.env_files.clone(),
        }
    }

    /// The processes of a program in a group.
    ///
    /// # Errors
    /// The first option that cannot be used, in upstream's words.
    pub fn read(
        &self,
        group: &str,
        program: &str,
        options: &[(String, String)],
    ) -> Result<Vec<Arc<ProcessConfig>>, String> {
        let (file, here) = (self.file.clone(), self.here.clone());
        let mut context = Context::new(file, here, &self.environment, Problems::EndAtFirst);
        context.environment.extend(self.variables.iter().map(|(name, value)| (&**name, &**value)));
        context.common_files.clone_from(&self.common_files);
        let name = format!("program:{program}");
        context.document.add_section(&name, Place { file: self.file.as_str().into(), line: 1, column: 1 });
        for (key, value) in options {
            context.document.add_option(&name, key, value);
        }
        context.document.expand_here(&self.here);
        let section = context.document.section(&name).expect("it was just added");
        let source = ProcessSource { section, group_name: group, group: None, socket: None, options: None };
        ProcessBuilder::new(&context, &self.variables).build(source).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &[(&str, &str)]) -> Result<Vec<Arc<ProcessConfig>>, String> {
        let reader = ProgramReader {
            file: "/etc/s.conf".to_owned(),
            here: "/etc".to_owned(),
            environment: vec![("HOME".to_owned(), "/root".to_owned())],
            variables: vec![("A".into(), "1".into())],
            common_files: Box::default(),
        };
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        reader.read("web", "dyn", &options.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_mean_what_they_mean_in_a_file() {
        let command = ("command", "%(here)s/%(program_name)s %(group_name)s %(ENV_HOME)s %(ENV_A)s");
        let processes = read(&[command, ("AutoStart", "false"), ("environment", "B=\"2\"")]).unwrap();
        let [process] = &*processes else { panic!("{processes:?}") };
        assert_eq!(&*process.command, "/etc/dyn web /root 1");
        assert_eq!((&*process.name, process.start.autostart), ("dyn", false));
        let variables: Vec<_> =
            process.environment.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(variables, ["A=1", "B=2"]);
        let many = [("command", "x"), ("numprocs", "2"), ("process_name", "%(program_name)s_%(process_num)d")];
        let names: Vec<_> = read(&many).unwrap().iter().map(|process| process.name.to_string()).collect();
        assert_eq!(names, ["dyn_0", "dyn_1"]);
    }

    #[test]
    fn what_cannot_be_used_is_refused_in_the_words_of_a_start() {
        for (options, words) in [
            (&[("autostart", "true")][..], "program section program:dyn does not specify a command"),
            (&[("command", "x"), ("startsecs", "soon")], "invalid literal for int() with base 10: 'soon'"),
            (&[("command", "%(nosuch)s")], "Format string '%(nosuch)s' for 'program:dyn.command'"),
        ] {
            let error = read(options).unwrap_err();
            assert!(error.contains(words), "{error}");
            assert!(error.contains("in section 'program:dyn' (file: '/etc/s.conf')"), "{error}");
        }
    }
}
