//! The dialect, rule by rule (contract/config.md §2).

use super::*;

fn read(text: &str) -> Result<Document, String> {
    let mut document = Document::default();
    document.read("f.conf", text).map_err(|error| error.to_string())?;
    Ok(document)
}

/// `section.key=value` of all that was read, sections in order.
fn dump(text: &str) -> Vec<String> {
    let document = read(text).unwrap();
    let of_section = |section: &Section| {
        document.options(section).map(|entry| format!("{}.{}={}", section.name, entry.key, entry.value)).collect()
    };
    document.sections.iter().flat_map(|section| -> Vec<String> { of_section(section) }).collect()
}

#[test]
fn comments_need_a_blank_before_them() {
    for (line, value) in [
        ("x=a;b ;c #d", "a;b ;c"),
        ("x=a ;b", "a"),
        ("x=a\t#b", "a"),
        ("x=a\u{a0};b", "a"),
        ("x=a;b", "a;b"),
        ("x=a#b", "a#b"),
        ("x=;y", ";y"),
        ("x= ;y", ""),
        ("x=bash -c 'foo ; bar'", "bash -c 'foo"),
    ] {
        assert_eq!(dump(&format!("[a]\n{line}\n")), [format!("a.x={value}")], "{line:?}");
    }
    assert_eq!(dump("[a] ; c\n ; c\n#c\n;c\n  # x=1\nx=1\n"), ["a.x=1"]);
}

#[test]
fn indented_lines_continue_a_value() {
    assert_eq!(dump("[a]\nx=1\n  2\n\n ; comment\n\t3\n\n\n[b]\ny=2"), ["a.x=1\n2\n\n3", "b.y=2"]);
    assert_eq!(dump("[a]\nx=1\n [b]\n y=2\n"), ["a.x=1\n[b]\ny=2"]);
    assert_eq!(dump("[a]\n  x=1\n  y=2\n   z=3\n"), ["a.x=1", "a.y=2\nz=3"]);
    assert_eq!(dump("[a]\nx=\n  1\n"), ["a.x=\n1"]);
    assert_eq!(dump("[a]\nx=\n\n\ny=1\n"), ["a.x=", "a.y=1"]);
    assert_eq!(dump("  [a]\n  x=1\n"), ["a.x=1"], "a header ends the value before it, so nothing is open");
}

#[test]
fn headers_are_greedy_and_taken_as_they_are() {
    for (header, name) in [
        ("[program:a]b]", "program:a]b"),
        ("[program:e]junk", "program:e"),
        ("[ a ]", " a "),
        ("[A]", "A"),
        ("[[x]]", "[x]"),
    ] {
        let document = read(&format!("{header}\n")).unwrap();
        assert_eq!(&*document.sections[0].name, name);
    }
}

#[test]
fn keys_and_delimiters() {
    assert_eq!(dump("[a]\nKey Word : 1=2\nb=c:d\nE\u{c9}=x\n"), ["a.key word=1=2", "a.b=c:d", "a.e\u{e9}=x"]);
    assert_eq!(dump("[a]\nx   =   1  \n"), ["a.x=1"]);
    assert_eq!(dump("[a]\n[]=1\n"), ["a.[]=1"]);
}

#[test]
fn line_ends_of_three_kinds() {
    assert_eq!(dump("[a]\r\nx=1\ry=2\n z\r\n"), ["a.x=1", "a.y=2\nz"]);
}

#[test]
fn duplicates_merge_and_the_last_wins() {
    assert_eq!(dump("[a]\nx=1\ny=1\n[b]\nz=1\n[a]\nx=2\n"), ["a.x=2", "a.y=1", "b.z=1"]);
    assert_eq!(dump("[a]\nx=1\n 2\nX=3\n"), ["a.x=3"]);
}

#[test]
fn default_is_for_every_section() {
    assert_eq!(dump("[a]\nx=1\n[DEFAULT]\nx=0\ny=0\n[b]\n"), ["a.x=1", "a.y=0", "b.x=0", "b.y=0"]);
    let document = read("[a]\nx=1\n[DEFAULT]\ny=0\n").unwrap();
    let section = document.section("a").unwrap();
    assert_eq!(document.get(section, "y").map(|entry| &*entry.value), Some("0"));
    assert!(document.get(section, "z").is_none());
    assert!(document.section("DEFAULT").is_none());
}

#[test]
fn text_before_a_section_is_fatal_at_once() {
    assert_eq!(
        read("\n; c\nhello=1\nbad\n").err(),
        Some("File contains no section headers.\nfile: 'f.conf', line: 3\n'hello=1\\n'".to_owned())
    );
    assert_eq!(
        read("\u{feff}[a]\n").err(),
        Some("File contains no section headers.\nfile: 'f.conf', line: 1\n'\\ufeff[a]\\n'".to_owned())
    );
}

#[test]
fn lines_without_delimiter_are_all_named() {
    assert_eq!(
        read("[a]\nfoo\nx=1\nREM it's  \n=empty key\n:\nlast").err(),
        Some(
            "Source contains parsing errors: 'f.conf'\n\t[line  2]: 'foo\\n'\n\t[line  4]: \"REM it's  \\n\"\
             \n\t[line  5]: '=empty key\\n'\n\t[line  6]: ':\\n'\n\t[line  7]: 'last'"
                .to_owned()
        )
    );
    let many = format!("[a]\n{}bad", "\n".repeat(98));
    assert_eq!(read(&many).err(), Some("Source contains parsing errors: 'f.conf'\n\t[line 100]: 'bad'".to_owned()));
}

#[test]
fn a_header_without_its_end_is_an_error() {
    assert_eq!(
        read("[supervisord]\n[program:a\ncommand=x\n").err(),
        Some("Source contains parsing errors: 'f.conf'\n\t[line  2]: '[program:a\\n'".to_owned())
    );
}

#[test]
fn a_bad_line_leaves_the_option_before_it_open() {
    let error = read("[a]\nx=1\nbad\n  still a value of x\n").err();
    assert_eq!(error, Some("Source contains parsing errors: 'f.conf'\n\t[line  3]: 'bad\\n'".to_owned()));
    let error = read("[a]\nx=1\n=\n  no value of anything\n").err().unwrap();
    assert!(error.ends_with("\n\t[line  4]: '  no value of anything\\n'"), "{error}");
}

#[test]
fn places_count_lines_and_characters_from_one() {
    let document = read("[a]\n\n  ké = va\nx:\n").unwrap();
    let section = &document.sections[0];
    let places = |entry: &Entry| {
        let point = |place: &Place| (place.line, place.column);
        (point(&document.key_place(entry)), point(&document.value_place(entry)))
    };
    assert_eq!(places(&section.own_options()[0]), ((3, 3), (3, 8)));
    assert_eq!(places(&section.own_options()[1]), ((4, 1), (4, 3)));
    assert_eq!(section.place.to_string(), "f.conf:1:1");
}

#[test]
fn a_second_file_merges_and_knows_its_name() {
    let mut document = read("[a]\nx=1\n").unwrap();
    document.read("g.conf", "[b]\ny=1\n[a]\nx=2\n").unwrap();
    let place = |name: &str| document.section(name).unwrap().place.to_string();
    assert_eq!((place("a"), place("b")), ("f.conf:1:1".to_owned(), "g.conf:1:1".to_owned()));
    let a = document.section("a").unwrap();
    assert_eq!(document.value_place(document.get(a, "x").unwrap()).to_string(), "g.conf:4:3");
    assert!(document.read("h.conf", "z=1\n").is_err(), "each file needs its own header");
}

#[test]
fn here_is_replaced_file_by_file() {
    let mut document = read("[DEFAULT]\nd=%(here)s\n[a]\nx=%(here)s/1 %%(here)s\n").unwrap();
    document.expand_here("/main");
    document.read("g", "[b]\ny=%(here)s\n").unwrap();
    document.expand_here("/inc");
    let value = |section: &str, key: &str| document.get(document.section(section).unwrap(), key).unwrap().value.clone();
    assert_eq!(value("a", "x"), "/main/1 %/main");
    assert_eq!(value("a", "d"), "/main");
    assert_eq!(value("b", "y"), "/inc");
    assert_eq!(value("b", "d"), "/inc");
}
