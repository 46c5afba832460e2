# id: CMP-08b
# about: names its class so that no file can be called after it
# generates: java
# expect: CE
# api: yes
import sys
sys.stdout.buffer.write(b"public class \0 { public static void main(String[] a) { } }\n")
