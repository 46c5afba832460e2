public class endless {
    static volatile int spin;

    public static void main(String[] arguments) {
        while (true) spin++;
    }
}
