greeting={{greeting}}
[ -e words/greeting.txt ] && greeting=$(cat words/greeting.txt)
read number
echo temporary > /tmp/x || exit 1
echo "$greeting $1 $number!"
