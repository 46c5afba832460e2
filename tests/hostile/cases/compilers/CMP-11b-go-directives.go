// id: CMP-11b
// about: has Go call C with options, generate and embed
// expect: CE or RTE or WA
package main

// #cgo CFLAGS: -fplugin=/box/x.so
// #cgo LDFLAGS: -Wl,-rpath,/etc
// #include "/etc/shadow"
import "C"

//go:generate touch /tmp/generated
func main() { C.f() }
