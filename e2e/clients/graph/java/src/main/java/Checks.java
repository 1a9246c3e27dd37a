import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeUnit;
import java.util.logging.LogManager;
import org.neo4j.driver.AccessMode;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Driver;
import org.neo4j.driver.EagerResult;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.TransactionConfig;
import org.neo4j.driver.Value;
import org.neo4j.driver.Values;
import org.neo4j.driver.async.AsyncSession;
import org.neo4j.driver.exceptions.AuthenticationException;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.TransientException;
import org.neo4j.driver.reactive.ReactiveResult;
import org.neo4j.driver.reactive.ReactiveSession;
import org.neo4j.driver.types.Path;

/** Neo4j's driver for Java against the engine: one check per method, named as it is printed. */
final class Checks {
  private static boolean failed;

  private static Driver connect(String scheme, String port) {
    return GraphDatabase.driver(
        scheme + "://127.0.0.1:" + System.getenv(port),
        AuthTokens.basic(System.getenv("WEFTKIT_TEST_USER"), System.getenv("WEFTKIT_TEST_PASSWORD")));
  }

  private static Driver connect() {
    return connect("bolt", "WEFTKIT_TEST_PORT");
  }

  private static void expect(String what, boolean ok) {
    if (!ok) throw new AssertionError(what);
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
      System.out.println("not ok " + name + ": " + error);
    }
  }

  private static EagerResult ask(Driver driver, String query) {
    return driver.executableQuery(query).execute();
  }

  private static String codeOf(Runnable work) {
    try {
      work.run();
    } catch (Neo4jException error) {
      return error.code();
    }
    return "no error";
  }

  private static void logsIn() {
    try (Driver driver = connect()) {
      driver.verifyConnectivity();
    }
    String uri = "bolt://127.0.0.1:" + System.getenv("WEFTKIT_TEST_PORT");
    try (Driver driver = GraphDatabase.driver(uri, AuthTokens.basic("app", "wrong"))) {
      driver.verifyConnectivity();
      throw new AssertionError("a wrong password was accepted");
    } catch (AuthenticationException error) {
      expect(error.code(), error.code().equals("Neo.ClientError.Security.Unauthorized"));
    }
  }

  private static void runsManagedTransactions() {
    try (Driver driver = connect();
        Session session = driver.session()) {
      ask(driver, "MATCH (c:JavaCounter) DELETE c");
      ask(driver, "CREATE (:JavaCounter {n: 0})");
      int[] tries = {0};
      TransactionConfig config =
          TransactionConfig.builder().withTimeout(Duration.ofSeconds(5)).withMetadata(Map.of("check", "managed")).build();
      long n =
          session.executeWrite(
              transaction -> {
                long counted =
                    transaction
                        .run("MATCH (c:JavaCounter) SET c.n = c.n + $by RETURN c.n AS n", Values.parameters("by", 2))
                        .single()
                        .get("n")
                        .asLong();
                if (++tries[0] == 1)
                  throw new TransientException("Neo.TransientError.Transaction.DeadlockDetected", "once more");
                return counted;
              },
              config);
      expect("counted " + n, n == 2 && tries[0] == 2);
      expect("bookmarks", !session.lastBookmarks().isEmpty());
      SessionConfig after = SessionConfig.builder().withBookmarks(session.lastBookmarks()).build();
      try (Session later = driver.session(after)) {
        long read =
            later.executeRead(transaction -> transaction.run("MATCH (c:JavaCounter) RETURN c.n AS n").single().get("n").asLong());
        expect("read " + read, read == 2);
      }
    }
  }

  private static void rollsBackAndRefuses() {
    try (Driver driver = connect();
        Session session = driver.session()) {
      try (var transaction = session.beginTransaction()) {
        transaction.run("CREATE (:JavaGone)");
        transaction.rollback();
      }
      expect("it is there", ask(driver, "MATCH (n:JavaGone) RETURN n").records().isEmpty());
      expect("syntax", codeOf(() -> ask(driver, "RETRN 1")).equals("Neo.ClientError.Statement.SyntaxError"));
      SessionConfig reading = SessionConfig.builder().withDefaultAccessMode(AccessMode.READ).build();
      try (Session reader = driver.session(reading)) {
        String code = codeOf(() -> reader.run("CREATE (:No)").consume());
        expect(code, code.equals("Neo.ClientError.Statement.AccessMode"));
      }
      TransactionConfig brief = TransactionConfig.builder().withTimeout(Duration.ofMillis(200)).build();
      String endless = "UNWIND range(1, 1000000000) AS x WITH x WHERE x < 0 RETURN count(x)";
      String ended = codeOf(() -> session.run(endless, brief).consume());
      expect(ended, ended.equals("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"));
    }
  }

  private static Value returned(Driver driver, Value sent) {
    try (Session session = driver.session()) {
      return session.run("RETURN $v AS v", Values.parameters("v", sent)).single().get("v");
    }
  }

  private static void keepsValues() {
    List<Object> values =
        Arrays.asList(
            1L,
            Long.MIN_VALUE,
            1.5,
            "é€𝄞",
            true,
            List.of(1L, "a"),
            Map.of("a", List.of(1L)),
            null,
            LocalDate.of(2024, 2, 29),
            LocalTime.of(1, 2, 3, 4),
            OffsetTime.of(1, 2, 3, 4, ZoneOffset.ofHours(2)),
            LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4),
            ZonedDateTime.of(2024, 2, 29, 1, 2, 3, 4, ZoneId.of("Europe/Berlin")),
            ZonedDateTime.of(2024, 2, 29, 1, 2, 3, 4, ZoneOffset.ofHoursMinutes(5, 30)),
            Values.isoDuration(14, -3, 5, 7).asObject(),
            Values.point(7203, 1, 2).asObject(),
            Values.point(4979, 1, 2, 3).asObject());
    try (Driver driver = connect()) {
      for (Object value : values) {
        Value sent = Values.value(value);
        Value kept = returned(driver, sent);
        expect(value + " became " + kept, kept.equals(sent));
      }
      byte[] bytes = {0, -1};
      expect("bytes", Arrays.equals(returned(driver, Values.value(bytes)).asByteArray(), bytes));
    }
  }

  private static void readsPathsAndSummaries() {
    try (Driver driver = connect()) {
      EagerResult made = ask(driver, "CREATE p = (:JavaA {n: 1})-[:GOES {w: 2.5}]->(:JavaB) RETURN p");
      Path path = made.records().get(0).get("p").asPath();
      expect("path", path.length() == 1 && path.start().hasLabel("JavaA"));
      expect("weight", path.relationships().iterator().next().get("w").asDouble() == 2.5);
      expect("counters", made.summary().counters().nodesCreated() == 2);
      expect("server", made.summary().server().agent().startsWith("Neo4j/5.26.0"));
      EagerResult warned = ask(driver, "MATCH (n:JavaNeverSeen) RETURN n");
      String status = warned.summary().gqlStatusObjects().iterator().next().gqlStatus();
      expect(status, status.equals("02000"));
      // A cartesian product: a notification with a position; one of an aggregate has none.
      expect("notified", !ask(driver, "MATCH (a:JavaA), (b:JavaB) RETURN count(a)").summary().notifications().isEmpty());
      ask(driver, "UNWIND [1, null] AS x RETURN sum(x)").summary().notifications();
      expect("plan", ask(driver, "EXPLAIN MATCH (n) RETURN n").summary().hasPlan());
      expect("profile", ask(driver, "PROFILE MATCH (n:JavaA) RETURN n").summary().hasProfile());
    }
  }

  private static void routesAndSpeaksTls() {
    try (Driver driver = connect("neo4j", "WEFTKIT_TEST_PORT")) {
      expect("routed", ask(driver, "RETURN 1 AS x").records().get(0).get("x").asInt() == 1);
    }
    try (Driver driver = connect("neo4j+ssc", "WEFTKIT_TEST_TLS_PORT")) {
      expect("encrypted", ask(driver, "RETURN 1 AS x").records().get(0).get("x").asInt() == 1);
    }
  }

  private static void worksAsynchronously() throws Exception {
    try (Driver driver = connect()) {
      AsyncSession session = driver.session(AsyncSession.class);
      List<Integer> numbers =
          session
              .executeReadAsync(
                  transaction ->
                      transaction
                          .runAsync("UNWIND range(1, 5000) AS x RETURN x")
                          .thenCompose(cursor -> cursor.listAsync(record -> record.get("x").asInt())))
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      expect("numbers " + numbers.size(), numbers.size() == 5000);
      session.closeAsync().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** Counts what a publisher gives, asking for a few at a time. */
  private static <T> CompletableFuture<Integer> count(Publisher<T> publisher) {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    publisher.subscribe(
        new Subscriber<T>() {
          private Subscription subscription;
          private int count;

          @Override
          public void onSubscribe(Subscription given) {
            subscription = given;
            subscription.request(10);
          }

          @Override
          public void onNext(T item) {
            if (++count % 10 == 0) subscription.request(10);
          }

          @Override
          public void onError(Throwable error) {
            done.completeExceptionally(error);
          }

          @Override
          public void onComplete() {
            done.complete(count);
          }
        });
    return done;
  }

  private static void streamsReactively() throws Exception {
    try (Driver driver = connect()) {
      ReactiveSession session = driver.session(ReactiveSession.class);
      CompletableFuture<Publisher<org.neo4j.driver.Record>> records = new CompletableFuture<>();
      Publisher<ReactiveResult> results = session.run("UNWIND range(1, 777) AS x RETURN x");
      results.subscribe(
          new Subscriber<>() {
            @Override
            public void onSubscribe(Subscription given) {
              given.request(1);
            }

            @Override
            public void onNext(ReactiveResult result) {
              records.complete(result.records());
            }

            @Override
            public void onError(Throwable error) {
              records.completeExceptionally(error);
            }

            @Override
            public void onComplete() {}
          });
      int streamed = count(records.get(60, TimeUnit.SECONDS)).get(60, TimeUnit.SECONDS);
      expect("streamed " + streamed, streamed == 777);
      count(session.close()).get(60, TimeUnit.SECONDS);
    }
  }

  public static void main(String[] args) {
    LogManager.getLogManager().reset();
    check("logs in", Checks::logsIn);
    check("runs managed transactions", Checks::runsManagedTransactions);
    check("rolls back and refuses", Checks::rollsBackAndRefuses);
    check("keeps values", Checks::keepsValues);
    check("reads paths and summaries", Checks::readsPathsAndSummaries);
    check("routes and speaks TLS", Checks::routesAndSpeaksTls);
    check("works asynchronously", Checks::worksAsynchronously);
    check("streams reactively", Checks::streamsReactively);
    System.exit(failed ? 1 : 0);
  }
}
