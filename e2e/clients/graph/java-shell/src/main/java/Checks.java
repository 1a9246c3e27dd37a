import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Neo4j's cypher-shell against the engine: one check per method, named as it is printed. */
final class Checks {
  private static boolean failed;

  private record Ended(int code, String output) {}

  /** Runs the shell with some input, as `cypher-shell ARGUMENTS` would. */
  private static Ended connected(String scheme, String port, String input, String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("java", "-cp", System.getProperty("java.class.path"), "org.neo4j.shell.Main"));
    command.addAll(List.of("-a", scheme + "://127.0.0.1:" + System.getenv(port)));
    command.addAll(List.of("-u", System.getenv("WEFTKIT_TEST_USER"), "-p", System.getenv("WEFTKIT_TEST_PASSWORD")));
    command.addAll(List.of("--format", "plain", "--non-interactive"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private static Ended shell(String input, String... arguments) throws IOException, InterruptedException {
    return connected("bolt", "WEFTKIT_TEST_PORT", input, arguments);
  }

  private static void expect(Ended ended, boolean ok) {
    if (!ok) throw new AssertionError(ended.toString());
  }

  private interface Check {
    void run() throws Exception;
  }

  private static void check(String name, Check check) {
    try {
      check.run();
      System.out.println("ok " + name);
    } catch (Exception | AssertionError error) {
      failed = true;
      System.out.println("not ok " + name + ": " + error.toString().replace('\n', '|'));
    }
  }

  private static void runsAStatement() throws Exception {
    Ended ended = shell("", "RETURN 1 AS x, 'a' AS y, [1, 2.5, null] AS z, date('2024-02-29') AS d");
    expect(ended, ended.code == 0 && ended.output.equals("x, y, z, d\n1, \"a\", [1, 2.5, NULL], 2024-02-29\n"));
  }

  private static void runsAScript() throws Exception {
    Ended ended =
        shell(
            "MATCH (n:Shell) DETACH DELETE n;\n:param who => 'Ann'\n:begin\nCREATE (:Shell {name: $who})-[:KNOWS]->(:Shell {name: 'Bob'});\n:commit\n"
                + ":begin\nCREATE (:Shell {name: 'gone'});\n:rollback\nMATCH (n:Shell) RETURN n.name AS name ORDER BY name;\n");
    expect(ended, ended.code == 0 && ended.output.contains("name\n\"Ann\"\n\"Bob\"\n"));
  }

  private static void showsAGraph() throws Exception {
    Ended ended = shell("MATCH p = (:Shell)-[:KNOWS]->() RETURN p;", "--format", "verbose");
    expect(ended, ended.code == 0 && ended.output.contains("(:Shell {name: \"Ann\"})-[:KNOWS]->(:Shell {name: \"Bob\"})"));
    expect(ended, ended.output.contains("1 row"));
  }

  private static void tellsWhatIsWrong() throws Exception {
    Ended ended = shell("", "RETRN 1");
    expect(ended, ended.code == 1 && ended.output.contains("Invalid input 'RETRN'"));
  }

  private static void explains() throws Exception {
    Ended ended = shell("EXPLAIN MATCH (n:Shell) RETURN n;", "--format", "verbose");
    expect(ended, ended.code == 0 && ended.output.contains("Plan"));
  }

  private static void routesAndSpeaksTls() throws Exception {
    Ended routed = connected("neo4j", "WEFTKIT_TEST_PORT", "", "RETURN 1 AS x");
    expect(routed, routed.code == 0 && routed.output.equals("x\n1\n"));
    Ended encrypted = connected("bolt+ssc", "WEFTKIT_TEST_TLS_PORT", "", "RETURN 1 AS x");
    expect(encrypted, encrypted.code == 0 && encrypted.output.equals("x\n1\n"));
  }

  public static void main(String[] args) {
    check("runs a statement", Checks::runsAStatement);
    check("runs a script", Checks::runsAScript);
    check("shows a graph", Checks::showsAGraph);
    check("tells what is wrong", Checks::tellsWhatIsWrong);
    check("explains", Checks::explains);
    check("routes and speaks TLS", Checks::routesAndSpeaksTls);
    System.exit(failed ? 1 : 0);
  }
}
