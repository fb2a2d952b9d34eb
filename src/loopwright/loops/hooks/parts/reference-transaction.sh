# git asks before it moves refs (`prepared`, one line `OLD NEW REF` for each on stdin), and tells afterwards.
[ "$1" = prepared ] || pass "$@"
locate

if reaches_out; then
    own=
    if [ -f "$gitdir/gitdir" ]; then # a linked worktree: is it the lab's own? Then its HEAD is, too
        IFS= read -r place <"$gitdir/gitdir" || :
        case $place in "$lab"/*) own=yes ;; esac
    fi
    input=$(cat)
    foreign=$(printf '%s\n' "$input" | while read -r _ _ ref; do
        case $own$ref in
        yesrefs/bisect/* | yesrefs/worktree/* | yesrefs/rewritten/*) ;;
        yesrefs/* | refs/*) printf '%s\n' "$ref" ;;
        yes*) ;;
        *) printf '%s\n' "$ref" ;;
        esac
    done)
    [ -z "$foreign" ] || reached "$foreign" move
    pass_on "$@"
fi

stopped || pass "$@"

# `git gc` packs a ref and then takes the loose one away: for us a deletion, but nothing changes. A real deletion of a
# packed ref holds the lock of packed-refs by now.
only_packed() {
    case $2 in *[!0]*) return 1 ;; esac
    [ ! -e "$common/packed-refs.lock" ] || return 1
    LC_ALL=C grep -qxF "$1 refs/heads/$mainline" "$common/packed-refs" 2>/dev/null
}

input=$(cat)
newline='
'
case "$newline$input$newline" in
*" refs/heads/$mainline$newline"*)
    now=$(git rev-parse -q --verify "refs/heads/$mainline")
    while read -r _ new ref; do
        if [ "$ref" = "refs/heads/$mainline" ] && [ "$new" != "$now" ] && ! only_packed "$now" "$new"; then
            refuse "$mainline stays where it is" 'other branches move freely'
        fi
    done <<END
$input
END
    ;;
esac
pass_on "$@"
