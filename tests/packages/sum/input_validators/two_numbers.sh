[[ $(cat) =~ ^-?[0-9]+\ -?[0-9]+$ ]] && exit 42
echo "not two numbers"
exit 43
