read number
echo "$number" > notes || exit 1
echo "{{greeting}} $1 $(cat notes)!"
