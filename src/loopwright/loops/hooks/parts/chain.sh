# Become the hook that was here before, with its arguments and its stdin; its exit code is ours.
pass() {
    [ -f "$kept" ] && [ -x "$kept" ] || exit 0
    [ "${kept##*/}" != "${0##*/}" ] || exec "$kept" "$@"
    # It was moved aside, and some hooks look at their own name ($0): in a shell they keep it.
    first=
    IFS= read -r first <"$kept" || :
    case $first in
    '#!'*[/\ ]sh | '#!'*[/\ ]dash | '#!'*[/\ ]bash)
        # shellcheck disable=SC2016,SC2086 # the words of the shebang line, and $1 for the shell that is started
        exec ${first#'#!'} -c 'loopwright_kept=$1; shift; . "$loopwright_kept"' "$0" "$kept" "$@"
        ;;
    esac
    exec "$kept" "$@"
}

# The same after stdin was read into `input`.
pass_on() {
    [ -n "$input" ] || pass "$@" </dev/null
    printf '%s\n' "$input" | pass "$@"
    exit
}
