//! docs/api.md lists every resource as the table has it; `UPDATE_DOCS=1` writes the list anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use supervisor_protocol::api::{ROOT, Row, TABLE};

const BEGIN: &str = "<!-- from the table of resources: begin -->\n";
const END: &str = "<!-- from the table of resources: end -->\n";

#[test]
fn the_page_has_every_resource_as_the_table_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = fs::read_to_string(&path).expect("docs/api.md is part of the repository");
    let (before, rest) = page.split_once(BEGIN).expect("the page says where the list begins");
    let (_, after) = rest.split_once(END).expect("the page says where the list ends");
    let list: String = TABLE.iter().map(entry).collect();
    let wanted = format!("{before}{BEGIN}{list}\n{END}{after}");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("docs/api.md can be written");
    }
    let now = fs::read_to_string(&path).expect("it was just read");
    assert!(now == wanted, "docs/api.md is not what the table says: run this test with UPDATE_DOCS=1");
}

fn entry(row: &Row) -> String {
    let mut text = format!("\n**`GET {ROOT}{}`**  \n{}\n", row.path, row.help);
    for parameter in row.parameters {
        writeln!(text, "- `{}`: {}", parameter.name, parameter.help).expect("a String takes everything");
    }
    text
}
