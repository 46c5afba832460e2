while read -r added count; do echo $((count + added)); done
