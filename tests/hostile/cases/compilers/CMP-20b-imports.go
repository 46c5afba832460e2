// id: CMP-20b
// about: imports a module that would have to be fetched
// expect: CE
package main

import "example.com/hostile"

func main() { hostile.Run() }
