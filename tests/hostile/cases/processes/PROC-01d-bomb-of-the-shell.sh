# id: PROC-01d
# about: the bomb of a shell
# expect: TLE or RTE or WA or ILE
# tier: quick
# cpu_ms: 300
# wall_ms: 3000
# reason: the limit of 16 processes was reached
:() { : | : & }
: ; wait
# Its children would end with it: it stays until they have come to the limit.
until ((SECONDS >= 1)); do true; done
