# @EXPECTED_GRADES@ WA AC
read -r a b
echo $(((a + b) % 1000000000))
