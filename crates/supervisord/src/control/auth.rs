//! Who may come in: HTTP Basic authentication (contract/rpc.md §1.5).
//!
//! What may be shown is judged in `password.rs`.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use supervisor_core::LogLevel;

use super::connection::Peer;
use super::context::Context;
use super::listener::Section;
use super::password::{Credentials, Undecided};

/// What is to be done with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may come in.
    Admitted,
    /// It has to show credentials, or others: 401.
    Refused,
    /// What it shows cannot be read: 400.
    Unreadable,
    /// What it shows cannot be judged just now: 503.
    Undecided,
}

/// Standard base64, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Looks at the credentials that came with a request.
pub(super) async fn admission(section: &Section, headers: &HeaderMap, peer: Peer, context: &Context) -> Admission {
    let Some(username) = section.username.as_deref().filter(|username| !username.is_empty()) else {
        return Admission::Admitted;
    };
    let Some(header) = headers.get(AUTHORIZATION) else { return Admission::Refused };
    let Ok(header) = header.to_str() else { return Admission::Unreadable };
    let Some((scheme, credentials)) = header.split_once(' ') else { return Admission::Refused };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Admission::Refused;
    }
    let Some(credentials) = decode(credentials.trim()) else { return Admission::Unreadable };
    // The password may hold colons, the user name may not.
    let Some((given_username, given_password)) = credentials.split_once(':') else { return Admission::Refused };
    let Some(password) = &section.password else { return Admission::Refused };
    let given = Credentials { username: given_username, password: given_password };
    match password.admits(username, &given, peer.into(), &context.logins).await {
        Ok(true) => Admission::Admitted,
        Ok(false) => Admission::Refused,
        Err(Undecided::Crowded) => Admission::Undecided,
        Err(Undecided::Failed(error)) => {
            let section = &section.name;
            context.log(LogLevel::Critical, || format!("{section} cannot check a password: {error}"));
            Admission::Undecided
        }
    }
}

fn decode(credentials: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(credentials).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::super::password::Password;
    use super::*;

    fn section(username: Option<&str>, password: Option<&str>) -> Section {
        Section {
            username: username.map(str::to_owned),
            password: password.map(|password| Password::parse(password).unwrap()),
            ..Section::unguarded("inet_http_server")
        }
    }

    /// What becomes of a client with these headers.
    fn admission(section: &Section, headers: &HeaderMap) -> Admission {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(super::admission(section, headers, Peer::Unix, &Context::for_tests().0))
    }

    fn with(header: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(header).unwrap())])
    }

    fn basic(credentials: &str) -> HeaderMap {
        with(&format!("Basic {}", BASE64.encode(credentials)))
    }

    #[test]
    fn without_a_user_name_everybody_is_admitted() {
        for section in [section(None, None), section(Some(""), Some("p"))] {
            for headers in [HeaderMap::new(), basic("x:y"), with("nonsense")] {
                assert_eq!(admission(&section, &headers), Admission::Admitted);
            }
        }
    }

    #[test]
    fn a_plain_password_admits_only_its_user() {
        let section = section(Some("user"), Some("pass:word é"));
        assert_eq!(admission(&section, &basic("user:pass:word é")), Admission::Admitted);
        for wrong in ["user:pass:word", "user:", "user:PASS:WORD É", "User:pass:word é", ":pass:word é", "user"] {
            assert_eq!(admission(&section, &basic(wrong)), Admission::Refused, "{wrong}");
        }
    }

    #[test]
    fn a_hashed_password_admits_whoever_knows_what_was_hashed() {
        let digest = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d";
        let section = section(Some("u"), Some(digest));
        assert_eq!(admission(&section, &basic("u:thepassword")), Admission::Admitted);
        assert_eq!(admission(&section, &basic("u:wrong")), Admission::Refused);
        assert_eq!(admission(&section, &basic(&format!("u:{digest}"))), Admission::Refused);
    }

    #[test]
    fn a_user_without_a_password_is_never_admitted() {
        assert_eq!(admission(&section(Some("u"), None), &basic("u:")), Admission::Refused);
    }

    #[test]
    fn the_scheme_is_basic_in_any_case() {
        let section = section(Some("u"), Some("p"));
        for header in ["Basic dTpw", "basic dTpw", "BASIC  dTpw ", "Basic dTpw=="] {
            let expected = if header.ends_with('=') { Admission::Unreadable } else { Admission::Admitted };
            assert_eq!(admission(&section, &with(header)), expected, "{header}");
        }
        for header in ["Bearer dTpw", "Basic", "", "dTpw"] {
            assert_eq!(admission(&section, &with(header)), Admission::Refused, "{header}");
        }
        assert_eq!(admission(&section, &HeaderMap::new()), Admission::Refused);
    }

    #[test]
    fn what_cannot_be_decoded_is_told_apart() {
        let section = section(Some("u"), Some("p"));
        for header in ["Basic !!!", "Basic dTp", "Basic /w=="] {
            assert_eq!(admission(&section, &with(header)), Admission::Unreadable, "{header}");
        }
    }
}
