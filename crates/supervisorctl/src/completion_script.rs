//! Completion for the shells that people work in: a script for each, made from the table of actions.
//!
//! A script knows actions, their options and what their arguments are; for names it asks `supervisorctl completion
//! processes` or `… groups`, with the options that were typed before the action, so that it asks the same server.

use std::fmt::Write as _;

use crate::actions::{ACTIONS, Action, Completes};
use crate::completion;

/// The options of the program that are followed by a value.
const WITH_VALUE: &str =
    "-c -s -u -p -r --configuration --serverurl --username --password --history_file --history-file --tls-ca";

/// The others.
const WITHOUT_VALUE: &str = "-h -i --help --interactive";

/// The script for a shell; `None` for a shell that is not known.
pub(crate) fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(fill(BASH, bash_quote)),
        "zsh" => Some(fill(ZSH, zsh_quote)),
        "fish" => Some(fish()),
        _ => None,
    }
}

const BASH: &str = r#"# Completion of supervisorctl for bash: eval "$(supervisorctl completion bash)"
_supervisorctl() {
    local line=${COMP_LINE:0:COMP_POINT} action='' kind='' word prefix=''
    local -a words=() connection=() candidates=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    local last=$((${#words[@]} - 1)) index=1
    local current=${words[last]}
    while ((index < last)); do
        case ${words[index]} in
            @WITH_VALUE@) connection+=("${words[index]}" "${words[index + 1]}"); ((index += 2)) ;;
            -*) connection+=("${words[index]}"); ((index += 1)) ;;
            *) action=${words[index]}; break ;;
        esac
    done
    COMPREPLY=()
    if ((index > last)); then
        return
    elif [[ -z $action && $current == -* ]]; then
        candidates=(@OPTIONS@)
    elif [[ -z $action ]]; then
        candidates=(@ACTIONS@)
    else
        case $action in
            @HELP@) candidates=(@ACTIONS@) ;;
            @GROUPS@) kind=groups ;;
            @PROCESSES@) kind=processes ;;
            @EVENTS@) candidates=(@EVENT_TYPES@) ;;
            completion) candidates=(bash zsh fish) ;;
        esac
        case $action in
@ACTION_OPTIONS@        esac
    fi
    if [[ -n $kind && $current != -* ]]; then
        mapfile -t candidates < <("${words[0]/#\~/$HOME}" "${connection[@]}" completion "$kind" 2>/dev/null)
    fi
    # Where a colon or an equals sign ends a word, the line has what comes before it already.
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        prefix=${current%"${current##*:}"}
    elif [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        prefix=${current%"${current##*=}"}
    fi
    for word in "${candidates[@]}"; do
        [[ $word == "$current"* ]] && COMPREPLY+=("${word#"$prefix"}")
    done
    return 0
}
complete -o default -F _supervisorctl supervisorctl
"#;

const ZSH: &str = r#"#compdef supervisorctl
# Completion of supervisorctl for zsh: save as _supervisorctl in a folder of $fpath.
_supervisorctl() {
    local action kind index=2
    local -a actions connection names
    actions=(
@DESCRIPTIONS@    )
    while (( index < CURRENT )); do
        case $words[index] in
            (@WITH_VALUE@) connection+=("$words[index]" "$words[index+1]"); (( index += 2 )) ;;
            (-*) connection+=("$words[index]"); (( index += 1 )) ;;
            (*) action=$words[index]; break ;;
        esac
    done
    if (( index > CURRENT )); then
        _files
        return
    fi
    if [[ -z $action ]]; then
        if [[ $PREFIX == -* ]]; then
            compadd -- @OPTIONS@
        else
            _describe action actions
        fi
        return
    fi
    case $action in
        (@HELP@) _describe action actions; return ;;
        (@GROUPS@) kind=groups ;;
        (@PROCESSES@) kind=processes ;;
        (@EVENTS@) kind=events ;;
        (completion) compadd -- bash zsh fish; return ;;
        (*) return 1 ;;
    esac
    if [[ $PREFIX == -* ]]; then
        case $action in
@ACTION_OPTIONS@        esac
        compadd -- $names
        return
    fi
    if [[ $kind == events ]]; then
        compadd -- @EVENT_TYPES@
        return
    fi
    names=("${(@f)$("${words[1]/#\~/$HOME}" $connection completion $kind 2>/dev/null)}")
    compadd -- ${names:#}
}
if [[ $funcstack[1] == _supervisorctl ]]; then
    _supervisorctl "$@"
else
    compdef _supervisorctl supervisorctl
fi
"#;

const FISH: &str = r"# Completion of supervisorctl for fish: save as ~/.config/fish/completions/supervisorctl.fish
function __supervisorctl_names
    set -l words (commandline -opc)
    set -l connection
    set -l index 2
    while test $index -le (count $words)
        switch $words[$index]
            case @WITH_VALUE@
                set -a connection $words[$index] $words[(math $index + 1)]
                set index (math $index + 2)
            case '-*'
                set -a connection $words[$index]
                set index (math $index + 1)
            case '*'
                break
        end
    end
    command $words[1] $connection completion $argv 2>/dev/null
end
complete -c supervisorctl -f
complete -c supervisorctl -s c -l configuration -r -F -d 'configuration file'
complete -c supervisorctl -s s -l serverurl -x -d 'where supervisord listens'
complete -c supervisorctl -s u -l username -x -d 'name to log in with'
complete -c supervisorctl -s p -l password -x -d 'password to log in with'
complete -c supervisorctl -s r -l history_file -r -F -d 'history of the shell'
complete -c supervisorctl -l tls-ca -r -F -d 'authorities for an https server'
complete -c supervisorctl -s i -l interactive -d 'ask before shutdown and reload, and for a login'
complete -c supervisorctl -s h -l help -d 'how to use it'
complete -c supervisorctl -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
";

/// Replaces the marks of a template; `quote` makes one word of any text.
fn fill(template: &str, quote: fn(&str) -> String) -> String {
    let mut options = String::new();
    let mut descriptions = String::new();
    for action in ACTIONS {
        let description = format!("{}:{}", action.name, action.summary());
        writeln!(descriptions, "        {}", quote(&description)).expect("a String takes all");
        if !action.options.is_empty() {
            let words = action.options.join(" ");
            let line = if template == BASH {
                format!("            {}) [[ $current == -* ]] && candidates=({words}) ;;", action.name)
            } else {
                format!("            ({}) names=({words}) ;;", action.name)
            };
            writeln!(options, "{line}").expect("a String takes all");
        }
    }
    template
        .replace("@WITH_VALUE@", &WITH_VALUE.replace(' ', "|"))
        .replace("@OPTIONS@", &format!("{WITH_VALUE} {WITHOUT_VALUE}"))
        .replace("@ACTIONS@", &names(|_| true).join(" "))
        .replace("@HELP@", &of_kind(Completes::Actions).join("|"))
        .replace("@GROUPS@", &of_kind(Completes::Groups).join("|"))
        .replace("@PROCESSES@", &of_kind(Completes::Processes).join("|"))
        .replace("@EVENTS@", &of_kind(Completes::EventTypes).join("|"))
        .replace("@EVENT_TYPES@", &event_types())
        .replace("@DESCRIPTIONS@", &descriptions)
        .replace("@ACTION_OPTIONS@", &options)
}

fn fish() -> String {
    let mut text = FISH.replace("@WITH_VALUE@", WITH_VALUE);
    let mut add = |condition: &str, candidates: &str, description: &str| {
        let description =
            if description.is_empty() { String::new() } else { format!(" -d {}", fish_quote(description)) };
        writeln!(text, "complete -c supervisorctl -n '{condition}' -a {}{description}", fish_quote(candidates))
            .expect("a String takes all");
    };
    for action in ACTIONS {
        add("__fish_use_subcommand", action.name, action.summary());
    }
    let after = |kind| format!("__fish_seen_subcommand_from {}", of_kind(kind).join(" "));
    add(&after(Completes::Actions), &names(|_| true).join(" "), "");
    add(&after(Completes::Groups), "(__supervisorctl_names groups)", "");
    add(&after(Completes::Processes), "(__supervisorctl_names processes)", "");
    add(&after(Completes::EventTypes), &event_types(), "");
    for action in ACTIONS.into_iter().filter(|action| !action.options.is_empty()) {
        let condition =
            format!("__fish_seen_subcommand_from {}; and string match -q -- \"-*\" (commandline -ct)", action.name);
        add(&condition, &action.options.join(" "), "");
    }
    text
}

fn event_types() -> String {
    completion::event_types().collect::<Vec<_>>().join(" ")
}

fn of_kind(kind: Completes) -> Vec<&'static str> {
    names(|action| action.completes == kind)
}

fn names(wanted: impl Fn(&Action) -> bool) -> Vec<&'static str> {
    ACTIONS.into_iter().filter(|action| wanted(action)).map(|action| action.name).collect()
}

fn bash_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn zsh_quote(text: &str) -> String {
    bash_quote(text)
}

fn fish_quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_names_every_action_and_leaves_no_mark() {
        for shell in ["bash", "zsh", "fish"] {
            let script = script(shell).unwrap();
            for action in ACTIONS {
                assert!(script.contains(action.name), "{shell}: {}", action.name);
                assert!(action.options.iter().all(|option| script.contains(option)), "{shell}: {}", action.name);
            }
            let marks = script.split('@').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            assert_eq!(marks.collect::<Vec<_>>(), Vec::<&str>::new(), "{shell}");
        }
        assert_eq!(script("tcsh"), None);
    }

    #[test]
    fn any_text_is_one_word() {
        assert_eq!(bash_quote("a process' log"), r"'a process'\'' log'");
        assert_eq!(fish_quote(r"it's \ it"), r"'it\'s \\ it'");
    }
}
