read n; r=0; while ((r * r < n)); do ((++r)); done; echo $r
