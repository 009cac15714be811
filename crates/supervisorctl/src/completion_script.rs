//! Completion for the shells that people work in: a script for each. A script knows nothing of supervisorctl but the
//! command that it asks with the words of the line, `supervisorctl completion words WORD…`: it prints a candidate a
//! line, with a tab before its description, or ends with [`FILE_WANTED`] where a file is to be named.

/// Exit status of `completion words` that asks for names of files.
pub(crate) const FILE_WANTED: u8 = 3;

/// The script for a shell; `None` for a shell that is not known.
pub(crate) fn script(shell: &str) -> Option<&'static str> {
    match shell {
        "bash" => Some(BASH),
        "zsh" => Some(ZSH),
        "fish" => Some(FISH),
        _ => None,
    }
}

const BASH: &str = r#"# Completion of supervisorctl for bash: eval "$(supervisorctl completion bash)"
_supervisorctl() {
    local line=${COMP_LINE:0:COMP_POINT} answer word prefix='' current=''
    local -a words=() candidates=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    current=${words[${#words[@]} - 1]}
    # Where a colon or an equals sign ends a word, the line has what comes before it already.
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        prefix=${current%"${current##*:}"}
    elif [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        prefix=${current%"${current##*=}"}
    fi
    COMPREPLY=()
    words=("${words[@]/#\~\//$HOME/}")
    answer=$("${words[0]}" completion words "${words[@]:1}" 2>/dev/null)
    if (($? == 3)); then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${current##--*=}")
        return 0
    fi
    mapfile -t candidates <<<"$answer"
    for word in "${candidates[@]%%$'\t'*}"; do
        [[ -n $word ]] && COMPREPLY+=("${word#"$prefix"}")
    done
    # A value follows at once.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _supervisorctl supervisorctl
"#;

const ZSH: &str = r#"#compdef supervisorctl
# Completion of supervisorctl for zsh: save as _supervisorctl in a folder of $fpath.
_supervisorctl() {
    local answer line
    local -a line_words described plain valued
    line_words=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    line_words=("${(@)line_words/#\~\//$HOME/}")
    answer=$("$line_words[1]" completion words "${(@)line_words[2,-1]}" 2>/dev/null)
    if (( $? == 3 )); then
        compset -P '--*='
        _files
        return
    fi
    for line in "${(@f)answer}"; do
        case $line in
            ('') ;;
            (*$'\t'*) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            (*=) valued+=("$line") ;;
            (*) plain+=("$line") ;;
        esac
    done
    (( $#described )) && _describe 'supervisorctl' described
    (( $#valued )) && compadd -S '' -- "${(@)valued}"
    (( $#plain )) && compadd -- "${(@)plain}"
    (( $#described + $#valued + $#plain ))
}
if [[ $funcstack[1] == _supervisorctl ]]; then
    _supervisorctl "$@"
else
    compdef _supervisorctl supervisorctl
fi
"#;

const FISH: &str = r#"# Completion of supervisorctl for fish: save as ~/.config/fish/completions/supervisorctl.fish
function __supervisorctl_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set words (string replace -r -- '^~/' $HOME/ $words)
    set -l answer (command $words[1] completion words $words[2..-1] $current 2>/dev/null)
    if test $status -eq 3
        set -l option (string match -r -- '^--[^=]*=' $current)
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' $current) | string replace -r -- '^' "$option"
    else
        printf '%s\n' $answer
    end
end
complete -c supervisorctl -f -k -a '(__supervisorctl_candidates)'
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_asks_for_the_words_and_knows_the_status_for_files() {
        for shell in ["bash", "zsh", "fish"] {
            let script = script(shell).unwrap();
            assert!(script.contains("completion words"), "{shell}");
            let tests = [format!("== {FILE_WANTED}"), format!("-eq {FILE_WANTED}")];
            assert!(tests.iter().any(|test| script.contains(test)), "{shell}");
        }
        assert_eq!(script("tcsh"), None);
    }
}
