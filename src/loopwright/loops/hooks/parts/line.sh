# Where the repository lies. git starts a hook at the top of a working tree, or names the git dir: no process is needed.
locate() {
    gitdir=${GIT_DIR:-.git}
    if [ -f "$gitdir" ]; then # of a linked worktree or a submodule: one line that says where it is
        IFS= read -r gitdir <"$gitdir" || :
        gitdir=${gitdir#gitdir: }
    fi
    common=${GIT_COMMON_DIR:-$gitdir}
    if [ -z "${GIT_COMMON_DIR:-}" ] && [ -f "$gitdir/commondir" ]; then
        IFS= read -r common <"$gitdir/commondir" || :
        case $common in /*) ;; *) common=$gitdir/$common ;; esac
    fi
    [ -e "$common/refs" ] && return
    gitdir=$(git rev-parse --absolute-git-dir) && common=$(git rev-parse --git-common-dir) || exit 1
}

# Whether a process of a lab reaches out of its lab. Sets `lab`. The lab's own repositories are none of our business.
reaches_out() {
    [ -n "${LOOPWRIGHT_LAB:-}" ] || return 1
    lab=$(CDPATH='' cd -- "$LOOPWRIGHT_LAB" 2>/dev/null && pwd -P) || lab=$LOOPWRIGHT_LAB
    case $(CDPATH='' cd -- "$common" && pwd -P) in "$lab"/*) return 1 ;; esac
}

# Lines as they stand within JSON: without control signs, and of 500 bytes at most.
json_text() {
    LC_ALL=C tr -d '\000-\011\013-\037\177' | LC_ALL=C cut -b 1-500 | sed 's/[\\"]/\\&/g'
}

# Refuse, and write down which refs ($1, one per line) a lab's process was to do what with ($2), as labs/inside.py does.
# At most 20 of one reach, and two files of 64 KiB: a flood drowns the oldest lines, and fills no disk.
reached() {
    log=$common/loopwright/reaches.log
    lab=$(printf %s "$LOOPWRIGHT_LAB" | tr -d '\n' | json_text)
    now=$(date -u +%Y-%m-%dT%H:%M:%S+00:00)
    refs=$(printf '%s\n' "$1" | head -n 20)
    mkdir -p "$common/loopwright"
    if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 65536 ]; then mv -f "$log" "$log.1"; fi
    printf '%s\n' "$refs" | json_text | while IFS= read -r ref; do
        printf '{"at": "%s", "lab": "%s", "what": "git was to %s %s"}\n' "$now" "$lab" "$2" "$ref"
    done >>"$log"
    {
        echo "loopwright: a lab may not touch the repository that it was made for; refused, and written down:"
        printf '%s\n' "$refs" | sed 's/^/  /'
        echo "  mend: commit in the lab's own folder; loopwright brings the work out"
    } >&2
    exit 1
}

# Whether the line may be stopped: looks for a ref of an incident where it can lie, and starts one grep at most.
maybe_stopped() {
    for ref in "$common"/refs/loopwright/andon/line/*; do
        [ ! -e "$ref" ] || return 0
    done
    [ ! -d "$common/reftable" ] || return 0 # only git can read that
    [ -f "$common/packed-refs" ] || return 1
    LC_ALL=C grep -q ' refs/loopwright/andon/line/' "$common/packed-refs"
    [ $? -ne 1 ]
}

stopped() {
    maybe_stopped && [ -n "$(git for-each-ref --count=1 refs/loopwright/andon/line/)" ] || return 1
    mainline=$(git config loopwright.mainline) || mainline=main
}

# Say what is open and how to go on, and refuse.
refuse() {
    {
        echo "loopwright: the line is stopped: $1"
        git for-each-ref --count=5 --format='%(refname:lstrip=4)' refs/loopwright/andon/line/ |
            while read -r incident; do
                run=${incident%%-*}
                how="\`loopwright andon resolve $run\`"
                case $incident in
                *-meta) ending="-meta-gen-$run.md" how='write the decision in that page' ;;
                *-1) ending="-andon-gen-$run.md" ;;
                *) ending="-andon-gen-$incident.md" ;;
                esac
                page=$(git ls-tree --full-tree --name-only "refs/heads/$mainline" wiki/90_LOG/ |
                    grep -F -e "$ending" | head -n 1)
                echo "  open: ${page:-refs/loopwright/andon/line/$incident} ($how)"
            done
        echo "  mend: \`loopwright andon list\` says what is open, \`loopwright andon resolve N\` closes it; $2"
    } >&2
    exit 1
}
