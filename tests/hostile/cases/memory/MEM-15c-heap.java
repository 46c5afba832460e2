// id: MEM-15c
// about: catches the end of Java's heap and prints the right answer: the heap may be as large as the limit
// expect: AC or MLE
// memory_mib: 128
// cpu_ms: 5000
// processes: 64
import java.util.*;
public class Main {
    public static void main(String[] a) {
        try {
            List<long[]> all = new ArrayList<>();
            for (;;) all.add(new long[1 << 17]);
        } catch (OutOfMemoryError e) {
            System.out.println("ok");
        }
    }
}
