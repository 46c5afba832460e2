# id: CMP-04g
# about: nested calls of Java whose types have to be found out together
# generates: java
# expect: CE or AC
# memory_mib: 256
# cpu_ms: 3000
# processes: 64
call = "1"
for _ in range(24):
    call = f"pair({call}, {call[:200] if len(call) > 200 else call})" if len(call) < 60 else f"id({call})"
print("""public class Main {
    static <A, B> java.util.function.Function<A, B> pair(A a, B b) { return null; }
    static <T> T id(T t) { return t; }
    public static void main(String[] a) { Object o = %s; System.out.println("ok"); }
}""" % call)
