while read -r added count; do echo "$count"; done
