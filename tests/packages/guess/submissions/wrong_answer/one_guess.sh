echo 32
