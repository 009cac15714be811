//! The table of resources as a document of OpenAPI 3.1, for tools that make clients, pages and tests of it.
//!
//! What is told is described by its help; its members are named in docs/api.md. Every refusal is a problem.

use super::ROOT;
use super::problem::ProblemCode;
use super::row::{Role, Row, Type, Verb};
use super::table::{Resource, TABLE};
use crate::json::{self, Object};

/// The document.
pub fn openapi(version: &str) -> String {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.string("openapi", "3.1.0");
        object.object("info", |info| {
            info.string("title", "supervisord");
            info.string("version", version);
        });
        object.objects("servers", [ROOT], |server, url| server.string("url", url));
        object.object("paths", |paths| {
            for rows in TABLE.chunk_by(|a, b| a.path == b.path) {
                paths.object(rows.first().map_or("", |row| row.path), |path| {
                    for row in rows {
                        push_operation(path, row);
                    }
                });
            }
        });
        object.object("components", |components| {
            components.object("schemas", |schemas| schemas.object("Problem", push_problem));
        });
    });
    text
}

fn push_operation(path: &mut Object<'_>, row: &Row) {
    let verb = match row.verb {
        Verb::Get => "get",
        Verb::Post => "post",
    };
    path.object(verb, |operation| {
        operation.string("operationId", &format!("{verb} {}", row.path));
        operation.string("description", row.help);
        if row.role != Role::Viewer {
            operation.string("x-role", row.role.name());
        }
        let in_path = row.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let in_path = in_path.map(|name| ("path", name, Type::Text, "Its name."));
        let in_query = row.parameters.iter().map(|known| ("query", known.name, known.kind, known.help));
        operation.objects("parameters", in_path.chain(in_query), |object, (place, name, kind, help)| {
            object.string("name", name);
            object.string("in", place);
            object.boolean("required", place == "path");
            object.string("description", help);
            object.object("schema", |schema| push_type(schema, kind));
        });
        if row.verb == Verb::Post {
            push_body(operation, row);
        }
        operation.object("responses", |responses| push_responses(responses, row));
    });
}

fn push_body(operation: &mut Object<'_>, row: &Row) {
    operation.object("requestBody", |body| {
        body.boolean("required", row.body.iter().any(|member| member.required));
        push_content(body, "application/json", |schema| {
            schema.string("type", "object");
            schema.boolean("additionalProperties", false);
            schema.strings("required", row.body.iter().filter(|member| member.required).map(|member| member.name));
            schema.object("properties", |properties| {
                for member in row.body {
                    properties.object(member.name, |property| {
                        push_type(property, member.kind);
                        property.string("description", member.help);
                    });
                }
            });
        });
    });
}

fn push_responses(responses: &mut Object<'_>, row: &Row) {
    let statuses: &[&str] = if row.verb == Verb::Post { &["200", "202"] } else { &["200"] };
    for status in statuses {
        responses.object(status, |response| {
            response.string("description", if *status == "202" { "It goes on." } else { row.help });
            if matches!(row.resource, Resource::Events | Resource::Stream) {
                push_content(response, "text/event-stream", |schema| schema.string("type", "string"));
            } else {
                push_content(response, "application/json", |schema| schema.string("type", "object"));
            }
        });
    }
    responses.object("default", |response| {
        response.string("description", "Why not.");
        push_content(response, "application/problem+json", |schema| {
            schema.string("$ref", "#/components/schemas/Problem");
        });
    });
}

fn push_content(object: &mut Object<'_>, kind: &str, write: impl FnOnce(&mut Object<'_>)) {
    object.object("content", |content| content.object(kind, |kind| kind.object("schema", write)));
}

fn push_problem(schema: &mut Object<'_>) {
    schema.string("type", "object");
    schema.strings("required", ["type", "title", "status", "detail", "code"]);
    schema.object("properties", |properties| {
        for name in ["type", "title", "detail"] {
            properties.object(name, |text| text.string("type", "string"));
        }
        properties.object("code", |code| {
            code.string("type", "string");
            code.strings("enum", ProblemCode::ALL.map(ProblemCode::name));
        });
        for name in ["status", "fault"] {
            properties.object(name, |number| number.string("type", "integer"));
        }
    });
}

fn push_type(schema: &mut Object<'_>, kind: Type) {
    match kind {
        Type::Text => schema.string("type", "string"),
        Type::Word(words) => {
            schema.string("type", "string");
            schema.strings("enum", words);
        }
        Type::Boolean => schema.string("type", "boolean"),
        Type::Integer(least, most) => {
            schema.string("type", "integer");
            schema.number("minimum", least);
            schema.number("maximum", most);
        }
        Type::Seconds(most) => {
            schema.string("type", "number");
            schema.number("minimum", 0);
            schema.number("maximum", most);
        }
        Type::TextOrInteger => schema.strings("type", ["string", "integer"]),
        Type::Texts => {
            schema.string("type", "array");
            schema.object("items", |items| items.string("type", "string"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn it_has_every_row_of_the_table_with_what_the_row_says_and_nothing_else() {
        let document: Value = serde_json::from_str(&openapi("5.0.0")).expect("it is JSON");
        let paths = document["paths"].as_object().expect("paths");
        let operations: usize = paths.values().map(|path| path.as_object().map_or(0, serde_json::Map::len)).sum();
        assert_eq!(operations, TABLE.len());
        for row in TABLE {
            let operation = &paths[row.path][row.verb.name().to_ascii_lowercase()];
            assert_eq!(operation["description"], row.help, "{}", row.path);
            let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
            assert_eq!(parameters, row.parameters.len() + row.path.matches('{').count(), "{}", row.path);
            let members = operation["requestBody"]["content"]["application/json"]["schema"]["properties"].as_object();
            assert_eq!(members.map_or(0, serde_json::Map::len), row.body.len(), "{}", row.path);
            assert!(operation["responses"]["default"].is_object(), "{}", row.path);
        }
    }
}
