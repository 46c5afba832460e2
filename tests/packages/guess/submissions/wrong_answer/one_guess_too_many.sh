# It notices nothing of the end; it was rejected before.
for i in 1 2 3 4 5 6 7; do echo 100; done
while :; do :; done
