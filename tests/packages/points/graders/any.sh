# The sum of the groups; accepted with any points.
total=0
first=AC
while read -r verdict score; do
    total=$((total + score))
    [ "$verdict" = AC ] || [ "$first" != AC ] || first=$verdict
done
[ "$1" = any ] || exit 1
[ "$total" = 0 ] || first=AC
echo "$first $total"
