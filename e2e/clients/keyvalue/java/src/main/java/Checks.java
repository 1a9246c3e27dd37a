import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondaryPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSortKey;
import software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** AWS SDK for Java v2 against the engine: one check per method, named as it is printed. */
public final class Checks {
  private static final String URL = "http://127.0.0.1:" + System.getenv("WEFTKIT_TEST_PORT");
  private static final String USER = System.getenv("WEFTKIT_TEST_USER");
  private static final String PASSWORD = System.getenv("WEFTKIT_TEST_PASSWORD");
  private static boolean failed = false;

  private interface Run {
    void run() throws Exception;
  }

  private static void check(String name, Run run) {
    try {
      run.run();
      System.out.println("ok " + name);
    } catch (Throwable reason) {
      failed = true;
      System.out.println("not ok " + name + ": " + reason.toString().replace('\n', ' '));
    }
  }

  private static void expect(String what, boolean ok) {
    if (!ok) throw new AssertionError(what);
  }

  private static DynamoDbClient connect(String password) {
    return DynamoDbClient.builder()
        .endpointOverride(URI.create(URL))
        .region(Region.EU_CENTRAL_1)
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(USER, password)))
        .build();
  }

  private static void refusesAWrongPassword() {
    try (DynamoDbClient client = connect("wrong")) {
      client.listTables();
      throw new AssertionError("it was accepted");
    } catch (DynamoDbException error) {
      expect(error.toString(), error.awsErrorDetails().errorCode().equals("InvalidSignatureException"));
    }
  }

  /** The SDK compares the checksum of every answer; a large one comes packed. */
  private static void keepsItems() {
    try (DynamoDbClient client = connect(PASSWORD)) {
      client.createTable(
          table ->
              table
                  .tableName("java-items")
                  .attributeDefinitions(one -> one.attributeName("pk").attributeType("S"))
                  .keySchema(one -> one.attributeName("pk").keyType("HASH"))
                  .billingMode("PAY_PER_REQUEST"));
      client.waiter().waitUntilTableExists(table -> table.tableName("java-items"));
      Map<String, AttributeValue> item =
          Map.of(
              "pk", AttributeValue.fromS("ä🦊"),
              "text", AttributeValue.fromS("x".repeat(300_000)),
              "bytes", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[] {0, -1})),
              "numbers", AttributeValue.fromNs(List.of("1", "2.5")),
              "list", AttributeValue.fromL(List.of(AttributeValue.fromNul(true), AttributeValue.fromBool(true))));
      client.putItem(put -> put.tableName("java-items").item(item));
      Map<String, AttributeValue> found =
          client.getItem(get -> get.tableName("java-items").key(Map.of("pk", item.get("pk")))).item();
      expect(found.keySet().toString(), found.equals(item));
      try {
        client.putItem(
            put -> put.tableName("java-items").item(item).conditionExpression("attribute_not_exists(pk)"));
        throw new AssertionError("the condition held");
      } catch (ConditionalCheckFailedException expected) {
        // As it should.
      }
      client.deleteTable(table -> table.tableName("java-items"));
      client.waiter().waitUntilTableNotExists(table -> table.tableName("java-items"));
    }
  }

  @DynamoDbBean
  public static final class Song {
    private String artist;
    private Integer number;
    private String genre;
    private Set<String> tags;
    private Long version;

    @DynamoDbPartitionKey
    public String getArtist() {
      return artist;
    }

    public void setArtist(String value) {
      artist = value;
    }

    @DynamoDbSortKey
    public Integer getNumber() {
      return number;
    }

    public void setNumber(Integer value) {
      number = value;
    }

    @DynamoDbSecondaryPartitionKey(indexNames = "by-genre")
    public String getGenre() {
      return genre;
    }

    public void setGenre(String value) {
      genre = value;
    }

    public Set<String> getTags() {
      return tags;
    }

    public void setTags(Set<String> value) {
      tags = value;
    }

    @DynamoDbVersionAttribute
    public Long getVersion() {
      return version;
    }

    public void setVersion(Long value) {
      version = value;
    }
  }

  private static Song song(int number) {
    Song song = new Song();
    song.setArtist("ann");
    song.setNumber(number);
    song.setGenre(number % 2 == 0 ? "folk" : "jazz");
    song.setTags(Set.of("a", "b"));
    return song;
  }

  /** The mapper: a table from a class, versions, an index, a transaction. */
  private static void mapsBeans() {
    try (DynamoDbClient client = connect(PASSWORD)) {
      DynamoDbEnhancedClient enhanced = DynamoDbEnhancedClient.builder().dynamoDbClient(client).build();
      DynamoDbTable<Song> songs = enhanced.table("songs", TableSchema.fromBean(Song.class));
      songs.createTable();
      client.waiter().waitUntilTableExists(table -> table.tableName("songs"));
      IntStream.range(0, 20).forEach(number -> songs.putItem(song(number)));
      Song third = songs.getItem(Key.builder().partitionValue("ann").sortValue(3).build());
      Song stale = songs.getItem(Key.builder().partitionValue("ann").sortValue(3).build());
      third.setGenre("rock");
      songs.updateItem(third);
      try {
        songs.updateItem(stale);
        throw new AssertionError("an old version was written");
      } catch (ConditionalCheckFailedException expected) {
        // As it should.
      }
      List<Integer> numbers = new ArrayList<>();
      songs
          .query(
              query ->
                  query
                      .queryConditional(
                          QueryConditional.sortBetween(
                              Key.builder().partitionValue("ann").sortValue(5).build(),
                              Key.builder().partitionValue("ann").sortValue(12).build()))
                      .filterExpression(
                          Expression.builder()
                              .expression("genre = :g")
                              .putExpressionValue(":g", AttributeValue.fromS("folk"))
                              .build())
                      .limit(2))
          .items()
          .forEach(each -> numbers.add(each.getNumber()));
      expect(numbers.toString(), numbers.equals(List.of(6, 8, 10, 12)));
      long rock =
          songs
              .index("by-genre")
              .query(QueryConditional.keyEqualTo(Key.builder().partitionValue("rock").build()))
              .stream()
              .mapToLong(page -> page.items().size())
              .sum();
      expect("rock " + rock, rock == 1);
      try {
        enhanced.transactWriteItems(
            write ->
                write
                    .addDeleteItem(songs, Key.builder().partitionValue("ann").sortValue(1).build())
                    .addConditionCheck(
                        songs,
                        check ->
                            check
                                .key(Key.builder().partitionValue("ann").sortValue(2).build())
                                .conditionExpression(
                                    Expression.builder().expression("attribute_not_exists(artist)").build())));
        throw new AssertionError("the transaction was done");
      } catch (TransactionCanceledException canceled) {
        expect(
            canceled.toString(),
            canceled.cancellationReasons().get(1).code().equals("ConditionalCheckFailed"));
      }
      long count = songs.scan().items().stream().count();
      expect("count " + count, count == 20);
    }
  }

  public static void main(String[] arguments) {
    check("refuses a wrong password", Checks::refusesAWrongPassword);
    check("keeps items", Checks::keepsItems);
    check("maps beans", Checks::mapsBeans);
    System.exit(failed ? 1 : 0);
  }
}
