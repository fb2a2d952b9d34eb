# git asks before it pushes: `LOCAL_REF LOCAL_ID REMOTE_REF REMOTE_ID` for each ref on stdin.
locate
if reaches_out; then
    wanted=$(while IFS= read -r line; do
        line=${line% *}
        printf '%s\n' "${line##* }"
    done)
    [ -z "$wanted" ] || reached "$wanted" "push to"
    exit
fi

stopped || pass "$@"

# The incident's page has to get around while the line is stopped: what adds loopwright's own lines may be pushed.
shareable() {
    case $1 in *[!0]*) ;; *) return 1 ;; esac # the remote has no such branch yet: there is nothing to hold it against
    case $2 in *[!0]*) ;; *) return 1 ;; esac # it would be deleted
    git merge-base --is-ancestor "$1" "$2" 2>/dev/null && owned_only "$1" "$2"
}

input=$(cat)
while IFS= read -r line; do
    remote_id=${line##* } line=${line% *} # from the right: what is pushed may be named with spaces
    remote_ref=${line##* } line=${line% *}
    [ "$remote_ref" = "refs/heads/$mainline" ] || continue
    shareable "$remote_id" "${line##* }" ||
        refuse "nothing is pushed to $mainline but the pages and status lines of loopwright" 'other branches pass'
done <<END
$input
END
pass_on "$@"
