read number
echo "{{greeting}} world $number!"
