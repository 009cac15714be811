//! Documents are byte for byte Python's, and are read as Python reads them.

use supervisor_protocol::limits;
use supervisor_protocol::xmlrpc::{
    Answer, Call, ReadError, Value, Writer, read_answer, read_call, write_call, write_fault, write_response,
};

fn array<const N: usize>(items: [Value; N]) -> Value {
    Value::Array(items.into())
}

fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn int(number: i64) -> Value {
    Value::Int(number)
}

fn text(text: &str) -> Value {
    Value::from(text)
}

macro_rules! golden {
    ($name:literal) => {
        (concat!("goldens/", $name, ".xml"), include_str!(concat!("goldens/", $name, ".xml")))
    };
}

/// The values of `goldens/generate.py`.
fn responses() -> Vec<((&'static str, &'static str), Value)> {
    let doubles = [
        0.0,
        -0.0,
        1.0,
        1.5,
        -2.25,
        0.1,
        1e16,
        1e15,
        123_456_789_012_345_680.0,
        1e-4,
        1e-5,
        1.5e300,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let all_bytes = (0..=255).collect::<Vec<u8>>();
    vec![
        (golden!("int"), int(42)),
        (golden!("int_limits"), array([int(i64::from(i32::MAX)), int(i64::from(i32::MIN)), int(0), int(-1)])),
        (golden!("true"), Value::Bool(true)),
        (golden!("false"), Value::Bool(false)),
        (golden!("string"), text("plain")),
        (golden!("empty_string"), text("")),
        (golden!("escapes"), text("a<b>c & \"d\" 'e' ]]> \t\r\n é € \u{1f600}")),
        (golden!("doubles"), Value::Array(doubles.map(Value::Double).into())),
        (golden!("date"), Value::DateTime("20261122T08:11:09".to_owned())),
        (golden!("base64"), array([vec![], b"abc".to_vec(), all_bytes].map(Value::Base64))),
        (golden!("nil"), array([Value::Nil])),
        (golden!("empty_array"), array([])),
        (golden!("empty_struct"), structure([])),
        (
            golden!("nested"),
            array([
                array([array([text("a"), array([text("b")]), array([text("c"), text("d")])])]),
                structure([("x", structure([("y", array([int(1), structure([("z", Value::Bool(false))])]))]))]),
            ]),
        ),
        (golden!("state"), structure([("statecode", int(1)), ("statename", text("RUNNING"))])),
        (golden!("member_names"), structure([("a<b", int(1)), ("c&d", int(2)), ("", int(3))])),
    ]
}

#[test]
fn responses_are_pythons_byte_for_byte() {
    for ((name, golden), value) in responses() {
        assert_eq!(write_response(&value), golden, "{name}");
    }
}

#[test]
fn responses_of_python_are_read_back() {
    for ((name, golden), value) in responses() {
        let Answer::Result(read) = read_answer(golden).unwrap() else { panic!("{name} is no fault") };
        // NaN equals nothing and a bare carriage return does not survive XML: compare what is written again.
        assert_eq!(write_response(&read), golden.replace('\r', ""), "{name}: {value:?}");
    }
}

#[test]
fn calls_and_faults_are_pythons_byte_for_byte() {
    assert_eq!(write_call("supervisor.getState", &[]), golden!("call_without_parameters").1);
    let params = [
        text("web:cat"),
        Value::Bool(true),
        int(3),
        Value::Double(-1.5),
        array([text("x")]),
        structure([("k", text("v"))]),
    ];
    assert_eq!(write_call("supervisor.startProcess", &params), golden!("call").1);
    let call = Call { method: "supervisor.startProcess".to_owned(), params: params.into() };
    assert_eq!(read_call(golden!("call").1), Ok(call));
    assert_eq!(write_fault(10, "BAD_NAME: a<b & c"), golden!("fault").1);
    let fault = Answer::Fault { code: 10, text: "BAD_NAME: a<b & c".to_owned() };
    assert_eq!(read_answer(golden!("fault").1), Ok(fault));
}

#[test]
fn a_number_beyond_32_bits_is_an_i8_and_is_read_back() {
    let document = write_response(&int(3_000_000_000));
    assert!(document.contains("<value><i8>3000000000</i8></value>"));
    assert_eq!(read_answer(&document), Ok(Answer::Result(int(3_000_000_000))));
}

#[test]
fn characters_that_xml_cannot_carry_are_replaced_and_the_answer_stays_readable() {
    let document = write_response(&text("bell \u{7}, escape \u{1b}[1m, nul \0, \u{FFFE}"));
    let expected = "bell \u{FFFD}, escape \u{FFFD}[1m, nul \u{FFFD}, \u{FFFD}";
    assert_eq!(read_answer(&document), Ok(Answer::Result(text(expected))));
}

#[test]
fn an_answer_can_be_taken_back_and_replaced() {
    let mut writer = Writer::response(0);
    let start = writer.len();
    writer.begin_array();
    writer.truncate(start);
    writer.int(1);
    assert_eq!(writer.finish_response(), write_response(&int(1)));
    assert!(Writer::default().is_empty());
}

fn call_with(value: &str) -> Result<Vec<Value>, ReadError> {
    let document = format!(
        "<?xml version='1.0'?><methodCall><methodName>m</methodName><params><param>{value}</param></params></methodCall>"
    );
    read_call(&document).map(|call| call.params)
}

/// The rows of contract/rpc.md §2.1, and the blanks and entities around them as Python 3.11 reads them.
#[test]
fn values_of_calls_are_read_as_python_reads_them() {
    for (xml, value) in [
        ("<value><int>3</int></value>", int(3)),
        ("<value><i4> -3\n</i4></value>", int(-3)),
        ("<value><i8>3</i8></value>", int(3)),
        ("<value><boolean>1</boolean></value>", Value::Bool(true)),
        ("<value><boolean>0</boolean></value>", Value::Bool(false)),
        ("<value><boolean>true</boolean></value>", Value::Bool(false)),
        ("<value><boolean/></value>", Value::Bool(false)),
        ("<value><string>x</string></value>", text("x")),
        ("<value><string> x\n</string></value>", text(" x\n")),
        ("<value><string/></value>", text("")),
        ("<value>bare</value>", text("bare")),
        ("<value> bare </value>", text(" bare ")),
        ("<value></value>", text("")),
        ("<value/>", text("")),
        ("\n <value>\n  <string>x</string>\n </value>\n", text("x")),
        ("<value><double> 1.5 </double></value>", Value::Double(1.5)),
        ("<value><dateTime.iso8601>20261122T08:11:09</dateTime.iso8601></value>", {
            Value::DateTime("20261122T08:11:09".to_owned())
        }),
        ("<value><base64>\naMOp\nbGxv\n</base64></value>", text("héllo")),
        ("<value><base64/></value>", text("")),
        ("<value><nil/></value>", Value::Nil),
        ("<value><ex:i8>3</ex:i8></value>", text("3")),
        ("<value><array><data></data></array></value>", array([])),
        ("<value><array>\n<data>\n<value>a</value> <value><int>1</int></value></data></array></value>", {
            array([text("a"), int(1)])
        }),
        ("<value><struct/></value>", structure([])),
        ("<value><struct><member><name>a</name><value>b</value></member></struct></value>", {
            structure([("a", text("b"))])
        }),
        ("<value><struct><member><name/><value>b</value></member></struct></value>", structure([("", text("b"))])),
        ("<value><string>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</string></value>", text("<&>\"'AB")),
        ("<value><string>a<![CDATA[<b> & &amp;]]>c</string></value>", text("a<b> & &amp;c")),
        ("<value><string>a<!-- not this -->b</string></value>", text("ab")),
        ("<value><string>a\r\nb\rc&#13;</string></value>", text("a\nb\nc\r")),
        ("<value type='>'><string lang='/'>x</string ></value\t\r\n>", text("x")),
        ("<value\n><string />a</value\n>", text("")),
        ("<value type='x'><string lang=\"y\">é€😀</string></value>", text("é€😀")),
    ] {
        assert_eq!(call_with(xml), Ok(vec![value]), "{xml}");
    }
}

#[test]
fn the_frame_of_a_call_is_lenient_where_clients_are() {
    let bare = Call { method: "m".to_owned(), params: vec![] };
    for document in [
        "<methodCall><methodName>m</methodName></methodCall>",
        "<methodCall><methodName>m</methodName><params/></methodCall>",
        "<methodCall><params></params><methodName>m</methodName></methodCall>",
        "\n<methodCall>\n<methodName>m</methodName>\n<unknown><deep/></unknown>\n</methodCall>\n\n",
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!-- c --><?pi x?><methodCall><methodName>m</methodName></methodCall>",
        "\u{FEFF}<?xml version='1.0'?><methodCall><methodName>m</methodName></methodCall><!-- after -->",
    ] {
        assert_eq!(read_call(document), Ok(bare.clone()), "{document}");
    }
}

#[test]
fn a_call_needs_the_name_of_a_method() {
    for document in [
        "<?xml version='1.0'?><methodCall></methodCall>",
        "<methodCall/>",
        "<methodCall><methodName/><params/></methodCall>",
        "<methodCall><methodName></methodName></methodCall>",
    ] {
        assert_eq!(read_call(document), Err(ReadError::NoMethodName), "{document}");
    }
    let blank = read_call("<methodCall><methodName> m </methodName></methodCall>").unwrap();
    assert_eq!(blank.method, " m ", "blanks belong to the name");
}

#[test]
fn what_is_no_call_is_refused() {
    for document in [
        "",
        " ",
        "hello",
        "{\"jsonrpc\": \"2.0\"}",
        "<methodCall>",
        "<methodCall><methodName>m</methodName>",
        "<methodCall><methodName>m</methodName></methodCal>",
        "<methodCall><methodName>m</methodName></methodCall>x",
        "<methodCall><methodName>m</methodName></methodCall><methodCall/>",
        "x<methodCall><methodName>m</methodName></methodCall>",
        " <?xml version='1.0'?><methodCall><methodName>m</methodName></methodCall>",
        "<methodResponse><params/></methodResponse>",
        "<methodCall><methodName>m<b/></methodName></methodCall>",
        "<methodCall><methodName>m</methodName><params><value/></params></methodCall>",
        "<methodCall><methodName>m&nbsp;</methodName></methodCall>",
        "<methodCall><methodName>m & n</methodName></methodCall>",
        "<methodCall><methodName>m&&amp;</methodName></methodCall>",
        "<methodCall><methodName>m&amp</methodName></methodCall>",
        "<methodCall><methodName>m</</methodName></methodCall>",
        "<methodCall><methodName>m</ methodName></methodCall>",
        "<methodCall>< methodName>m</ methodName></methodCall>",
        "<methodCall><methodName>m</methodName><x></y></methodCall>",
        "<methodCall><methodName>m&#0;</methodName></methodCall>",
        "<methodCall><methodName>m&#x1B;</methodName></methodCall>",
        "<methodCall><methodName>m&#xD800;</methodName></methodCall>",
        "<methodCall><methodName>m\u{1}</methodName></methodCall>",
        "<methodCall><methodName>m\u{FFFF}</methodName></methodCall>",
    ] {
        let read = read_call(document);
        assert!(matches!(read, Err(ReadError::Unreadable(_))), "{document:?} was read as {read:?}");
    }
    for value in [
        "",
        "<int>3</int>",
        "<value><int></int></value>",
        "<value><int>x</int></value>",
        "<value><int>99999999999999999999</int></value>",
        "<value><double>x</double></value>",
        "<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>",
        "<value><dateTime.iso8601>20261322T08:11:09</dateTime.iso8601></value>",
        "<value><base64>abc</base64></value>",
        "<value><base64>/w==</base64></value>",
        "<value><array/></value>",
        "<value><array><value>a</value></array></value>",
        "<value><array><data><int>1</int></data></array></value>",
        "<value><struct><member><name>a</name></member></struct></value>",
        "<value><struct><member><value>b</value></member></struct></value>",
        "<value><struct><name>a</name></struct></value>",
        "<value><int>1</int><int>2</int></value>",
        "<value>a</value><value>b</value>",
    ] {
        let read = call_with(value);
        assert!(matches!(read, Err(ReadError::Unreadable(_))), "{value:?} was read as {read:?}");
    }
}

#[test]
fn a_document_type_and_its_entities_are_refused() {
    let laughs = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]>\
                  <methodCall><methodName>&lol2;</methodName></methodCall>";
    assert_eq!(read_call(laughs), Err(ReadError::Unreadable("a document type declaration".to_owned())));
    let file =
        "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><methodCall><methodName>m</methodName></methodCall>";
    assert_eq!(read_call(file), Err(ReadError::Unreadable("a document type declaration".to_owned())));
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let nested = |depth: usize| {
        let open = "<value><array><data>".repeat(depth - 1);
        let close = "</data></array></value>".repeat(depth - 1);
        call_with(&format!("{open}<value>x</value>{close}"))
    };
    assert!(nested(limits::NESTING).is_ok());
    assert_eq!(nested(limits::NESTING + 1), Err(ReadError::Unreadable("values nested too deeply".to_owned())));
    assert!(nested(100_000).is_err());
    let many = |count: usize| {
        let values = "<value/>".repeat(count);
        call_with(&format!("<value><array><data>{values}</data></array></value>"))
    };
    assert!(many(limits::CALL_VALUES - 1).is_ok());
    assert_eq!(many(limits::CALL_VALUES), Err(ReadError::Unreadable("too many values".to_owned())));
    let deep_unknown = format!("<methodCall>{}", "<x>".repeat(200_000));
    assert!(read_call(&deep_unknown).is_err());
}

#[test]
fn answers_that_are_none_are_refused() {
    for document in [
        "<methodResponse/>",
        "<methodResponse><params/></methodResponse>",
        "<methodResponse><params><param><value/></param><param><value/></param></params></methodResponse>",
        "<methodResponse><fault><value>x</value></fault></methodResponse>",
        "<methodResponse><fault><value><struct/></value></fault></methodResponse>",
        "<methodResponse><params><param><value/></param></params><fault/></methodResponse>",
        "<methodResponse><other/></methodResponse>",
        "<methodCall><methodName>m</methodName></methodCall>",
        "<html><body>502</body></html>",
    ] {
        assert!(read_answer(document).is_err(), "{document}");
    }
}

/// Every document that is cut off anywhere, or that has one byte changed, is read or refused; it never panics.
#[test]
fn damaged_documents_do_no_harm() {
    let document = golden!("call").1;
    for end in (0..document.len()).filter(|end| document.is_char_boundary(*end)) {
        assert!(read_call(document.get(..end).unwrap()).is_err() || document.get(end..).unwrap().trim().is_empty());
    }
    for index in 0..document.len() {
        for byte in [b'<', b'>', b'&', b';', b'/', b'!', b'?', b'[', b']', 0, b'"', b'\'', 0x7F] {
            let mut bytes = document.as_bytes().to_vec();
            bytes[index] = byte;
            let damaged = String::from_utf8(bytes).unwrap();
            if let Ok(call) = read_call(&damaged) {
                assert!(!call.method.is_empty());
            }
        }
    }
}
