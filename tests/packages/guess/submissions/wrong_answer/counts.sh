# The validator ends before this does; it must not matter that it then fails.
for ((i = 1; ; i++)); do
    echo $i
    read -r answer || exit 1
    [ "$answer" = right ] && exit 0
done
