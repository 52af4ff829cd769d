# SPDX-License-Identifier: Apache-2.0
# bash completion of vgbench: commands, options, their values, spec keys and their values, kernels,
# shape sets and files. All words come from the program itself, its help or what it says is allowed, so
# they are those of the version that is installed. Where nothing begins like the word, the nearest valid
# one is offered.

# Options of a command, "--name=" where they take a value.
_vgbench_options()
{
    "$1" "$2" --help 2>/dev/null |
        sed -nE 's/^  (-[a-zA-Z], )?(--[a-z0-9-]+)(=[^ ]*)? .*/\2\3/p' | sed 's/=.*/=/'
}

# Values of an option of a command: what the program says is allowed where a word is not. No command starts
# anything: the options named here are looked at before all else, after others comes one that is unknown.
_vgbench_option_values()
{
    local command=$2 option=$3 stop='--?'
    case $option in
    --base | --backend) command=bench option=--backend stop= ;; # a list that all commands share
    --shapes | --only | --paper | --bind | --threads) stop= ;;
    esac
    "$1" "$command" "$option=?" ${stop:+"$stop"} 2>&1 >/dev/null </dev/null |
        sed -nE 's/; did you mean .*//; s/.* allowed are //p; s/.* neither a set \(([^)]*)\).*/\1/p
            s/.* neither (all) nor a number.*/\1/p; s/.* neither (compact.*), nor a location.*/\1/p' |
        tr -s ', ' '\n' | grep -vx or
}

_vgbench_keys()
{
    "$1" help spec 2>/dev/null | sed -nE 's/^([a-z_0-9]+) +[a-z].*/\1=/p'
}

_vgbench_key_values()
{
    "$1" help spec 2>/dev/null | sed -nE "s/^$2 +//p" | grep -v '^\(whole \)\?number' | tr ' ' '\n'
}

# The word that the program itself proposes for one that is misspelt.
_vgbench_nearest()
{
    "$@" 2>&1 </dev/null | sed -nE "s/.*did you mean '([^']+)'.*/\1/p" | head -1
}

_vgbench_spec()
{
    local program=$1 command=$2 cur=$3 key before
    if [[ $cur != *=* ]]; then
        COMPREPLY+=($(compgen -W "$(_vgbench_keys "$program") vs" -- "$cur"))
        [[ ${#COMPREPLY[@]} -gt 0 || -z $cur ]] ||
            COMPREPLY=($(_vgbench_nearest "$program" "$command" "$cur=1" | sed 's/$/=/'))
        return
    fi
    key=${cur%%=*} before=${cur%"${cur##*[=,]}"} # a list: the word after the last comma
    COMPREPLY=($(compgen -P "$before" -W "$(_vgbench_key_values "$program" "$key")" -- "${cur##*[=,]}"))
    [[ ${#COMPREPLY[@]} -gt 0 ]] || {
        key=$(_vgbench_nearest "$program" "$command" "$cur")
        [[ -z $key ]] || COMPREPLY=("$before$key")
    }
}

_vgbench_option()
{
    local program=$1 command=$2 cur=$3 name=${3%%=*} before=${3%"${3##*[=,]}"} # a list as in a spec
    if [[ $cur == *=* ]]; then
        COMPREPLY=($(compgen -P "$before" -W "$(_vgbench_option_values "$program" "$command" "$name")" \
            -- "${cur##*[=,]}"))
        return
    fi
    COMPREPLY=($(compgen -W "$(_vgbench_options "$program" "$command")" -- "$cur"))
    [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(_vgbench_nearest "$program" "$command" "$cur"))
}

_vgbench()
{
    local program=${COMP_WORDS[0]} line cur words command commands topics
    # Bash splits words at '='; the line up to the cursor does not.
    line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    cur=${words[-1]}
    [[ $line != *[[:space:]] ]] || { cur=; words+=(""); }
    command=${words[1]}
    COMPREPLY=()
    commands=$("$program" help 2>/dev/null | sed -n '/^Topics/q; s/^  \([a-z]*\) .*/\1/p')
    if [[ ${#words[@]} -le 2 ]]; then
        COMPREPLY=($(compgen -W "$commands --help --version" -- "$cur"))
        [[ ${#COMPREPLY[@]} -gt 0 || -z $cur ]] || COMPREPLY=($(_vgbench_nearest "$program" "$cur"))
    elif [[ $cur == -* ]]; then
        _vgbench_option "$program" "$command" "$cur"
    else
        case $command in
        help)
            topics=$("$program" help 2>/dev/null | sed -n '/^Topics/,/^$/s/^  \([a-z-]*\) .*/\1/p')
            COMPREPLY=($(compgen -W "$commands $topics" -- "$cur"))
            [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(_vgbench_nearest "$program" help "$cur"))
            ;;
        decay | train | profile)
            _vgbench_spec "$program" "$command" "$cur"
            [[ $cur == *=* ]] || COMPREPLY+=($(compgen -f -X '!*.yaml' -- "$cur"))
            ;;
        report | compare) COMPREPLY=($(compgen -f -X '!*.json' -- "$cur") $(compgen -d -S / -- "$cur")) ;;
        esac
    fi
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=/] ]] || compopt -o nospace 2>/dev/null
    # What Bash takes for the current word begins after the last '='.
    if [[ $cur == *=* && ${COMP_WORDBREAKS-} == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*=}"}"}")
    fi
}
complete -F _vgbench vgbench
