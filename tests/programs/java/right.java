import java.security.SecureRandom;
import java.util.*;

public class right {
    record Pair(long a, long b) {
        long sum() { return a + b; }
    }

    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        // The settings of the security providers must be found, too.
        long nothing = new SecureRandom().nextLong(1);
        System.out.println(new Pair(in.nextLong(), in.nextLong()).sum() + nothing);
    }
}
