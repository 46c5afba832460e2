read number
echo "{{greeting}} $1 $number{{end}}"
