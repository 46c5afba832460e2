low=1 high=64
while :; do
    middle=$(((low + high) / 2))
    echo $middle
    read -r answer
    case $answer in
    right) exit 3 ;;
    more) low=$((middle + 1)) ;;
    less) high=$((middle - 1)) ;;
    esac
done
