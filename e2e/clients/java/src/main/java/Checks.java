import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** Jedis against the engine: one check per method, named as it is printed. */
public final class Checks {
  private static final int PORT = Integer.parseInt(System.getenv("WEFTKIT_TEST_PORT"));
  private static final String USER = System.getenv("WEFTKIT_TEST_USER");
  private static final String PASSWORD = System.getenv("WEFTKIT_TEST_PASSWORD");
  private static boolean failed = false;

  private interface Check {
    void run() throws Exception;
  }

  private static DefaultJedisClientConfig.Builder config() {
    return DefaultJedisClientConfig.builder().user(USER).password(PASSWORD).timeoutMillis(20_000);
  }

  private static Jedis connect() {
    return new Jedis(new HostAndPort("127.0.0.1", PORT), config().build());
  }

  private static void expect(String what, boolean holds) {
    if (!holds) throw new AssertionError(what);
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

  private static void logsIn() {
    try (Jedis jedis = connect()) {
      expect("ping", jedis.ping().equals("PONG"));
    }
    try (Jedis jedis = new Jedis("127.0.0.1", PORT)) {
      expect("password alone", jedis.auth(PASSWORD).equals("OK"));
    }
  }

  private static void refusesAWrongPassword() {
    try (Jedis jedis = new Jedis("127.0.0.1", PORT)) {
      jedis.auth(USER, "wrong");
    } catch (JedisDataException error) {
      expect(error.getMessage(), error.getMessage().startsWith("WRONGPASS"));
      return;
    }
    throw new AssertionError("it was accepted");
  }

  private static void speaks(RedisProtocol protocol) {
    var settings = config().protocol(protocol).build();
    try (Jedis jedis = new Jedis(new HostAndPort("127.0.0.1", PORT), settings)) {
      jedis.del("hash", "zset");
      jedis.hset("hash", Map.of("a", "1", "b", "2"));
      expect("hash", jedis.hgetAll("hash").equals(Map.of("a", "1", "b", "2")));
      jedis.zadd("zset", Map.of("one", 1.5, "two", Double.POSITIVE_INFINITY));
      expect("score", jedis.zscore("zset", "one") == 1.5);
      expect("infinite score", jedis.zrangeWithScores("zset", 0, -1).get(1).getScore() == Double.POSITIVE_INFINITY);
      expect("nil", jedis.get("absent") == null);
    }
  }

  private static void keepsBytes() {
    byte[] every = new byte[256_000];
    for (int i = 0; i < every.length; i++) every[i] = (byte) i;
    try (Jedis jedis = connect()) {
      jedis.set(new byte[] {0, 13, 10}, every);
      expect("value", Arrays.equals(jedis.get(new byte[] {0, 13, 10}), every));
    }
  }

  private static void pipelines() {
    try (Jedis jedis = connect()) {
      jedis.del("n");
      Pipeline pipeline = jedis.pipelined();
      Response<Long> last = null;
      for (int i = 0; i < 5000; i++) last = pipeline.incr("n");
      pipeline.sync();
      expect("last reply", last.get() == 5000);
    }
  }

  private static void runsTransactions() {
    try (Jedis jedis = connect();
        Jedis other = connect()) {
      jedis.del("n");
      Transaction first = jedis.multi();
      first.incr("n");
      first.incr("n");
      expect("replies", first.exec().equals(List.of(1L, 2L)));
      jedis.watch("n");
      other.set("n", "10");
      Transaction second = jedis.multi();
      second.incr("n");
      expect("watched key", second.exec() == null);
    }
  }

  private static void publishesAndSubscribes() throws Exception {
    CountDownLatch subscribed = new CountDownLatch(1);
    CompletableFuture<String> message = new CompletableFuture<>();
    JedisPubSub listener =
        new JedisPubSub() {
          @Override
          public void onSubscribe(String channel, int count) {
            subscribed.countDown();
          }

          @Override
          public void onMessage(String channel, String text) {
            message.complete(channel + " " + text);
            unsubscribe();
          }
        };
    Thread thread =
        new Thread(
            () -> {
              try (Jedis jedis = connect()) {
                jedis.subscribe(listener, "news");
              }
            });
    thread.start();
    expect("subscribed", subscribed.await(20, TimeUnit.SECONDS));
    try (Jedis jedis = connect()) {
      expect("receivers", jedis.publish("news", "hello") == 1);
    }
    expect("message", message.get(20, TimeUnit.SECONDS).equals("news hello"));
    thread.join();
  }

  private static void waitsInABlockingPop() throws Exception {
    try (Jedis jedis = connect()) {
      jedis.del("queue");
      CompletableFuture<List<String>> popped =
          CompletableFuture.supplyAsync(
              () -> {
                try (Jedis waiting = connect()) {
                  return waiting.blpop(10, "queue");
                }
              });
      while (!jedis.info("clients").contains("blocked_clients:1")) Thread.onSpinWait();
      jedis.rpush("queue", "job");
      expect("popped", popped.get(20, TimeUnit.SECONDS).equals(List.of("queue", "job")));
      expect("time-out", jedis.blpop(0.05, "queue") == null);
    }
  }

  private static void scansAllKeys() {
    try (Jedis jedis = connect()) {
      Pipeline pipeline = jedis.pipelined();
      for (int i = 0; i < 3000; i++) pipeline.set("scan:" + i, "v");
      pipeline.sync();
      Set<String> seen = new HashSet<>();
      ScanParams params = new ScanParams().match("scan:*").count(500);
      String cursor = ScanParams.SCAN_POINTER_START;
      do {
        ScanResult<String> page = jedis.scan(cursor, params);
        seen.addAll(page.getResult());
        cursor = page.getCursor();
      } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
      expect("keys", seen.size() == 3000);
    }
  }

  private static void speaksTls() throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (FileInputStream file = new FileInputStream(System.getenv("WEFTKIT_TEST_CA"))) {
      trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    int port = Integer.parseInt(System.getenv("WEFTKIT_TEST_TLS_PORT"));
    var settings = config().ssl(true).sslSocketFactory(context.getSocketFactory()).build();
    try (Jedis jedis = new Jedis(new HostAndPort("localhost", port), settings)) {
      String value = "x".repeat(1_000_000);
      jedis.set("k", value);
      expect("value", jedis.get("k").equals(value));
    }
  }

  private static void reconnects() {
    try (JedisPool pool = new JedisPool("127.0.0.1", PORT, USER, PASSWORD);
        Jedis killer = connect()) {
      try (Jedis jedis = pool.getResource()) {
        long id = jedis.clientId();
        expect("killed", killer.clientKill(new ClientKillParams().id(Long.toString(id))) == 1);
        jedis.ping();
        throw new AssertionError("the connection still works");
      } catch (JedisConnectionException expected) {
        // The pool throws the broken connection away.
      }
      try (Jedis jedis = pool.getResource()) {
        expect("ping", jedis.ping().equals("PONG"));
      }
    }
  }

  public static void main(String[] arguments) {
    check("logs in", Checks::logsIn);
    check("refuses a wrong password", Checks::refusesAWrongPassword);
    check("speaks RESP2", () -> speaks(RedisProtocol.RESP2));
    check("speaks RESP3", () -> speaks(RedisProtocol.RESP3));
    check("keeps bytes", Checks::keepsBytes);
    check("pipelines", Checks::pipelines);
    check("runs transactions", Checks::runsTransactions);
    check("publishes and subscribes", Checks::publishesAndSubscribes);
    check("waits in a blocking pop", Checks::waitsInABlockingPop);
    check("scans all keys", Checks::scansAllKeys);
    check("speaks TLS", Checks::speaksTls);
    check("reconnects", Checks::reconnects);
    System.exit(failed ? 1 : 0);
  }
}
