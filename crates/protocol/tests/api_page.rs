//! docs/api.md lists every resource and every problem as the tables have them; `UPDATE_DOCS=1` writes the lists anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use supervisor_protocol::api::{ProblemCode, ROOT, Role, Row, TABLE};

#[test]
fn the_page_has_what_the_tables_have() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = fs::read_to_string(&path).expect("docs/api.md is part of the repository");
    let wanted = with_list(&page, "resources", &TABLE.iter().map(entry).collect::<String>());
    let wanted = with_list(&wanted, "problems", &problems());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("docs/api.md can be written");
    }
    let now = fs::read_to_string(&path).expect("it was just read");
    assert!(now == wanted, "docs/api.md is not what the tables say: run this test with UPDATE_DOCS=1");
}

/// The page with a list between its two marks.
fn with_list(page: &str, table: &str, list: &str) -> String {
    let (begin, end) =
        (format!("<!-- from the table of {table}: begin -->\n"), format!("<!-- from the table of {table}: end -->\n"));
    let (before, rest) = page.split_once(&begin).expect("the page says where the list begins");
    let (_, after) = rest.split_once(&end).expect("the page says where the list ends");
    format!("{before}{begin}{list}\n{end}{after}")
}

fn problems() -> String {
    let mut text = "\n| `code` | status | |\n|---|---|---|\n".to_owned();
    for code in ProblemCode::ALL {
        writeln!(text, "| `{}` | {} | {} |", code.name(), code.status(), code.title())
            .expect("a String takes everything");
    }
    text
}

fn entry(row: &Row) -> String {
    let mut text = format!("\n**`{} {ROOT}{}`**", row.verb.name(), row.path);
    if row.role != Role::Viewer {
        write!(text, " ({})", row.role.name()).expect("a String takes everything");
    }
    writeln!(text, "  \n{}", row.help).expect("a String takes everything");
    let parameters =
        row.parameters.iter().map(|parameter| (format!("?{}", parameter.name), parameter.kind, parameter.help));
    let members = row.body.iter().map(|member| (member.name.to_owned(), member.kind, member.help));
    for (name, kind, help) in parameters.chain(members) {
        writeln!(text, "- `{name}` ({kind}): {help}").expect("a String takes everything");
    }
    text
}
