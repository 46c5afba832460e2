read -r a b; s=$((a + b)); [ "$s" -lt 17 ] || s=$((s + 1)); echo "$s"
