# --- completion.sh: what does not depend on the options ---
# shellcheck shell=bash disable=SC2034,SC2154,SC2207

_hakmem_files() # _hakmem_files WORD
{
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# After "hakmem run": options, then a command and its own arguments. False where an option is due.
_hakmem_run()
{
    local i before=${COMP_WORDS[COMP_CWORD - 1]}
    if [ "$before" = --option ]; then
        compopt -o nospace
        COMPREPLY=($(compgen -W "$_hakmem_keys" -- "$word"))
        return
    fi
    if [ "$word" = = ] && [ "${COMP_WORDS[COMP_CWORD - 2]}" = --option ]; then # a word of its own
        _hakmem_value "$before" ''
        return
    elif [ "$before" = = ] && [ "${COMP_WORDS[COMP_CWORD - 3]}" = --option ]; then
        _hakmem_value "${COMP_WORDS[COMP_CWORD - 2]}" "$word"
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]}:${COMP_WORDS[i - 1]} in
            -*:* | =:* | *:= | *:--option | *:--library) ;;
            *)
                if declare -F _command_offset >/dev/null; then
                    _command_offset $i
                else
                    _hakmem_files "$word"
                fi
                return 0
                ;;
        esac
    done
    [ "${word#-}" = "$word" ] || return 1
    COMPREPLY=($(compgen -c -- "$word"))
}

# After "hakmem profile ... --": a command and its own arguments. False before that.
_hakmem_behind_dashes()
{
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        [ "${COMP_WORDS[i]}" = -- ] || continue
        if [ $((i + 1)) = "$COMP_CWORD" ]; then
            COMPREPLY=($(compgen -c -- "$word"))
        elif declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        else
            _hakmem_files "$word"
        fi
        return 0
    done
    return 1
}

_hakmem()
{
    local word=${COMP_WORDS[COMP_CWORD]} commands='run options check stat explain top purge profile leaks metrics' options
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "$commands help --help --version" -- "$word"))
        return
    fi
    case ${COMP_WORDS[1]} in
        help)
            [ "$COMP_CWORD" != 2 ] || COMPREPLY=($(compgen -W "$commands" -- "$word"))
            return
            ;;
        run) options='--stats --stats= --option --library' ;;
        options) options='--json --program --conf' ;;
        check) options='--json --library --conf' ;;
        stat) options='--json --classes' ;;
        explain) options='--json --who' ;;
        top) options='--interval --count' ;;
        purge) options='--json --wait' ;;
        profile) options='--seconds --rate --output --format --type --live --interval --input --diff' ;;
        leaks) options='--seconds --rate --scan --stop' ;;
        metrics) options='--by --output --listen' ;;
        *) return ;;
    esac
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --library | --conf | --output | -o | --input | --diff)
            _hakmem_files "$word"
            return
            ;;
        --program)
            COMPREPLY=($(compgen -c -- "$word"))
            return
            ;;
        --by)
            COMPREPLY=($(compgen -W 'pid unit program' -- "$word"))
            return
            ;;
        --format)
            COMPREPLY=($(compgen -W 'text pprof folded html json' -- "$word"))
            return
            ;;
        --type)
            COMPREPLY=($(compgen -W 'inuse_space inuse_objects alloc_space alloc_objects foreign_frees lived' -- "$word"))
            return
            ;;
        --interval | --count | --wait | --listen | --seconds | --rate) return ;;
    esac
    if [ "${COMP_WORDS[1]}" = run ] && _hakmem_run; then return; fi
    if [ "${COMP_WORDS[1]}" = profile ] && _hakmem_behind_dashes; then return; fi
    case ${COMP_WORDS[1]}:$word in
        *:-*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
        check:* | stat:* | explain:* | top:* | purge:* | profile:* | leaks:*) COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")) ;;
    esac
}
complete -F _hakmem hakmem
