# @EXPECTED_RESULTS@: WRONG-ANSWER, RUN-ERROR
read a b; echo $((a * b))
