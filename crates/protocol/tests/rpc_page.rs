//! docs/rpc.md lists every method as the table has it; `UPDATE_DOCS=1` writes the list anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use supervisor_protocol::method::{Method, Parameter, all_methods};

const BEGIN: &str = "<!-- from the table of methods: begin -->\n";
const END: &str = "<!-- from the table of methods: end -->\n";

#[test]
fn the_page_has_every_method_as_the_table_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rpc.md");
    let page = fs::read_to_string(&path).expect("docs/rpc.md is part of the repository");
    let (before, rest) = page.split_once(BEGIN).expect("the page says where the list begins");
    let (_, after) = rest.split_once(END).expect("the page says where the list ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", list());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("docs/rpc.md can be written");
    }
    let now = fs::read_to_string(&path).expect("it was just read");
    assert!(now == wanted, "docs/rpc.md is not what the table says: run this test with UPDATE_DOCS=1");
}

fn list() -> String {
    let mut text = String::new();
    let mut namespace = "";
    for method in all_methods() {
        if method.namespace() != namespace {
            namespace = method.namespace();
            write!(text, "\n### {namespace}\n").expect("a String takes everything");
        }
        text.push_str(&entry(method));
    }
    text.push('\n');
    text
}

fn entry(method: &Method) -> String {
    let name = method.bare_name();
    let shown: Vec<String> = method.parameters.iter().map(in_head).collect();
    let result = method.result.name();
    let mut text = format!("\n**`{name}({})`** → {result}  \n{}", shown.join(", "), method.summary());
    if method.in_shutdown {
        text.push_str(" Works during a shutdown too.");
    }
    text.push('\n');
    for Parameter { name, kind, default: _, help } in method.parameters {
        writeln!(text, "- `{name}` ({}): {help}", kind.name()).expect("a String takes everything");
    }
    text
}

/// The name, and what it is when it is left out.
fn in_head(parameter: &Parameter) -> String {
    match parameter.default {
        Some(default) => format!("{}={default}", parameter.name),
        None => parameter.name.to_owned(),
    }
}
