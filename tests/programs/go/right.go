package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var a, b, sum int64
	fmt.Fscan(in, &a, &b)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		sum = a + b
	}()
	done.Wait()
	fmt.Println(sum)
}
