# Whether two commits differ only in what loopwright's record commits write: pages, indexes, and in a plan the status
# line and the ticks. A plan that only one side has is fine: a claim adds it.
owned_only() {
    changes=$(git -c core.quotePath=false diff-tree -r --no-renames --name-status "$1" "$2") || return 1
    while IFS="$(printf '\t')" read -r kind path; do
        case ${path#\"} in # git quotes a name with a quote or a line break in it
        '' | @OWNED@) ;;
        plans/*/*) return 1 ;;
        plans/*.md) case $kind in A | D) ;; M) own_lines "$1" "$2" "$path" || return 1 ;; *) return 1 ;; esac ;;
        *) return 1 ;;
        esac
    done <<END
$changes
END
}

own_lines() {
    GIT_LITERAL_PATHSPECS=1 git diff-tree -p -U0 --text --no-ext-diff --no-textconv --no-color "$1" "$2" -- "$3" | awk '
        /^@@/ { hunk = 1; next }
        !hunk { if (/^(old|new) mode/) other = 1; next }
        /^\\/ || /^[-+]\r?$/ || /^[-+]---\r?$/ || /^[-+]status[ \t]*:/ { next }
        /^[-+]- \[x\] passed in gen-[0-9]+ at [0-9a-f]+/ { next }
        { other = 1 }
        END { exit other || !hunk }'
}
