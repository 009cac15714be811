//! What `[eventlistener:x]` adds to a program: the pool that events are sent to (contract/config.md §5.5).

use supervisor_core::{EventListenerPoolConfig, EventType, GroupConfig, GroupKind, ResultHandler};

use super::extension::has_extensions;
use super::plugins::{is_known_factory, is_specification};
use crate::context::SectionReader;
use crate::datatypes::{Checked, integer, list_of_strings};
use crate::diagnostics::{ConfigError, Culprit, Refusal};
use crate::ini::{Section, name_after_colon};
use crate::options_table::{eventlistener as rows, program};
use crate::process_config::{ProcessBuilder, ProcessSource};
use crate::python_text::strip;

/// Reads a pool of listeners. Its name is checked with its processes.
pub(crate) fn read_eventlistener(
    builder: &mut ProcessBuilder<'_>,
    section: &Section,
) -> Result<GroupConfig, ConfigError> {
    let context = builder.context;
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let name = strip(name_after_colon(&section.name));
    let priority = reader.value(&rows::PRIORITY)?;
    let buffer_size = reader.value_as(&rows::BUFFER_SIZE, |text| buffer_size(text, &section.name))?;
    let result_handler = reader.value_as(&rows::RESULT_HANDLER, |specification| {
        if is_known_factory(specification) {
            Ok(ResultHandler::Ours)
        } else if is_specification(specification) {
            Ok(ResultHandler::Plugin(specification.into()))
        } else {
            Err(format!("{specification} cannot be resolved within [{}]", section.name))
        }
    })?;
    let overflow = reader.value(&rows::OVERFLOW)?;
    let on_protocol_error = reader.value(&rows::ON_PROTOCOL_ERROR)?;
    let events = read_events(&reader)?;
    if reader.value(&program::REDIRECT_STDERR)? {
        let text = "section sets redirect_stderr=true but this is not allowed because it will interfere with the \
                    eventlistener protocol";
        reader.refuse(&program::REDIRECT_STDERR, format!("[{}] {text}", section.name))?;
    }
    let processes =
        builder.build(ProcessSource { section, group_name: name, group: None, socket: None, options: None })?;
    let pool = EventListenerPoolConfig { buffer_size, events, result_handler, overflow, on_protocol_error };
    let kind = GroupKind::EventListeners(pool);
    Ok(GroupConfig { name: name.into(), priority, kind, processes })
}

fn buffer_size(text: &str, section: &str) -> Checked<usize> {
    let number = integer(text)?;
    let size = usize::try_from(number).ok().filter(|size| *size > 0);
    size.ok_or_else(|| format!("[{section}] section sets invalid buffer_size ({number})"))
}

/// Those of the second root, which stand in an option of their own: Python refuses a file with a name that it does not
/// know.
fn read_extra_events(reader: &SectionReader<'_>) -> Result<Vec<EventType>, ConfigError> {
    let text = reader.text(&rows::EXTRA_EVENTS)?.unwrap_or_default();
    let mut events = Vec::new();
    for name in list_of_strings(&text).into_iter().filter(|name| !name.is_empty()) {
        let Some(event) = EventType::from_name(name).filter(|event| event.is_a(EventType::ExtendedEvent)) else {
            let known = EventType::all().filter(|event| event.is_a(EventType::ExtendedEvent));
            let known: Vec<String> = known.map(|event| event.name().to_owned()).collect();
            let why = format!("there is no event {} below EXTENDED_EVENT", name.to_uppercase());
            reader.refuse_meaning(&rows::EXTRA_EVENTS, &text, &why, &format!("there are {}", known.join(", ")))?;
            continue;
        };
        events.push(event);
    }
    Ok(events)
}

/// The types subscribed to, sorted, each once.
fn read_events(reader: &SectionReader<'_>) -> Result<Vec<EventType>, ConfigError> {
    let section = &reader.section.name;
    let text = reader.text(&rows::EVENTS)?.unwrap_or_default();
    if text.is_empty() {
        reader.refuse(&rows::EVENTS, format!("[{section}] section requires an \"events\" line"))?;
    }
    let mut events = Vec::new();
    for name in list_of_strings(&text) {
        let own = has_extensions(reader.context).then(|| EventType::from_any_name(name)).flatten();
        if let Some(event) = EventType::from_name(name).or(own) {
            events.push(event);
        } else {
            let text = format!("Unknown event type {} in [{section}] events", name.to_uppercase());
            let culprit = Some(Culprit::Event(name.to_owned()));
            reader.refuse(&rows::EVENTS, Refusal { text, culprit })?;
        }
    }
    events.extend(read_extra_events(reader)?);
    events.sort_unstable();
    events.dedup();
    Ok(events)
}
