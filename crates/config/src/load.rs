//! From a file to a [`Config`]: what is read when, top to bottom, in upstream's order, because the first error is
//! the one that is told.

use std::path::Path;
use std::sync::Arc;

use supervisor_core::LogLevel;

use crate::command_line::{ClientOptions, SupervisordOptions};
use crate::config::{ClientConfig, Config, RpcInterfaceConfig};
use crate::context::Context;
use crate::diagnostics::{ConfigError, Place};
use crate::exit_code_from;
use crate::groups::read_groups;
use crate::include::{merge, read_includes};
use crate::inheritance;
use crate::options_table::{SectionType, rpcinterface};
use crate::problems::Problems;
use crate::python_path::{Home, absolute, dirname, normalize, text_of};
use crate::sections::hosted_plugin::{hosted_plugins, plugin_interpreter};
use crate::sections::http_servers::{fallback_server_url, read_http_servers};
use crate::sections::plugins::{Plugin, read_plugins};
use crate::sections::supervisorctl::{client_defaults, read_supervisorctl};
use crate::sections::supervisord::{read_supervisord, settle};
use crate::source::read_any;
use crate::unknown_options::warn_of_unknown_options;
use crate::unknown_sections::warn_of_unknown_sections;
use crate::wrapped;

/// What [`load`] and [`crate::check`] need to know.
#[derive(Clone, Copy, Debug)]
pub struct LoadRequest<'a> {
    /// The configuration file, absolute. Error texts name it as the command line does, if that names one. Empty: there
    /// is none, which only a command that is wrapped can do without.
    pub path: &'a Path,
    /// Options that win over the file.
    pub command_line: &'a SupervisordOptions,
    /// The environment of supervisord itself.
    pub environment: &'a [(String, String)],
}

/// The configuration of supervisord: the file and what it includes, defaults filled in, command line applied. Ends
/// with the first error.
pub fn load(request: &LoadRequest<'_>) -> Result<Config, ConfigError> {
    let mut context = new_context(request, Problems::EndAtFirst);
    let (mut config, included) = read(&mut context, request)?;
    let warnings = context.take_warnings().into_iter().map(|warning| (LogLevel::Warn, warning.text));
    let information = included.into_iter().map(|text| (LogLevel::Info, text));
    config.messages = warnings.chain(information).collect();
    Ok(config)
}

pub(crate) fn new_context(request: &LoadRequest<'_>, problems: Problems) -> Context {
    let shown = match &request.command_line.configuration {
        Some(typed) => typed.clone(),
        None => text_of(request.path),
    };
    let here = absolute(dirname(&text_of(request.path)));
    Context::new(shown, text_of(&here), request.environment, problems)
}

/// The configuration without messages, and what is to be logged about included files.
pub(crate) fn read(context: &mut Context, request: &LoadRequest<'_>) -> Result<(Config, Vec<String>), ConfigError> {
    let included = read_files(context, request)?;
    if let Some(words) = &request.command_line.wrapped {
        wrapped::add_program(context, words)?;
    }
    require_section(context, "supervisord")?;
    inheritance::resolve(context)?;
    let supervisord = read_supervisord(context)?;
    context.strictness = supervisord.strictness(request.command_line);
    context.environment.extend(supervisord.environment.iter().map(|(name, value)| (&**name, &**value)));
    context.common_files.clone_from(&supervisord.env_files);
    let rpcinterfaces =
        read_plugins(context, SectionType::RpcInterface, &rpcinterface::FACTORY, supervisord.python_namespaces)?;
    let wanted = exit_code_from::program_name(supervisord.exit_code_from.as_deref(), request.command_line);
    let (mut groups, of_program) = read_groups(context, &supervisord.environment, wanted)?;
    let exit_code_from = supervisord.exit_code_from.as_deref();
    let exit_code_from = exit_code_from::settle(context, exit_code_from, request.command_line, &groups, &of_program)?;
    let interpreter = plugin_interpreter(supervisord.python_host.as_deref(), |name| {
        let variable = request.environment.iter().find(|(known, _)| known == name);
        variable.map(|(_, value)| value.as_str())
    });
    let hosted_plugins = hosted_plugins(context, &rpcinterfaces, &groups, &interpreter, &supervisord.environment);
    groups.extend(hosted_plugins.iter().map(|plugin| Arc::new(plugin.group())));
    groups.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    let http_servers = read_http_servers(context)?;
    if let Some(recorder) = &mut context.recorder {
        recorder.environment.clone_from(&supervisord.environment);
    }
    let mut supervisord = settle(context, supervisord, request.command_line, request.environment)?;
    supervisord.ending.exit_code_from = exit_code_from;
    if context.recorder.is_none() {
        warn_of_unknown_sections(context);
        warn_of_unknown_options(context);
        context.refuse_doubts()?;
    }
    let config = Config {
        path: normalize(request.path),
        here: context.here.clone(),
        supervisord,
        server_url: fallback_server_url(&http_servers),
        http_servers,
        rpcinterfaces: rpcinterfaces
            .into_iter()
            .map(|Plugin { name, factory, options, is_hosted, .. }| RpcInterfaceConfig {
                name,
                factory,
                options,
                is_hosted,
            })
            .collect(),
        hosted_plugins,
        groups,
        messages: Vec::new(),
    };
    Ok((config, included))
}

/// The file and what it includes; gives what is to be logged about that.
fn read_files(context: &mut Context, request: &LoadRequest<'_>) -> Result<Vec<String>, ConfigError> {
    if request.path.as_os_str().is_empty() && request.command_line.wrapped.is_some() {
        wrapped::add_supervisord(context);
        return Ok(Vec::new());
    }
    read_main_file(context, request.path)?;
    let folder = normalize(request.path);
    read_includes(context, dirname(&text_of(&folder)))
}

fn read_main_file(context: &mut Context, path: &Path) -> Result<(), ConfigError> {
    let file = context.file.clone();
    if !path.exists() {
        return Err(ConfigError::new(format!("could not find config file {file}")));
    }
    let text = read_any(path).map_err(|_| ConfigError::new(format!("could not read config file {file}")))?;
    let parsed = merge(context, &file, &text);
    if context.document.sections.is_empty() { parsed } else { context.problems.part(parsed).map(|_| ()) }
}

/// Refuses a file without a certain section; to go on in a check, it gets an empty one.
fn require_section(context: &mut Context, name: &str) -> Result<(), ConfigError> {
    if context.document.section(name).is_some() {
        return Ok(());
    }
    context.problems.report(ConfigError::new(format!(".ini file does not include {name} section")))?;
    let place = Place { file: context.file.as_str().into(), line: 1, column: 1 };
    context.document.add_section(name, place);
    Ok(())
}

/// The configuration of supervisorctl; without a file (`path` is `None`) all defaults, command line applied.
/// `[include]` means nothing to it. A file that was only found is not needed by who says where the server is.
pub fn load_client(
    options: &ClientOptions,
    path: Option<&Path>,
    environment: &[(String, String)],
) -> Result<ClientConfig, ConfigError> {
    let home = Home::from_environment(environment);
    let defaults = client_defaults(options, &home);
    let Some(path) = path else { return Ok(defaults) };
    let is_needed = options.configuration.is_some() || options.serverurl.is_none();
    match load_client_file(options, path, environment, is_needed) {
        Ok(None) => Ok(defaults),
        Ok(Some(config)) => Ok(config),
        Err(error) if !is_needed => {
            let warning = format!("{} is not used: {error}", path.display());
            Ok(ClientConfig { warnings: vec![warning], ..defaults })
        }
        Err(error) => Err(error),
    }
}

/// `None` if the file is about something else, and nothing of it is needed.
fn load_client_file(
    options: &ClientOptions,
    path: &Path,
    environment: &[(String, String)],
    is_needed: bool,
) -> Result<Option<ClientConfig>, ConfigError> {
    let home = Home::from_environment(environment);
    let shown = options.configuration.clone().unwrap_or_else(|| text_of(path));
    let normal = home.normalize(&text_of(path));
    let here = dirname(&text_of(&normal)).to_owned();
    let mut context = Context::new(shown, here, environment, Problems::EndAtFirst);
    read_main_file(&mut context, path)?;
    if !is_needed && context.document.section("supervisorctl").is_none() {
        return Ok(None);
    }
    require_section(&mut context, "supervisorctl")?;
    let section = context.document.section("supervisorctl").expect("it is required");
    let config = read_supervisorctl(&context, section, options)?;
    Ok(Some(ClientConfig { path: Some(absolute(path)), ..config }))
}
