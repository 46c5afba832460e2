public class broken {
    public static void main(String[] arguments) { int x = "text"; }
}
