import static com.mongodb.client.model.Accumulators.sum;
import static com.mongodb.client.model.Aggregates.group;
import static com.mongodb.client.model.Aggregates.sort;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Updates.inc;

import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoCredential;
import com.mongodb.MongoException;
import com.mongodb.MongoWriteException;
import com.mongodb.ServerAddress;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.gridfs.GridFSBucket;
import com.mongodb.client.gridfs.GridFSBuckets;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bson.BsonDocument;
import org.bson.Document;
import org.bson.types.ObjectId;

/** MongoDB's driver for Java against the engine: one check per method, named as it is printed. */
final class Checks {
  private static boolean failed;

  private static final String USER = System.getenv("WEFTKIT_TEST_USER");
  private static final String PASSWORD = System.getenv("WEFTKIT_TEST_PASSWORD");
  private static final int PORT = Integer.parseInt(System.getenv("WEFTKIT_TEST_PORT"));

  private static MongoClient connect() {
    return MongoClients.create(
        "mongodb://" + USER + ":" + PASSWORD + "@127.0.0.1:" + PORT + "/?authSource=admin&replicaSet=rs0");
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

  private static MongoDatabase emptied(MongoClient client, String name) {
    MongoDatabase database = client.getDatabase("check_java_" + name);
    database.drop();
    return database;
  }

  private static void connectsBySeed() {
    MongoCredential login = MongoCredential.createScramSha1Credential(USER, "admin", PASSWORD.toCharArray());
    MongoClientSettings settings =
        MongoClientSettings.builder()
            .applyToClusterSettings(cluster -> cluster.hosts(List.of(new ServerAddress("127.0.0.1", PORT))))
            .credential(login)
            .build();
    try (MongoClient client = MongoClients.create(settings)) {
      Document hello = client.getDatabase("admin").runCommand(new Document("hello", 1));
      expect(hello.toJson(), "rs0".equals(hello.getString("setName")));
    }
  }

  private static void writesAndReadsDocuments() {
    try (MongoClient client = connect()) {
      MongoCollection<Document> orders = emptied(client, "orders").getCollection("orders");
      orders.createIndex(Sorts.ascending("number"), new IndexOptions().unique(true));
      List<Document> documents = new ArrayList<>();
      for (int i = 0; i < 300; i++) documents.add(new Document("number", i).append("buyer", "b" + i % 3));
      orders.insertMany(documents);
      try {
        orders.insertOne(new Document("number", 7));
        throw new AssertionError("a second one was taken");
      } catch (MongoWriteException error) {
        expect(error.toString(), error.getCode() == 11000);
      }
      long changed = orders.updateMany(gte("number", 100), inc("number", 1000)).getModifiedCount();
      expect("changed " + changed, changed == 200);
      int read = 0;
      for (Document document : orders.find(gte("number", 1000)).sort(Sorts.descending("number")).batchSize(30))
        expect(document.toJson(), document.getInteger("number") == 1299 - read++);
      expect("read " + read, read == 200);
      List<Document> groups =
          orders
              .aggregate(List.of(group("$buyer", sum("n", 1)), sort(Sorts.ascending("_id"))))
              .into(new ArrayList<>());
      expect(groups.toString(), groups.size() == 3 && groups.get(0).getInteger("n") == 100);
    }
  }

  private static void transacts() {
    try (MongoClient client = connect();
        ClientSession session = client.startSession();
        ClientSession other = client.startSession()) {
      MongoCollection<Document> accounts = emptied(client, "accounts").getCollection("accounts");
      accounts.insertMany(List.of(new Document("_id", "a").append("n", 10), new Document("_id", "b").append("n", 0)));
      session.withTransaction(
          () -> {
            accounts.updateOne(session, eq("_id", "a"), inc("n", -4));
            return accounts.updateOne(session, eq("_id", "b"), inc("n", 4));
          });
      session.startTransaction();
      other.startTransaction();
      accounts.updateOne(session, eq("_id", "a"), inc("n", -1));
      try {
        accounts.updateOne(other, eq("_id", "a"), inc("n", -1));
        throw new AssertionError("both were let through");
      } catch (MongoCommandException error) {
        boolean isTransient = error.hasErrorLabel(MongoException.TRANSIENT_TRANSACTION_ERROR_LABEL);
        expect(error.toString(), error.getCode() == 112 && isTransient);
      }
      session.abortTransaction();
      expect("a", accounts.find(eq("_id", "a")).first().getInteger("n") == 6);
    }
  }

  private static void followsChanges() {
    try (MongoClient client = connect()) {
      MongoCollection<Document> events = emptied(client, "events").getCollection("events");
      BsonDocument token;
      try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream = events.watch().cursor()) {
        events.insertMany(List.of(new Document("_id", 1), new Document("_id", 2)));
        token = stream.next().getResumeToken();
      }
      try (MongoChangeStreamCursor<ChangeStreamDocument<Document>> stream =
          events.watch().resumeAfter(token).cursor()) {
        Document second = stream.next().getFullDocument();
        expect(second.toJson(), second.getInteger("_id") == 2);
      }
    }
  }

  private static void keepsFiles() {
    try (MongoClient client = connect()) {
      GridFSBucket bucket = GridFSBuckets.create(emptied(client, "files"));
      byte[] content = new byte[600_000];
      new Random(7).nextBytes(content);
      ObjectId id = bucket.uploadFromStream("a.bin", new ByteArrayInputStream(content));
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      bucket.downloadToStream(id, read);
      expect("content", Arrays.equals(content, read.toByteArray()));
      bucket.delete(id);
    }
  }

  public static void main(String[] arguments) {
    check("connects by seed", Checks::connectsBySeed);
    check("writes and reads documents", Checks::writesAndReadsDocuments);
    check("transacts", Checks::transacts);
    check("follows changes", Checks::followsChanges);
    check("keeps files", Checks::keepsFiles);
    System.exit(failed ? 1 : 0);
  }
}
