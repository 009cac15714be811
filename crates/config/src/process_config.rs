//! From a program-like section to the processes it stands for, one for each number of its `numprocs`.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use supervisor_core::{ProcessConfig, SocketConfig};

use crate::context::{Context, SectionReader};
use crate::datatypes::process_or_group_name;
use crate::diagnostics::ConfigError;
use crate::environment::{Variables, merge, parse_environment};
use crate::expand::Names;
use crate::ini::Section;
use crate::limits::PROCESSES;
use crate::options_table::{Reading, SectionType, program as rows};
use crate::python_format::Value;
use crate::recorder::Made;
use crate::sections::essential::read_essential;
use crate::sections::log_channels::read_log;
use crate::sections::program::{ProgramSection, read_program};

/// Makes processes; remembers what they share.
#[derive(Debug)]
pub(crate) struct ProcessBuilder<'c> {
    pub(crate) context: &'c Context,
    /// `[supervisord] environment`
    global: &'c Variables,
    environments: HashMap<String, Rc<Environment>>,
    count: usize,
    /// The program whose processes are noted.
    wanted: Option<&'c str>,
    /// Those.
    pub(crate) noted: Vec<MemberName>,
}

/// A process by its group and its name.
pub(crate) type MemberName = (Box<str>, Box<str>);

/// Variables of a process: its own, and all of them.
#[derive(Debug)]
struct Environment {
    own: Variables,
    merged: Arc<[(Box<str>, Box<str>)]>,
}

/// One section in one group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessSource<'s> {
    pub(crate) section: &'s Section,
    pub(crate) group_name: &'s str,
    /// The section of the group, where that is one of its own.
    pub(crate) group: Option<&'s Section>,
    /// Of a FastCGI program.
    pub(crate) socket: Option<&'s Arc<SocketConfig>>,
    /// The only options of the section that are a program's; `None`: all of them.
    pub(crate) options: Option<&'static [&'static str]>,
}

type Processes = Vec<Arc<ProcessConfig>>;

impl<'c> ProcessBuilder<'c> {
    pub(crate) fn new(context: &'c Context, global: &'c Variables) -> Self {
        Self { context, global, environments: HashMap::new(), count: 0, wanted: None, noted: Vec::new() }
    }

    /// Notes the processes of a program as they are made, if one is wanted.
    pub(crate) fn noting(self, program: Option<&'c str>) -> Self {
        Self { wanted: program, ..self }
    }

    /// The processes of a section, sorted by priority (which they share) and name.
    pub(crate) fn build(&mut self, source: ProcessSource<'_>) -> Result<Processes, ConfigError> {
        let context = self.context;
        let header = context.reader(source.section, &[]).in_group(source.group).attributed();
        let Some(program_name) = header.name_of_section()? else { return Ok(Processes::new()) };
        let words = [
            context.here_word(),
            context.host_node_name_word(),
            ("program_name", Value::Text(program_name)),
            ("group_name", Value::Text(source.group_name)),
        ];
        let reader = context.reader(source.section, &words).in_group(source.group).attributed();
        let program = read_program(&reader.limited_to(source.options))?;
        if !self.has_room(&header, program.numprocs)? {
            return Ok(Processes::new());
        }
        let mut processes = Processes::new();
        let mut variables = Variables::new();
        for offset in 0..program.numprocs.max(0) {
            let process_num = program.numprocs_start.saturating_add(offset);
            let [here, node, program_name, group_name] = words;
            let numbers =
                [("process_num", Value::Integer(process_num)), ("numprocs", Value::Integer(program.numprocs))];
            let words = [here, node, program_name, group_name, numbers[0], numbers[1]];
            let reader = context.reader(source.section, &words).in_group(source.group).attributed();
            let reader = reader.limited_to(source.options);
            processes.extend(self.build_one(&reader, &program, source, &words, &mut variables)?.map(Arc::new));
        }
        processes.sort_by(|a, b| a.name.cmp(&b.name));
        if self.wanted == Some(program_name) {
            let group = source.group_name;
            self.noted.extend(processes.iter().map(|process| (group.into(), process.name.clone())));
        }
        if let Some(recorder) = &context.recorder {
            let (section, group) = (source.section.name.clone(), source.group_name.into());
            recorder.made.borrow_mut().push(Made { section, group, processes: processes.clone() });
        }
        Ok(processes)
    }

    fn has_room(&mut self, reader: &SectionReader<'_>, numprocs: i64) -> Result<bool, ConfigError> {
        let wanted = usize::try_from(numprocs.max(0)).unwrap_or(usize::MAX);
        let room = PROCESSES - self.count;
        if wanted > room {
            let text = format!("numprocs {numprocs} is above upper bound ({room})");
            return reader.refuse(&rows::NUMPROCS, text).map(|()| false);
        }
        self.count += wanted;
        Ok(true)
    }

    /// Reads what may differ from process to process. `variables` are the own ones of the processes before: a name
    /// that only they have can still be used, as upstream has it.
    fn build_one(
        &mut self,
        reader: &SectionReader<'_>,
        program: &ProgramSection,
        source: ProcessSource<'_>,
        words: &[(&'static str, Value<'_>)],
        variables: &mut Variables,
    ) -> Result<Option<ProcessConfig>, ConfigError> {
        let names = Names::new(&self.context.environment, words);
        variables.retain(|(name, _)| !self.context.environment.contains(name));
        let environment = self.environment(&reader.with_names(names.with_own(variables)))?;
        *variables = merge(variables, &environment.own);
        let reader = reader.with_names(names.with_own(variables));

        let mut process = program.process.clone();
        process.environment.variables = environment.merged.clone();
        process.environment.sources.common_files.clone_from(&self.context.common_files);
        process.socket = source.socket.cloned();
        for (_, reading) in rows::READINGS {
            match reading {
                Reading::Process(read) => read(&reader, &mut process)?,
                Reading::Section(_) | Reading::Together => {}
            }
        }
        let sources = &mut process.environment.sources;
        if !sources.is_empty() {
            sources.own_names = environment.own.iter().map(|(name, _)| name.clone()).collect();
        }
        read_log(&reader, &mut process.log)?;
        if SectionType::of(&source.section.name).is_some_and(SectionType::may_be_essential) {
            process.essential = read_essential(&reader, source.group)?;
        }
        if reader.entry(&rows::COMMAND).is_none() {
            let text = format!("program section {} does not specify a command", source.section.name);
            reader.refuse(&rows::COMMAND, text)?;
        }
        let Some(command) = reader.text(&rows::COMMAND)? else { return Ok(None) };
        process.command = (&*command).into();
        let Some(name) = process_name(&reader, program)? else { return Ok(None) };
        process.name = name;
        Ok(Some(process))
    }

    /// The variables of a process: its own, and those that it inherits. Programs whose lists read the same share them.
    fn environment(&mut self, reader: &SectionReader<'_>) -> Result<Rc<Environment>, ConfigError> {
        let mut levels = reader.levels(&rows::ENVIRONMENT);
        if levels.len() < 2 {
            levels = reader.entry(&rows::ENVIRONMENT).map(|entry| (entry, *reader)).into_iter().collect();
        }
        let mut texts = Vec::with_capacity(levels.len());
        for (entry, level) in &levels {
            texts.push(level.expand(&rows::ENVIRONMENT, &entry.value, "environment")?.unwrap_or_default());
        }
        let key = texts.join("\0");
        if let Some(known) = self.environments.get(&key) {
            return Ok(known.clone());
        }
        let mut own = Variables::new();
        for (text, (_, level)) in texts.iter().zip(&levels) {
            match parse_environment(text) {
                Ok(variables) => own = merge(&own, &variables),
                Err(error) => level.refuse(&rows::ENVIRONMENT, error)?,
            }
        }
        let merged = merge(self.global, &own).into();
        let environment = Rc::new(Environment { own, merged });
        self.environments.insert(key, environment.clone());
        Ok(environment)
    }
}

/// The name of a process. Upstream checks it before the names in it are replaced, we also after (quirks.md F44).
fn process_name(reader: &SectionReader<'_>, program: &ProgramSection) -> Result<Option<Box<str>>, ConfigError> {
    let Some(name) = reader.expand(&rows::PROCESS_NAME, &program.process_name, "process_name")? else {
        return Ok(None);
    };
    match process_or_group_name(&name) {
        Ok(name) => Ok(Some(name.into())),
        Err(text) => reader.refuse(&rows::PROCESS_NAME, text).map(|()| None),
    }
}
