#!/bin/sh
# loopwright: the hook `pre-receive` of the repository that people push to. Put it there as hooks/pre-receive, and make
# it executable (a hosting service has its own place for it, if it has one at all).
#
# While wiki/90_LOG of the mainline has a page with `status: open` and `scope: line`, the mainline takes only what
# changes nothing but loopwright's own pages and lines, or closes every such page. An open page may not vanish: it
# becomes `status: resolved`. Whether that was earned is not seen from here: `loopwright andon resolve` sees to it.
mainline=@MAINLINE@

@OWNED_ONLY@
# The pages of a commit that stop the whole line, one path per line: those whose front matter says so.
open_pages() {
    git -c core.quotePath=false grep -l --text -e '^status[[:blank:]]*:' "$1" -- wiki/90_LOG 2>/dev/null |
        while IFS= read -r found; do
            path=${found#"$1":}
            [ "$(front "$1" "$path")" != 'open line' ] || printf '%s\n' "$path"
        done
}

# `STATUS SCOPE` of a page's front matter.
front() {
    git cat-file blob "$1:$2" 2>/dev/null | LC_ALL=C awk '
        { sub(/\r$/, "") }
        NR == 1 { sub(/^\357\273\277/, ""); if ($0 !~ /^---[ \t]*$/) exit; next }
        /^---[ \t]*$/ { exit }
        /^(status|scope)[ \t]*:/ {
            name = $0; sub(/[ \t]*:.*/, "", name)
            sub(/^[^:]*:[ \t]*/, ""); sub(/[ \t]+#.*$/, ""); gsub(/["\047 \t]/, "")
            value[name] = $0
        }
        END { print value["status"], value["scope"] }'
}

refuse() {
    {
        echo "loopwright: the line is stopped: $mainline takes nothing but loopwright's own pages and lines ($1)"
        echo "  mend: \`loopwright andon list\` says what is open, \`loopwright andon resolve N\` closes it; then push"
    } >&2
    exit 1
}

while read -r old new ref; do
    [ "$ref" = "refs/heads/$mainline" ] || continue
    before=
    case $old in *[!0]*) before=$(open_pages "$old") ;; *) old=$(git hash-object -t tree /dev/null) ;; esac
    case $new in
    *[!0]*) after=$(open_pages "$new") ;;
    *) [ -z "$before" ] || refuse "it would be deleted"; continue ;;
    esac
    while IFS= read -r page; do
        [ -n "$page" ] || continue
        case $(front "$new" "$page") in 'open line' | 'resolved '*) ;; *) refuse "$page was open, and is gone" ;; esac
    done <<END
$before
END
    [ -z "$after" ] || owned_only "$old" "$new" || refuse "open: $(printf %s "$after" | tr '\n' ' ')"
done
