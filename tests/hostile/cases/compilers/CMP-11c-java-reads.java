// id: CMP-11c
// about: static blocks of Java run at run time only, and a class tries to be a processor of annotations
// expect: AC
// memory_mib: 256
// cpu_ms: 3000
// processes: 64
import java.util.*;
public class Main extends javax.annotation.processing.AbstractProcessor {
    static { if (System.getenv("GAVEL_COMPILING") != null) throw new Error(); }
    public boolean process(Set<? extends javax.lang.model.element.TypeElement> a, javax.annotation.processing.RoundEnvironment r) { throw new Error("ran"); }
    public static void main(String[] a) { System.out.println("ok"); }
}
